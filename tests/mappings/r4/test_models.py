"""Models of fhir.resources in and out: the records that they become, and every place where they hold not what was
written."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.organization import Organization as OrganizationOfR5
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.STU3.patient import Patient as PatientOfSTU3
from hypothesis import event, given
from hypothesis import strategies as st

from mappings import Refused, as_model, from_fhir, of_model, to_fhir
from mappings.r4.exact_json import dumps, loads
from mappings.r4.fhirpath import expression
from mappings.r4.structure import MOST_ISSUES
from mappings.roundtrip import differences
from mappings.values import same
from tests.mappings.r4.not_valid import bundle, observation, patient
from tests.mappings.test_laws import Root, every_root, foreign
from tests.mappings.test_official import COUNTS, every_type, examples

Patient: Any = get_fhir_model_class("Patient")
Extension: Any = get_fhir_model_class("Extension")
Observation: Any = get_fhir_model_class("Observation")

FIXTURES = Path(__file__).parents[3] / "fixtures"
REFERRAL = loads((FIXTURES / "referral.bundle.json").read_bytes())
EXTENDED = {"extension": [{"url": "urn:f", "valueCode": "c"}]}


def extended(**value: Any) -> dict[str, Any]:
    return patient(extension=[{"url": "urn:e", **value}])


VALUE = "Patient.extension('urn:e').value"


# ---------------------------------------------------------------- what a model holds

HELD = {
    "a decimal with its noughts": extended(valueDecimal=loads("1.50")),
    "a decimal of many digits": extended(valueDecimal=loads("0.123456789012345678901234567890")),
    "a small decimal": extended(valueDecimal=loads("0.0000000001")),
    "minus nought": extended(valueDecimal=loads("-0")),
    "an integer beyond 64 bits as a decimal": extended(valueDecimal=loads("12345678901234567890")),
    "part of a date": extended(valueDateTime="2026-11"),
    "a moment with its zone": extended(valueDateTime="2026-11-25T10:00:00.123-03:30"),
    "a leap second": extended(valueInstant="2016-12-31T23:59:60.123456789Z"),
    "a time": extended(valueTime="10:00:00.5"),
    "bytes": extended(valueBase64Binary="AAAA/+8="),
    "a relative URL": patient(photo=[{"url": "photos/1"}]),
    "a value and its extension": patient(birthDate="2024-02-29", _birthDate={"id": "b", **EXTENDED}),
    "an extension instead of a value": observation(status=None) | {"_status": EXTENDED},
    "a list with nulls": patient(name=[{"given": [None, "B"], "_given": [EXTENDED, None]}]),
    "a word that is Python's": {"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}},
    "what is contained": patient(
        contained=[{"resourceType": "Organization", "id": "o", "name": "a"}],
        managingOrganization={"reference": "#o"},
    ),
    "extensions in extensions": extended(extension=[{"url": "f", "valueAge": {"value": 1}}]),
}
HELD["an extension instead of a value"].pop("status")


@pytest.mark.parametrize("resource", HELD.values(), ids=HELD.keys())
def test_what_a_model_holds_comes_back_as_it_was(resource: dict[str, Any]) -> None:
    held = as_model(resource)
    assert held.issues == ()
    assert same(of_model(held.model), resource)


def test_what_comes_back_is_in_the_order_of_the_specification() -> None:
    model = as_model(patient(birthDate="2026", _active=EXTENDED, active=True, id="p")).model
    assert list(of_model(model)) == ["resourceType", "id", "active", "_active", "birthDate"]


SPELLING = "The model holds what this means, not how it is written: where that counts, use its exact JSON."
CUT_OFF = "The model cuts this off after six digits of a second: use its exact JSON."
OTHERWISE: dict[str, tuple[dict[str, Any], str, Any]] = {
    "no offset": (extended(valueInstant="2026-11-25T10:00:00+00:00"), SPELLING, "2026-11-25T10:00:00Z"),
    "no offset, with a minus": (extended(valueInstant="2026-11-25T10:00:00-00:00"), SPELLING, "2026-11-25T10:00:00Z"),
    "noughts of a fraction": (extended(valueInstant="2026-11-25T10:00:00.120Z"), SPELLING, "2026-11-25T10:00:00.12Z"),
    "a fraction of nought": (extended(valueInstant="2026-11-25T10:00:00.0Z"), SPELLING, "2026-11-25T10:00:00Z"),
    "a seventh digit": (
        extended(valueInstant="2026-11-25T10:00:00.1234567Z"),
        CUT_OFF,
        "2026-11-25T10:00:00.123456Z",
    ),
    "noughts of a time": (extended(valueTime="10:00:00.10"), SPELLING, "10:00:00.1"),
    "a seventh digit of a time": (extended(valueTime="10:00:00.1234567"), CUT_OFF, "10:00:00.123456"),
    "an exponent": (extended(valueDecimal=loads("1e2")), SPELLING, loads("1E+2")),
    "an exponent below nought": (extended(valueDecimal=loads("5E-1")), SPELLING, loads("0.5")),
    "an integer as minus nought": (extended(valueInteger=loads("-0")), SPELLING, 0),
    "bytes with white space": (extended(valueBase64Binary="AAAA\n/+8="), SPELLING, "AAAA/+8="),
    "bytes with bits beyond the last": (extended(valueBase64Binary="AB=="), SPELLING, "AA=="),
}


@pytest.mark.parametrize(("resource", "text", "instead"), OTHERWISE.values(), ids=OTHERWISE.keys())
def test_what_a_model_holds_otherwise_is_told(resource: dict[str, Any], text: str, instead: Any) -> None:
    held = as_model(resource)
    assert [(one.severity, one.expression, one.text) for one in held.issues] == [("warning", VALUE, text)]
    (extension,) = of_model(held.model)["extension"]
    assert same([one for name, one in extension.items() if name != "url"], [instead])


NO_PLACE = "fhir.resources.R4B has no place for this: use its exact JSON."
NOT_TAKEN = "fhir.resources.R4B does not take this value: use its exact JSON."
NO_MODEL = "fhir.resources.R4B has no model of this resource: use its exact JSON."
PRODUCT = {"resourceType": "MedicinalProduct", "id": "m", "name": [{"productName": "a"}]}
NOT_HELD: dict[str, tuple[dict[str, Any], str, str]] = {
    "an extension of an extension's value": (extended(_valueString=EXTENDED), VALUE, NO_PLACE),
    "an id of an extension's value": (extended(valueString="a", _valueString={"id": "b"}), VALUE, NO_PLACE),
    "a Meta in an extension": (extended(valueMeta={"versionId": "1"}), VALUE, NO_PLACE),
    "a UUID of another version than 4": (
        extended(valueUuid="urn:uuid:6f0c2b0e-3f5e-5d50-9d4f-2f6d8c8a9c01"),
        VALUE,
        NOT_TAKEN,
    ),
    "a string of one no-break space": (patient(name=[{"text": "\u00a0"}]), "Patient.name[0].text", NOT_TAKEN),
    "a code that ends in a no-break space": (extended(valueCode="a\u00a0"), VALUE, NOT_TAKEN),
    "a resource that R4B has not": (PRODUCT, "MedicinalProduct", NO_MODEL),
    "such a resource in a Bundle": (
        bundle("collection", {"resource": patient(active=True)}, {"resource": PRODUCT}),
        "Bundle.entry[1].resource",
        NO_MODEL,
    ),
    "such a resource contained": (
        extended(valueReference={"reference": "#m"}) | {"contained": [PRODUCT]},
        "Patient.contained[0]",
        NO_MODEL,
    ),
}


@pytest.mark.parametrize(("resource", "expression", "text"), NOT_HELD.values(), ids=NOT_HELD.keys())
def test_what_a_model_has_no_place_for_is_refused(resource: dict[str, Any], expression: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        as_model(resource)
    found = {(one.severity, one.code, one.expression, one.text) for one in refused.value.issues}
    assert found == {("error", "not-supported", expression, text)}
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None  # what pydantic says quotes values


def test_an_element_that_r4b_alone_requires_is_named(official_examples: Path) -> None:
    with pytest.raises(Refused) as refused:
        as_model(loads((official_examples / "Evidence-example.json").read_bytes()))
    assert ("Evidence", "fhir.resources.R4B wants variableDefinition here, which R4 does not: use its exact JSON.") in [
        (one.expression, one.text) for one in refused.value.issues
    ]


def test_what_is_not_r4_becomes_no_model() -> None:
    with pytest.raises(Refused) as refused:
        as_model(patient(active="true"))
    assert [(one.expression, one.code) for one in refused.value.issues] == [("Patient.active", "structure")]


def test_more_than_anyone_reads_is_not_all_told() -> None:
    otherwise = patient(photo=[{"creation": "2026-11-25T10:00:00.0Z"} for _ in range(MOST_ISSUES + 5)])
    issues = as_model(otherwise).issues
    assert (len(issues), issues[-1].severity, issues[-1].code) == (MOST_ISSUES + 1, "warning", "too-costly")
    refused = patient(name=[{"text": "\u00a0"} for _ in range(MOST_ISSUES + 5)])
    with pytest.raises(Refused) as caught:
        as_model(refused)
    issues = caught.value.issues
    assert (len(issues), issues[-1].severity, issues[-1].code) == (MOST_ISSUES + 1, "error", "too-costly")


# ---------------------------------------------------------------- what is no model of R4


class ClinicPatient(Patient):  # type: ignore[misc]
    """A class that somebody made of one of R4B's."""


NO_R4: dict[str, tuple[Any, str, str]] = {
    "an element of R4B alone": (
        lambda: Patient(extension=[Extension(url="urn:e", valueRatioRange={"denominator": {"value": 1}})]),
        "Patient.extension('urn:e').valueRatioRange",
        "R4 has no valueRatioRange here",
    ),
    "a type of R4B alone": (
        lambda: Patient(extension=[Extension(url="urn:e", valueCodeableReference={"concept": {"text": "a"}})]),
        "Patient.extension('urn:e').valueCodeableReference",
        "R4 has no valueCodeableReference here",
    ),
    "a resource of R4B alone": (
        lambda: get_fhir_model_class("Citation")(status="draft"),
        "Resource.resourceType",
        "R4 has no resource of this type",
    ),
    "an empty list": (lambda: Patient(name=[]), "Patient.name", "A list is never empty"),
    "an empty object": (lambda: Patient(name=[{}]), "Patient.name[0]", "An object holds something"),
    "an id of 65 characters": (lambda: Patient(id="a" * 65), "Patient.id", "Write an id"),
    "a comment": (lambda: Patient(fhir_comments="a"), "Patient.fhir_comments", "R4 has no fhir_comments"),
    "a model of R5": (
        lambda: OrganizationOfR5(name="a"),
        "Resource",
        "This is a model of R5: make it of the classes of fhir.resources.R4B.",
    ),
    "a model of STU3": (lambda: PatientOfSTU3(active=True), "Resource", "This is a model of STU3"),
    "a model of R5 in one of R4B": (
        lambda: Patient(active=True, contained=[OrganizationOfR5(id="o", name="a")]),
        "Patient.contained[0]",
        "This is a model of R5",
    ),
    "the model of a data type": (lambda: Extension(url="urn:e", valueCode="c"), "Resource", "This is the model of a"),
    "the class of a model": (lambda: Patient, "Resource", "This is neither exact JSON nor a model"),
    "another object": (object, "Resource", "This is neither exact JSON nor a model"),
    "another object in a model": (
        lambda: Patient.model_construct(name=[object()]),
        "Patient.name[0]",
        "This is neither exact JSON nor a model",
    ),
    "a number that is none": (
        lambda: Observation.model_construct(valueQuantity={"value": Decimal("NaN")}),
        "Observation.value.value",
        "This number cannot be written as JSON",
    ),
    "a number that would fill the memory": (
        lambda: Observation.model_construct(valueQuantity={"value": Decimal("1E+999999")}),
        "Observation.value.value",
        "This number cannot be written as JSON",
    ),
}


@pytest.mark.parametrize(("made", "expression", "text"), NO_R4.values(), ids=NO_R4.keys())
def test_a_model_that_is_not_r4_is_refused(made: Any, expression: str, text: str) -> None:
    model = made()
    for take in (of_model, from_fhir):
        with pytest.raises(Refused) as refused:
            take(model)
        assert any(one.expression == expression and one.text.startswith(text) for one in refused.value.issues)


def test_a_model_in_itself_is_refused() -> None:
    model = Patient.model_construct(active=True)
    model.__dict__["contained"] = [model]
    with pytest.raises(Refused, match="deeper than 64"):
        of_model(model)


def test_members_that_a_class_does_not_know_are_not_lost() -> None:
    model = Patient.model_construct(active=True)
    model.__pydantic_extra__ = {"sex": "female"}
    with pytest.raises(Refused, match="R4 has no sex here"):
        of_model(model)


def test_what_was_constructed_unchecked_is_taken_where_it_is_r4() -> None:
    model = Patient.model_construct(active=True, name=({"family": "A"},), multipleBirthInteger=2)
    assert of_model(model) == patient(active=True, name=[{"family": "A"}], multipleBirthInteger=2)


def test_a_class_made_of_one_of_r4b_is_taken() -> None:
    assert of_model(ClinicPatient(active=True)) == patient(active=True)


# ---------------------------------------------------------------- the laws, with models


@every_type
def test_an_official_example_is_the_same_record_as_a_model(official_examples: Path, type_: str) -> None:
    for name, resource in examples(official_examples, type_):
        held = as_model(resource)
        again = of_model(held.model)
        assert same(again, resource) == (not held.issues), name
        reading = from_fhir(held.model)
        assert same(reading.conversions[0].record, from_fhir(again).conversions[0].record), name
        assert reading.report == from_fhir(again).report, name
        written = to_fhir(reading.conversions[0].record, onto=held.model)
        assert same(written.resource, again), name
        assert written.model == held.model, name


def test_how_many_official_examples_a_model_holds_as_they_are(official_examples: Path) -> None:
    found = Counter(
        "otherwise" if as_model(resource).issues else "as it is"
        for type_ in COUNTS
        for _, resource in examples(official_examples, type_)
    )
    assert found == {"as it is": 192, "otherwise": 7}


@every_root
@given(st.data())
def test_what_generated_records_become_is_held_or_told(root: Root, data: st.DataObject) -> None:
    resource = foreign(data, root)
    before = dumps(resource)
    held = as_model(resource)
    event("held otherwise" if held.issues else "held as it is")
    assert dumps(resource) == before
    again = of_model(held.model)
    assert same(again, resource) == (not held.issues)
    told = {one.expression for one in held.issues}
    assert told == {expression(resource, trail) for trail in differences(resource, again)}


def test_a_bundle_is_read_and_put_back_as_a_model() -> None:
    model = as_model(REFERRAL).model
    (conversion,) = from_fhir(model).conversions
    assert same(conversion.record, from_fhir(REFERRAL).conversions[0].record)
    assert same(to_fhir(conversion.record, onto=model).resource, REFERRAL)


def test_what_is_written_is_a_model_on_request() -> None:
    writing = to_fhir({"record": "patient", "name": {"family": "A"}, "birth_date": "1980"})
    assert isinstance(writing.model, Patient)
    assert writing.model is writing.model
    assert writing.model.birthDate == "1980"
    assert writing.model_issues == ()


def test_what_a_writing_holds_otherwise_is_told_of_its_model() -> None:
    resource = patient(active=True, meta={"lastUpdated": "2026-11-25T10:00:00.000+00:00"})
    writing = to_fhir(from_fhir(resource).conversions[0].record, onto=resource)
    assert [one.expression for one in writing.model_issues] == ["Patient.meta.lastUpdated"]
    assert writing.resource is resource


# ---------------------------------------------------------------- a model is left as it is


def test_a_model_is_left_as_it_is() -> None:
    model = as_model(REFERRAL).model
    before = copy.deepcopy(model.__dict__)
    reading = from_fhir(model)
    to_fhir(reading.conversions[0].record, onto=model)
    of_model(model)["entry"][0]["fullUrl"] = "urn:other"
    assert model.__dict__ == before
    assert same(of_model(model), REFERRAL)


def test_a_model_is_read_the_same_after_it_was_dumped() -> None:
    model = as_model(HELD["a decimal with its noughts"]).model
    model.model_dump_json(exclude_comments=True)
    assert same(of_model(model), HELD["a decimal with its noughts"])


def test_many_may_read_one_model_at_once() -> None:
    model = as_model(REFERRAL).model
    expected = dumps(of_model(model))
    with ThreadPoolExecutor(8) as threads:
        assert {dumps(found) for found in threads.map(lambda _: of_model(model), range(64))} == {expected}


NOTHING_LOADED = """
import sys
from pathlib import Path
import mappings
from mappings.r4.exact_json import loads

reading = mappings.from_fhir(loads(Path(sys.argv[1]).read_bytes()))
mappings.to_fhir(reading.conversions[0].record)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"fhir", "fhir_core", "pydantic"}))
"""


def test_json_needs_no_fhir_resources() -> None:
    command = [sys.executable, "-c", NOTHING_LOADED, str(FIXTURES / "referral.bundle.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=FIXTURES.parent)
    assert done.stdout == "[]\n"
