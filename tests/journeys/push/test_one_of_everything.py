"""Whatever happens on the way, the partner ends up with one of everything, in the right version."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from adapter.delivery.by_hand import NothingToPush, push_now
from tests.journeys.push.clinic import IDENTIFIERS, PARTNER, Clinic
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.push.service import Service
from tests.journeys.push.waiting import until


@pytest.fixture
def plan_id() -> str:
    return f"plan-{uuid4().hex}"


def held(hospital: Hospital, plan_id: str) -> dict[str, Any]:
    """The one CarePlan there, and the one Patient that it is about."""
    (patient,) = hospital.found("Patient", f"{IDENTIFIERS}/patient", f"patient-{plan_id}")
    (plan,) = hospital.found("CarePlan", f"{IDENTIFIERS}/care-plan", plan_id)
    assert plan["subject"]["reference"] == f"Patient/{patient['id']}"
    assert plan["contained"][0]["subject"]["reference"] == f"Patient/{patient['id']}"
    return plan


def versions(hospital: Hospital, plan_id: str) -> list[str]:
    """The titles of the plan's versions there, oldest first."""
    return [one["title"] for one in reversed(hospital.history("CarePlan", held(hospital, plan_id)["id"]))]


def test_a_plan_arrives_with_the_id_that_the_partner_gave_it(clinic: Clinic, hospital: Hospital, plan_id: str) -> None:
    clinic.start()
    delivered = clinic.delivered(clinic.put(plan_id, "first"))
    assert (delivered.remote_id, delivered.remote_version) == (held(hospital, plan_id)["id"], "1")
    assert (delivered.attempts, delivered.last_error) == (1, None)


def test_over_http_the_same_plan_put_twice_is_there_once_and_a_changed_one_is_version_2(
    service: Service, hospital: Hospital, plan_id: str
) -> None:
    service.start()
    number = service.refer(plan_id)
    for title in ("same", "same", "changed"):
        service.delivered(plan_id, service.put(plan_id, number, title))
    assert len(hospital.found("Patient", "https://hospital.example/record-number", plan_id)) == 1
    (plan,) = hospital.found("CarePlan", f"{service.identifiers}/care-plan", plan_id)
    assert [one["title"] for one in hospital.history("CarePlan", plan["id"])] == ["changed", "same"]


def test_over_http_a_plan_that_was_refused_arrives_once_when_it_is_put_again(
    service: Service, hospital: Hospital, line: Line, plan_id: str
) -> None:
    line.way = "forbid"
    service.start()
    number = service.refer(plan_id)
    refused = service.settled(plan_id, service.put(plan_id, number, "plan"))
    assert (refused["state"], refused["last_error"]) == ("refused", "403: refused")
    assert f"delivery {refused['id']} to partner hospital was refused: 403: refused" in service.said()
    line.way = "through"
    for _ in range(2):
        delivered = service.delivered(plan_id, service.put(plan_id, number, "plan"))
        assert (delivered["plan_version"], delivered["attempts"], delivered["remote_version"]) == (1, 2, "1")
    (plan,) = hospital.found("CarePlan", f"{service.identifiers}/care-plan", plan_id)
    assert plan["title"] == "plan"


def test_the_same_plan_put_twice_is_there_once_in_version_1(clinic: Clinic, hospital: Hospital, plan_id: str) -> None:
    clinic.start()
    one, two = clinic.put(plan_id, "same"), clinic.put(plan_id, "same")
    assert clinic.delivered(one).remote_version == clinic.delivered(two).remote_version == "1"
    assert versions(hospital, plan_id) == ["same"]


def test_a_changed_plan_is_version_2_of_the_same_resource(clinic: Clinic, hospital: Hospital, plan_id: str) -> None:
    clinic.start()
    first = clinic.delivered(clinic.put(plan_id, "first"))
    second = clinic.delivered(clinic.put(plan_id, "second"))
    assert (second.remote_id, second.remote_version) == (first.remote_id, "2")
    assert versions(hospital, plan_id) == ["first", "second"]


@pytest.mark.parametrize("changed", [False, True], ids=["of_a_new_plan", "of_a_changed_plan"])
def test_a_lost_answer_is_settled_by_looking_and_nothing_is_sent_again(
    clinic: Clinic, hospital: Hospital, line: Line, plan_id: str, *, changed: bool
) -> None:
    clinic.start()
    if changed:
        clinic.delivered(clinic.put(plan_id, "before"))
    writes = line.writes()
    line.way = "cut"
    delivered = clinic.delivered(clinic.put(plan_id, "lost"))
    assert (delivered.attempts, delivered.remote_version) == (2, "2" if changed else "1")
    assert line.writes() == writes + 1
    assert versions(hospital, plan_id)[-1] == "lost"


def test_a_plan_pushed_by_hand_again_is_looked_for_and_left_alone(
    clinic: Clinic, hospital: Hospital, line: Line, plan_id: str
) -> None:
    clinic.start()
    clinic.delivered(clinic.put(plan_id, "plan"))
    writes = line.writes()
    for _ in range(2):
        pushed = push_now(clinic.settings, clinic.engine, plan_id, PARTNER)
        assert clinic.delivered(pushed).remote_version == "1"
    assert line.writes() == writes
    assert versions(hospital, plan_id) == ["plan"]


def test_a_plan_that_somebody_removed_there_is_made_again_by_hand(
    clinic: Clinic, hospital: Hospital, plan_id: str
) -> None:
    clinic.start()
    gone = clinic.delivered(clinic.put(plan_id, "plan"))
    hospital.remove("CarePlan", str(gone.remote_id))
    again = clinic.delivered(push_now(clinic.settings, clinic.engine, plan_id, PARTNER))
    assert again.remote_id == held(hospital, plan_id)["id"] != gone.remote_id


def test_a_push_by_hand_wakes_a_delivery_that_waits(
    clinic: Clinic, hospital: Hospital, line: Line, plan_id: str
) -> None:
    clinic.settings = clinic.with_retries_after(3600.0)
    line.way = "refuse"
    clinic.start()
    put = clinic.put(plan_id, "plan")
    until(lambda: clinic.delivery(put).last_error, "the first attempt failed")
    line.way = "through"
    assert push_now(clinic.settings, clinic.engine, plan_id, PARTNER).id == put.id
    assert clinic.delivered(put).attempts == 2
    assert versions(hospital, plan_id) == ["plan"]


def test_what_is_not_there_to_push_is_said(clinic: Clinic, plan_id: str) -> None:
    with pytest.raises(NothingToPush, match="no plan"):
        push_now(clinic.settings, clinic.engine, plan_id, PARTNER)
    with pytest.raises(NothingToPush, match="No partner"):
        push_now(clinic.settings, clinic.engine, plan_id, "nobody")


def test_versions_arrive_in_their_order_also_when_the_first_has_to_wait(
    clinic: Clinic, hospital: Hospital, line: Line, plan_id: str
) -> None:
    line.way = "refuse"
    clinic.start()
    puts = [clinic.put(plan_id, title) for title in ("first", "second", "third")]
    until(lambda: clinic.delivery(puts[0]).attempts >= 2, "the first version was tried twice")
    assert [clinic.delivery(put).attempts for put in puts[1:]] == [0, 0]
    line.way = "through"
    assert [clinic.delivered(put).remote_version for put in puts] == ["1", "2", "3"]
    assert versions(hospital, plan_id) == ["first", "second", "third"]


def test_a_plan_that_is_refused_holds_up_neither_its_next_version_nor_other_plans(
    clinic: Clinic, hospital: Hospital, plan_id: str
) -> None:
    clinic.start()
    refused = clinic.put(plan_id, "refused", status=["not", "a", "code"])
    better, other = clinic.put(plan_id, "better"), clinic.put(f"{plan_id}-other", "other")
    settled = clinic.settled(refused)
    assert (settled.state, settled.attempts) == ("refused", 1)
    assert settled.last_error == "structure Bundle.entry[1].resource.status"  # our own last door
    assert clinic.delivered(better).remote_version == clinic.delivered(other).remote_version == "1"
    assert versions(hospital, plan_id) == ["better"]


def test_a_partner_that_is_down_loses_nothing(clinic: Clinic, hospital: Hospital, line: Line, plan_id: str) -> None:
    line.way = "refuse"
    clinic.start()
    puts = {f"{plan_id}-{n}": clinic.put(f"{plan_id}-{n}", "plan") for n in range(10)}
    until(lambda: all(clinic.delivery(put).last_error for put in puts.values()), "every plan was tried")
    assert {clinic.delivery(put).last_error for put in puts.values()} == {"503: refused"}
    line.way = "through"
    for one, put in puts.items():
        assert clinic.delivered(put).last_error is None
        assert versions(hospital, one) == ["plan"]


def test_what_was_put_while_nobody_worked_is_delivered_later(clinic: Clinic, hospital: Hospital, plan_id: str) -> None:
    put = clinic.put(plan_id, "plan")
    clinic.start()
    clinic.delivered(put)
    assert versions(hospital, plan_id) == ["plan"]
