"""What the fixtures hold as FHIR, before a judge that we did not write: fhirkit, made from the official definitions."""

from __future__ import annotations

from pathlib import Path

import fhirkit
import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILES = sorted([*FIXTURES.rglob("*.fhir.json"), *FIXTURES.rglob("*.bundle.json")])

NOT_R4_ON_PURPOSE: dict[str, str] = {}
"""The files that show what senders get wrong, each with what the judge is to say of it."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_a_fixture_is_sound(path: Path) -> None:
    errors = [
        f"{issue.path}: {issue.message}" for issue in fhirkit.validate(path.read_bytes()) if issue.severity == "error"
    ]
    expected = NOT_R4_ON_PURPOSE.get(path.name)
    assert (len(errors) == 1 and expected in errors[0]) if expected else errors == []


def test_the_judge_finds_fault() -> None:
    assert fhirkit.validate({"resourceType": "Observation", "status": "final"})
