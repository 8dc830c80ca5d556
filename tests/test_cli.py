"""The command line as a shell sees it: what goes to which stream, and how it ends."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mappings.r4.exact_json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "urn:example:mrn", "value": "12"}],
    "name": [{"family": "Lindqvist", "given": ["Maja"]}],
    "gender": "female",
    "birthDate": "1970-03",
}
PLAN: dict[str, Any] = {
    "resourceType": "CarePlan",
    "id": "c1",
    "status": "active",
    "intent": "plan",
    "title": "Back to the garden",
    "subject": {"reference": "Patient/p1"},
    "activity": [
        {"detail": {"status": "scheduled", "kind": "ServiceRequest", "quantity": {"value": 1.5}, "description": "Walk"}}
    ],
}
UNREAD = "http://example.org/somebody-elses"


def paingate(
    *arguments: str, given: bytes = b"", cwd: Path | None = None, ends: int = 0
) -> subprocess.CompletedProcess[bytes]:
    """Runs the command as a process of its own; it must end with the code `ends`."""
    done = subprocess.run(
        [sys.executable, "-m", "adapter", *arguments],
        input=given,
        capture_output=True,
        cwd=cwd,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == ends, done.stderr.decode()
    return done


def documents(output: bytes) -> list[Any]:
    return [loads(line) for line in output.splitlines()]


def ndjson(values: Sequence[Any]) -> bytes:
    return b"".join(dumps(value) + b"\n" for value in values)


# ---- what is read


def test_help_names_every_command() -> None:
    told = paingate("--help").stdout.decode()
    assert all(command in told for command in ("demo", "serve", "map", "roundtrip"))


def test_no_command_is_a_mistake_of_usage() -> None:
    assert b"usage: paingate" in paingate(ends=2).stderr


@pytest.mark.parametrize(
    "arguments", [("map",), ("mop",), ("map", "to-fhir", "--bundle", "--onto", "x"), ("serve", "--port", "x")]
)
def test_a_mistake_of_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = paingate(*arguments, ends=2)
    assert done.stdout == b""
    assert b"usage: paingate" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("-",)])
@pytest.mark.parametrize("indent", [None, 2])
def test_standard_input_may_be_one_document_on_one_line_or_many(arguments: tuple[str, ...], indent: int | None) -> None:
    [record] = documents(paingate("map", "from-fhir", *arguments, given=dumps(PATIENT, indent=indent)).stdout)
    assert (record["record"], record["id"]) == ("patient", "p1")


def test_standard_input_may_be_ndjson() -> None:
    done = paingate("map", "from-fhir", given=ndjson([PATIENT, {**PATIENT, "id": "p2"}]))
    assert [record["id"] for record in documents(done.stdout)] == ["p1", "p2"]


@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "a.json.gz", "a.ndjson.gz", "deep/a.json"])
def test_a_folder_is_read_with_all_in_it(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(gzip.compress(dumps(PATIENT)) if name.endswith(".gz") else dumps(PATIENT))
    (tmp_path / "notes.txt").write_text("no FHIR")
    assert len(documents(paingate("map", "from-fhir", str(tmp_path)).stdout)) == 1


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert len(documents(paingate("map", "from-fhir", given=b"\xef\xbb\xbf" + dumps(PATIENT)).stdout)) == 1


# ---- bad input

BAD = {
    "malformed": b'{"resourceType":',
    "not a number": b'{"resourceType":"Patient","gender":NaN}',
    "a member named twice": b'{"resourceType":"Patient","id":"a","id":"b"}',
    "half a surrogate pair": b'{"resourceType":"Patient","id":"\\ud800"}',
    "too deep": b"[" * 10_000,
    "no object": b"[1]",
    "an unknown element": b'{"resourceType":"Patient","favourite":1}',
    "an unknown type": b'{"resourceType":"Patiant"}',
    "no subject": b'{"resourceType":"ServiceRequest","status":"active","intent":"order"}',
    "a type that no mapping covers": b'{"resourceType":"Basic","code":{"text":"x"}}',
    "a clinic record": b'{"record":"patient"}',
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_the_others_are_done(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.json").write_bytes(BAD[name])
    (tmp_path / "good.json").write_bytes(dumps(PATIENT))
    done = paingate("map", "from-fhir", "bad.json", "good.json", cwd=tmp_path, ends=1)
    assert len(documents(done.stdout)) == 1
    assert done.stderr.startswith(b"paingate: bad.json: ")
    assert b"Traceback" not in done.stderr


def test_a_bad_line_of_ndjson_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(ndjson([PATIENT]) + b"\n{oh}\n" + ndjson([PATIENT]))
    done = paingate("map", "from-fhir", "a.ndjson", cwd=tmp_path, ends=1)
    assert len(documents(done.stdout)) == 2
    assert b"paingate: a.ndjson:3: " in done.stderr


@pytest.mark.parametrize("name", ["missing.json", "empty-folder", "broken.json.gz"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "broken.json.gz").write_bytes(gzip.compress(dumps(PATIENT))[:-12])
    done = paingate("map", "from-fhir", name, cwd=tmp_path, ends=1)
    assert done.stderr.startswith(f"paingate: {name}: ".encode())


def test_an_error_tells_no_values() -> None:
    done = paingate("map", "from-fhir", given=dumps({**PATIENT, "birthDate": "Lindqvist"}), ends=1)
    assert b"Patient.birthDate" in done.stderr
    assert b"Lindqvist" not in done.stderr


def test_an_error_in_ndjson_names_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(ndjson([PATIENT]) + b'{"id":\n')
    told = paingate("map", "from-fhir", "a.ndjson", cwd=tmp_path, ends=1).stderr.splitlines()[0]
    assert told.startswith(b"paingate: a.ndjson:2: ")
    assert told.endswith(b" (column 7)")
    (tmp_path / "a.json").write_bytes(b'{\n"id":')
    assert b"(line 2, column 6)" in paingate("map", "from-fhir", "a.json", cwd=tmp_path, ends=1).stderr


# ---- map


def test_help_says_what_map_does_in_both_directions() -> None:
    assert b"FHIR to clinic records, and back." in paingate("map", "--help").stdout


def test_there_and_back_onto_the_original_is_the_original(tmp_path: Path) -> None:
    (tmp_path / "original.json").write_bytes(dumps(PLAN))
    record = paingate("map", "from-fhir", "original.json", cwd=tmp_path).stdout
    back = paingate("map", "to-fhir", "--onto", "original.json", cwd=tmp_path, given=record).stdout
    assert back == dumps(PLAN) + b"\n"


def test_only_what_the_record_says_is_changed(tmp_path: Path) -> None:
    (tmp_path / "original.json").write_bytes(dumps(PLAN))
    record = loads(paingate("map", "from-fhir", "original.json", cwd=tmp_path).stdout)
    changed = dumps({**record, "title": "Back to the hills"})
    [back] = documents(paingate("map", "to-fhir", "--onto", "original.json", cwd=tmp_path, given=changed).stdout)
    assert back == {**PLAN, "title": "Back to the hills"}


def test_a_record_becomes_a_transaction_bundle() -> None:
    record = paingate("map", "from-fhir", given=dumps(PATIENT)).stdout
    [bundle] = documents(paingate("map", "to-fhir", "--bundle", given=record).stdout)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")


def test_a_second_record_has_no_place_onto_one_original(tmp_path: Path) -> None:
    (tmp_path / "original.json").write_bytes(dumps(PATIENT))
    record = paingate("map", "from-fhir", "original.json", cwd=tmp_path).stdout
    done = paingate("map", "to-fhir", "--onto", "original.json", cwd=tmp_path, given=record * 2, ends=1)
    assert len(documents(done.stdout)) == 1


@pytest.mark.parametrize("onto", [b'{"resourceType":"Quux"}', b'{"resourceType":"Patient","favourite":1}', b"{oh}"])
def test_what_is_wrong_with_the_original_is_not_blamed_on_the_record(tmp_path: Path, onto: bytes) -> None:
    (tmp_path / "onto.json").write_bytes(onto)
    (tmp_path / "record.json").write_bytes(b'{"record":"patient"}')
    done = paingate("map", "to-fhir", "record.json", "--onto", "onto.json", cwd=tmp_path, ends=1)
    assert done.stderr.startswith(b"paingate: onto.json: ")
    assert b"record.json" not in done.stderr


def test_fhir_is_no_record() -> None:
    assert b"map from-fhir" in paingate("map", "to-fhir", given=dumps(PATIENT), ends=1).stderr


GATED = {**PATIENT, "modifierExtension": [{"url": UNREAD, "valueBoolean": True}]}


def test_a_record_that_must_not_be_acted_on_is_printed_and_ends_with_1() -> None:
    done = paingate("map", "from-fhir", given=ndjson([PATIENT, GATED]) + b"{oh}\n", ends=1)
    assert [record.get("actionable", True) for record in documents(done.stdout)] == [True, False]
    told = done.stderr.decode().splitlines()
    assert told[0].startswith("paingate: standard input:2: patient.modifier_extensions: This must not be acted on: ")
    assert told[1].startswith("paingate: standard input:3: ")
    assert told[2:] == ["2 records, 1 of the inputs must not be acted on; 1 inputs refused"]


@pytest.mark.parametrize("way", ["from-fhir", "to-fhir"])
def test_a_record_that_must_not_be_acted_on_is_one_line_of_json(way: str) -> None:
    given, made = dumps(GATED), "patient"
    if way == "to-fhir":
        given, made = paingate("map", "from-fhir", given=given, ends=1).stdout, "Patient"
    [row] = documents(paingate("map", way, "--json", given=given, ends=1).stderr)
    assert (row["outcome"], row["made"]) == ("not-actionable", made)
    [issue] = row["issues"]
    assert (issue["severity"], issue["code"], issue["expression"]) == (
        "error", "business-rule", "patient.modifier_extensions",
    )  # fmt: skip


def test_a_gate_that_stands_in_no_field_of_the_record_is_told_where_it_stands_in_fhir() -> None:
    bundle = {**BUNDLE, "implicitRules": UNREAD}
    [row] = documents(paingate("map", "from-fhir", "--json", given=dumps(bundle), ends=1).stderr)
    assert "Bundle.implicitRules" in [issue["expression"] for issue in row["issues"]]


def test_on_the_way_out_no_leaves_are_told_that_nobody_counted(tmp_path: Path) -> None:
    record = paingate("map", "from-fhir", given=dumps(PATIENT)).stdout
    [row] = documents(paingate("map", "to-fhir", "--json", given=record).stderr)
    assert row == {"file": "standard input:1", "outcome": "Patient", "issues": []}
    paingate("map", "to-fhir", "--report", "report", cwd=tmp_path, given=record)
    assert (tmp_path / "report").read_text().splitlines()[0] == "standard input:1: Patient"


# ---- the report

BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": PATIENT},
        {"resource": {"resourceType": "Basic", "id": "b1", "code": {"text": "Lindqvist"}}},
    ],
}


def test_what_is_not_carried_is_named_on_standard_error_without_values() -> None:
    done = paingate("map", "from-fhir", given=dumps(BUNDLE))
    assert b"Bundle.entry[1].resource.code.text" in done.stderr
    assert b"Lindqvist" not in done.stderr


def test_values_are_told_when_asked_for() -> None:
    done = paingate("map", "from-fhir", "--show-values", given=dumps(BUNDLE))
    assert b'Bundle.entry[1].resource.code.text = "Lindqvist"' in done.stderr


def test_the_report_can_go_to_a_file_as_json(tmp_path: Path) -> None:
    done = paingate("map", "from-fhir", "--json", "--report", "report.ndjson", cwd=tmp_path, given=dumps(BUNDLE))
    [row] = documents((tmp_path / "report.ndjson").read_bytes())
    assert done.stderr == b""
    assert row["outcome"] == "patient"
    assert "Bundle.entry[1].resource.code.text" in row["unmapped"]


def test_a_report_that_was_asked_for_tells_what_was_refused_and_what_must_not_be_acted_on(tmp_path: Path) -> None:
    paingate("map", "from-fhir", "--report", "report", cwd=tmp_path, given=ndjson([GATED]) + b"{oh}\n", ends=1)
    told = (tmp_path / "report").read_text()
    assert "standard input:1: patient, which must not be acted on; " in told
    assert "patient.modifier_extensions" in told
    assert "standard input:2: refused\n" in told


full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


@full
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("map", "from-fhir"), ("roundtrip",), ("validate",), ("demo",), ("--version",)])
def test_a_disk_that_is_full_is_told_in_one_line(arguments: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as disk:
        done = subprocess.run(
            [sys.executable, "-m", "adapter", *arguments],
            input=dumps(PATIENT), stdout=disk, stderr=subprocess.PIPE, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        b"paingate: Standard output cannot be written: No space left on device.\n",
    )


@full
@pytest.mark.parametrize("arguments", [("map", "from-fhir"), ("map", "from-fhir", "--json"), ("roundtrip",)])
def test_a_report_that_does_not_fit_on_the_disk_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    done = paingate(*arguments, "--report", "/dev/full", given=dumps(PATIENT), ends=1)
    assert done.stderr == b"paingate: --report /dev/full cannot be written: No space left on device.\n"


def test_a_report_that_cannot_be_written_is_a_mistake_of_usage(tmp_path: Path) -> None:
    assert b"--report" in paingate("roundtrip", "--report", str(tmp_path), given=dumps(PATIENT), ends=2).stderr


def test_strict_refuses_what_no_record_carries() -> None:
    done = paingate("map", "from-fhir", "--strict", given=dumps(BUNDLE), ends=1)
    assert done.stdout == b""
    assert b"Bundle.entry[1].resource.code.text" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "many.ndjson").write_bytes(ndjson([{**PATIENT, "id": f"p{number}"} for number in range(5000)]))
    command = [sys.executable, "-m", "adapter", "map", "from-fhir", str(tmp_path / "many.ndjson")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
