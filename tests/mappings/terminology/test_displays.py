"""What we write a code with is what its terminology calls it; what others write otherwise is told."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapter.exchange.identifiers import V2_0203
from adapter.exchange.workflow import task
from mappings import from_fhir
from mappings.r4.exact_json import loads
from mappings.terminology import display_of, doubts
from mappings.terminology.reader import OURS
from tests.mappings.terminology.maps import SNOMED

FIXTURES = Path(__file__).parents[3] / "fixtures"
FILES = sorted(path for path in FIXTURES.rglob("*.json") if "sites" not in path.relative_to(FIXTURES).parts)


@cache
def official(folder: Path) -> dict[str, dict[str, str]]:
    """The displays of every complete code system of HL7, by its URL."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("CodeSystem-*.json")):
        system = loads(file.read_bytes())
        if system.get("content") == "complete":
            found.setdefault(system["url"], {}).update(_concepts(system.get("concept", [])))
    return found


def _concepts(concepts: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for concept in concepts:
        found |= {concept["code"]: concept.get("display", "")} | _concepts(concept.get("concept", []))
    return found


def codings(node: Any) -> Any:
    if isinstance(node, dict):
        if isinstance(node.get("system"), str) and isinstance(node.get("display"), str) and "code" in node:
            yield node["system"], node["code"], node["display"]
        for value in node.values():
            yield from codings(value)
    elif isinstance(node, list):
        for value in node:
            yield from codings(value)


def test_every_fragment_names_a_source_for_each_code() -> None:
    for file in sorted((OURS / "systems").glob("*.json")):
        for concept in loads(file.read_bytes())["concept"]:
            (source,) = concept["property"]
            assert source["code"] == "source"
            assert len(source["valueString"]) > 5, concept


def test_every_red_flag_is_called_what_its_terminology_calls_it() -> None:
    for group in loads((OURS / "red_flags.json").read_bytes())["compose"]["include"]:
        for concept in group["concept"]:
            assert display_of(group["system"], concept["code"]) == concept["display"]


def test_what_a_task_says_of_its_number_is_what_hl7_says(r4_terminology: Path) -> None:
    source = Path(task.__file__).read_text()
    assert f'"code": "FILL", "display": "{official(r4_terminology)[V2_0203]["FILL"]}"' in source


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_a_fixture_calls_codes_what_their_terminology_calls_them(path: Path, r4_terminology: Path) -> None:
    document = loads(path.read_bytes())
    known = official(r4_terminology)
    assert list(doubts(document)) == []
    for system, code, display in codings(document):
        if system in known and path.parent.name != "hard":
            assert known[system].get(code) == display, (system, code)


def coded(**coding: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
        "code": {"coding": [{"system": SNOMED, **coding}]},
    }  # fmt: skip


@pytest.mark.parametrize("display", ["Acupuncture", "ACUPUNCTURE", " Acupuncture ", "Acupuncture (procedure)"])
def test_the_same_words_are_no_doubt(display: str) -> None:
    assert list(doubts(coded(code="44868003", display=display))) == []


def test_another_display_is_told_and_kept_as_it_came() -> None:
    document = coded(code="44868003", display="Hildegard's needles")
    reading = from_fhir(document)
    (issue,) = reading.report.issues
    assert (issue.severity, issue.code) == ("information", "invalid")
    assert issue.expression == "ServiceRequest.code.coding[0].display"
    assert "Hildegard" not in issue.text
    assert reading.conversions[0].record["service"]["display"] == "Hildegard's needles"


def test_a_unit_that_ucum_does_not_have_is_told_and_kept_as_it_came() -> None:
    quantity = {"value": 2, "unit": "mcg", "system": "http://unitsofmeasure.org", "code": "mcg"}
    document = {**coded(code="44868003", display="Acupuncture"), "quantityQuantity": quantity}
    reading = from_fhir(document)
    (issue,) = reading.report.issues
    assert (issue.severity, issue.code) == ("warning", "code-invalid")
    assert issue.expression == "ServiceRequest.quantity.code"
    assert reading.conversions[0].record["quantity"] == quantity


def test_a_code_that_is_not_used_here_is_not_judged() -> None:
    assert display_of(SNOMED, "0") is None
    assert list(doubts(coded(code="0", display="anything"))) == []
