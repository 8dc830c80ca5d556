"""`paingate lint`, and the site that the other commands are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapter.cli import main

ROOT = Path(__file__).parents[1]
NORTH = str(ROOT / "fixtures" / "sites" / "north")


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    (tmp_path / "south").mkdir()
    lines = (
        "from mappings.patient import PATIENT",
        "from mappings.sites import skip",
        "CHANGES = (skip(PATIENT, 'x', because=''),)",
    )
    (tmp_path / "south" / "patient.py").write_text("\n".join(lines))
    return str(tmp_path / "south")


def test_nothing_is_wrong_with_the_mappings_as_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "nothing found\n"


def test_nothing_is_wrong_with_the_worked_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", NORTH]) == 0
    assert capsys.readouterr().out == "nothing found\n"


def test_what_is_wrong_is_told_with_file_and_line(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", wrong]) == 1
    assert capsys.readouterr().out == "south/patient.py:3: Patient has no field x\n1 findings\n"
    assert main(["lint", wrong, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"where": "south/patient.py:3", "text": "Patient has no field x"}


@pytest.mark.parametrize("command", [["map", "from-fhir"], ["map", "to-fhir"], ["roundtrip"], ["validate"]])
def test_a_site_that_cannot_be_right_is_wrong_usage(
    command: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--site", wrong, str(ROOT / "fixtures" / "referral.bundle.json")])
    assert ended.value.code == 2
    assert "south/patient.py:3: Patient has no field x" in capsys.readouterr().err


def test_the_commands_use_the_site_that_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["map", "from-fhir", "--site", NORTH, str(ROOT / "fixtures" / "referral.bundle.json")]) == 0
    record = capsys.readouterr().out
    assert json.loads(record)["urgency"] == "this week"
    file = tmp_path / "record.json"
    file.write_text(record)
    assert main(["validate", str(file)]) == 1
    assert main(["map", "to-fhir", str(file)]) == 1
    monkeypatch.setenv("PAINGATE_SITE", NORTH)
    assert main(["validate", str(file)]) == 0
    capsys.readouterr()
    assert main(["map", "to-fhir", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["priority"] == "urgent"
    assert main(["roundtrip", str(ROOT / "fixtures" / "referral.bundle.json")]) == 0
