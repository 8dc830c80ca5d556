"""The whole service as the clinic runs it: `paingate serve` as a process that can be killed, spoken to over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.journeys.push.waiting import free_port, until

PARTNER = "hospital"
IDENTIFIERS = "https://clinic.example"
ROOT = Path(__file__).parents[3]


class Service:
    """A service with its own database and one partner, up or down."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        partner_url: str,
        identifiers: str = IDENTIFIERS,
        *,
        partner: str = 'sends = ["care_plan", "answers"]',
        more: str = "",
    ) -> None:
        """partner: lines of its settings besides its address; more: lines of settings besides those of this clinic."""
        self.identifiers = identifiers
        self._folder = folder
        self._database_url = database_url
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "paingate.toml").write_text(
            f'[clinic]\nidentifier_base = "{identifiers}"\n\n'
            f'[partners.{PARTNER}]\nbase_url = "{partner_url}"\n{partner}\n\n'
            f"[delivery]\nretry_base = 0.2\nretry_ceiling = 5.0\n{more}"
        )

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = ["--port", str(self.port), "--database-url", self._database_url, "--config", "paingate.toml"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "adapter", "serve", *options],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        until(self._answers, "the service answers", self._process)

    def kill(self) -> None:
        """As a power cut: no handler runs, nothing is flushed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def refer(self, record_number: str) -> str:
        """A hospital refers the patient with that record number there; the clinic's own number for the patient."""
        bundle = _referral(record_number)
        answer = requests.post(
            f"{self.url}/fhir", json=bundle, headers={"Content-Type": "application/fhir+json"}, timeout=20
        )
        assert answer.status_code == 200, answer.text
        inbox = requests.get(f"{self.url}/clinic/v1/referrals", params={"status": "received"}, timeout=20).json()
        (number,) = [
            one["patient_number"]
            for one in inbox["referrals"]
            if one["record"]["patient"]["identifiers"][0]["value"] == record_number
        ]
        return str(number)

    def put(self, plan_id: str, patient_number: str, title: str, **more: Any) -> int:
        """Puts a plan for the patient; the version that it became."""
        plan: dict[str, Any] = {
            "record": "care_plan",
            "status": "active",
            "title": title,
            "patient": {"ref_identifier": {"system": f"{self.identifiers}/patient", "value": patient_number}},
            "goals": [{"kind": "goal", "id": "walk", "stage": "active", "description": {"text": "walk 30 minutes"}}],
            **more,
        }
        answer = requests.put(f"{self.url}/clinic/v1/care-plans/{plan_id}", json=plan, timeout=20)
        assert answer.status_code in (200, 201), answer.text
        (delivery,) = answer.json()["deliveries"][-1:]
        return int(delivery["plan_version"])

    def delivery(self, plan_id: str, version: int) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/clinic/v1/care-plans/{plan_id}/deliveries", timeout=20)
        (delivery,) = [one for one in answer.json()["deliveries"] if one["plan_version"] == version]
        return dict(delivery)

    def delivered(self, plan_id: str, version: int) -> dict[str, Any]:
        """The delivery once it arrived."""
        delivery = self.settled(plan_id, version)
        assert delivery["state"] == "delivered", delivery
        return delivery

    def settled(self, plan_id: str, version: int) -> dict[str, Any]:
        """The delivery once it is no longer pending."""
        until(lambda: self.delivery(plan_id, version)["state"] != "pending", f"{plan_id} is settled", self._process)
        return self.delivery(plan_id, version)

    def said(self) -> str:
        """What it logged so far."""
        return (self._folder / "log").read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process; it has to run."""
        assert self._process is not None
        return self._process.pid

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/fhir/metadata", timeout=5).ok
        except requests.ConnectionError:
            return False


def _referral(record_number: str) -> dict[str, Any]:
    person = "urn:uuid:9f2c1f0e-6a5b-4b0e-9a51-0d5a7c1e4b11"
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": "https://hospital.example/record-number", "value": record_number}],
        "name": [{"family": "Example", "given": ["Given"]}],
        "gender": "female",
        "birthDate": "1970-01-01",
    }
    request = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "https://hospital.example/orders", "value": f"order-{record_number}"}],
        "status": "active",
        "intent": "order",
        "code": {"text": "Pain clinic"},
        "subject": {"reference": person},
        "reasonCode": [{"text": "low back pain"}],
    }
    entries = [
        {"fullUrl": person, "resource": patient, "request": {"method": "POST", "url": "Patient"}},
        {
            "fullUrl": "urn:uuid:1c2f5b3d-7c44-4b5a-8a3a-5b7e0d9c6f22",
            "resource": request,
            "request": {"method": "POST", "url": "ServiceRequest"},
        },
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
