"""Whatever stands between us and a partner does to its answers, the plan arrives: once and whole."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.journeys.push.clinic import IDENTIFIERS, Clinic
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import BAD, Bad, Line
from tests.journeys.push.waiting import until


@pytest.fixture
def clinic_in_a_hurry(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """It waits a second for an answer, and no longer."""
    monkeypatch.setenv("PAINGATE_TEST_READ_TIMEOUT", "1")
    return clinic


@pytest.mark.parametrize("way", BAD, ids=lambda way: way.replace(" ", "_"))
@pytest.mark.parametrize("changed", [False, True], ids=["a_new_plan", "a_changed_one"])
def test_a_plan_arrives_once(
    clinic_in_a_hurry: Clinic, hospital: Hospital, line: Line, way: Bad, *, changed: bool
) -> None:
    clinic, plan_id = clinic_in_a_hurry, f"plan-{uuid4().hex}"
    clinic.start()
    titles = ["before", "now"] if changed else ["now"]
    if changed:
        clinic.delivered(clinic.put(plan_id, "before"))
    line.way = way
    put = clinic.put(plan_id, "now")
    for _ in range(2):
        line.wait_until_broken()
    until(lambda: clinic.delivery(put).last_error, "an attempt failed")
    line.way = "through"
    delivered = clinic.delivered(put)
    assert delivered.attempts >= 2
    (patient,) = hospital.found("Patient", f"{IDENTIFIERS}/patient", f"patient-{plan_id}")
    (plan,) = hospital.found("CarePlan", f"{IDENTIFIERS}/care-plan", plan_id)
    assert plan["subject"]["reference"] == f"Patient/{patient['id']}"
    history = hospital.history("CarePlan", plan["id"])
    assert [one["title"] for one in reversed(history)] == titles
