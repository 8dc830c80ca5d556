"""Assessments, procedures and prescriptions on their way to a partner: by what it accepts of their own type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter.delivery.attempt import Courier
from adapter.delivery.partners import client_for
from adapter.delivery.pushing.fits import accepts, choose
from adapter.delivery.pushing.records import Records
from adapter.exchange.sending.bringing import BROUGHT
from adapter.settings import Partner, Settings
from adapter.settings.table import SENDABLE
from tests.adapter.delivery.ehr import BASE, Ehr
from tests.adapter.delivery.test_fits import CONDITIONAL, server
from tests.adapter.delivery.vendors import VENDORS
from tests.adapter.hands import Hands
from tests.adapter.speaking import IDENTIFIERS, MRN, Node, get, received, referral, to_do
from tests.adapter.test_own_records import RECORDS

TYPES = {"assessments": "Observation", "procedures": "Procedure", "medication-requests": "MedicationRequest"}


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        identifier_base=IDENTIFIERS,
        partners=(Partner("hospital", BASE, SENDABLE), Partner("plans", BASE, ("care_plan",))),
        database_url=database_url,
    )


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        ehr = Ehr(server("transaction", flags=CONDITIONAL, also=tuple(TYPES.values())))
        ehr.install(mock)
        yield ehr


@pytest.fixture
def hands(settings: Settings, engine: Engine) -> Hands:
    goods = dict.fromkeys(BROUGHT, Records(engine, settings).goods())
    return Hands(engine, {"delivery": Courier(engine, lambda name: client_for(settings, name), goods).begin})


def put(client: FlaskClient, kind: str, **changes: Any) -> None:
    whose = {"patient": {"ref_identifier": {"value": "P-000001"}}}
    answer = client.put(f"/clinic/v1/{kind}/x-1", json=RECORDS[kind] | whose | changes)
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture(autouse=True)
def _one_patient(client: FlaskClient) -> None:
    received(client, referral())


def only(client: FlaskClient, kind: str) -> Node:
    (one,) = get(client, f"/clinic/v1/{kind}/x-1/deliveries")["deliveries"]
    found: Node = one
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_each_version_arrives_about_the_patient(client: FlaskClient, ehr: Ehr, hands: Hands, kind: str) -> None:
    put(client, kind)
    assert hands.take_all() == ["delivered"]
    put(client, kind, notes=[{"text": "seen again"}])
    assert hands.take_all() == ["delivered"]
    put(client, kind, notes=[{"text": "seen again"}])
    assert hands.take_all() == []
    (patient,), (there,) = ehr.of_type("Patient"), ehr.of_type(TYPES[kind])
    assert {"system": MRN, "value": "4711"}.items() <= patient["identifier"][0].items()
    assert there["subject"]["reference"] == f"Patient/{patient['id']}"
    number = {"system": f"{IDENTIFIERS}/{kind.removesuffix('s')}", "value": "x-1"}
    assert any(number.items() <= one.items() for one in there["identifier"])
    assert (there["note"], there["meta"]["versionId"]) == ([{"text": "seen again"}], "2")
    second, first = get(client, f"/clinic/v1/{kind}/x-1/deliveries")["deliveries"]
    assert [one["fit"] for one in (first, second)] == ["conditional-transaction"] * 2
    assert [one["unkept"] for one in (first, second)] == [[], []]
    assert second["remote_id"] == there["id"]


def test_what_the_partner_added_to_a_procedure_survives(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    put(client, "procedures")
    hands.take_all()
    (theirs,) = ehr.of_type("Procedure")
    own = {"system": "urn:ehr:procedure", "value": "77"}
    ehr.put(theirs | {"identifier": [*theirs["identifier"], own]})
    put(client, "procedures", notes=[{"text": "seen again"}])
    assert hands.take_all() == ["delivered"]
    (now,) = ehr.of_type("Procedure")
    assert (own in now["identifier"], now["note"]) == (True, [{"text": "seen again"}])


def test_one_whose_type_the_partner_does_not_take_is_offered(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    ehr.statement = server("transaction", flags=CONDITIONAL)
    put(client, "procedures")
    assert hands.take_all() == ["delivered"]
    one = only(client, "procedures")
    assert (one["fit"], ehr.writes()) == ("offered", [])
    there = get(client, f"/fhir/Procedure/{one['remote_id']}")
    assert there["subject"]["identifier"]["value"] == "4711"


def test_what_one_type_is_refused_the_others_are_not(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    ehr.statement = server(flags=CONDITIONAL, also=("Procedure", "Observation"))
    ehr.claims_only = {"Procedure"}
    put(client, "procedures")
    put(client, "assessments")
    assert hands.take_all() == ["delivered"] * 2
    assert only(client, "procedures")["fit"] == "offered"
    assert only(client, "assessments")["fit"] == "conditional-singles"


def test_an_answered_form_goes_to_nobody(client: FlaskClient, engine: Engine) -> None:
    form = {
        "record": "assessment",
        "kind": "answered_form",
        "status": "completed",
        "patient": {"ref_identifier": {"value": "P-000001"}},
    }
    answer = client.put("/clinic/v1/assessments/form-1", json=form)
    assert answer.status_code == 201, answer.text
    assert to_do(engine) == []


def test_vendors_are_asked_by_the_type(client: FlaskClient) -> None:
    del client
    epic = accepts(VENDORS["Epic"].statement())
    assert choose(epic, type_="CarePlan").fit.name == "document"
    assert choose(epic, type_="Procedure").fit.name == "offered"
    assert choose(epic, type_="Procedure", fixed="document").fit.name == "offered"  # a plan's alone
