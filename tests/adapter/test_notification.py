"""A Task alone: it tells of a referral that is here, or of one at a partner, which is fetched from there only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from adapter.delivery.partners import client_for
from adapter.delivery.pulls import ATTEMPTS, MOST, Puller
from adapter.settings import Settings
from adapter.store import work
from adapter.store.engine import reading, writing
from adapter.store.tables import pull
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.hands import Hands
from tests.adapter.speaking import Node, get, inbox, issues, post, received, referral, rows, said, send
from tests.adapter.test_doors import resources

BASE = "http://hospital.invalid/fhir"
FOCUS = f"{BASE}/ServiceRequest/request"


@pytest.fixture
def hands(settings: Settings, engine: Engine) -> Hands:
    """What fetches from the hospital."""
    puller = Puller(engine, settings, lambda name: client_for(settings, name))
    return Hands(engine, {"pull": puller.begin})


@pytest.fixture
def hospital() -> Iterator[responses.RequestsMock]:
    """The partner, which answers what it is told to and refuses all else."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as partner:
        yield partner


def holds(partner: responses.RequestsMock, *left_out: str, **changes: Node) -> None:
    """The partner holds a referral."""
    told = doors.referring(resources(), lambda one: f"{one['resourceType']}/{one['id']}")
    for key, one in told.items():
        url = f"{BASE}/{one['resourceType']}/{key}"
        if key in left_out:
            partner.get(url, status=404)
        else:
            partner.get(url, body=exact_json.dumps(one | changes.get(key, {})))


def task(reference: str = FOCUS) -> Node:
    return doors.gravity_task(reference)


def told(client: FlaskClient, answer: Any) -> Node:
    """The Task that was answered, as it stands now."""
    return dict(get(client, "/fhir/Task/" + said(answer)["id"]))


@pytest.mark.parametrize("base", [BASE + "/", ""])
def test_what_a_task_tells_of_is_fetched(
    client: FlaskClient, engine: Engine, hands: Hands, hospital: responses.RequestsMock, base: str
) -> None:
    holds(hospital)
    answer = post(client, "/fhir/Task", task(FOCUS))
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/fhir/Task/{said(answer)['id']}/_history/1")
    before = told(client, answer)
    assert (before["status"], before["focus"]["reference"]) == ("requested", FOCUS)
    assert inbox(client) == []
    assert hands.take() == "received"
    (one,) = inbox(client)
    assert one["record"]["referrer"]["name"]["family"] == "Weiss"
    now = told(client, answer)
    assert (f"Task/{now['id']}", now["status"]) == (one["task"], "received")
    assert now["focus"]["reference"] == one["service_request"]
    found = get(client, "/fhir/Task?identifier=urn:oid:1.2.36.9|task-1")
    assert [entry["resource"]["id"] for entry in found["entry"]] == [now["id"]]
    assert hands.waiting() == []


def test_a_task_again_is_the_same_task(client: FlaskClient, engine: Engine, hands: Hands) -> None:
    first = post(client, "/fhir/Task", task())
    stored = rows(engine)
    again = post(client, "/fhir/Task", task())
    assert (again.status_code, again.data) == (201, first.data)
    assert (rows(engine), len(hands.waiting())) == (stored, 1)


@pytest.mark.parametrize(
    "reference",
    [
        "http://elsewhere.example/fhir/ServiceRequest/1",
        "http://hospital.invalid/fhir/../admin/ServiceRequest/1",
        "http://hospital.invalid/fhirish/ServiceRequest/1",
        "http://hospital.invalid@elsewhere.example/fhir/ServiceRequest/1",
        "http://hospital.invalid/fhir/ServiceRequest/1?x=y",
        "http://hospital.invalid/fhir/Patient/1",
        "file:///etc/passwd",
        "ServiceRequest/1",
        "",
    ],
)
def test_nothing_is_fetched_from_anywhere_else(
    client: FlaskClient, engine: Engine, hands: Hands, reference: str
) -> None:
    answer = post(client, "/fhir/Task", task(reference) if reference else task() | {"focus": {"display": "x"}})
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-found", "Task.focus")])
    assert (rows(engine), hands.waiting()) == ({}, [])


def test_a_task_of_what_is_here_leads_to_ours(client: FlaskClient, hands: Hands) -> None:
    one = received(client, referral())
    absolute = f"http://localhost/fhir/{one['service_request']}"
    answers = [post(client, "/fhir/Task", task(reference)) for reference in (one["service_request"], absolute)]
    assert [(answer.status_code, f"Task/{said(answer)['id']}") for answer in answers] == [(201, one["task"])] * 2
    found = get(client, "/fhir/Task?identifier=urn:oid:1.2.36.9|task-1")
    assert found["total"] == 1
    assert told(client, answers[0])["meta"]["versionId"] == "2"
    assert hands.waiting() == []


def test_what_came_before_stays_one_referral(
    client: FlaskClient, engine: Engine, hands: Hands, hospital: responses.RequestsMock
) -> None:
    holds(hospital)
    path, document = doors.transaction(resources())
    post(client, path, document)
    (one,) = inbox(client)
    answer = post(client, "/fhir/Task", task())
    assert hands.take() == "received"
    assert len(inbox(client)) == 1
    now = told(client, answer)
    assert now["status"] == "cancelled"
    assert one["task"] in now["statusReason"]["text"]


# ---- what goes wrong at the partner


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_is_tried_again_and_told_in_the_end(
    client: FlaskClient, hands: Hands, hospital: responses.RequestsMock, status: int
) -> None:
    hospital.get(FOCUS, status=status)
    answer = post(client, "/fhir/Task", task())
    for _ in range(ATTEMPTS - 1):
        assert hands.take() == "tried again later"
        assert hands.delays()[0] > 0
        assert told(client, answer)["status"] == "requested"
    assert hands.take() == "refused"
    assert (told(client, answer)["status"], hands.waiting()) == ("failed", [])
    assert str(status) in told(client, answer)["statusReason"]["text"]


@pytest.mark.parametrize(
    "answered",
    [
        {"status": 404},
        {"status": 403},
        {"status": 501},
        {"body": exact_json.dumps({"resourceType": "ServiceRequest", "id": "another"})},
        {"body": exact_json.dumps({"resourceType": "Patient", "id": "request"})},
    ],
)
def test_what_will_not_be_answered_is_told_at_once(
    client: FlaskClient, engine: Engine, hands: Hands, hospital: responses.RequestsMock, answered: Any
) -> None:
    hospital.get(FOCUS, **answered)
    answer = post(client, "/fhir/Task", task())
    assert hands.take() == "refused"
    assert told(client, answer)["status"] == "failed"
    assert len(hospital.calls) == 1
    assert inbox(client) == []


def test_a_task_again_after_a_failure_begins_again(
    client: FlaskClient, engine: Engine, hands: Hands, hospital: responses.RequestsMock
) -> None:
    hospital.get(FOCUS, status=404)
    answer = post(client, "/fhir/Task", task())
    hands.take()
    hospital.reset()
    holds(hospital)
    again = post(client, "/fhir/Task", task())
    assert (said(again)["id"], said(again)["status"]) == (said(answer)["id"], "requested")
    assert "statusReason" not in said(again)
    assert hands.take() == "received"
    assert told(client, answer)["status"] == "received"


def test_what_is_not_there_is_left_out_where_it_is_not_needed(
    client: FlaskClient, hands: Hands, hospital: responses.RequestsMock
) -> None:
    holds(hospital, "doctor")
    post(client, "/fhir/Task", task())
    assert hands.take() == "received"
    kept = get(client, f"/fhir/{inbox(client)[0]['service_request']}")
    assert kept["requester"]["reference"] == f"{BASE}/Practitioner/doctor"


def test_without_its_patient_a_referral_is_refused(
    client: FlaskClient, hands: Hands, hospital: responses.RequestsMock
) -> None:
    holds(hospital, "patient")
    answer = post(client, "/fhir/Task", task())
    assert hands.take() == "refused"
    assert "subject" in told(client, answer)["statusReason"]["text"]


def test_no_more_is_fetched_than_a_referral_may_need(
    client: FlaskClient, hands: Hands, hospital: responses.RequestsMock
) -> None:
    many = [{"reference": f"Observation/{n}"} for n in range(MOST + 5)]
    holds(hospital, request={"supportingInfo": many})
    for n in range(MOST + 5):
        hospital.get(f"{BASE}/Observation/{n}", status=200, body=b'{"resourceType":"Observation","id":"%d"}' % n)
    answer = post(client, "/fhir/Task", task())
    assert hands.take() == "refused"
    assert told(client, answer)["status"] == "failed"
    assert len(hospital.calls) == MOST


def test_a_turn_that_is_told_twice_fetches_once(
    client: FlaskClient, engine: Engine, hands: Hands, hospital: responses.RequestsMock
) -> None:
    holds(hospital)
    post(client, "/fhir/Task", task())
    (again,) = hands.waiting()
    assert hands.take() == "received"
    with writing(engine) as connection:
        work.put(connection, again)
    assert hands.take() == ""
    with reading(engine) as connection:
        assert connection.execute(select(pull.c.state, pull.c.attempts)).all() == [("done", 1)]


def test_another_door_takes_what_is_no_task(client: FlaskClient) -> None:
    assert post(client, "/fhir/Task", referral()).status_code == 400
    assert send(client, referral()).status_code == 200
