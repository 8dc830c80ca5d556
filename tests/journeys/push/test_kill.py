"""Kill -9 loses nothing and doubles nothing, counted at the partner.

The service itself is killed at the two moments that hurt: after the commit and before a byte reached the partner, and
after the partner stored but before its answer was read.  Odd rounds change the plan of the round before, so that
creating and changing are both hit.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line, Way
from tests.journeys.push.service import Service

ROUNDS = 10


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("swallow", id="before_the_first_byte_reaches_the_partner"),
        pytest.param("withhold", id="after_the_partner_stored_and_before_its_answer_is_read"),
    ],
)
def test_a_killed_service_loses_nothing_and_doubles_nothing(
    service: Service, line: Line, hospital: Hospital, way: Way
) -> None:
    series = uuid4().hex
    patient_number = ""
    service.start()
    for round_ in range(ROUNDS):
        plan_id = f"{series}-{round_ // 2}"
        if round_ % 2 == 0:
            patient_number = service.refer(plan_id)
        line.way = way
        version = service.put(plan_id, patient_number, title=f"as of round {round_}")
        line.wait_until_broken()
        service.kill()
        line.way = "through"
        service.start()
        delivery = service.delivered(plan_id, version)
        assert (delivery["attempts"], delivery["remote_version"]) == (2, str(1 + round_ % 2))

    for plan in range(ROUNDS // 2):
        plan_id = f"{series}-{plan}"
        assert len(hospital.found("Patient", "https://hospital.example/record-number", plan_id)) == 1
        (held,) = hospital.found("CarePlan", f"{service.identifiers}/care-plan", plan_id)
        history = hospital.history("CarePlan", held["id"])
        assert [version["title"] for version in history] == [f"as of round {2 * plan + 1}", f"as of round {2 * plan}"]
