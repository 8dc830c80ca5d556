"""Nothing that is made here is other than valid R4; what a sender got wrong is no fault of who edits it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mappings import Refused, check_record, from_fhir, to_bundle, to_fhir
from mappings.conversion import rendered_again
from mappings.values import same
from tests.mappings.meaning.messages import ANN, holding, make

Json = dict[str, Any]
Places = list[tuple[str, str]]

REFERRAL: Json = {"record": "referral", "status": "active", "patient": {"ref": "Patient/1"}}
PATIENT: Json = {"record": "patient", "sex": "female"}
ORDER: Json = {
    "record": "medication_request",
    "status": "active",
    "drug": {"text": "naproxen"},
    "patient": {"ref": "Patient/1"},
}
PLAN: Json = {"record": "care_plan", "status": "active", "patient": {"ref": "Patient/1"}}

# a record, where it is wrong in its own words, and where its FHIR would be
WRONG: dict[str, tuple[Json, str, str]] = {
    "a code": ({**PATIENT, "sex": "f"}, "sex", "Patient.gender"),
    "a code in a list": (
        {**PATIENT, "contacts": [{"name": {"family": "Gray"}, "sex": "f"}]},
        "contacts[0].sex",
        "Patient.contact[0].gender",
    ),
    "a target": ({**REFERRAL, "patient": {"ref": "Observation/1"}}, "patient.ref", "ServiceRequest.subject.reference"),
    "a target by its URL": (
        {**REFERRAL, "patient": {"ref": "https://ehr.example/fhir/Observation/1"}},
        "patient.ref",
        "ServiceRequest.subject.reference",
    ),
    "a target by its type": (
        {**REFERRAL, "patient": {"ref_type": "Observation", "ref_identifier": {"value": "1"}}},
        "patient.ref_type",
        "ServiceRequest.subject.type",
    ),
    "a pointer that is none": (
        {**REFERRAL, "patient": {"ref": "12"}},
        "patient.ref",
        "ServiceRequest.subject.reference",
    ),
}


def refused(record: Json, onto: Json | None = None) -> list[Any]:
    with pytest.raises(Refused) as because:
        to_fhir(record, onto=onto)
    return list(because.value.issues)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_record_is_told_of_the_record(name: str) -> None:
    record, place, _ = WRONG[name]
    (issue,) = check_record(record)
    assert (issue.severity, issue.expression) == ("error", place)
    assert issue.code in ("code-invalid", "value")


@pytest.mark.parametrize("name", WRONG)
def test_what_would_not_be_valid_is_not_rendered(name: str) -> None:
    record, place, expression = WRONG[name]
    (issue,) = refused(record)
    assert issue.expression == expression
    assert issue.text.endswith(f"In the record: {place}.")
    with pytest.raises(Refused):
        to_bundle(record)


def test_a_wrong_status_is_told_before_what_follows_from_it() -> None:
    (issue,) = refused({**ORDER, "status": "actve"})
    assert (issue.code, issue.expression) == ("code-invalid", "status")
    assert "active" in issue.text


def test_few_codes_are_named() -> None:
    (issue,) = check_record({**PATIENT, "sex": "f"})
    assert issue.text == "Take one of the codes female, male, other, unknown."


@pytest.mark.parametrize("record", [PATIENT, REFERRAL, ORDER, PLAN], ids=lambda record: record["record"])
def test_a_sound_record_is_rendered(record: Json) -> None:
    assert check_record(record) == []
    assert to_fhir(record).resource["resourceType"]


def test_an_invariant_is_told_with_its_place_in_the_record() -> None:
    goal = {"kind": "goal", "stage": "active", "description": {"text": "Walk"}, "targets": [{"text": "20 min"}]}
    (issue,) = refused({**PLAN, "goals": [goal]})
    assert (issue.code, issue.expression) == ("invariant", "CarePlan.contained[0].target[0]")
    assert issue.text.endswith("(gol-1). In the record: goals[0].targets[0].text.")


# ------------------------------------------------------------ onto what others sent

SENT = make("Patient", "ann", gender="f", telecom=[{"system": "phone", "value": "1", "use": "cell"}])


def test_what_a_sender_got_wrong_stays_through_another_edit() -> None:
    record = from_fhir(SENT).conversions[0].record
    after = to_fhir({**record, "birth_date": "1970-03-01"}, onto=SENT).resource
    assert same(after, {**SENT, "birthDate": "1970-03-01"})


def test_a_fault_that_moves_in_its_list_is_still_the_senders() -> None:
    document = make("ServiceRequest", "r", supportingInfo=[{"reference": "nobody"}, {"reference": "Observation/2"}])
    record = copy.deepcopy(from_fhir(document).conversions[0].record)
    record["supporting"].insert(0, {"ref": "Observation/1"})
    after = to_fhir(record, onto=document).resource
    assert [one["reference"] for one in after["supportingInfo"]] == ["Observation/1", "nobody", "Observation/2"]


def test_another_wrong_word_in_its_place_is_ours() -> None:
    record = from_fhir(SENT).conversions[0].record
    (issue,) = refused({**record, "sex": "m"}, onto=SENT)
    assert issue.expression == "Patient.gender"


def test_a_second_fault_like_the_first_is_ours() -> None:
    document = make("ServiceRequest", "r", supportingInfo=[{"reference": "nobody"}])
    record = copy.deepcopy(from_fhir(document).conversions[0].record)
    record["supporting"].append({"ref": "nobody"})
    assert [issue.expression for issue in refused(record, onto=document)] == [
        "ServiceRequest.supportingInfo[1].reference"
    ]


def test_a_code_that_r4_does_not_have_goes_back_where_it_came_from_and_nowhere_else() -> None:
    document = make("ServiceRequest", "r", status="actve")
    record = from_fhir(document).conversions[0].record
    assert record["actionable"] is False
    assert same(to_fhir(record, onto=document).resource, document)
    refused(record)


def test_what_is_compared_is_rendered_with_the_faults_of_its_sender() -> None:
    wrong = make("Observation", "o", performer=[{"reference": "Encounter/1"}])
    document = holding(make("ServiceRequest", "s"), supportingInfo=[wrong])
    record = from_fhir(document).conversions[0].record
    assert [issue.expression for issue in refused(record)] == ["ServiceRequest.contained[0].performer[0].reference"]
    assert rendered_again(record, document)["contained"][0]["performer"] == wrong["performer"]
    other = holding(make("ServiceRequest", "s"), supportingInfo=[make("Observation", "o", performer=[ANN])])
    with pytest.raises(Refused):
        rendered_again(record, other)
