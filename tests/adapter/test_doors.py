"""A referral is a referral, whatever door it came through: one record, one hash, one row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from adapter.exchange.receiving.content import content_hash
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.intake import prepare
from adapter.exchange.receiving.opening import opened
from adapter.settings import Settings
from adapter.store.engine import open_engine, reading
from adapter.store.tables import message as messages
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.doors import MESSAGES, Door, Resources
from tests.adapter.speaking import FHIR, MRN, PLACER, V2_0203, Node, get, inbox, issues, post, rows, said

word = st.text("abcdefghij ", min_size=1, max_size=12).map(str.strip).filter(bool)


def resources(number: str | None = "R-1") -> Resources:
    placed = {"type": {"coding": [{"system": V2_0203, "code": "PLAC"}]}, "system": PLACER, "value": number}
    return {
        "request": {
            "resourceType": "ServiceRequest",
            **({"identifier": [placed]} if number else {}),
            "status": "active",
            "intent": "order",
            "subject": {"reference": "@patient"},
            "requester": {"reference": "@doctor"},
            "reasonCode": [{"text": "Low back pain since a fall"}],
            "reasonReference": [{"reference": "@pain"}],
        },
        "patient": {
            "resourceType": "Patient",
            "identifier": [{"system": MRN, "value": "4711"}],
            "name": [{"family": "Okafor"}],
            "birthDate": "1968-04-02",
        },
        "doctor": {"resourceType": "Practitioner", "name": [{"family": "Weiss"}]},
        "pain": {
            "resourceType": "Condition",
            "code": {"text": "Chronic low back pain"},
            "subject": {"reference": "@patient"},
        },
    }


@st.composite
def referrals(draw: st.DrawFn) -> Resources:
    """Referrals with this and that along: who asks, why, what was found, and things that no record has a place for."""
    made = resources(draw(st.sampled_from(["R-1", None])))
    request = made["request"]
    request["priority"] = draw(st.sampled_from(["routine", "urgent", "asap", "stat"]))
    request["intent"] = draw(st.sampled_from(["order", "plan", "proposal", "original-order"]))
    if draw(st.booleans()):
        request["note"] = [{"text": draw(word)}]
    found = draw(st.lists(word, max_size=3))
    for n, text in enumerate(found):
        made[f"finding-{n}"] = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": text},
            "subject": {"reference": "@patient"},
            **({"derivedFrom": [{"reference": f"@finding-{n - 1}"}]} if n else {}),
        }
    if found:
        request["supportingInfo"] = [{"reference": f"@finding-{n}"} for n in draw(st.permutations(range(len(found))))]
    return made


def by(name: str, sent: Resources) -> Door:
    return doors.EVERY[name](sent)


@given(sent=referrals())
def test_every_door_tells_the_same_record_and_the_same_hash(sent: Resources) -> None:
    with TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'p.db'}")
        engine = open_engine(settings.database_url)
        told = {name: _read(engine, settings, by(name, sent)) for name in doors.EVERY}
        engine.dispose()
    hash_, record = told["transaction"]
    assert {name for name, (other, _) in told.items() if other != hash_} == set()
    for name, (_, other) in told.items():
        assert other == record, name


def _read(engine: Engine, settings: Settings, door: Door) -> tuple[str, Node]:
    """The hash and the record of a document; what only stands for the door is left out of the record."""
    path, document = door
    if document.get("type") == "batch":
        document = document["entry"][0]["resource"]
    incoming = Incoming(path, FHIR, exact_json.dumps(document), document)
    prepared = prepare(engine, settings, incoming)
    assert prepared.hash == content_hash(opened(settings, incoming))
    (referred,) = prepared._referred.values()
    return prepared.hash, {name: value for name, value in referred.record.items() if name != "id"}


@pytest.mark.parametrize("name", doors.EVERY)
def test_every_door_stores_the_referral_and_answers(client: FlaskClient, engine: Engine, name: str) -> None:
    path, document = by(name, resources())
    answer = post(client, path, document)
    assert answer.status_code in (200, 201), answer.text
    (one,) = inbox(client)
    assert one["record"]["referrer"]["name"]["family"] == "Weiss"
    kept = get(client, f"/fhir/{one['service_request']}")
    assert kept["reasonCode"] == [{"text": "Low back pain since a fall"}]
    assert get(client, f"/fhir/{one['task']}")["focus"]["reference"] == one["service_request"]
    with reading(engine) as connection:
        body = connection.scalars(select(messages.c.body)).one()
    if name != "in_batch":
        assert bytes(body) == exact_json.dumps(document)


@pytest.mark.parametrize(("first", "second"), list(permutations(["alone", "transaction", "gravity", "bser"], 2)))
@pytest.mark.parametrize("number", ["R-1", None])
def test_a_referral_that_comes_again_by_another_door_is_found(
    client: FlaskClient, engine: Engine, first: str, second: str, number: str | None
) -> None:
    for name in (first, second):
        path, document = by(name, resources(number))
        answer = post(client, path, document)
        assert answer.status_code in (200, 201)
        if path == "/fhir":
            told = [entry["response"] for entry in said(answer)["entry"]]
            assert len(told) == len(document["entry"])
            assert told[0]["location"] == f"{inbox(client)[0]['service_request']}/_history/1"
    assert rows(engine)["referral"] == rows(engine)["message"] == rows(engine)["patient"] == 1


@pytest.mark.parametrize("number", ["R-1", None])
def test_fifty_at_once_by_every_door_are_one_referral(
    served: str, engine: Engine, client: FlaskClient, number: str | None
) -> None:
    sent = [by(name, resources(number)) for name in doors.EVERY]

    def once(n: int) -> int:
        path, document = sent[n % len(sent)]
        body = exact_json.dumps(document)
        return requests.post(served + path, data=body, headers={"Content-Type": FHIR}, timeout=120).status_code

    with ThreadPoolExecutor(50) as senders:
        assert set(senders.map(once, range(50))) <= {200, 201}
    assert rows(engine)["referral"] == rows(engine)["message"] == rows(engine)["patient"] == 1
    assert len(inbox(client)) == 1


# ---- the sender's Task


@pytest.mark.parametrize("name", ["gravity", "bser"])
def test_the_senders_task_leads_to_ours(client: FlaskClient, name: str) -> None:
    path, document = by(name, resources())
    answer = said(post(client, path, document))
    (one,) = inbox(client)
    found = get(client, "/fhir/Task?identifier=urn:oid:1.2.36.9|task-1")
    assert [entry["resource"]["id"] for entry in found["entry"]] == [one["task"].removeprefix("Task/")]
    assert found["entry"][0]["resource"]["status"] == "received"
    if name == "gravity":
        assert answer["entry"][-1]["response"]["location"] == f"{one['task']}/_history/1"


def test_a_task_of_another_request_chooses_the_referral(client: FlaskClient) -> None:
    """A ServiceRequest that came along as background is no second referral, where a Task says which one is."""
    sent = resources()
    sent["before"] = {
        "resourceType": "ServiceRequest",
        "status": "completed",
        "intent": "order",
        "subject": {"reference": "@patient"},
    }
    path, document = doors.gravity(sent)
    assert post(client, path, document).status_code == 200
    (one,) = inbox(client)
    assert one["record"]["status"] == "active"


# ---- several with one requisition


def test_several_with_one_requisition_are_as_many_referrals(client: FlaskClient, engine: Engine) -> None:
    document = _order("order-7", "order-7")
    first = post(client, "/fhir", document)
    assert first.status_code == 200, first.text
    assert len({one["task"] for one in inbox(client)}) == 2
    assert len({one["patient_number"] for one in inbox(client)}) == 1
    assert post(client, "/fhir", document).data == first.data
    assert (rows(engine)["referral"], rows(engine)["message"]) == (2, 1)


@pytest.mark.parametrize("requisitions", [("order-7", "order-8"), (None, None)])
def test_several_that_do_not_belong_together_are_refused(
    client: FlaskClient, engine: Engine, requisitions: tuple[str | None, str | None]
) -> None:
    answer = post(client, "/fhir", _order(*requisitions))
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", "Bundle.entry")])
    assert rows(engine) == {}


def test_one_more_of_an_order_comes_by_itself(client: FlaskClient) -> None:
    assert post(client, "/fhir", _order("order-7")).status_code == 200
    answer = post(client, "/fhir", _order("order-7", "order-7"))
    assert (answer.status_code, issues(answer)) == (409, [("error", "conflict", "Bundle.entry")])


def _order(*requisitions: str | None) -> Node:
    sent: Resources = {}
    for n, requisition in enumerate(requisitions):
        one = resources(f"R-{n}")
        asked = {"requisition": {"system": PLACER, "value": requisition}} if requisition else {}
        sent |= one | {f"request-{n}": one["request"] | asked}
    del sent["request"]
    told = doors.referring(sent, doors.urn)
    entries = [
        {"fullUrl": doors.urn(one), "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for one in told.values()
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


# ---- messages


def test_a_message_is_answered_with_places_changed(client: FlaskClient) -> None:
    path, document = doors.message(resources())
    answer = said(post(client, path, document))
    assert (answer["type"], len(answer["entry"])) == ("message", 2)
    head, outcome = (entry["resource"] for entry in answer["entry"])
    assert head["response"] == {
        "identifier": "m-1",
        "code": "ok",
        "details": {"reference": answer["entry"][1]["fullUrl"]},
    }
    assert head["eventCoding"] == doors.I12
    assert head["destination"] == [{"name": "Hospital", "endpoint": f"{doors.SERVER}/$process-message"}]
    assert head["source"]["endpoint"] == "https://clinic.example/fhir/$process-message"
    assert outcome["resourceType"] == "OperationOutcome"


def test_a_dialect_that_wants_the_task_gets_it(client: FlaskClient) -> None:
    path, document = doors.bser(resources())
    entries = said(post(client, path, document))["entry"]
    task = entries[2]["resource"]
    assert entries[0]["resource"]["focus"] == [{"reference": f"Task/{task['id']}"}]
    assert task["focus"]["reference"] == inbox(client)[0]["service_request"]


@pytest.mark.parametrize("name", ["message", "unfocused", "bser"])
def test_a_message_again_gets_the_same_answer_and_a_changed_one_none(
    client: FlaskClient, engine: Engine, name: str
) -> None:
    path, document = by(name, resources())
    first = post(client, path, document)
    stored = rows(engine)
    client.post(f"/clinic/v1/referrals/{inbox(client)[0]['id']}/accept")
    again = post(client, path, document)
    assert (again.status_code, again.data) == (200, first.data)
    document["entry"][1]["resource"]["priority"] = "stat"
    other = post(client, path, document)
    assert other.status_code == 409
    head, outcome = (entry["resource"] for entry in said(other)["entry"])
    assert head["response"]["code"] == "fatal-error"
    assert head["response"]["identifier"] == document["entry"][0]["resource"]["id"]
    assert [one["code"] for one in outcome["issue"]] == ["conflict"]
    own = {"resource": 0, "transition": 0, "change": 0}  # the acceptance: a version of the Task, and a move
    assert rows(engine) | own == stored | own


def test_a_message_that_is_refused_says_so_in_a_message(client: FlaskClient, engine: Engine) -> None:
    path, document = doors.message(resources())
    del document["entry"][1]["resource"]["subject"]
    del document["entry"][0]["resource"]["destination"]
    answer = post(client, path, document)
    assert answer.status_code == 422
    head, outcome = (entry["resource"] for entry in said(answer)["entry"])
    assert head["response"]["code"] == "fatal-error"
    assert [one["expression"] for one in outcome["issue"]] == [["Bundle.entry[1].resource.subject"]]
    assert rows(engine) == {}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"eventCoding": {"system": "urn:x", "code": "A01"}}, ".event"),
        ({"response": {"identifier": "m-0", "code": "ok"}}, ".response"),
    ],
)
def test_a_message_that_brings_no_referral_is_refused(
    client: FlaskClient, engine: Engine, changes: Node, place: str
) -> None:
    path, document = doors.message(resources())
    document["entry"][0]["resource"] |= changes
    answer = post(client, path, document)
    assert answer.status_code == 422
    entries: list[Any] = said(answer).get("entry", [{}])
    outcome = entries[-1].get("resource", said(answer))
    assert outcome["issue"][0]["expression"] == [f"Bundle.entry[0].resource{place}"]
    assert rows(engine) == {}


def test_a_message_without_its_header_has_nobody_to_answer_to(client: FlaskClient) -> None:
    path, document = doors.message(resources())
    answer = post(client, path, document | {"entry": document["entry"][1:]})
    assert (answer.status_code, issues(answer)) == (422, [("error", "required", "Bundle.entry[0].resource")])


# ---- batch


def test_in_a_batch_each_is_for_itself(client: FlaskClient) -> None:
    _, first = doors.in_batch(resources("R-1"))
    _, second = doors.in_batch(resources("R-2"))
    broken = {"resource": {"resourceType": "ServiceRequest"}, "request": {"method": "POST", "url": "ServiceRequest"}}
    other = {"resource": resources()["patient"], "request": {"method": "POST", "url": "Patient"}}
    asked = {"request": {"method": "GET", "url": "Patient/1"}}
    document = first | {"entry": [first["entry"][0], broken, other, asked, second["entry"][0]]}
    answer = said(post(client, "/fhir", document))
    assert answer["type"] == "batch-response"
    told = [entry["response"]["status"] for entry in answer["entry"]]
    assert told == ["201 Created", "422", "422", "422", "201 Created"]
    places = [
        place
        for entry in answer["entry"]
        for one in entry["response"]["outcome"]["issue"]
        for place in one["expression"]
    ]
    assert {place.partition("]")[0] for place in places} == {f"Bundle.entry[{n}" for n in range(5)}
    assert len(inbox(client)) == 2


def test_entries_of_a_batch_do_not_refer_to_each_other(client: FlaskClient, engine: Engine) -> None:
    _, document = doors.transaction(resources())
    answer = said(post(client, "/fhir", document | {"type": "batch"}))
    first = answer["entry"][0]["response"]
    assert (first["status"], first["outcome"]["issue"][0]["code"]) == ("422", "invalid")
    assert rows(engine) == {}


# ---- versions before R4


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"resourceType": "Bundle", "type": "message", "entry": [{"resource": {"resourceType": "ReferralRequest"}}]},
         "Bundle.entry[0].resource"),
        ({"resourceType": "Bundle", "type": "message",
          "entry": [{"resource": {"resourceType": "MessageHeader", "timestamp": "2018-01-01T00:00:00Z"}}]},
         "Bundle.entry[0].resource"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {
            "resourceType": "Task", "meta": {"profile": ["http://hl7.org/fhir/STU3/Task"]}}}]},
         "Bundle.entry[0].resource"),
    ],
)  # fmt: skip
def test_stu3_is_refused_by_name(client: FlaskClient, document: Node, place: str) -> None:
    path = MESSAGES if document["type"] == "message" else "/fhir"
    answer = post(client, path, document)
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", place)])
    assert "STU3" in answer.text


@pytest.mark.parametrize("path", ["/fhir", MESSAGES, "/fhir/ServiceRequest", "/fhir/ReferralRequest"])
def test_a_referral_of_stu3_alone_is_refused_by_name(client: FlaskClient, path: str) -> None:
    answer = post(client, path, {"resourceType": "ReferralRequest", "status": "active"})
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", "ReferralRequest")])
    assert "STU3" in answer.text


def test_a_media_type_that_says_stu3_is_believed(client: FlaskClient) -> None:
    path, document = doors.transaction(resources())
    answer = post(client, path, document, Content_Type=f"{FHIR}; fhirVersion=3.0")
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", "Bundle")])


@pytest.mark.parametrize("path", ["/fhir", MESSAGES, "/fhir/ServiceRequest", "/fhir/Patient/$validate", "/fhir/Task/1"])
def test_a_media_type_that_says_r5_is_not_read_as_r4(client: FlaskClient, path: str) -> None:
    call = client.put if path == "/fhir/Task/1" else client.post
    headers = {"Content-Type": f"{FHIR}; fhirVersion=5.0", "If-Match": 'W/"1"'}
    answer = call(path, data=b"{}", headers=headers)
    assert (answer.status_code, [one[1] for one in issues(answer)]) == (415, ["not-supported"])
    assert "FHIR 4.0" in answer.text


@pytest.mark.parametrize("version", ["4.0", "4.0.1"])
def test_a_media_type_that_says_r4_is_read(client: FlaskClient, version: str) -> None:
    path, document = doors.transaction(resources())
    assert post(client, path, document, Content_Type=f"{FHIR}; fhirVersion={version}").status_code == 200
