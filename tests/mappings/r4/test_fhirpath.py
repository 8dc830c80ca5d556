"""Places are spelled as official FHIRPath spells them, one by one and in a walk of all leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.r4.exact_json import loads
from mappings.r4.fhirpath import Key, expression, leaves

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "text": {"status": "generated", "div": "<div/>"},
    "extension": [
        {"url": RACE, "extension": [{"url": "text", "valueString": "x"}]},
        {"url": "urn:twice", "valueInteger": 1},
        {"url": "urn:twice", "valueInteger": 2},
        {"valueInteger": 3},
        {"url": "urn:it's", "valueInteger": 4},
    ],
    "modifierExtension": [{"url": "urn:once", "valueBoolean": True}],
    "name": [
        {"family": "f", "given": ["a", None], "_given": [None, {"extension": [{"url": "urn:e", "valueCode": "c"}]}]}
    ],
    "birthDate": "2000-01-01",
    "_birthDate": {"extension": [{"url": BIRTH_TIME, "valueDateTime": "2000-01-01T10:00:00Z"}]},
    "deceasedBoolean": False,
    "contained": [
        {"resourceType": "Observation", "id": "o", "valueQuantity": {"value": 1}},
        {"resourceType": "Nonsense", "valueQuantity": {"value": 1}},
    ],
    "valueString": "not of a Patient",
    "two words": 1,
}
BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1"}, {"resource": PATIENT}]}


@pytest.mark.parametrize(
    ("root", "keys", "expected"),
    [
        (PATIENT, [], "Patient"),
        (PATIENT, ["id"], "Patient.id"),
        (PATIENT, ["resourceType"], "Patient.resourceType"),
        (PATIENT, ["name", 0, "family"], "Patient.name[0].family"),
        (PATIENT, ["name", 0, "given", 0], "Patient.name[0].given[0]"),
        (
            PATIENT,
            ["name", 0, "_given", 1, "extension", 0, "valueCode"],
            "Patient.name[0].given[1].extension('urn:e').value",
        ),
        (PATIENT, ["birthDate"], "Patient.birthDate"),
        (PATIENT, ["_birthDate"], "Patient.birthDate"),
        (PATIENT, ["_birthDate", "extension", 0], f"Patient.birthDate.extension('{BIRTH_TIME}')"),
        (PATIENT, ["deceasedBoolean"], "Patient.deceased"),
        (
            PATIENT,
            ["extension", 0, "extension", 0, "valueString"],
            f"Patient.extension('{RACE}').extension('text').value",
        ),
        (PATIENT, ["extension", 1, "valueInteger"], "Patient.extension[1].value"),
        (PATIENT, ["extension", 3, "valueInteger"], "Patient.extension[3].value"),
        (PATIENT, ["extension", 4], "Patient.extension[4]"),
        (PATIENT, ["extension"], "Patient.extension"),
        (PATIENT, ["modifierExtension", 0, "valueBoolean"], "Patient.modifierExtension[0].value"),
        (PATIENT, ["text", "div"], "Patient.text.`div`"),
        (PATIENT, ["contained", 0, "valueQuantity", "value"], "Patient.contained[0].value.value"),
        (PATIENT, ["contained", 1, "valueQuantity", "value"], "Patient.contained[1].valueQuantity.value"),
        (PATIENT, ["valueString"], "Patient.valueString"),
        (PATIENT, ["two words"], "Patient.`two words`"),
        (PATIENT, ["maritalStatus", "coding", 0, "code"], "Patient.maritalStatus.coding[0].code"),
        (PATIENT, ["x" * 50], f"Patient.`{'x' * 40}...`"),
        (BUNDLE, ["entry", 0, "fullUrl"], "Bundle.entry[0].fullUrl"),
        (BUNDLE, ["entry", 1, "resource", "name", 0], "Bundle.entry[1].resource.name[0]"),
        (BUNDLE, ["entry", 1, "resource", "deceasedBoolean"], "Bundle.entry[1].resource.deceased"),
        ({"resourceType": 5}, ["name"], "Resource.name"),
        ({}, ["valueString"], "Resource.valueString"),
    ],
    ids=str,
)
def test_a_place_is_spelled_as_fhirpath_spells_it(root: dict[str, Any], keys: list[Key], expected: str) -> None:
    assert expression(root, keys) == expected


def test_a_resource_may_be_called_by_where_it_lies() -> None:
    where = "Bundle.entry[3].resource"
    assert expression(PATIENT, ["deceasedBoolean"], where) == f"{where}.deceased"
    assert all(leaf[3].startswith(f"{where}.") for leaf in leaves(PATIENT, where))


def test_a_url_that_would_be_long_or_break_the_quotes_is_not_spelled_out() -> None:
    for url in ("urn:" + "x" * 300, "urn:a b", "urn:\n", "urn:'", "urn:\\", ""):
        assert (
            expression({"resourceType": "Patient", "extension": [{"url": url}]}, ["extension", 0])
            == "Patient.extension[0]"
        )


def test_in_a_long_list_an_extension_goes_by_its_index() -> None:
    root = {"resourceType": "Patient", "extension": [{"url": f"urn:x:{n}", "valueBoolean": True} for n in range(1000)]}
    assert expression(root, ["extension", 7, "url"]) == "Patient.extension[7].url"
    assert [place for *_, place in leaves(root)][1] == "Patient.extension[0].url"


def test_every_leaf_comes_once_in_the_documents_order() -> None:
    found = [
        (container[key], key, text) for container, key, _, text in leaves(PATIENT["name"][0] | {"resourceType": "X"})
    ]
    assert found[:2] == [("f", "family", "Resource.family"), ("a", 0, "Resource.given[0]")]
    assert all(container[key] is value for container, key, value, _ in leaves(BUNDLE))


def test_nulls_that_hold_a_place_are_no_leaves() -> None:
    assert None not in [value for _, _, value, _ in leaves(PATIENT)]


def test_the_walk_spells_as_the_single_place_does() -> None:
    for document in (PATIENT, BUNDLE):
        assert [text for *_, text in leaves(document)] == [expression(document, keys) for keys in _places(document)]


def test_the_walk_spells_as_the_single_place_does_on_official_examples(official_examples: Path) -> None:
    for kind in ("Patient", "ServiceRequest", "CarePlan", "MedicationRequest", "Bundle", "Questionnaire"):
        for path in sorted(official_examples.glob(f"{kind}-*.json")):
            if path.stat().st_size < 100_000:
                document = loads(path.read_bytes())
                assert [text for *_, text in leaves(document)] == [
                    expression(document, keys) for keys in _places(document)
                ]


_names = st.sampled_from(
    ["resourceType", "extension", "_birthDate", "name", "url", "valueString", "contained", "", "a'b"]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["Patient", "Bundle", "", "urn:x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_names, _json, max_size=5))
def test_no_document_is_too_strange_for_the_walk(document: dict[str, Any]) -> None:
    found = list(leaves(document))
    assert [text for *_, text in found] == [expression(document, keys) for keys in _places(document)]
    assert all(type(container[key]) is type(value) for container, key, value, _ in found)


def _places(node: Any, keys: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """Where the scalars are: the plainest walk there is."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _places(value, (*keys, key))
    elif node is not None:
        yield keys
