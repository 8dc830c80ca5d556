"""The table of the profiles is what their definitions say.

US_CORE may name the folder with the definitions of US Core 8.0.0; without it the generator is tried on small ones, and
what the table took from R4, HL7 terminology and beside.json is compared.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mappings.us_core import BASE, generate
from mappings.us_core.generate_codes import expansions
from mappings.us_core.profiles import names, profile

Json = dict[str, Any]

TABLE: Json = json.loads(generate.TABLE.read_bytes())
BESIDE: Json = json.loads(generate.BESIDE.read_bytes())

FHIR = "http://hl7.org/fhir/StructureDefinition/"
PATTERN = {"coding": [{"system": "urn:x", "code": "a"}]}
SLICING = {"discriminator": [{"type": "value", "path": "$this"}], "rules": "open"}

OBSERVATION: list[Json] = [
    {"id": "Observation", "constraint": [{"key": "x-1", "severity": "error", "human": "X.", "expression": "true"}]},
    {"id": "Observation.status", "min": 1, "mustSupport": True},  # no more than R4 says
    {"id": "Observation.category", "min": 1, "slicing": SLICING, "mustSupport": True},
    {"id": "Observation.category:a", "sliceName": "a", "min": 1, "max": "1", "patternCodeableConcept": PATTERN},
    {"id": "Observation.category:b", "sliceName": "b", "binding": {"strength": "required", "valueSet": "urn:x:codes"}},
    {"id": "Observation.code", "binding": {"strength": "extensible", "valueSet": "urn:x:codes"}},
    {"id": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [f"{FHIR}Patient", f"{FHIR}Group"]}]},
    {"id": "Observation.value[x]", "type": [{"code": "string"}, {"code": "boolean"}]},
    {"id": "Observation.note", "max": "1"},
    {"id": "Observation.device", "max": "0"},
]


def definition(name: str, type_: str, elements: list[Json]) -> Json:
    paths = ({"path": one["id"].replace(":a", "").replace(":b", ""), **one} for one in elements)
    return {
        "resourceType": "StructureDefinition", "id": name, "url": BASE + name, "title": name, "type": type_,
        "baseDefinition": FHIR + type_, "differential": {"element": list(paths)},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one small profile and its value set."""
    include = [{"system": "urn:x", "concept": [{"code": "b"}, {"code": "c"}]}]
    exclude = [{"system": "urn:x", "concept": [{"code": "c"}]}]
    value_set = {"resourceType": "ValueSet", "url": "urn:x:codes", "compose": {"include": include, "exclude": exclude}}
    made = definition("us-core-x", "Observation", OBSERVATION)
    (tmp_path / "StructureDefinition-us-core-x.json").write_text(json.dumps(made))
    (tmp_path / "ValueSet-x.json").write_text(json.dumps(value_set))
    return tmp_path


@pytest.fixture
def nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = ("profiles", "bases", "invariants", "value_sets", "unchecked")
    (tmp_path / "beside.json").write_text(json.dumps({section: {} for section in sections}))
    monkeypatch.setattr(generate, "BESIDE", tmp_path / "beside.json")


@pytest.mark.usefixtures("nothing_beside")
def test_a_profile_is_what_it_demands_beyond_r4(folder: Path) -> None:
    made = json.loads(generate.table(folder, folder, folder))
    assert made["profiles"]["us-core-x"] == {
        "type": "Observation",
        "title": "us-core-x",
        "declared": True,
        "must_support": ["status", "category"],
        "elements": {
            "": {"invariants": ["x-1"]},
            "category": {
                "min": 1,
                "slices": {
                    "a": {"min": 1, "max": 1, "by": "", "elements": {"": {"pattern": PATTERN}}},
                    "b": {"by": "", "elements": {"": {"codes": "urn:x:codes"}}},
                },
            },
            "subject": {"targets": ["Patient", "Group"]},
            "value[x]": {"types": ["string", "boolean"]},
            "note": {"max": 1},
            "device": {"max": 0},
        },
    }
    assert made["invariants"] == {"x-1": {"on": ["Observation"], "human": "X.", "fhirpath": "true"}}
    assert made["value_sets"] == {"urn:x:codes": {"urn:x": ["b"]}}


@pytest.mark.usefixtures("nothing_beside")
def test_equal_definitions_give_an_equal_table(folder: Path) -> None:
    assert generate.table(folder, folder, folder) == generate.table(folder, folder, folder)


@pytest.mark.parametrize(
    "include",
    [
        {"system": "urn:x", "filter": [{"property": "a", "op": "=", "value": "b"}]},
        {"system": "urn:unknown"},
        {"valueSet": ["urn:unknown"]},
    ],
    ids=["a filter", "a system that is not there", "a value set that is not there"],
)
def test_codes_that_cannot_be_listed_have_to_be_said(include: Json) -> None:
    with pytest.raises(LookupError, match=r"beside\.json"):
        expansions(["urn:x"], (), {"urn:x": {"include": [include]}})


def test_the_table_is_what_the_definitions_give(r4_core: Path, r4_terminology: Path) -> None:
    if named := os.environ.get("US_CORE"):
        assert generate.table(Path(named), r4_core, r4_terminology) == generate.TABLE.read_text("utf-8")
    said = {name: {k: v for k, v in row.items() if k != "source"} for name, row in BESIDE["profiles"].items()}
    assert {name: {"must_support": [], **row} for name, row in said.items()} == {
        name: TABLE["profiles"][name] for name in said
    }
    for name, row in BESIDE["invariants"].items():
        assert TABLE["invariants"][name] == row
    elsewhere = {url for url in TABLE["value_sets"] if not url.startswith("http://hl7.org/fhir/us/core/")}
    elsewhere.add("http://hl7.org/fhir/us/core/ValueSet/us-core-documentreference-type")
    made = expansions(elsewhere, (r4_core, r4_terminology), BESIDE["value_sets"])
    assert made == {url: TABLE["value_sets"][url] for url in elsewhere}


def test_the_table_names_its_source_and_licences() -> None:
    source = TABLE["source"]
    assert (source["name"], source["version"], source["license"]) == ("HL7/US-Core", "8.0.0", "CC0-1.0")
    assert "Regenstrief" in source["loinc"]
    assert all(row["source"] for section in ("profiles", "bases", "value_sets") for row in BESIDE[section].values())


def test_every_profile_that_something_leads_to_is_in_the_table() -> None:
    for name in names():
        for row in profile(name).elements.values():
            assert all(target in names() for target in row.targets if target.islower())
            assert all(one in names() for one in row.profiles)


def test_called_without_folders_the_generator_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([]) == 2
    assert "US_CORE CORE TERMINOLOGY" in capsys.readouterr().err
