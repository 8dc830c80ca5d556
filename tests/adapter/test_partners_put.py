"""Partners put through the clinic API: what holds from then on, in every process, and what is refused."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter import create_app
from adapter.authorisation.clinic_tokens import hash_of
from adapter.clinic_api.openapi.answers import PartnerKeys
from adapter.delivery import partner_book, worker
from adapter.delivery.partner_book import PartnerBook
from adapter.settings import PARTNER_KEYS, ClinicToken, Partner, Settings
from adapter.store.engine import writing
from adapter.store.tables import partner
from tests.adapter.workflow.moves import standing_at
from tests.journeys.push.waiting import until

AT = "/clinic/v1/partners"
LAKESIDE: dict[str, Any] = {
    "base_url": "http://127.0.0.1:9/fhir",
    "sends": ["care_plan"],
    "contained": True,
    "at_once": 2,
}


def put(client: FlaskClient, name: str = "lakeside", **changes: Any) -> Any:
    return client.put(f"{AT}/{name}", json={**LAKESIDE, **changes})


def names(client: FlaskClient) -> list[str]:
    return [one["name"] for one in client.get(AT).json["partners"]]  # type: ignore[index]


def test_it_is_there_from_then_on_and_gone_again(client: FlaskClient) -> None:
    answer = put(client)
    assert (answer.status_code, answer.headers["ETag"]) == (201, 'W/"1"')
    assert names(client) == ["hospital", "registry", "lakeside"]
    read = client.get(f"{AT}/lakeside")
    assert read.json["settings"] == LAKESIDE  # type: ignore[index]
    assert (read.json["of_api"], read.json["stored_by"]) == (True, "clinic")  # type: ignore[index]
    changed = put(client, base_url="http://127.0.0.1:10/fhir")
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')
    (now,) = [one for one in client.get(AT).json["partners"] if one["name"] == "lakeside"]  # type: ignore[index]
    assert (now["base_url"], now["of_api"]) == ("http://127.0.0.1:10/fhir", True)
    assert client.delete(f"{AT}/lakeside").status_code == 204
    assert names(client) == ["hospital", "registry"]
    assert client.get(f"{AT}/lakeside").status_code == client.delete(f"{AT}/lakeside").status_code == 404
    assert put(client).headers["ETag"] == 'W/"4"'  # versions only count up


def test_one_that_another_process_took_away_is_not_said_to_stand_in_the_file(
    settings: Settings, engine: Engine
) -> None:
    """This one has not looked since."""
    known = replace(settings, partners=(*settings.partners, Partner("lakeside", "", of_api=True)))
    answer = create_app(known, engine=engine).test_client().delete(f"{AT}/lakeside")
    assert answer.status_code == 404
    assert "paingate.toml" not in answer.text


def test_plans_go_to_it(client: FlaskClient) -> None:
    put(client)
    one = standing_at(client, "accepted")
    about = {"ref_identifier": {"value": one["patient_number"]}}
    plan = {"record": "care_plan", "status": "active", "patient": about}
    answer = client.put("/clinic/v1/care-plans/p1", json=plan)
    assert [each["partner"] for each in answer.json["deliveries"]] == ["hospital", "lakeside"]  # type: ignore[index]


def test_other_processes_go_by_it_too(settings: Settings, engine: Engine, client: FlaskClient) -> None:
    """A second service, and a worker, on the same database."""
    other = create_app(settings, engine=engine).test_client()
    working = worker.start(settings, engine)
    try:
        assert names(other) == ["hospital", "registry"]
        put(client)
        until(lambda: "lakeside" in names(other), "the other service knows it")
        until(lambda: working._hands.at.get("lakeside") == 2, "the worker works for it")
        client.delete(f"{AT}/lakeside")
        until(lambda: "lakeside" not in names(other), "the other service knows that it is gone")
        until(lambda: "lakeside" not in working._hands.at, "the worker begins nothing more there")
    finally:
        working.stop()


def test_nothing_is_made_anew_while_the_partners_are_the_same(
    settings: Settings, engine: Engine, client: FlaskClient
) -> None:
    put(client)
    book = PartnerBook(settings, engine)
    first = book.settings()
    book.look_again()
    assert book.settings() is first
    assert [one.name for one in first.partners] == ["hospital", "registry", "lakeside"]


def test_of_two_who_change_it_one_is_told(client: FlaskClient) -> None:
    put(client)
    stale = client.put(f"{AT}/lakeside", json=LAKESIDE, headers={"If-Match": 'W/"7"'})
    assert (stale.status_code, stale.json["detail"]) == (412, "It is version 1 by now.")  # type: ignore[index]
    assert client.delete(f"{AT}/lakeside", headers={"If-Match": 'W/"7"'}).status_code == 412
    assert client.delete(f"{AT}/lakeside", headers={"If-Match": 'W/"1"'}).status_code == 204


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("hospital", {}, "[partners.hospital] stands in paingate.toml: change it there."),
        ("Lake Side", {}, "a partner's name is of a-z, 0-9, _ and -"),
        ("lakeside", {"nope": 1}, "has no setting called nope"),
        ("lakeside", {"base_url": "ftp://x"}, "base_url of [partners.lakeside] is an http or https address"),
        ("lakeside", {"base_url": 7}, "base_url of [partners.lakeside] is text"),
        ("lakeside", {"sends": ["everything"]}, "sends of [partners.lakeside] names a kind of record that is not sent"),
        ("lakeside", {"contained": "yes"}, "contained of [partners.lakeside] is true or false."),
        ("lakeside", {"auth": "bearer"}, "has auth but no secret"),
        ("lakeside", {"secret": "s3cret"}, "has no setting called secret"),
        ("lakeside", {"secret_file": "lakeside"}, "needs the folder of secrets"),
        ("lakeside", {"auth": ""}, "auth of [partners.lakeside] says nothing: leave it out."),
        ("lakeside", {"fit": "by pigeon"}, "fit of [partners.lakeside] is one of"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_refused_and_nothing_kept(
    client: FlaskClient, name: str, changes: dict[str, Any], says: str
) -> None:
    answer = put(client, name, **changes)
    assert answer.status_code == 422
    assert says in answer.json["errors"][0]["text"]
    assert names(client) == ["hospital", "registry"]


@pytest.mark.parametrize("body", [[], "x", 7, {"sends": {}}, {"base_url": None}, {}])
def test_what_is_no_partner_is_refused(client: FlaskClient, body: Any) -> None:
    assert client.put(f"{AT}/lakeside", json=body).status_code == 422
    assert names(client) == ["hospital", "registry"]


def test_a_partner_of_the_settings_file_is_shown_without_its_secret(settings: Settings, engine: Engine) -> None:
    first, *others = settings.partners
    known = replace(first, auth="bearer", secret="s3cret", certificate_file="/etc/x.pem")
    client = create_app(replace(settings, partners=(known, *others)), engine=engine).test_client()
    read = client.get(f"{AT}/hospital")
    assert read.json["settings"]["auth"] == "bearer"  # type: ignore[index]
    assert "s3cret" not in read.text
    assert "x.pem" not in read.text
    assert client.delete(f"{AT}/hospital").status_code == 409


# ---- secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "lakeside.token").write_text("s3cret\n")
    (folder / "hospital.token").write_text("another's")
    return folder


@pytest.fixture
def with_secrets(settings: Settings, engine: Engine, secrets: Path) -> FlaskClient:
    return create_app(replace(settings, secrets=str(secrets)), engine=engine).test_client()


def test_a_secret_is_named_and_never_told(
    with_secrets: FlaskClient, settings: Settings, engine: Engine, secrets: Path
) -> None:
    answer = put(with_secrets, auth="bearer", secret_file="lakeside.token")
    assert answer.status_code == 201
    assert "s3cret" not in answer.text + with_secrets.get(AT).text + with_secrets.get(f"{AT}/lakeside").text
    (known,) = [
        one for one in PartnerBook(replace(settings, secrets=str(secrets)), engine).settings().partners if one.of_api
    ]
    assert known.secret == "s3cret"
    with engine.connect() as connection:
        (row,) = connection.execute(partner.select())
    assert b"s3cret" not in row.settings


@pytest.mark.parametrize(
    "file",
    ["hospital.token", "../lakeside.token", "/etc/passwd", "lakeside/../hospital.token", "lakeside.token\n", 7],
)
def test_nobody_gets_at_anothers_secret(with_secrets: FlaskClient, file: Any) -> None:
    answer = put(with_secrets, auth="bearer", secret_file=file)
    assert answer.status_code == 422
    assert "is the name of a file in the folder of secrets" in answer.json["errors"][0]["text"]


def test_a_secret_that_is_gone_keeps_one_partner_from_being_there(
    with_secrets: FlaskClient, settings: Settings, engine: Engine, secrets: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(with_secrets, auth="bearer", secret_file="lakeside.token")
    put(with_secrets, "seaside")
    (secrets / "lakeside.token").unlink()
    anew = PartnerBook(replace(settings, secrets=str(secrets)), engine).settings()
    assert [one.name for one in anew.partners] == ["hospital", "registry", "seaside"]
    assert "The secret_file of [partners.lakeside] cannot be read" in caplog.text


def test_a_secret_may_be_in_the_environment(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PAINGATE_PARTNERS_LAKESIDE_SECRET", "s3cret")
    assert put(client, auth="bearer").status_code == 201


def test_a_key_that_cannot_sign_is_refused(with_secrets: FlaskClient) -> None:
    answer = put(with_secrets, auth="smart", our_client_id="we", scope="system/*.crus", secret_file="lakeside.token")
    assert (answer.status_code, "cannot be used" in answer.text) == (422, True)


# ---- who may


@pytest.mark.parametrize(
    ("role", "may"), [("reader", False), ("clinician", False), ("operator", False), ("administrator", True)]
)
def test_only_an_administrator_says_where_data_go(settings: Settings, engine: Engine, role: str, *, may: bool) -> None:
    asks = replace(settings, clinic_tokens=(ClinicToken("who", role, hash_of("paingate_x")),))
    client = create_app(asks, engine=engine).test_client()
    known = {"Authorization": "Bearer paingate_x"}
    answer = client.put(f"{AT}/lakeside", json=LAKESIDE, headers=known)
    assert answer.status_code == (201 if may else 403)
    assert client.get(AT, headers=known).status_code == 200
    assert client.delete(f"{AT}/lakeside", headers=known).status_code == (204 if may else 403)
    if may:
        assert answer.json["stored_by"] == "who"  # type: ignore[index]
        assert client.get("/clinic/v1/referrals", headers=known).status_code == 403


def test_what_somebody_else_stored_wrongly_harms_nobody(
    settings: Settings, engine: Engine, client: FlaskClient
) -> None:
    """A later release may know keys that this one does not."""
    put(client)
    with writing(engine) as connection:
        connection.execute(
            partner.update().values(settings=b'{"base_url":"http://127.0.0.1:9/fhir","of_later":1}', version=2)
        )
    partners = PartnerBook(settings, engine).settings().partners
    assert [one.name for one in partners] == ["hospital", "registry"]


def test_the_database_is_asked_once_a_second(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []
    book = PartnerBook(settings, engine)
    monkeypatch.setattr(book, "_look", lambda: looked.append(time.monotonic()))
    for _ in range(1000):
        book.settings()
    assert len(looked) == 1
    assert partner_book.LOOK_SECONDS == 1.0


def test_every_key_is_described() -> None:
    assert tuple(sorted(PartnerKeys().fields)) == tuple(sorted(PARTNER_KEYS))
