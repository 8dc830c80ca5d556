"""A referral with the errors that senders make: taken and told in the receipt, or refused with a sentence."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from adapter.store.engine import reading
from adapter.store.tables import message
from mappings.r4 import exact_json
from tests.adapter.speaking import (
    PATIENT,
    REQUEST,
    Node,
    alone,
    changed,
    get,
    inbox,
    issues,
    post,
    referral,
    rows,
    said,
    send,
)

WANTS_RECEIPT = {"Prefer": "return=OperationOutcome"}


def sloppy() -> Node:
    document = alone() | {"resourceType": "servicerequest", "authoredOn": "2026-11-26 10:00:00+01:00"}
    document["contained"][0]["birthDate"] = "19680402"
    return document


def test_what_was_repaired_is_told_in_the_receipt(client: FlaskClient) -> None:
    answer = post(client, "/fhir/ServiceRequest", sloppy(), **WANTS_RECEIPT)
    assert answer.status_code == 201
    assert issues(answer)[:3] == [
        ("warning", "structure", "ServiceRequest.resourceType"),
        ("warning", "value", "ServiceRequest.contained[0].birthDate"),
        ("warning", "value", "ServiceRequest.authoredOn"),
    ]
    assert "1968" not in answer.text


def test_the_bytes_are_kept_as_they_came_and_what_is_read_is_repaired(client: FlaskClient, engine: Engine) -> None:
    send_bytes = exact_json.dumps(sloppy())
    assert post(client, "/fhir/ServiceRequest", sloppy()).status_code == 201
    with reading(engine) as connection:
        assert connection.scalars(select(message.c.body)).all() == [send_bytes]
    (listed,) = inbox(client)
    assert listed["record"]["patient"]["birth_date"] == "1968-04-02"
    task = get(client, f"/fhir/{listed['task']}")
    assert get(client, f"/fhir/{task['focus']['reference']}")["authoredOn"] == "2026-11-26T10:00:00+01:00"


def test_sent_again_without_its_errors_it_is_the_same_referral(client: FlaskClient, engine: Engine) -> None:
    clean = alone() | {"authoredOn": "2026-11-26T10:00:00+01:00"}
    answers = [post(client, "/fhir/ServiceRequest", document) for document in (sloppy(), clean)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert rows(engine)["referral"] == 1


def test_a_urn_in_capitals_leads_to_its_entry(client: FlaskClient) -> None:
    document = referral()
    document["entry"][0]["resource"]["subject"] = {"reference": PATIENT.upper()}
    document["entry"][0]["fullUrl"] = REQUEST.replace("urn:uuid", "URN:UUID")
    answer = send(client, document)
    outcome = said(answer)["entry"][0]["response"]["outcome"]
    assert [issue["expression"] for issue in outcome["issue"]][:2] == [
        ["Bundle.entry[0].fullUrl"],
        ["Bundle.entry[0].resource.subject.reference"],
    ]
    assert inbox(client)[0]["record"]["patient"]["birth_date"] == "1968-04-02"


def test_what_else_is_not_r4_is_warned_of(client: FlaskClient) -> None:
    document = changed(alone(), "contained", 0, "gender", to="f")
    answer = post(client, "/fhir/ServiceRequest", document, **WANTS_RECEIPT)
    assert answer.status_code == 201
    assert ("warning", "code-invalid", "ServiceRequest.contained[0].gender") in issues(answer)


def test_a_condition_is_read_as_the_identifiers_that_it_looks_for(client: FlaskClient, engine: Engine) -> None:
    for number in ("R-1", "R-2"):
        document = referral(number)
        document["entry"][1]["resource"]["identifier"][0]["system"] = "1.2.36.1"
        document["entry"][1]["request"]["ifNoneExist"] = (
            f"identifier={'' if number == 'R-1' else 'urn:oid:'}1.2.36.1|4711"
        )
        assert send(client, document).status_code == 200
    assert rows(engine)["patient"] == 1
    assert len({get(client, f"/fhir/{one['task']}")["for"]["reference"] for one in inbox(client)}) == 1


@pytest.mark.parametrize("at", ["2026-11-26 10:00:00", "26.11.2026", "11/26/2026"])
def test_a_time_that_may_mean_two_things_is_refused(client: FlaskClient, engine: Engine, at: str) -> None:
    before = rows(engine)
    answer = post(client, "/fhir/ServiceRequest", alone() | {"authoredOn": at})
    assert answer.status_code == 422
    assert issues(answer) == [("error", "value", "ServiceRequest.authoredOn")]
    assert "zone" in said(answer)["issue"][0]["diagnostics"]
    assert rows(engine) == before
