"""The clinic's own records over its API: put, read, read as they were, and a patient's record mended."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mappings.r4 import exact_json
from tests.adapter.speaking import get, received, referral, rows, said

WHOSE = {"ref_identifier": {"value": "P-000001"}}
RECORDS: dict[str, dict[str, Any]] = {
    "assessments": {
        "record": "assessment", "kind": "observation", "status": "final", "patient": WHOSE,
        "what": {"system": "http://loinc.org", "code": "72514-3"}, "taken_on": "2026-11-23",
    },
    "procedures": {
        "record": "procedure", "status": "completed", "patient": WHOSE, "technique": {"text": "Facet injection"},
        "done_on": "2026-11-23",
    },
    "medication-requests": {
        "record": "medication_request", "status": "active", "patient": WHOSE, "drug": {"text": "Gabapentin 300 mg"},
    },
}  # fmt: skip


@pytest.fixture
def whose(client: FlaskClient) -> str:
    return str(received(client, referral("R-1"))["patient_number"])


@pytest.fixture(params=RECORDS)
def under(request: pytest.FixtureRequest, whose: str) -> str:
    assert whose == "P-000001"
    return str(request.param)


def put(client: FlaskClient, address: str, record: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(
        f"/clinic/v1/{address}", data=exact_json.dumps(record), content_type="application/json", headers=named
    )


def test_a_record_is_put_read_and_read_as_it_was(client: FlaskClient, under: str) -> None:
    record = RECORDS[under]
    first = put(client, f"{under}/a-1", record)
    assert (first.status_code, first.headers["ETag"]) == (201, 'W/"1"'), first.text
    again = put(client, f"{under}/a-1", record)
    assert (again.status_code, said(again)["version"]) == (200, 1)
    changed = put(client, f"{under}/a-1", record | {"notes": [{"text": "Seen again."}]}, If_Match='W/"1"')
    assert (changed.status_code, said(changed)["version"]) == (200, 2), changed.text
    held = get(client, f"/clinic/v1/{under}/a-1")
    assert held == said(changed)
    assert held["record"]["identifiers"][-1]["value"] == "a-1"
    versions = get(client, f"/clinic/v1/{under}/a-1/history")["versions"]
    assert [one["version"] for one in versions] == [2, 1]
    assert versions[1] == said(first)
    of_patient = get(client, f"/clinic/v1/patients/P-000001/{under}")["records"]
    assert of_patient == [held]
    told = [(one["of"], one["id"], one["what"]) for one in get(client, "/clinic/v1/changes")["changes"]]
    assert told[1:] == [(record["record"], "a-1", "stored")] * 2


def test_what_is_wrong_is_refused_and_nothing_is_stored(client: FlaskClient, engine: Engine, under: str) -> None:
    record, before = RECORDS[under], rows(engine)
    wrong: list[tuple[str, Any, int, str]] = [
        ("a-1", {**record, "record": "care_plan"}, 422, "record"),
        ("a-1", {**record, "patient": {"ref_identifier": {"value": "P-999999"}}}, 422, "patient.ref_identifier.value"),
        ("a-1", {**record, "patient": {"ref": "Patient/1"}}, 422, "patient.ref_identifier"),
        ("a-1", {**record, "status": "done"}, 422, "status"),
        ("a-1", {**record, "colour": "red"}, 422, "colour"),
        ("a 1", record, 422, "id"),
        ("a-1", [], 422, "record"),
    ]
    for id_, told, status, path in wrong:
        answer = put(client, f"{under}/{id_}", told)
        assert (answer.status_code, said(answer)["errors"][0]["path"]) == (status, path), answer.text
    assert client.get(f"/clinic/v1/{under}/a-1").status_code == 404
    assert rows(engine) == before


def test_a_version_that_was_read_before_is_no_longer_put(client: FlaskClient, under: str) -> None:
    put(client, f"{under}/a-1", RECORDS[under])
    put(client, f"{under}/a-1", RECORDS[under] | {"notes": [{"text": "Seen again."}]})
    stale = put(client, f"{under}/a-1", RECORDS[under] | {"notes": [{"text": "Other."}]}, If_Match='W/"1"')
    assert (stale.status_code, said(stale)["errors"][0]["path"]) == (409, "If-Match")


def test_a_record_keeps_its_patient(client: FlaskClient, under: str) -> None:
    other = received(client, referral("R-2", mrn="4712"))["patient_number"]
    put(client, f"{under}/a-1", RECORDS[under])
    moved = put(client, f"{under}/a-1", RECORDS[under] | {"patient": {"ref_identifier": {"value": other}}})
    assert moved.status_code == 409


def test_a_patients_record_is_mended_and_the_received_one_stays(client: FlaskClient, whose: str) -> None:
    received_record = get(client, f"/clinic/v1/patients/{whose}")
    assert received_record["version"] == 1
    mended = received_record["record"] | {"sex": "female"}
    answer = put(client, f"patients/{whose}", mended, If_Match='W/"1"')
    assert (answer.status_code, said(answer)["version"]) == (200, 2), answer.text
    assert get(client, f"/clinic/v1/patients/{whose}") == {"number": whose, "version": 2, "record": mended}
    assert put(client, f"patients/{whose}", mended | {"sex": "f"}).status_code == 422
    assert put(client, "patients/P-999999", mended).status_code == 404
    assert put(client, f"patients/{whose}", received_record["record"], If_Match='W/"1"').status_code == 409
