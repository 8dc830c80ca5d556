"""A hospital that holds its referrals itself and tells of them by its own Task, and the clinic that decides on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from tests.adapter.workflow.moves import BODIES
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.push.service import Service
from tests.journeys.push.waiting import until

FHIR = {"Content-Type": "application/fhir+json"}


@dataclass(frozen=True)
class Referred:
    """A referral by its names on both sides."""

    id: str
    """The clinic's."""
    number: str
    task: str
    """At the clinic, as Type/id."""
    patient: str
    request: str
    their_task: str | None
    """At the hospital, as Type/id."""


class Referring:
    """Both sides, and what they say."""

    def __init__(self, service: Service, line: Line, hospital: Hospital) -> None:
        self.service, self.line, self.hospital = service, line, hospital

    def refer(self, *, with_task: bool = True) -> Referred:
        """A referral that was fetched; `with_task`: the hospital holds the Task that tells of it."""
        patient = self.created({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": uuid4().hex}]})
        request = self.created(
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "order",
                "subject": {"reference": patient},
                "reasonCode": [{"text": "low back pain"}],
            }
        )
        task: dict[str, Any] = {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "focus": {"reference": request},
            "note": [{"text": "from the hospital"}],
        }
        their_task = self.created(task) if with_task else None
        told = {**task, "focus": {"reference": f"{self.line.base_url}/{request}"}}
        if their_task is not None:
            told["id"] = their_task.partition("/")[2]
        answer = requests.post(f"{self.service.url}/fhir/Task", json=told, headers=FHIR, timeout=20)
        assert answer.status_code == 201, answer.text
        ours = f"Task/{answer.json()['id']}"
        until(lambda: self.ours(ours)["status"] == "received", "the referral is fetched")
        inbox = requests.get(f"{self.service.url}/clinic/v1/referrals", timeout=20).json()["referrals"]
        (one,) = [one for one in inbox if one["task"] == ours]
        referred = Referred(one["id"], one["number"], ours, patient, request, their_task)
        until(lambda: self.deliveries(referred), "the hospital is to be told that it was received")
        return referred

    def tell(self, referred: Referred, *actions: str) -> None:
        """The clinic decides."""
        for action in actions:
            url = f"{self.service.url}/clinic/v1/referrals/{referred.id}/{action}"
            answer = requests.post(url, json=BODIES.get(action), timeout=20)
            assert answer.status_code == 200, answer.text

    def deliveries(self, referred: Referred) -> list[dict[str, Any]]:
        url = f"{self.service.url}/clinic/v1/referrals/{referred.id}/deliveries"
        return list(requests.get(url, timeout=20).json()["deliveries"])

    def settled(self, referred: Referred) -> list[dict[str, Any]]:
        """The deliveries once none is pending."""
        until(lambda: all(one["state"] != "pending" for one in self.deliveries(referred)), "all is settled")
        return self.deliveries(referred)

    def ours(self, task: str) -> dict[str, Any]:
        return dict(requests.get(f"{self.service.url}/fhir/{task}", timeout=20).json())

    def theirs(self, referred: Referred) -> dict[str, Any]:
        """The Task as the hospital holds it: its own, or the only one that has the clinic's number."""
        if referred.their_task is not None:
            return self.at_hospital(referred.their_task)
        (task,) = self.hospital.found("Task", f"{self.service.identifiers}/referral", referred.number)
        return task

    def at_hospital(self, name: str) -> dict[str, Any]:
        answer = requests.get(f"{self.hospital.base_url}/{name}", timeout=20)
        answer.raise_for_status()
        return dict(answer.json())

    def outputs(self, referred: Referred) -> list[dict[str, Any]]:
        """What the hospital's Task leads to there."""
        told = self.theirs(referred).get("output", [])
        return [self.at_hospital(one["valueReference"]["reference"].split("/fhir/")[-1]) for one in told]

    def created(self, resource: dict[str, Any]) -> str:
        """Where the hospital put it, as Type/id."""
        url = f"{self.hospital.base_url}/{resource['resourceType']}"
        headers = FHIR | {"Prefer": "return=representation"}
        answer = requests.post(url, json=resource, headers=headers, timeout=20)
        answer.raise_for_status()
        return f"{resource['resourceType']}/{answer.json()['id']}"

    def put(self, resource: dict[str, Any]) -> None:
        """The hospital changes something of its own."""
        url = f"{self.hospital.base_url}/{resource['resourceType']}/{resource['id']}"
        requests.put(url, json=resource, headers=FHIR, timeout=20).raise_for_status()
