"""The same referral again: the same answer, and one referral."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mappings.r4 import exact_json
from tests.adapter.speaking import (
    DOCTOR,
    FHIR,
    MRN,
    PATIENT,
    PLACER,
    REQUEST,
    V2_0203,
    Node,
    alone,
    changed,
    inbox,
    patient,
    post,
    referral,
    request,
    rows,
    said,
    send,
    transaction,
)


@pytest.mark.parametrize("document", [referral(), referral(None), alone(), alone(None)])
def test_a_repeat_answers_as_the_first_did(client: FlaskClient, engine: Engine, document: Node) -> None:
    first = send(client, document)
    stored = rows(engine)
    second = send(client, document)
    assert (second.status_code, second.data) == (first.status_code, first.data)
    for name in ("Location", "ETag", "Last-Modified"):
        assert second.headers.get(name) == first.headers.get(name)
    assert rows(engine) == stored


def test_an_attempt_with_new_temporary_names_is_the_same_referral(client: FlaskClient) -> None:
    text = exact_json.dumps(referral())
    first = post(client, "/fhir", text)
    for name in (PATIENT, REQUEST, DOCTOR):
        text = text.replace(name.encode(), f"urn:uuid:{uuid4()}".encode())
    again = exact_json.loads(text) | {"id": "another", "timestamp": "2026-11-24T10:00:00Z"}
    assert send(client, again).data == first.data
    assert len(inbox(client)) == 1


def test_without_a_number_the_same_text_is_the_same_referral_whatever_order_its_members_have(
    client: FlaskClient,
) -> None:
    document = referral(None)
    first = send(client, document)
    assert send(client, dict(reversed(document.items()))).data == first.data
    send(client, changed(document, "entry", 0, "resource", "priority", to="routine"))
    assert len(inbox(client)) == 2


def test_the_same_number_of_another_assigner_is_another_referral(client: FlaskClient) -> None:
    identifier = {"type": {"coding": [{"system": V2_0203, "code": "PLAC"}]}, "value": "7"}
    for assigner in ({"display": "North"}, {"display": "South"}, {"identifier": {"system": MRN, "value": "S"}}):
        numbered = [identifier | {"assigner": assigner}]
        assert send(client, changed(referral(), "entry", 0, "resource", "identifier", to=numbered)).status_code == 200
    assert len(inbox(client)) == 3


def test_an_assigner_within_the_message_is_known_by_its_own_number(client: FlaskClient) -> None:
    for urn in (f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"):
        hospital = {"resourceType": "Organization", "identifier": [{"system": PLACER, "value": "H"}], "name": "H"}
        identifier = {"type": {"coding": [{"system": V2_0203, "code": "PLAC"}]}, "value": "7"}
        asked = request() | {"identifier": [identifier | {"assigner": {"reference": urn}}]}
        answer = send(client, transaction((REQUEST, asked), (PATIENT, patient()), (urn, hospital)))
        assert answer.status_code == 200
    assert len(inbox(client)) == 1


def test_a_number_alone_is_nobodys(client: FlaskClient) -> None:
    identifier = [{"type": {"coding": [{"system": V2_0203, "code": "PLAC"}]}, "value": "1"}]
    for mrn in ("1", "2"):
        send(client, changed(referral(mrn=mrn), "entry", 0, "resource", "identifier", to=identifier))
    assert len(inbox(client)) == 2


def test_the_senders_condition_comes_first(client: FlaskClient) -> None:
    condition = f"identifier={PLACER}|R-1"
    first = send(client, alone())
    other_words = changed(alone(), "priority", to="routine")
    answer = send(client, other_words, If_None_Exist=condition)
    assert (answer.status_code, said(answer)["id"]) == (201, said(first)["id"])
    assert said(answer)["priority"] == "urgent"  # the one that is there, as it is
    assert len(inbox(client)) == 1


def test_a_condition_finds_what_came_in_a_transaction(client: FlaskClient) -> None:
    sent = referral()
    entry = said(send(client, sent | {"entry": sent["entry"][::-1]}))["entry"][-1]
    answer = send(client, alone(), If_None_Exist=f"identifier={PLACER}|R-1")
    assert answer.headers["Location"].endswith(entry["response"]["location"])
    assert (said(answer)["resourceType"], len(inbox(client))) == ("ServiceRequest", 1)


def test_a_condition_that_nobody_meets_stores(client: FlaskClient) -> None:
    for condition in (f"identifier={PLACER}|A", f"ServiceRequest?identifier={PLACER}%7CA", "identifier=A"):
        assert send(client, alone(None), If_None_Exist=condition).status_code == 201
    assert len(inbox(client)) == 1


def test_a_transaction_with_a_condition_and_other_words_is_not_taken_by_halves(client: FlaskClient) -> None:
    conditional = changed(referral(), "entry", 0, "request", "ifNoneExist", to=f"identifier={PLACER}|R-1")
    first = send(client, referral())
    assert send(client, conditional).data == first.data
    assert send(client, changed(conditional, "entry", 0, "resource", "priority", to="stat")).status_code == 409


@pytest.mark.parametrize("document", [referral(), referral(None), alone()], ids=["number", "text", "alone"])
def test_fifty_at_once_are_one_referral(served: str, client: FlaskClient, engine: Engine, document: Node) -> None:
    door = f"{served}/fhir" if document["resourceType"] == "Bundle" else f"{served}/fhir/ServiceRequest"
    body = exact_json.dumps(document)

    def once(_: int) -> tuple[int, bytes, str | None]:
        answer = requests.post(door, data=body, headers={"Content-Type": FHIR}, timeout=120)
        return answer.status_code, answer.content, answer.headers.get("Location")

    with ThreadPoolExecutor(50) as senders:
        answers = set(senders.map(once, range(50)))
    assert len(answers) == 1
    assert answers.pop()[0] in (200, 201)
    assert rows(engine)["referral"] == rows(engine)["message"] == rows(engine)["patient"] == 1


def test_one_patient_of_many_referrals_at_once_has_one_number(served: str, client: FlaskClient, engine: Engine) -> None:
    def once(number: int) -> int:
        sent = changed(referral(f"R-{number}"), "entry", 1, "request", "ifNoneExist", to=f"identifier={MRN}|4711")
        body = exact_json.dumps(sent)
        return requests.post(f"{served}/fhir", data=body, headers={"Content-Type": FHIR}, timeout=120).status_code

    with ThreadPoolExecutor(20) as senders:
        assert set(senders.map(once, range(20))) == {200}
    stored = rows(engine)
    assert (stored["referral"], stored["patient"]) == (20, 1)
    assert stored["resource"] == 20 * 3 + 1  # each its request, doctor and Task; one Patient
