"""`paingate push`, `deliveries` and `replay`: what would be sent, what was, and doing something about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter import create_app
from adapter.cli import main
from adapter.settings import read_settings
from adapter.store.engine import open_engine
from mappings.r4 import exact_json
from tests.adapter.speaking import received, referral
from tests.journeys.push.partner import Partner, partner

PLAN = {
    "record": "care_plan",
    "status": "active",
    "title": "Back to the garden",
    "patient": {"ref_identifier": {"value": "P-000001"}},
}


@pytest.fixture(scope="module")
def hospital() -> Iterator[Partner]:
    with partner() as running:
        yield running


@pytest.fixture
def here(tmp_path: Path, hospital: Partner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and a database in which there is a patient; a plan lies beside them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paingate.toml").write_text(
        f'[clinic]\nidentifier_base = "https://clinic.example/{tmp_path.name}"\n\n'
        f'[partners.hospital]\nbase_url = "{hospital.base_url}"\nsends = ["care_plan"]\n\n'
        '[partners.nobody]\nbase_url = "http://127.0.0.1:9/fhir"\n\n'
        "[delivery]\nretry_base = 3600.0\n"
    )
    engine = open_engine("sqlite:///paingate.db")
    client = create_app(read_settings(None), engine=engine).test_client()
    assert received(client, referral())["patient_number"] == "P-000001"
    engine.dispose()
    (tmp_path / "plan-1.json").write_bytes(exact_json.dumps(PLAN))
    return tmp_path


@pytest.fixture
def told(here: Path, capsys: pytest.CaptureFixture[str]) -> Telling:
    return Telling(capsys)


class Telling:
    """Runs commands, and what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        assert main(list(arguments)) == code
        said = self._capsys.readouterr()
        return said.out + said.err


def test_a_plan_is_rehearsed_then_pushed_then_there(told: Telling, hospital: Partner) -> None:
    rehearsed = told("push", "plan-1.json", "--to", "hospital", "--dry-run")
    assert "It would go as conditional-transaction: one transaction" in rehearsed
    assert "Not kept there: unknown." in rehearsed
    assert f"POST {hospital.base_url}" in rehearsed
    assert '"title":"Back to the garden"' in rehearsed
    assert "Back to the garden" not in str(hospital.arrived())
    assert told("deliveries", "list") == ""
    pushed = told("push", "plan-1.json", "--to", "hospital")
    assert "hospital  care_plan plan-1 version 1  delivered as " in pushed
    id_ = pushed.partition(" ")[0]
    assert told("deliveries", "verify", "plan-1") == "hospital: version 1: It is there as it was sent.\n"
    again = told("push", "plan-1", "--to", "hospital", "--dry-run")
    assert "Not kept there: nothing, as far as was seen." in again
    assert "Nothing would be sent" in again
    shown = told("deliveries", "show", id_)
    assert "fit             conditional-transaction\n" in shown
    assert "unkept          nothing\n" in shown
    assert told("deliveries") == told("deliveries", "list") == pushed
    line = exact_json.loads(told("deliveries", "list", "--json", "--state", "delivered", "--partner", "hospital"))
    assert (line["id"], line["state"], line["unkept"]) == (id_, "delivered", [])


def test_a_plan_that_cannot_arrive_is_said_cancelled_and_replayed(told: Telling) -> None:
    pushed = told("push", "plan-1.json", "--to", "nobody", code=1)
    assert "pending" in pushed
    assert "no connection" in pushed
    (id_,) = [line.partition(" ")[0] for line in told("deliveries", "list", "--partner", "nobody").splitlines()]
    assert "cancelled" in told("deliveries", "cancel", id_)
    assert "only what is pending can be cancelled" in told("deliveries", "cancel", id_, code=1)
    assert "pending" in told("replay", id_)
    assert "only what is refused or cancelled is replayed" in told("replay", id_, code=1)
    assert told("replay", "--to", "hospital") == "0 pending again\n"
    assert "It would not be sent: no connection" in told("push", "plan-1", "--to", "nobody", "--dry-run", code=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("push", "plan-1.json", "--to", "else"), "No partner called else"),
        (("push", "plan-2", "--to", "hospital"), "There is no plan with this id"),
        (("push", "plan-2", "--to", "hospital", "--dry-run"), "no plan with this id, and no such file"),
        (("push", "paingate.toml", "--to", "hospital"), "cannot be read"),
        (("deliveries", "show", "x"), "no delivery with this id"),
        (("deliveries", "cancel", "x"), "no delivery with this id"),
        (("deliveries", "verify", "x"), "No partner was brought a plan with this id"),
        (("replay",), "Name deliveries, or a partner"),
        (("replay", "--to", "else"), "No partner called else"),
        (("replay", "x"), "no delivery with this id"),
        (("deliveries", "list", "--database-url", "sqlite:////nowhere/p.db"), "The database cannot be used"),
    ],
)
def test_what_cannot_be_done_is_said(told: Telling, arguments: tuple[str, ...], says: str) -> None:
    assert says in told(*arguments, code=1)


def test_a_plan_of_nobody_is_refused_before_anything_is_stored(told: Telling, here: Path) -> None:
    whose = {"patient": {"ref_identifier": {"value": "P-000099"}}}
    (here / "plan-9.json").write_bytes(exact_json.dumps(PLAN | whose))
    assert "There is no patient" in told("push", "plan-9.json", "--to", "hospital", code=1)
    assert "There is no patient" in told("push", "plan-9.json", "--to", "hospital", "--dry-run", code=1)
    assert told("deliveries", "list") == ""
