"""What R4 is passes, and each thing that it is not is refused at its place, with its code and without its values."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.r4.exact_json import loads
from mappings.r4.fhirpath import leaves
from mappings.r4.structure import MOST_ISSUES, check
from mappings.values import Json
from tests.mappings.r4.not_r4 import BAD, GOOD, observation, patient


@pytest.mark.parametrize("resource", GOOD, ids=lambda each: each["resourceType"])
def test_what_is_r4_passes(resource: dict[str, Any]) -> None:
    assert check(resource) == []


@pytest.mark.parametrize(("resource", "expression", "code"), BAD.values(), ids=BAD.keys())
def test_what_is_not_r4_is_refused_at_its_place(resource: Json, expression: str, code: str) -> None:
    issues = check(resource)
    assert {(issue.expression, issue.code) for issue in issues} >= {(expression, code)}
    assert len({issue.expression for issue in issues}) <= 2, (
        "one broken thing is told at one place, or two where it is two"
    )
    assert {issue.severity for issue in issues} == {"error"}


@pytest.mark.parametrize("resource", [resource for resource, _, _ in BAD.values()], ids=BAD.keys())
def test_no_value_is_told(resource: Json) -> None:
    said = " ".join(issue.text for issue in check(resource))
    values = [value for *_, value, _ in leaves(resource)] if isinstance(resource, dict) else [resource]
    assert not [value for value in values if isinstance(value, str) and len(value) > 4 and value in said]
    assert "Hilde" not in said


@pytest.mark.parametrize(
    ("resource", "meant"),
    [
        (patient(birthdate="1980"), "birthDate"),
        (patient(Name=[]), "name"),
        (observation(valuequantity={}), "valueQuantity"),
        (observation(effectiveDatetime="2020"), "effectiveDateTime"),
        ({"resourceType": "servicerequest"}, "ServiceRequest"),
        ({"resourceType": "CarePlans"}, "CarePlan"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_slip_of_the_pen_is_answered_with_what_was_meant(resource: dict[str, Any], meant: str) -> None:
    assert [issue.text for issue in check(resource) if issue.text.endswith(f", but {meant}.")]


def test_all_faults_are_told_at_once() -> None:
    found = check(patient(birthDate="x", gender="", name=[{"given": [1]}, {"x": 1}], active=None))
    assert [issue.expression for issue in found] == [
        "Patient.birthDate",
        "Patient.gender",
        "Patient.name[0].given[0]",
        "Patient.name[1].x",
        "Patient.active",
    ]


def test_what_lies_somewhere_is_told_with_where() -> None:
    assert [issue.expression for issue in check(patient(deceasedDateTime="x"), "Bundle.entry[3].resource")] == [
        "Bundle.entry[3].resource.deceased"
    ]


def test_an_unknown_member_is_named_no_longer_than_needed() -> None:
    [issue] = check(patient(**{"Hildegard " * 1000: 1}))
    assert len(issue.text) < 100
    assert len(issue.expression) < 100


def test_more_faults_than_anyone_reads_are_not_all_told() -> None:
    found = check(patient(name=[{"nmae": 1} for _ in range(100_000)]))
    assert len(found) == MOST_ISSUES + 1
    assert found[-1].code == "too-costly"


def test_what_is_deeper_than_any_reader_lets_pass_is_no_crash() -> None:
    deep: dict[str, Any] = patient()
    node = deep
    for _ in range(50_000):
        node["extension"] = [{"url": "urn:e"}]
        node = node["extension"][0]
    [issue] = check(deep)
    assert "deeper than" in issue.text
    bundle: dict[str, Any] = {"resourceType": "Patient", "id": "p"}
    for _ in range(5_000):
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": bundle}]}
    assert ["deeper than" in issue.text for issue in check(bundle)] == [True]


@pytest.mark.parametrize(
    "text", ["=" * 400_000, " " * 400_000 + "!", "A" * 400_000 + "!", "AAA " * 100_000 + "="], ids=lambda text: text[:4]
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    started = time.process_time()
    resource = patient(
        photo=[{"data": text}],
        gender=text,
        implicitRules=text,
        birthDate=text,
        name=[{"family": text}],
        text={"status": text, "div": text},
    )
    assert check(resource)
    assert time.process_time() - started < 5


_values: st.SearchStrategy[Json] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", " ", "a", [], {}, [None], [[]], {"extension": []}, "2026-02-30"])
)


@given(st.sampled_from(GOOD), st.data())
def test_any_damage_is_told_and_never_a_crash(resource: dict[str, Any], data: st.DataObject) -> None:
    damaged = copy.deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(leaves(damaged))
        container, key, _, _ = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = data.draw(_values)
        if not list(leaves(damaged)):
            break
    for issue in check(damaged):
        assert issue.expression
        assert issue.text.endswith(".")


_json = st.recursive(
    _values,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["resourceType", "extension", "_a", "id", "entry"]), inner)
    ),
)


@given(_json)
def test_any_json_is_answered(document: Json) -> None:
    assert isinstance(check(document), list)


# The published examples that are not R4, each for its own fault.
NOT_R4 = {
    "ImplementationGuide-fhir.json": {"ImplementationGuide.name", "ImplementationGuide.status"},
    "ig-r4.json": {"ImplementationGuide.name", "ImplementationGuide.status"},
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": {"SearchParameter.id"},
} | {
    f"SearchParameter-{kind.lower()}-extensions-{kind}-{what}.json": {"SearchParameter.base"}
    for kind in ("CodeSystem", "ValueSet")
    for what in ("author", "effective", "end", "keyword", "workflow")
}


def test_every_official_example_passes_but_those_that_are_not_r4(official_examples: Path) -> None:
    refused: dict[str, set[str]] = {}
    for path in sorted(official_examples.glob("*.json")):
        if path.name != "package.json" and (issues := check(loads(path.read_bytes()))):
            refused[path.name] = {issue.expression for issue in issues}
    questionnaire = refused.pop("Questionnaire-qs1.json")  # no item of it has its linkId
    assert questionnaire
    assert all(expression.endswith(".linkId") for expression in questionnaire)
    assert refused == NOT_R4
