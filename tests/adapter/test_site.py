"""The service of a site: its words in the inbox, its rules in what is stored and sent, its faults at the start."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

import mappings
from adapter import create_app
from adapter.cli import main
from adapter.delivery.partners import rendering
from adapter.settings import Settings
from adapter.store import tables
from tests.adapter.speaking import inbox, referral, send

NORTH = Path(__file__).parents[2] / "fixtures" / "sites" / "north"
WARDS = {
    "https://north.example/fhir/StructureDefinition/ward": "ward",
    "https://mercy.example/ward": "ward_at_mercy",
}


@pytest.fixture
def north(settings: Settings) -> Settings:
    return replace(settings, site=str(NORTH))


def test_the_inbox_speaks_the_sites_words(north: Settings, engine: Engine) -> None:
    client = create_app(north, engine=engine).test_client()
    bundle = referral()
    order = next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "ServiceRequest"
    )
    order["priority"] = "stat"
    assert send(client, bundle).status_code == 200
    (one,) = inbox(client)
    assert one["record"]["urgency"] == "today"
    with engine.connect() as connection:
        made_by = set(connection.scalars(select(tables.referral.c.mapping_version)))
    assert made_by == {mappings.version("referral", site=mappings.site(NORTH))}


def test_what_goes_to_a_partner_is_rendered_as_the_partner_has_it(north: Settings) -> None:
    record = {"record": "patient", "ward": "B4", "ward_at_mercy": "7"}
    render = partial(rendering, north)
    told = {one["url"]: WARDS[one["url"]] for one in render("mercy")(record)["extension"]}
    assert told == WARDS
    with pytest.raises(mappings.Refused):
        render("hospital")(record)


def test_a_site_that_cannot_be_right_does_not_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "patient.py").write_text("CHANGES = 1\n")
    (tmp_path / "paingate.toml").write_text(f'site = "{tmp_path}"\n')
    assert main(["serve", "--config", str(tmp_path / "paingate.toml"), "--port", "0"]) == 2
    assert "patient.py: CHANGES is a tuple of" in capsys.readouterr().err
