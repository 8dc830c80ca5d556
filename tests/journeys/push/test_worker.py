"""The worker as a guest in a process: it starts, stops, starts again, and says nothing when all is well."""

from __future__ import annotations

from adapter.delivery import worker
from tests.journeys.push.clinic import Clinic, rendered


def test_a_worker_says_nothing_when_all_is_well(clinic: Clinic) -> None:
    clinic.start()
    clinic.delivered(clinic.put("quiet", "plan"))
    clinic.kill()
    clinic.start()
    clinic.delivered(clinic.put("quiet", "changed"))
    assert clinic.said() == ""


def test_a_worker_can_be_stopped_and_started_again_in_one_process(clinic: Clinic) -> None:
    for title in ("first", "second"):
        working = worker.start(clinic.settings, clinic.engine, render=rendered)
        try:
            clinic.delivered(clinic.put("again", title))
        finally:
            working.stop()
