"""Each way of bringing a plan, against servers that we did not write: two versions, each there once."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from adapter.settings.table import FITS
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.service import Service

MRN = "https://hospital.example/record-number"
SENT = {
    "document": "DocumentReference",
    "communication": "Communication",
    "questionnaire-response": "QuestionnaireResponse",
}


@pytest.fixture(params=["hospital", pytest.param("hapi", marks=pytest.mark.xdist_group("hapi-server"))])
def ehr(request: pytest.FixtureRequest) -> Hospital:
    """sekmet, then HAPI's JPA server: one of it for all."""
    running: Hospital = request.getfixturevalue(request.param)
    return running


@pytest.mark.parametrize("fit", FITS)
def test_two_versions_arrive(tmp_path: Path, database_url: str, ehr: Hospital, fit: str) -> None:
    number = uuid4().hex
    lines = f'sends = ["care_plan"]\nfit = "{fit}"'
    identifiers = f"https://clinic.example/{number}"
    service = Service(tmp_path, database_url, ehr.base_url, identifiers, partner=lines)
    service.start()
    try:
        there = _patient(ehr, number)
        ours = service.refer(number)
        delivered = [service.delivered("plan-1", service.put("plan-1", ours, title)) for title in ("first", "second")]
        assert [one["fit"] for one in delivered] == [fit, fit]
        if fit == "offered":
            _offered(service, delivered[-1]["remote_id"])
        elif fit in SENT:
            for version, one in enumerate(delivered, start=1):
                _paper(f"{ehr.base_url}/{SENT[fit]}/{one['remote_id']}", f"plan-1/{version}", there)
        else:
            (plan,) = ehr.found("CarePlan", f"{identifiers}/care-plan", "plan-1")
            assert plan["subject"]["reference"] == f"Patient/{there}"
            titles = [one["title"] for one in reversed(ehr.history("CarePlan", plan["id"]))]
            assert titles == ["first", "second"]
            assert [one["unkept"] for one in delivered] == [[], []]
        assert len(ehr.found("Patient", MRN, number)) == 1
    finally:
        service.kill()


def _patient(ehr: Hospital, number: str) -> str:
    """The hospital's own Patient, before anything comes from us."""
    patient = {"resourceType": "Patient", "identifier": [{"system": MRN, "value": number}]}
    headers = {"Content-Type": "application/fhir+json", "Prefer": "return=representation"}
    answer = requests.post(f"{ehr.base_url}/Patient", json=patient, headers=headers, timeout=20)
    answer.raise_for_status()
    return str(answer.json()["id"])


def _paper(address: str, number: str, there: str) -> None:
    """Each version is one of its own, about the hospital's patient."""
    paper = requests.get(address, timeout=20).json()
    identifiers = paper["identifier"] if isinstance(paper["identifier"], list) else [paper["identifier"]]
    assert identifiers[0]["value"] == number
    assert paper["subject"]["reference"] == f"Patient/{there}"
    for data in _attachments(paper):
        assert b64decode(data).startswith((b"%PDF", b'{"resourceType":"CarePlan"'))


def _attachments(value: Any) -> list[str]:
    if isinstance(value, dict):
        return ([value["data"]] if "data" in value else []) + [
            one for item in value.values() for one in _attachments(item)
        ]
    return [one for item in value for one in _attachments(item)] if isinstance(value, list) else []


def _offered(service: Service, id_: str) -> None:
    """The hospital reads it at our own API, with the letter."""
    plan = requests.get(f"{service.url}/fhir/CarePlan/{id_}", timeout=20).json()
    assert (plan["title"], plan["meta"]["versionId"]) == ("second", "2")
    found = requests.get(f"{service.url}/fhir/DocumentReference", timeout=20).json()
    (letter,) = [entry["resource"] for entry in found["entry"]]
    pdf, _ = (one["attachment"] for one in letter["content"])
    assert b64decode(pdf["data"]).startswith(b"%PDF")
