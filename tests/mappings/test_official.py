"""All official R4 examples of the types that a record is made of: data that we did not write.

Every one comes back equal, is rebuilt from its record alone (narrative apart), and the ledger is held to the
truth: each of its leaves is changed in turn, and what the ledger calls carried must change the record, what it
calls unmapped must not.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mappings import Refused, from_fhir, to_fhir
from mappings.lens.document import Document
from mappings.lens.gates import not_actionable
from mappings.r4 import validity
from mappings.r4.exact_json import loads
from mappings.roots import ROOTS, mapping
from mappings.roundtrip import roundtrip
from mappings.values import Number, same
from tests.mappings.r4.official_faults import FAULTS, NO_UNIT_OF_UCUM

TYPES = {type_: (kind, sort) for kind, roots in ROOTS.items() for sort, type_ in roots.items()}
COUNTS = {
    "Appointment": 3,
    "CarePlan": 11,
    "ClinicalImpression": 1,
    "DiagnosticReport": 6,
    "DocumentReference": 1,
    "Encounter": 10,
    "MedicationRequest": 40,
    "Observation": 64,
    "Patient": 22,
    "Procedure": 16,
    "QuestionnaireResponse": 5,
    "ServiceRequest": 20,
}

every_type = pytest.mark.parametrize("type_", TYPES)


def examples(folder: Path, type_: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(path.name, loads(path.read_bytes())) for path in sorted(folder.glob(f"{type_}-*.json"))]
    return [(name, resource) for name, resource in found if resource["resourceType"] == type_]


@every_type
def test_every_example_comes_back_equal_and_is_rebuilt_from_its_record(official_examples: Path, type_: str) -> None:
    found = examples(official_examples, type_)
    assert len(found) == COUNTS[type_]
    for name, resource in found:
        (trip,) = roundtrip(resource)
        assert (trip.outcome, trip.changed, trip.fresh, trip.rebuilt) == ("same", (), True, True), name
        assert trip.ledger is not None
        assert trip.ledger["unmapped"] == 0, (name, trip.unmapped)


NOT_R4 = {*FAULTS, *NO_UNIT_OF_UCUM}
"""Examples that are not R4, or that name a unit which UCUM does not have: nothing like them is made."""


@every_type
def test_every_example_that_is_valid_is_rendered_afresh(official_examples: Path, type_: str) -> None:
    refused = set()
    for name, resource in examples(official_examples, type_):
        try:
            assert validity.check(to_fhir(from_fhir(resource).conversions[0].record).resource) == []
        except Refused:
            refused.add(name)
    assert refused == {name for name in NOT_R4 if name.startswith(f"{type_}-")}


def bumped(value: Any) -> Any:
    """Another value of the same JSON kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Number):
        return Number(value.text + "1")
    return value + 1 if isinstance(value, int) else value + "x"


def leaves(node: Any, trail: tuple[Any, ...] = ()) -> list[tuple[Any, Any, tuple[Any, ...]]]:
    found = []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            found += leaves(value, (*trail, key))
        elif value is not None:
            found.append((node, key, (*trail, key)))
    return found


def with_foreign_things(resource: dict[str, Any]) -> dict[str, Any]:
    """The same with things that no rule reads: element ids, and extensions on values."""
    resource = copy.deepcopy(resource)
    for container, key, _ in leaves(resource)[::7]:
        if (
            isinstance(container, dict)
            and key not in ("id", "resourceType", "url", "div")
            and f"_{key}" not in container
        ):
            container[f"_{key}"] = {"extension": [{"url": "urn:x:foreign", "valueString": "v"}]}
    for name, value in resource.items():
        if isinstance(value, dict) and name not in ("text", "meta"):
            value.setdefault("id", "foreign")
    return resource


@every_type
@pytest.mark.parametrize("foreign", [False, True])
def test_the_ledger_tells_the_truth_of_every_leaf(official_examples: Path, type_: str, foreign: bool) -> None:
    lens = replace(mapping(*TYPES[type_]), attention=lambda record: [])
    lies = []
    for name, resource in examples(official_examples, type_):
        whole = with_foreign_things(resource) if foreign else copy.deepcopy(resource)
        report = from_fhir(whole).report
        assert sum(report.ledger.values()) == len(leaves(whole)) == len(report.lineage)
        record, _ = lens.read(Document(whole), whole)
        for (container, key, trail), line in zip(leaves(whole), report.lineage, strict=True):
            if key == "resourceType" or line.fate not in ("carried", "unmapped"):
                continue
            before = container[key]
            container[key] = bumped(before)
            changed = not same(lens.read(Document(whole), whole)[0], record)
            container[key] = before
            if changed != (line.fate == "carried"):
                lies.append((name, line.fate, trail))
    assert lies == []


@every_type
def test_a_lineage_names_where_in_the_record_a_leaf_went(official_examples: Path, type_: str) -> None:
    for _, resource in examples(official_examples, type_):
        reading = from_fhir(resource)
        (conversion,) = reading.conversions
        values = {line.expression: line.record for line in reading.report.lineage if line.fate == "carried"}
        for (container, key, _), line in zip(leaves(reading.document), reading.report.lineage, strict=True):
            if line.fate == "carried" and not line.record.endswith("extensions") and "extensions[" not in line.record:
                assert values[line.expression]
                assert line.rule
                told = at(conversion.record, line.record)
                assert told == container[key] or type_ in ("ServiceRequest", "CarePlan"), (line, told)


def at(record: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        record = record[int(step[1:-1])] if step.startswith("[") else record[step]
    return record


@every_type
def test_one_example_put_onto_another_reads_as_the_one(official_examples: Path, type_: str) -> None:
    """Whole other people's records onto other people's resources."""
    found = examples(official_examples, type_)
    lens = mapping(*TYPES[type_])
    records = [lens.read(Document(resource), resource)[0] for _, resource in found]
    put, refused = 0, set()
    spoilt = sum(name in NOT_R4 for name, _ in found)
    for n, (_, resource) in enumerate(found):
        own = lens.read(Document(resource), resource)[0]
        numbers: dict[str, Any] = {
            name: own.get(name) for name in ("identifiers", "identifier") if name in lens.shape.names
        }
        record = {**records[(n + 1) % len(found)], **numbers}
        record = {name: value for name, value in record.items() if value is not None}
        assert not not_actionable(record)
        try:
            made = to_fhir(record, onto=resource).resource
        except Refused as because:
            refused |= {issue.text.split(",")[-1].partition(" In the record")[0] for issue in because.issues}
            continue
        assert same(lens.read(Document(made), made)[0], record)
        put += 1
    assert put >= len(found) - 2 - spoilt
    # diagnoses, untold whose they are, do not follow to another patient; without a number, another name and another
    # birth date are another patient; and what is not R4 is not written
    assert refused <= {
        " and does not follow to another: say whose it is.",
        "What this is to be put onto is another patient.",
        *(OF_WHAT_IS_NOT_R4 if spoilt else ()),
    }


OF_WHAT_IS_NOT_R4 = {
    " not to Encounter.",
    " not to Practitioner.",
    " or leave this out.",  # a hash
    " or #id of a contained resource.",  # a canonical URL
    " or leave the system out.",
}


README = Path(__file__).parents[2] / "README.md"
FATES = ("carried", "stated", "derived", "dropped", "unmapped")


def test_the_shares_in_the_readme_are_what_is_measured(official_examples: Path) -> None:
    rows = []
    for type_ in COUNTS:
        trips = [roundtrip(resource)[0] for _, resource in examples(official_examples, type_)]
        leaves_of = {fate: sum((trip.ledger or {})[fate] for trip in trips) for fate in FATES}
        total = sum(leaves_of.values())
        shares = (f"{100 * leaves_of[fate] / total:.1f}" for fate in FATES)
        rows.append(f"| {' | '.join((type_, str(len(trips)), str(sum(bool(t.rebuilt) for t in trips)), *shares))} |")
    table = README.read_text("utf-8").partition("| resource | examples |")[2].partition("\n\n")[0].splitlines()[2:]
    assert table == rows, "in README there should stand:\n" + "\n".join(rows)
