"""What is sent to which partner, and what comes of answers that servers give rarely."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from mappings.r4 import validity
from mappings.r4.exact_json import dumps, loads
from tests.adapter import doors
from tests.adapter.doors import MESSAGES, bser
from tests.adapter.speaking import Node, patient, post, received, referral, request, transaction
from tests.adapter.test_doors import resources
from tests.adapter.workflow.moves import tell
from tests.journeys.way_back.desk import Desk, desk_on

BASE = "http://partner.example/fhir"
TOLD_TO = f"{BASE}/$process-message"


@pytest.fixture
def partner() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with desk_on(tmp_path, database_url, None) as desk:
        yield desk


def referred_by_message(desk: Desk) -> Node:
    path, document = bser({id_: {**one, "id": id_} for id_, one in resources().items()})
    assert path == MESSAGES
    answer = post(desk.client, path, document)
    assert answer.status_code == 200, answer.text
    found: Node = loads(desk.client.get("/clinic/v1/referrals").data)["referrals"][0]
    return found


def reply(code: str) -> Node:
    header = {"resourceType": "MessageHeader", "response": {"identifier": "x", "code": code}}
    return {"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}]}


def outcome(code: str) -> Node:
    issue = {"severity": "error", "code": code, "diagnostics": "Mrs Example is unknown"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def nothing_found(type_: str) -> Node:
    link = {"relation": "self", "url": f"{BASE}/{type_}"}
    return {"resourceType": "Bundle", "type": "searchset", "total": 0, "link": [link]}


def bodies(partner: responses.RequestsMock) -> list[Any]:
    return [call.request.body for call in partner.calls if call.request.method == "POST"]


def test_a_partner_that_is_to_have_no_answers_gets_none(tmp_path: Path, database_url: str) -> None:
    with desk_on(tmp_path, database_url, None, sends=("care_plan",)) as desk:
        one = received(desk.client, referral())
        tell(desk.client, one, "accept")
        assert (desk.hands.waiting(), desk.deliveries(one)) == ([], [])


def test_another_partners_referral_is_not_told_to_the_hospital(desk: Desk) -> None:
    one = received(desk.calling("registry"), referral())
    tell(desk.client, one, "accept")
    assert (desk.hands.waiting(), desk.deliveries(one)) == ([], [])


def test_a_decision_that_is_told_again_is_delivered_once(desk: Desk) -> None:
    one = received(desk.client, referral())
    for _ in range(2):
        tell(desk.client, one, "accept")
    assert len(desk.hands.waiting()) == len(desk.deliveries(one)) == 1


def test_who_refers_by_bser_is_answered_by_a_message_with_all_that_came_of_it(
    desk: Desk, partner: responses.RequestsMock
) -> None:
    partner.post(TOLD_TO, body=dumps(reply("ok")))
    one = referred_by_message(desk)
    for action in ("accept", "schedule", "complete"):
        tell(desk.client, one, action)
    desk.take_all()
    assert [told["state"] for told in desk.deliveries(one)] == ["superseded", "superseded", "delivered"]
    (body,) = bodies(partner)
    told = loads(body)
    header, task, *outputs = [entry["resource"] for entry in told["entry"]]
    assert header["eventCoding"]["code"] == "I12"
    assert header["response"] == {"identifier": "m-3", "code": "ok"}
    assert header["destination"] == [{"name": "Hospital", "endpoint": "https://hospital.example/fhir/$process-message"}]
    assert header["focus"] == [{"reference": told["entry"][1]["fullUrl"]}]
    assert task["status"] == "completed"
    assert [one["resourceType"] for one in outputs] == ["Appointment", "DocumentReference"]
    urls = [entry["fullUrl"] for entry in told["entry"]]
    assert [one["valueReference"]["reference"] for one in task["output"]] == urls[2:]
    assert task["focus"]["reference"].startswith("https://lakeside.example/fhir/ServiceRequest/")
    assert [issue for issue in validity.check(told) if issue.severity == "error"] == []


def test_a_message_whose_answer_was_lost_is_sent_again_byte_for_byte(
    desk: Desk, partner: responses.RequestsMock
) -> None:
    partner.post(TOLD_TO, body=requests.exceptions.ReadTimeout())
    partner.post(TOLD_TO, status=409, body=dumps(outcome("duplicate")))
    one = referred_by_message(desk)
    tell(desk.client, one, "accept")
    assert desk.take() == "tried again later"
    assert desk.take() == "delivered"
    first, second = bodies(partner)
    assert first == second


@pytest.mark.parametrize(
    ("status", "answer", "comes_to", "why"),
    [
        (200, None, "delivered", None),
        (202, None, "delivered", None),
        (200, reply("transient-error"), "tried again later", "200: the message was answered with a transient error"),
        (200, reply("fatal-error"), "refused", "200: the message was answered with an error"),
        (200, outcome("not-found"), "refused", "200: refused inside an accepting answer (not-found)"),
        (422, outcome("required"), "refused", "422: refused (required)"),
        (503, None, "tried again later", "503: refused"),
    ],
)
def test_what_an_answer_to_a_message_means(
    desk: Desk, partner: responses.RequestsMock, status: int, answer: Node | None, comes_to: str, why: str | None
) -> None:
    partner.post(TOLD_TO, status=status, body=dumps(answer) if answer else b"")
    one = referred_by_message(desk)
    tell(desk.client, one, "accept")
    assert desk.take() == comes_to
    assert desk.deliveries(one)[0]["last_error"] == why


def test_a_task_that_never_stays_as_it_was_read_is_tried_later(desk: Desk, partner: responses.RequestsMock) -> None:
    partner.get(f"{BASE}/Task", body=dumps(nothing_found("Task")))
    partner.post(BASE, status=412, body=b"")
    one = received(desk.client, referral())
    tell(desk.client, one, "accept")
    assert desk.take() == "tried again later"
    assert len(bodies(partner)) == 3
    assert desk.deliveries(one)[0]["state"] == "pending"


def test_a_refusal_is_told_by_its_codes(desk: Desk, partner: responses.RequestsMock) -> None:
    partner.get(f"{BASE}/Task", body=dumps(nothing_found("Task")))
    partner.post(BASE, status=422, body=dumps(outcome("required")))
    one = received(desk.client, referral())
    tell(desk.client, one, "accept")
    assert desk.take() == "refused"
    (told,) = desk.deliveries(one)
    assert (told["state"], told["last_error"]) == ("refused", "422: refused (required)")


def test_a_task_of_ours_leads_to_what_can_be_read_here(desk: Desk, partner: responses.RequestsMock) -> None:
    partner.get(f"{BASE}/Task", body=dumps(nothing_found("Task")))
    partner.post(BASE, status=500, body=b"")
    one = received(desk.client, referral())
    tell(desk.client, one, "accept")
    desk.take()
    (body,) = bodies(partner)
    (entry,) = loads(body)["entry"]
    assert entry["request"]["ifNoneExist"].startswith("identifier=")
    task = entry["resource"]
    assert "id" not in task
    assert task["focus"] == {"reference": f"https://lakeside.example/fhir/{one['service_request']}"}
    assert task["for"]["reference"].startswith("https://lakeside.example/fhir/Patient/")


@pytest.mark.parametrize("door", sorted(doors.EVERY))
def test_a_change_can_be_told_whatever_door_the_referral_came_through(
    desk: Desk, partner: responses.RequestsMock, door: str
) -> None:
    partner.get(f"{BASE}/Task", body=dumps(nothing_found("Task")))
    partner.get(f"{BASE}/Appointment", body=dumps(nothing_found("Appointment")))
    partner.post(BASE, status=422, body=dumps(outcome("told-by-task")))
    partner.post(TOLD_TO, status=422, body=dumps(outcome("told-by-message")))
    path, document = doors.EVERY[door]({id_: {**one, "id": id_} for id_, one in resources().items()})
    assert post(desk.client, path, document).status_code in (200, 201)
    one = loads(desk.client.get("/clinic/v1/referrals").data)["referrals"][0]
    for action in ("accept", "schedule"):
        tell(desk.client, one, action)
    desk.take_all()
    way = "message" if door == "bser" else "task"
    assert desk.deliveries(one)[-1]["last_error"] == f"422: refused (told-by-{way})"


def test_there_is_no_way_back_of_a_referral_that_there_is_not(desk: Desk) -> None:
    for method in ("GET", "POST"):
        assert desk.client.open("/clinic/v1/referrals/nothing/deliveries", method=method).status_code == 404


def referred_from_addresses(desk: Desk, task_at: str) -> Node:
    """A transaction whose resources have addresses at the hospital, its Task among them."""
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/1"},
    }
    document = transaction(
        (f"{BASE}/ServiceRequest/1", request(subject="Patient/2")),
        (f"{BASE}/Patient/2", patient()),
        (f"{BASE}/{task_at}", task),
    )
    return received(desk.client, document)


def test_a_task_at_an_address_of_the_hospitals_is_laid_over_there(desk: Desk, partner: responses.RequestsMock) -> None:
    held = {
        "resourceType": "Task",
        "id": "3",
        "meta": {"versionId": "7"},
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/1"},
        "output": [{"type": {"text": "theirs"}, "valueString": "kept"}],
    }
    partner.get(f"{BASE}/Task/3", body=dumps(held))
    partner.post(BASE, status=500, body=b"")
    one = referred_from_addresses(desk, "Task/3")
    tell(desk.client, one, "decline")
    desk.take()
    (entry,) = loads(bodies(partner)[0])["entry"]
    assert entry["request"] == {"method": "PUT", "url": "Task/3", "ifMatch": 'W/"7"'}
    told = entry["resource"]
    assert (told["status"], told["statusReason"]) == ("rejected", {"text": "No capacity"})
    state = ("meta", "status", "statusReason", "businessStatus", "lastModified")
    assert {name: value for name, value in told.items() if name not in state} == {
        name: value for name, value in held.items() if name not in state
    }


@pytest.mark.parametrize(
    ("task_at", "there"),
    [
        ("ServiceRequest/3", None),
        ("Task/3", {"resourceType": "Task", "id": "3", "focus": {"reference": "ServiceRequest/99"}}),
        ("Task/3", None),
    ],
    ids=["no Task's address", "a Task of something else", "gone"],
)
def test_what_is_not_the_referrals_task_is_left_alone(
    desk: Desk, partner: responses.RequestsMock, task_at: str, there: Node | None
) -> None:
    partner.get(f"{BASE}/Task/3", status=200 if there else 404, body=dumps(there) if there else b"")
    partner.get(f"{BASE}/Task", body=dumps(nothing_found("Task")))
    partner.post(BASE, status=500, body=b"")
    one = referred_from_addresses(desk, task_at)
    tell(desk.client, one, "accept")
    desk.take()
    (entry,) = loads(bodies(partner)[0])["entry"]
    assert (entry["request"]["method"], entry["request"]["url"]) == ("POST", "Task")
    assert (entry["resource"]["focus"], entry["resource"]["for"]) == (
        {"reference": "ServiceRequest/1"},
        {"reference": "Patient/2"},
    )
