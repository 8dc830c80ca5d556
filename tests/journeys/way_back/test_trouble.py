"""Nothing is lost, nothing is doubled and nobody else waits, whatever breaks between the clinic and the hospital."""

from __future__ import annotations

import pytest
import requests

from tests.journeys.push.line import Way
from tests.journeys.push.waiting import until
from tests.journeys.way_back.referring import Referring

MOVES = ("accept", "schedule", "complete")


@pytest.mark.parametrize("with_task", [True, False], ids=["their_task", "our_task"])
@pytest.mark.parametrize(
    "way",
    [
        pytest.param("swallow", id="before_the_first_byte_reaches_the_hospital"),
        pytest.param("withhold", id="after_the_hospital_stored_and_before_its_answer_is_read"),
    ],
)
def test_a_killed_service_loses_nothing_and_doubles_nothing(referring: Referring, way: Way, *, with_task: bool) -> None:
    one = referring.refer(with_task=with_task)
    before = referring.settled(one)
    for move in MOVES:
        referring.line.way = way
        referring.tell(one, move)
        referring.line.wait_until_broken()
        referring.service.kill()
        referring.line.way = "through"
        referring.service.start()
        assert referring.settled(one)[-1]["state"] == "delivered"
    assert [told["attempts"] for told in referring.settled(one)[len(before) :]] == [2, 2, 2]
    task = referring.theirs(one)
    assert task["status"] == "completed"
    history = [version["status"] for version in referring.hospital.history("Task", task["id"])]
    assert history[:4] == ["completed", "in-progress", "accepted", "received"]
    assert [output["resourceType"] for output in referring.outputs(one)] == ["Appointment", "DocumentReference"]
    for output in task["output"]:
        type_, _, id_ = output["valueReference"]["reference"].split("/fhir/")[-1].partition("/")
        (number,) = [
            held["value"]
            for held in referring.at_hospital(f"{type_}/{id_}")["identifier"]
            if held["system"] == f"{referring.service.identifiers}/answer"
        ]
        assert len(referring.hospital.found(type_, f"{referring.service.identifiers}/answer", number)) == 1


def test_a_hospital_that_was_down_learns_where_it_stands_and_all_that_came_of_it(
    referring: Referring,
) -> None:
    one = referring.refer()
    referring.settled(one)
    referring.line.way = "refuse"
    for move in MOVES:
        referring.tell(one, move)
        until(lambda: referring.deliveries(one)[-1]["attempts"] > 0, "the newest change is tried")
    referring.line.way = "through"
    states = [told["state"] for told in referring.settled(one)]
    assert states == ["delivered", "superseded", "superseded", "delivered"]
    statuses = [version["status"] for version in referring.hospital.history("Task", referring.theirs(one)["id"])]
    assert statuses == ["completed", "received", "requested"]
    assert [output["resourceType"] for output in referring.outputs(one)] == ["Appointment", "DocumentReference"]


def test_what_the_hospital_refuses_is_seen_by_the_clinic_and_the_next_change_is_tried(referring: Referring) -> None:
    one = referring.refer()
    referring.settled(one)
    referring.line.way = "forbid"
    referring.tell(one, "accept")
    refused = referring.settled(one)[-1]
    assert (refused["state"], refused["task_version"]) == ("refused", 3)
    assert refused["last_error"].startswith("403: ")
    referring.line.way = "through"
    referring.tell(one, "schedule")
    assert [told["state"] for told in referring.settled(one)] == ["delivered", "refused", "delivered"]
    assert referring.theirs(one)["businessStatus"]["coding"][0]["code"] == "5.1.1"


def test_what_was_refused_is_brought_again_once_that_is_mended(referring: Referring) -> None:
    one = referring.refer()
    referring.settled(one)
    referring.line.way = "forbid"
    referring.tell(one, "accept")
    assert referring.settled(one)[-1]["state"] == "refused"
    referring.line.way = "through"
    for _ in range(2):
        answer = requests.post(f"{referring.service.url}/clinic/v1/referrals/{one.id}/deliveries", timeout=20)
        assert answer.status_code == 200, answer.text
        assert referring.settled(one)[-1]["state"] == "delivered"
    assert referring.settled(one)[-1]["attempts"] == 2
    assert referring.theirs(one)["status"] == "accepted"


def test_a_task_that_the_hospital_took_away_is_followed_by_one_of_ours(referring: Referring) -> None:
    one = referring.refer()
    referring.settled(one)
    type_, _, id_ = (one.their_task or "").partition("/")
    referring.hospital.remove(type_, id_)
    referring.tell(one, "accept")
    referring.settled(one)
    (task,) = referring.hospital.found("Task", f"{referring.service.identifiers}/referral", one.number)
    assert (task["status"], task["focus"]["reference"]) == ("accepted", one.request)


def test_another_referral_is_not_held_up(referring: Referring) -> None:
    """The one whose Task is there twice is refused for good, the other arrives."""
    one, other = referring.refer(with_task=False), referring.refer()
    referring.settled(one)
    doubled = {name: value for name, value in referring.theirs(one).items() if name not in ("id", "meta")}
    referring.created(doubled)
    referring.tell(one, "accept")
    referring.tell(other, "accept")
    until(lambda: referring.deliveries(other)[-1]["state"] == "delivered", "the other arrives")
    assert referring.theirs(other)["status"] == "accepted"
    last = referring.settled(one)[-1]
    assert (last["state"], "multiple-matches" in last["last_error"]) == ("refused", True)
