"""Declarations are held to R4 before any data, and say everything about themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mappings import from_fhir, version
from mappings.datatypes import CONCEPT, HUMAN_NAME, IDENTIFIER, POINTER, QUANTITY, link
from mappings.lens.binding import NEVER_ASSUMED
from mappings.lens.conditions import OnlyIf
from mappings.lens.links import Link
from mappings.lens.many import Each, Main
from mappings.lens.paths import DeclarationError, parse
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import At, Field, Rule
from mappings.lens.shapes import Again, Shape, Verbatim, everything_in, resolved
from mappings.lens.tables import Row, Table
from mappings.lens.version import fingerprint
from mappings.lens.words import code, each, field, main, one_of, part, resource, same_as_root, tagged, verbatim
from mappings.r4.definitions import alike, children
from mappings.roots import ROOTS, mapping
from tests.mappings.test_official import TYPES, examples


def all_parts() -> Iterator[tuple[RecordShape, Field | Each]]:
    for shape in all_shapes():
        if isinstance(shape, RecordShape):
            for rule in shape.rules:
                for one in rule.parts():
                    yield shape, one


def all_shapes() -> Iterator[Shape]:
    """Every shape of every record."""
    return everything_in(*(mapping(kind, sort).shape for kind, roots in ROOTS.items() for sort in roots))


A: Any = {"about": "A."}

FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "a mistyped element": (
        lambda: resource("Patient", field("born", fhir="birthdate", **A)),
        "Patient has no birthdate",
    ),
    "a mistyped step": (lambda: part("Timing", field("x", fhir="repeat.frequencyy", **A)), "no frequencyy"),
    "a mistyped condition": (
        lambda: resource("Patient", field("m", fhir="identifier.where(sytem='x').value", **A)),
        "no sytem",
    ),
    "a list taken for one": (lambda: resource("Patient", field("n", fhir="name", shape=HUMAN_NAME, **A)), "is a list"),
    "a list on the way": (lambda: resource("Patient", field("n", fhir="name.family", **A)), "is a list"),
    "one taken for a list": (lambda: resource("Patient", each("b", fhir="birthDate", **A)), "is no list"),
    "where() on what is no list": (
        lambda: resource("Patient", field("b", fhir="maritalStatus.where(text='x')", shape=CONCEPT, **A)),
        "no list",
    ),
    "no shape for a complex type": (
        lambda: resource("ServiceRequest", field("s", fhir="subject", **A)),
        "needs a shape",
    ),
    "a shape of another type": (
        lambda: resource("ServiceRequest", field("s", fhir="subject", shape=CONCEPT, **A)),
        "CodeableConcept on Reference",
    ),
    "a link on no reference": (
        lambda: resource("ServiceRequest", field("s", fhir="code", shape=link(), **A)),
        "link on",
    ),
    "a link to what it cannot lead to": (
        lambda: resource("ServiceRequest", field("s", fhir="requester", shape=link(goal=resource("Goal")), **A)),
        "cannot lead to Goal",
    ),
    "a type that the choice has not": (
        lambda: resource("Observation", one_of(field("m", fhir="valueMoney", **A))),
        "no valueMoney",
    ),
    "a choice over two elements": (
        lambda: resource("Patient", one_of(field("b", fhir="birthDate", **A), field("d", fhir="deceasedBoolean", **A))),
        "different elements",
    ),
    "two rules for one field": (
        lambda: resource("Patient", field("a", fhir="birthDate", **A), field("a", fhir="gender", **A)),
        "two rules for the field a",
    ),
    "the same as the root's where it may be absent": (
        lambda: resource("CareTeam", same_as_root(field("p", fhir="subject", shape=POINTER, **A), element="subject")),
        "optional element needs",
    ),
    "a usual value for what is optional": (
        lambda: resource("Patient", field("g", fhir="gender", left_out_when="male", **A)),
        "no usual value",
    ),
    "a usual status": (
        lambda: resource("ServiceRequest", field("s", fhir="status", left_out_when="active", **A)),
        "no usual value",
    ),
    "FHIR as it stands, but for extensions": (
        lambda: resource("Patient", each("n", fhir="name", shape=verbatim, **A)),
        "only an Extension",
    ),
    "a function of FHIRPath that is no word here": (
        lambda: resource("Patient", field("n", fhir="name.last().family", **A)),
        "not a word",
    ),
    "an index": (lambda: parse("name[0]"), "not a path"),
    "a comparator in a SimpleQuantity": (
        lambda: part("Range", field("low", fhir="low", shape=QUANTITY, **A)),
        "no comparator",
    ),
    "a key that no field has": (
        lambda: part("Period", field("start", fhir="start", **A), key="begin"),
        "no field begin",
    ),
    "a preference that the type cannot meet": (
        lambda: resource(
            "Patient",
            main(fhir="name", shape=HUMAN_NAME, name="n", others="o", others_about="O.", prefer=("usage='x'",)),
        ),
        "no usage",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_when_it_is_declared(fault: str) -> None:
    declare, says = FAULTS[fault]
    with pytest.raises(DeclarationError, match=says):
        declare()


def test_a_fault_names_its_file_and_line() -> None:
    with pytest.raises(DeclarationError, match=r"test_declarations\.py:\d+"):
        resource("Patient", field("born", fhir="birthdate", **A))


def test_two_words_for_one_code_leave_no_way_back() -> None:
    rows = (Row("on", "urn:s", "active"), Row("running", "urn:s", "active"))
    with pytest.raises(DeclarationError, match="no way back"):
        code(Table("t", rows))


def test_every_field_says_what_it_means() -> None:
    for shape, one in all_parts():
        assert one.about.strip(), (shape, one)
        values_first = one.element.type in ("code", "CodeableConcept")  # the values that there are
        assert one.about[0].isupper() or one.about.startswith("...") or values_first, (shape, one)
        assert one.about.rstrip()[-1] in ".)", (shape, one, one.about)


def test_only_extensions_are_carried_as_they_stand() -> None:
    """The verbatim leaves, all of them: unknown extensions, and modifier extensions that stop every action."""
    found = {(one.name, one.fhir.split(".")[-1]) for _, one in all_parts() if isinstance(one.shape, Verbatim)}
    assert found == {
        ("extensions", "extension"),
        ("coding_extensions", "extension"),
        ("ref_extensions", "extension"),
        ("family_extensions", "extension"),
        ("sex_extensions", "extension"),
        ("modifier_extensions", "modifierExtension"),
    }


@pytest.mark.parametrize("type_", TYPES)
def test_nine_tenths_of_the_leaves_have_a_field_of_their_own(official_examples: Path, type_: str) -> None:
    own = total = 0
    for _, resource_ in examples(official_examples, type_):
        lines = from_fhir(resource_).report.lineage
        total += len(lines)
        own += sum(line.fate != "unmapped" and "extensions[" not in line.record for line in lines)
    assert own >= 0.9 * total, own / total


def test_every_element_of_every_type_has_a_rule() -> None:
    """Also every type of every choice; what has none is named with the reason."""
    for shape in all_shapes():
        if isinstance(shape, RecordShape) and len(shape.rules) > 1:  # one alone is told as a plain value
            told = {step.name for rule in shape.rules for one in rule.parts() for step in one.steps[:1]}
            told |= {rule.steps[0].name for rule in shape.rules if isinstance(rule, At)}
            told |= {rule.fhir for rule in shape.rules if isinstance(rule, Main)}
            missing = children(shape.type).keys() - told - NOT_TOLD["every type"] - NOT_TOLD.get(shape.type, set())
            assert not missing, (shape, missing)


NOT_TOLD: dict[str, set[str]] = {
    "every type": {
        "contained",  # told where a reference leads to it
        "id",  # of a part: a place for extensions to point to; a resource's has a rule
        "text",  # the narrative is skipped by name
    },
    "Quantity": {"comparator"},  # a SimpleQuantity has none
    # substances and specimens are told as far as a pain clinic's papers go
    "Provenance.entity": {"agent"},
    "Specimen": {"accessionIdentifier", "condition", "container", "parent", "processing", "receivedTime", "request"},
    "Substance": {"ingredient", "instance"},
}


def test_a_shape_that_is_defined_later_fits_its_place() -> None:
    for shape, one in all_parts():
        if isinstance(one.shape, Again):
            resolved(one.shape).check_on(one.element, f"{shape}: {one.name}")
        if isinstance(one.shape, Link):
            for known in one.shape.known.values():
                targets = one.element.targets
                assert not targets or "Resource" in targets or known.type in targets, (shape, one, known)
        assert alike(one.element.type)


def test_no_mapping_assumes_what_must_be_said() -> None:
    for _, one in all_parts():
        if isinstance(one, Field) and one.usual is not None:
            assert one.element.name not in NEVER_ASSUMED
            assert one.element.name == "intent"


def test_a_version_is_the_same_each_time_and_another_for_another_rule() -> None:
    assert len({version(kind) for kind in ROOTS}) == len(ROOTS)
    one = resource("Patient", field("born", fhir="birthDate", about="Born."))
    assert fingerprint(one) == fingerprint(resource("Patient", field("born", fhir="birthDate", about="Born.")))
    assert fingerprint(one) != fingerprint(resource("Patient", field("birth", fhir="birthDate", about="Born.")))
    assert fingerprint(one) != fingerprint(resource("Patient", field("born", fhir="birthDate", about="Died.")))


def test_a_category_tells_two_kinds_of_one_type_apart() -> None:
    from mappings.lens.document import Document
    from mappings.lens.mapping import Mapping

    def order(snomed: str) -> ResourceShape:
        return resource(
            "ServiceRequest", field("status", fhir="status", **A), *tagged(fhir="category", system="urn:s", code=snomed)
        )

    plan = resource("CarePlan",
        field("status", fhir="status", **A),
        each("orders", fhir="basedOn", shape=link(), **A),
        each("todo", fhir="supportingInfo", shape=link(physical=order("1"), psychology=order("2")), **A),
    )  # fmt: skip
    lens = Mapping("plan", "", plan)
    record = {"record": "plan", "status": "active", "todo": [{"kind": "psychology", "status": "active"}]}
    made, _ = lens.write({k: v for k, v in record.items() if k != "record"}, None, None, "contained")
    assert made["contained"][0]["category"] == [{"coding": [{"system": "urn:s", "code": "2"}]}]
    assert lens.read(Document(made), made)[0] == record
    assert isinstance(next(rule for rule in order("1").rules if isinstance(rule, OnlyIf)), Rule)


def test_a_slice_and_the_rest_of_its_list() -> None:
    """The second of two that fit a where() is told with the rest, and surfaces only if the first is told no more."""
    from mappings.lens.document import Document
    from mappings.lens.mapping import Mapping

    lens = Mapping("p", "", resource("Patient",
        field("mrn", fhir="identifier.where(system='urn:mrn').value", **A),
        each("others", fhir="identifier", shape=IDENTIFIER, **A),
    ))  # fmt: skip
    items = [
        {"system": "urn:x", "value": "0"},
        {"system": "urn:mrn", "value": "1", "id": "k"},
        {"system": "urn:mrn", "value": "2"},
    ]
    patient = {"resourceType": "Patient", "identifier": items}
    document = Document(patient)
    record, _ = lens.read(document, patient)
    assert record == {"record": "p", "mrn": "1", "others": [items[0], items[2]]}
    made, _ = lens.write({"mrn": "9", "others": [items[0]]}, document, patient, "contained")
    assert made["identifier"] == [items[0], {"system": "urn:mrn", "value": "9", "id": "k"}]
