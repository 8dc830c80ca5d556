"""A referral arrives: what is answered, what is stored, what GET returns."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from adapter.store.engine import reading
from adapter.store.tables import message
from mappings.r4 import exact_json
from tests.adapter.speaking import (
    FHIR,
    IDENTIFIERS,
    MRN,
    PATIENT,
    PLACER,
    REQUEST,
    V2_0203,
    Node,
    alone,
    changed,
    get,
    inbox,
    issues,
    patient,
    post,
    received,
    referral,
    request,
    rows,
    said,
    send,
    transaction,
)


def test_a_transaction_is_answered_entry_by_entry(client: FlaskClient) -> None:
    answer = send(client, referral())
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    response = said(answer)
    assert (response["resourceType"], response["type"]) == ("Bundle", "transaction-response")
    types = []
    for entry in response["entry"]:
        told = entry["response"]
        assert (told["status"], told["etag"]) == ("201 Created", 'W/"1"')
        located = re.fullmatch(r"([A-Za-z]+)/[A-Za-z0-9.-]{1,64}/_history/1", told["location"])
        assert located is not None
        types.append(located[1])
        stored = get(client, f"/fhir/{told['location']}")
        assert stored["meta"] == {"versionId": "1", "lastUpdated": told["lastModified"]}
    assert types == ["ServiceRequest", "Patient", "Practitioner"]


def test_a_service_request_alone_is_answered_as_a_create(client: FlaskClient) -> None:
    answer = send(client, alone())
    assert answer.status_code == 201
    stored = said(answer)
    assert answer.headers["Location"] == f"http://localhost/fhir/ServiceRequest/{stored['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert "Last-Modified" in answer.headers
    assert get(client, f"/fhir/ServiceRequest/{stored['id']}") == stored


def test_the_bytes_are_kept_as_they_came(client: FlaskClient, engine: Engine) -> None:
    body = exact_json.dumps(referral(), indent=3) + b"\n\n"
    assert post(client, "/fhir", body).status_code == 200
    with reading(engine) as connection:
        assert connection.scalars(select(message.c.body)).one() == body


def test_what_get_returns_is_what_was_sent_with_its_references_rewritten(client: FlaskClient) -> None:
    exact = exact_json.loads(b'{"value":1.50,"unit":"mg"}')
    asked = request() | {"quantityQuantity": exact, "note": [{"text": f"see {PATIENT}"}]}
    response = said(send(client, transaction((REQUEST, asked), (PATIENT, patient()))))
    places = [entry["response"]["location"].partition("/_history")[0] for entry in response["entry"]]
    raw = client.get(f"/fhir/{places[0]}").data
    assert b'"value":1.50' in raw
    stored = exact_json.loads(raw)
    assert stored["subject"] == {"reference": places[1]}
    assert stored["note"] == asked["note"]  # a text that holds an address is no link
    assert {name: stored[name] for name in asked if name != "subject"} == {
        name: asked[name] for name in asked if name != "subject"
    }


def test_everything_of_a_referral_is_committed(client: FlaskClient, engine: Engine) -> None:
    send(client, referral())
    stored = rows(engine)
    assert {name: stored[name] for name in ("message", "referral", "patient", "claim")} == {
        "message": 1,
        "referral": 1,
        "patient": 1,
        "claim": 1,
    }
    assert stored["resource"] == 4  # what was sent, and the Task


# ---- the Task


def test_the_task_says_where_the_referral_stands(client: FlaskClient) -> None:
    one = received(client)
    task = get(client, f"/fhir/{one['task']}")
    assert task["code"]["coding"][0] == {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}
    assert (task["status"], task["intent"]) == ("received", "order")
    assert task["focus"] == {"reference": one["service_request"]}
    asked = get(client, f"/fhir/{one['service_request']}")
    assert (task["for"], task["requester"]) == (asked["subject"], asked["requester"])
    assert task["owner"]["display"] == "Lakeside Pain Clinic"
    numbers = {
        identifier["type"]["coding"][0]["code"]: (identifier["system"], identifier["value"])
        for identifier in task["identifier"]
    }
    assert all(identifier["type"]["coding"][0]["system"] == V2_0203 for identifier in task["identifier"])
    assert numbers == {
        "PLAC": (PLACER, "R-1"),
        "FILL": ("https://lakeside.example/ids/referral", one["number"]),
    }
    assert task["businessStatus"]["coding"][0]["code"] == "2.0"


def test_what_is_contained_is_named_in_the_task_by_its_number(client: FlaskClient) -> None:
    one = received(client, alone())
    task = get(client, f"/fhir/{one['task']}")
    assert task["for"] == {"type": "Patient", "identifier": {"system": MRN, "value": "4711"}}


def test_a_contained_patient_without_a_number_is_named_by_ours(client: FlaskClient) -> None:
    one = received(client, changed(alone(), "contained", 0, "identifier", to=None))
    task = get(client, f"/fhir/{one['task']}")
    ours = {"system": "https://lakeside.example/ids/patient", "value": one["patient_number"]}
    assert task["for"] == {"type": "Patient", "identifier": ours}


# ---- whose it is


def test_a_patient_keeps_its_number(client: FlaskClient) -> None:
    first = received(client, referral("R-1"))
    second = received(client, alone("R-2"))
    stranger = received(client, referral("R-3", mrn="4712"))
    assert first["patient_number"] == second["patient_number"] == "P-000001"
    assert stranger["patient_number"] == "P-000002"


def test_a_number_with_another_birth_date_is_another_patient_until_a_person_decides(client: FlaskClient) -> None:
    first = received(client, referral("R-1"))
    second = received(client, changed(referral("R-2"), "entry", 1, "resource", "birthDate", to="1999-01-01"))
    assert first["patient_number"] != second["patient_number"]
    report = get(client, f"/clinic/v1/referrals/{second['id']}")["report"]
    assert [issue["code"] for issue in report["to_decide"]] == ["conflict"]


@pytest.mark.parametrize(
    "identifier",
    [
        {"system": MRN, "value": "4711", "use": "old"},
        {"system": MRN, "value": "4711", "period": {"end": "2019"}},
        {"system": MRN, "value": "4711", "type": {"coding": [{"system": V2_0203, "code": "MB"}]}},
        {"value": "4711"},
    ],
)
def test_a_number_that_tells_nobody_apart_makes_nobody_the_same(client: FlaskClient, identifier: object) -> None:
    first = received(client, changed(referral("R-1"), "entry", 1, "resource", "identifier", to=[identifier]))
    second = received(client, changed(referral("R-2"), "entry", 1, "resource", "identifier", to=[identifier]))
    assert first["patient_number"] != second["patient_number"]


def test_a_patient_that_is_held_may_be_referred_to(client: FlaskClient) -> None:
    first = received(client)
    held = get(client, f"/fhir/{first['service_request']}")["subject"]["reference"]
    second = received(client, request("R-2", held))
    assert second["patient_number"] == first["patient_number"]


def test_a_patient_may_be_named_by_identifier_alone(client: FlaskClient) -> None:
    first = received(client)
    subject = {"identifier": {"system": MRN, "value": "4711"}, "display": "N. O."}
    second = received(client, changed(request("R-2"), "subject", to=subject))
    assert second["patient_number"] == first["patient_number"]


def test_a_sender_may_use_the_number_that_we_gave(client: FlaskClient) -> None:
    ours = {"system": f"{IDENTIFIERS}/patient", "value": "P-000001"}
    first = received(client, changed(referral("R-1"), "entry", 1, "resource", "identifier", to=[ours]))
    assert first["patient_number"] == "P-000001"  # a number that was not given yet is nobody's
    second = received(client, changed(alone("R-2"), "subject", to={"identifier": ours}))
    assert second["patient_number"] == "P-000001"
    third = received(client, changed(alone("R-3"), "subject", to={"identifier": ours | {"value": "P-000007"}}))
    assert third["patient_number"] == "P-000002"


@pytest.mark.parametrize(
    "reference", ["Patient/unknown", "https://elsewhere.example/Patient/1", "Patient?identifier=1"]
)
def test_a_patient_whom_nobody_knows_is_asked_for(client: FlaskClient, engine: Engine, reference: str) -> None:
    answer = send(client, request("R-1", reference))
    assert answer.status_code == 422
    assert issues(answer) == [("error", "not-found", "ServiceRequest.subject")]
    assert rows(engine) == {}


# ---- conditional entries


def test_a_patient_that_is_there_already_is_not_stored_again(client: FlaskClient, engine: Engine) -> None:
    def conditional(number: str) -> list[str]:
        sent = changed(referral(number), "entry", 1, "request", "ifNoneExist", to=f"identifier={MRN}|4711")
        return [entry["response"]["location"] for entry in said(send(client, sent))["entry"]]

    first, second = conditional("R-1"), conditional("R-2")
    assert first[1] == second[1]
    assert first[0] != second[0]
    assert f"/fhir/{get(client, f'/fhir/{second[0]}')['subject']['reference']}" == f"/fhir/{first[1].split('/_h')[0]}"
    assert len(inbox(client)) == 2


def test_a_condition_that_several_meet_is_not_guessed_at(client: FlaskClient, engine: Engine) -> None:
    send(client, referral("R-1"))
    send(client, referral("R-2"))
    before = rows(engine)
    sent = changed(referral("R-3"), "entry", 1, "request", "ifNoneExist", to=f"identifier={MRN}|4711")
    answer = send(client, sent)
    assert answer.status_code == 412
    assert issues(answer) == [("error", "multiple-matches", "Bundle.entry[1].request.ifNoneExist")]
    assert rows(engine) == before


# ---- how much of an answer


def test_minimal_is_nothing_but_where_it_is(client: FlaskClient) -> None:
    single = send(client, alone("R-1"), Prefer="return=minimal")
    assert (single.status_code, single.data) == (201, b"")
    assert "Location" in single.headers
    entries = said(send(client, referral("R-2"), Prefer="return=minimal"))["entry"]
    assert all(entry.keys() == {"response"} and "outcome" not in entry["response"] for entry in entries)


def test_representation_is_what_was_stored(client: FlaskClient) -> None:
    entries = said(send(client, referral(), Prefer="return=representation"))["entry"]
    assert [entry["resource"]["resourceType"] for entry in entries] == ["ServiceRequest", "Patient", "Practitioner"]


def test_the_receipt_names_what_was_kept_without_being_understood(client: FlaskClient) -> None:
    photo = {"resourceType": "Device", "deviceName": [{"name": "Pump", "type": "other"}]}
    sent = referral()
    sent["entry"] += transaction((None, photo))["entry"]
    outcome = said(send(client, sent))["entry"][0]["response"]["outcome"]
    assert outcome["resourceType"] == "OperationOutcome"
    places = [place for issue in outcome["issue"] for place in issue["expression"]]
    assert any("Bundle.entry[3].resource" in place for place in places)
    single = send(client, alone("R-9"), Prefer="return=OperationOutcome")
    assert single.status_code == 201
    told = {one["diagnostics"]: one.get("expression") for one in said(single)["issue"]}
    assert told["All of it is in the clinic's record."] == ["ServiceRequest"]
    assert told["Taken into the clinic's record as urgency."] == ["ServiceRequest.priority"]
    assert told["Taken into the clinic's record as patient.birth_date."] == ["ServiceRequest.contained[0].birthDate"]


STRANGE = {"modifierExtension": [{"url": "https://elsewhere.example/means-the-opposite", "valueBoolean": True}]}


@pytest.mark.parametrize(
    ("says", "element", "words"),
    [
        (STRANGE, "", "may not act on this: modifier_extensions: "),
        ({"doNotPerform": True}, ".doNotPerform", "cannot accept this as it stands: it asks that this is NOT done"),
        ({"status": "on-hold"}, ".status", "cannot accept this as it stands: its referrer has put it on hold"),
    ],
)
@pytest.mark.parametrize("returns", ["OperationOutcome", "minimal"])
def test_the_receipt_warns_of_what_the_clinic_will_not_do(
    client: FlaskClient, says: Node, element: str, words: str, returns: str
) -> None:
    sent = referral()
    sent["entry"][0]["resource"] |= says
    for _ in range(2):  # one that comes again is answered as the first was
        outcome = said(send(client, sent, Prefer=f"return={returns}"))["entry"][0]["response"]["outcome"]
        (issue,) = (one for one in outcome["issue"] if one["severity"] == "warning")
        assert (issue["code"], issue["expression"]) == ("business-rule", [f"Bundle.entry[0].resource{element}"])
        assert words in issue["diagnostics"]
    single = send(client, alone("R-9") | says, Prefer="return=OperationOutcome")
    assert ("warning", "business-rule", f"ServiceRequest{element}") in issues(single)


def test_pretty_is_indented(client: FlaskClient) -> None:
    one = received(client)
    assert b'\n  "id"' in client.get(f"/fhir/{one['task']}?_pretty=true").data
    assert b"\n" not in client.get(f"/fhir/{one['task']}").data
