"""`paingate validate`: the lines that scripts rely on, what people read, and how it ends."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mappings.r4.exact_json import dumps, loads
from tests.test_cli import PATIENT, documents, ndjson, paingate

FIXTURES = Path(__file__).parents[1] / "fixtures"
WRONG = {**PATIENT, "id": "w1", "gender": "Lindqvist", "contact": [{"gender": "male"}]}


def test_a_line_for_each_document_and_totals_last() -> None:
    done = paingate("validate", "--json", given=ndjson([PATIENT, WRONG]), ends=1)
    good, bad, totals = documents(done.stdout)
    assert good == {"file": "standard input:1", "resourceType": "Patient", "id": "p1", "valid": True, "issues": []}
    assert list(bad) == ["file", "resourceType", "id", "valid", "issues"]
    assert bad["valid"] is False
    assert [list(issue) for issue in bad["issues"]] == [["severity", "code", "expression", "diagnostics"]] * 2
    assert [(issue["code"], issue["expression"]) for issue in bad["issues"]] == [
        ("code-invalid", "Patient.gender"),
        ("invariant", "Patient.contact[0]"),
    ]
    assert totals == {"total": 2, "valid": 1, "invalid": 1}
    assert done.stderr == b""


def test_all_well_ends_with_0() -> None:
    done = paingate("validate", given=dumps(PATIENT))
    assert done.stdout.splitlines() == [b"valid     Patient/p1  standard input:1", b"1 documents: 1 valid, 0 invalid"]
    assert done.stderr == b""


def test_what_is_wrong_is_told_on_standard_error_without_values() -> None:
    done = paingate("validate", given=dumps(WRONG), ends=1)
    assert done.stdout.startswith(b"invalid   Patient/w1  standard input:1\n")
    assert (
        b"paingate: standard input:1: Patient.gender: Take one of the codes female, male, other, unknown."
        in done.stderr
    )
    assert b"(pat-1)" in done.stderr
    assert b"Lindqvist" not in done.stderr + done.stdout


def test_the_report_can_go_to_a_file(tmp_path: Path) -> None:
    done = paingate("validate", "--json", "--report", "report.txt", cwd=tmp_path, given=dumps(WRONG), ends=1)
    assert len(documents(done.stdout)) == 2
    report = (tmp_path / "report.txt").read_text()
    assert "standard input:1: error code-invalid  Patient.gender" in report
    assert "(pat-1)" in report


@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "a.json.gz", "a.ndjson.gz", "deep/a.json"])
def test_folders_and_packed_files_are_read(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(gzip.compress(dumps(PATIENT)) if name.endswith(".gz") else dumps(PATIENT))
    row, totals = documents(paingate("validate", "--json", str(tmp_path)).stdout)
    assert row["file"].startswith(str(place))
    assert totals == {"total": 1, "valid": 1, "invalid": 0}


@pytest.mark.parametrize("text", [b"{oh}", b"[1]", b"", b'{"resourceType":"Patient","id":"a","id":"b"}'])
def test_what_is_no_json_document_is_invalid(text: bytes) -> None:
    row, totals = documents(paingate("validate", "--json", given=text, ends=1).stdout)
    assert (row["resourceType"], row["id"], row["valid"]) == (None, None, False)
    assert [issue["severity"] for issue in row["issues"]] == ["fatal"]
    assert totals == {"total": 1, "valid": 0, "invalid": 1}


@pytest.mark.parametrize("members", [{}, {"resourceType": 5, "id": 6}, {"resourceType": "Patiant"}])
def test_what_is_no_resource_is_invalid(members: dict[str, Any]) -> None:
    row, _ = documents(paingate("validate", "--json", given=dumps({"active": True, **members}), ends=1).stdout)
    assert row["valid"] is False
    assert row["issues"]


def test_a_clinic_record_is_held_to_its_schema() -> None:
    record = loads((FIXTURES / "referral.record.json").read_bytes())
    assert "record" in record
    [good, _] = documents(paingate("validate", "--json", given=dumps(record)).stdout)
    assert (good["valid"], good["issues"]) == (True, [])
    [bad, _] = documents(paingate("validate", "--json", given=dumps({**record, "favourite": 1}), ends=1).stdout)
    assert [issue["expression"] for issue in bad["issues"]] == ["favourite"]
    [unknown, _] = documents(paingate("validate", "--json", given=dumps({"record": "refarral"}), ends=1).stdout)
    assert unknown["issues"]


def test_a_profile_of_us_core_that_is_claimed_and_not_met_is_a_warning() -> None:
    claim = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    resource = {**PATIENT, "meta": {"profile": [claim]}, "telecom": [{"use": "home"}]}
    row, totals = documents(paingate("validate", "--json", given=dumps(resource)).stdout)
    assert {issue["severity"] for issue in row["issues"]} == {"warning"}
    assert row["issues"][0]["expression"] == "Patient.meta.profile[0]"
    assert row["issues"][0]["diagnostics"] == "US Core Patient Profile: This is claimed and not met."
    assert "Patient.telecom[0].system" in [issue["expression"] for issue in row["issues"]]
    assert totals == {"total": 1, "valid": 1, "invalid": 0}


def test_every_fixture_is_valid_but_the_one_that_is_not_on_purpose() -> None:
    *rows, totals = documents(paingate("validate", "--json", str(FIXTURES), ends=1).stdout)
    wrong = {Path(row["file"]).name.partition(".")[0] for row in rows if not row["valid"]}
    assert wrong == {"status-that-r4-does-not-have"}
    assert totals["invalid"] == 2  # what was sent, and its record, which lacks the status


def test_help_loads_no_table() -> None:
    script = (
        "import sys\n"
        "from adapter.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('mappings')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
