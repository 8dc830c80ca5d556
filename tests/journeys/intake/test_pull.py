"""Notify and pull over real HTTP: a hospital that we did not write holds the referral, and a Task tells of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.push.service import Service
from tests.journeys.push.waiting import until

FHIR = {"Content-Type": "application/fhir+json"}


def test_a_referral_is_fetched_though_the_service_is_killed_and_the_line_is_down(
    service: Service, line: Line, hospital: Hospital
) -> None:
    number = uuid4().hex
    patient = _created(hospital, {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": number}]})
    request = _created(
        hospital,
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": patient},
            "reasonCode": [{"text": "low back pain"}],
        },
    )
    service.start()
    line.way = "refuse"
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"{line.base_url}/{request}"},
    }
    answer = requests.post(f"{service.url}/fhir/Task", json=task, headers=FHIR, timeout=20)
    assert answer.status_code == 201, answer.text
    service.kill()
    line.way = "through"
    service.start()

    def received() -> bool:
        there = requests.get(f"{service.url}/fhir/Task/{answer.json()['id']}", timeout=20).json()
        return bool(there["status"] == "received")

    until(received, "the referral is received")
    (one,) = requests.get(f"{service.url}/clinic/v1/referrals", timeout=20).json()["referrals"]
    assert one["record"]["patient"]["identifiers"] == [{"system": "urn:mrn", "value": number}]
    assert one["record"]["questions"] == ["low back pain"]


def _created(hospital: Hospital, resource: dict[str, Any]) -> str:
    """Where the hospital put it, as Type/id."""
    answer = requests.post(
        f"{hospital.base_url}/{resource['resourceType']}",
        json=resource,
        headers=FHIR | {"Prefer": "return=representation"},
        timeout=20,
    )
    answer.raise_for_status()
    return f"{resource['resourceType']}/{answer.json()['id']}"
