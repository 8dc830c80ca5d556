"""What an edit may touch, and what it makes untrue elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import Refused, to_fhir
from mappings.values import same
from tests.mappings.meaning.messages import (
    LOINC,
    Json,
    bundle,
    changed_entries,
    holding,
    make,
    put,
    record_of,
    records,
    url,
)


def sent(*resources: Json) -> Json:
    root = make("ServiceRequest", "s", supportingInfo=[{"reference": url(one)} for one in resources])
    return bundle(root, *resources)


@pytest.mark.parametrize("type_", ["MedicationStatement", "MedicationRequest"])
def test_a_medication_that_is_stopped_under_a_new_entry_does_not_leave_the_active_one_behind_in_silence(
    type_: str,
) -> None:
    """Told anew, without the id, it is another one: the old entry stays, and is named."""
    document = sent(make(type_, "m"))
    record = record_of(document)
    (taken,) = record.pop("current_medication")
    del taken["id"]
    kind = {"MedicationStatement": "past_medication", "MedicationRequest": "past_prescription"}[type_]
    record["past_treatments"] = [taken | {"kind": kind, "status": "stopped"}]
    writing = to_fhir(record, onto=document)
    assert [entry["resource"]["status"] for entry in writing.resource["entry"][1:]] == ["active", "stopped"]
    assert [issue.expression for issue in writing.report.issues] == ["Bundle.entry[1].resource"]


def past(record: Json, name: str, into: str, kind: str, **more: Any) -> None:
    (item,) = record.pop(name)
    record[into] = [item | {"kind": kind} | more]


CONFIRMED = {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "code": "confirmed"}
REFUTED = CONFIRMED | {"code": "refuted"}
FLAG = {"coding": [{"system": "http://snomed.info/sct", "code": "192970008"}]}
VERIFIED = {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}
CORRECTIONS: dict[str, tuple[Json, Any]] = {
    "a medication is stopped": (
        make("MedicationStatement", "x"),
        lambda record: past(record, "current_medication", "past_treatments", "past_medication", status="stopped"),
    ),
    "a prescription is completed": (
        make("MedicationRequest", "x"),
        lambda record: past(record, "current_medication", "past_treatments", "past_prescription", status="completed"),
    ),
    "a medication is taken again": (
        make("MedicationStatement", "x", status="stopped"),
        lambda record: past(record, "past_treatments", "current_medication", "medication", status="active"),
    ),
    "an allergy is refuted": (
        make("AllergyIntolerance", "x", verificationStatus={"coding": [CONFIRMED]}),
        lambda record: past(record, "allergies", "supporting", "allergy", verification=REFUTED),
    ),
    "a red flag is refuted": (
        make("Condition", "x", code=FLAG),
        lambda record: past(record, "red_flags", "supporting", "condition", verification=VERIFIED),
    ),
    "a score is withdrawn": (
        make("Observation", "x"),
        lambda record: past(record, "pain_scores", "supporting", "observation", status="entered-in-error"),
    ),
    "a procedure turns out not to have been done": (
        make("Procedure", "x"),
        lambda record: past(record, "past_treatments", "supporting", "procedure", status="not-done"),
    ),
    "a letter turns out to be another patient's": (
        make("DocumentReference", "x"),
        lambda record: past(record, "attachments", "supporting", "document", status="entered-in-error"),
    ),
    "a prepared procedure was done": (
        make("Procedure", "x", status="preparation"),
        lambda record: past(record, "supporting", "past_treatments", "procedure", status="completed"),
    ),
    "a preliminary score is final": (
        make("Observation", "x", status="preliminary"),
        lambda record: past(record, "supporting", "pain_scores", "pain_score", status="final"),
    ),
}


@pytest.mark.parametrize("what", CORRECTIONS)
@pytest.mark.parametrize("contained", [True, False])
def test_a_correction_that_moves_something_to_another_list_changes_it_where_it_is(what: str, contained: bool) -> None:
    resource, edit = CORRECTIONS[what]
    document = holding(make("ServiceRequest", "s"), supportingInfo=[resource]) if contained else sent(resource)
    after = put(document, edit)
    if contained:
        assert [one["id"] for one in after["contained"]] == ["x"]
    else:
        assert changed_entries(document, after) == [1]


@pytest.mark.parametrize("status", ["stopped", "entered-in-error", "not-taken"])
def test_a_status_that_belongs_to_another_list_is_refused_in_this_one(status: str) -> None:
    document = sent(make("MedicationStatement", "m"))
    record = record_of(document)
    record["current_medication"][0]["status"] = status
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


@pytest.mark.parametrize("type_", ["Practitioner", "Organization"])
def test_something_new_is_not_written_over_the_one_whose_id_is_none(type_: str) -> None:
    """Exports written in Python do send the id "None"."""
    document = sent(make(type_, "None"))
    kind = type_.lower()
    record = record_of(document)
    record["performers"] = [{"kind": kind, "active": True, "identifiers": [{"value": "7"}]}]
    after = to_fhir(record, onto=document).resource
    assert same(after["entry"][1], document["entry"][1])


def test_another_patient_without_numbers_is_another_entry() -> None:
    document = bundle(make("ServiceRequest", "s"), make("Patient", "ann", name=[{"family": "Ann"}]))
    record = record_of(document, "referral")
    record["patient"] = {"kind": "patient", "name": {"family": "Bob"}}
    after = to_fhir(record, onto=document).resource
    assert same(after["entry"][1], document["entry"][1])
    assert after["entry"][2]["resource"]["name"] == [{"family": "Bob"}]


def test_a_patient_with_another_number_under_the_old_id_is_refused() -> None:
    patient = make("Patient", "ann", identifier=[{"system": "urn:mrn", "value": "1"}])
    document = bundle(make("ServiceRequest", "s"), patient)
    record = record_of(document, "referral")
    record["patient"]["identifiers"] = [{"system": "urn:mrn", "value": "2"}]
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


UNTRUE: dict[str, tuple[Json, Any]] = {
    "the code of a schedule": (
        {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}, "code": {"text": "BID"}}},
        lambda dosage: dosage["timing"].update(times=3),
    ),
    "the dosage in words": (
        {"text": "10 mg at night", "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]},
        lambda dosage: dosage["doses"][0]["dose"].update(value=20),
    ),
    "what the patient is told": (
        {"patientInstruction": "one at night", "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]},
        lambda dosage: dosage["doses"][0]["dose"].update(value=2),
    ),
    "the code of a unit": (
        {"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg", "code": "mg"}}]},
        lambda dosage: dosage["doses"][0]["dose"].update(unit="microgram"),
    ),
}


@pytest.mark.parametrize("what", UNTRUE)
def test_what_a_changed_dosage_made_untrue_is_named(what: str) -> None:
    dosage, edit = UNTRUE[what]
    document = make("MedicationRequest", "m", dosageInstruction=[dosage])
    record = record_of(document)
    edit(record["dosages"][0])
    try:
        writing = to_fhir(record, onto=document)
    except Refused:
        return
    assert writing.report.issues


def test_a_changed_score_names_the_interpretation_that_was_of_the_old_one() -> None:
    document = make("Observation", "o", interpretation=[{"text": "severe"}])
    record = record_of(document)
    record["number"] = 1
    assert to_fhir(record, onto=document).report.issues


def test_a_changed_part_takes_its_own_generated_narrative_with_it_and_no_other() -> None:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">7</div>'}
    document = sent(make("Observation", "a", text=text), make("Observation", "b", text=text))
    after = put(document, lambda record: record["pain_scores"][0].update(number=3), "referral")
    assert changed_entries(document, after) == [1]
    assert "text" not in after["entry"][1]["resource"]


def test_two_scores_are_told_apart_when_one_is_taken_out() -> None:
    scores = [make("Observation", f"o{n}", valueInteger=n) for n in range(3)]
    document = sent(*scores)
    after = put(document, lambda record: record["pain_scores"].pop(1), "referral")
    assert changed_entries(document, after) == [0]
    assert after["entry"][0]["resource"]["supportingInfo"] == [{"reference": url(scores[n])} for n in (0, 2)]


def test_scores_in_another_order_change_the_root_alone() -> None:
    document = sent(*(make("Observation", f"o{n}", valueInteger=n) for n in range(3)))
    after = put(document, lambda record: record["pain_scores"].reverse(), "referral")
    assert changed_entries(document, after) == [0]


def test_a_record_that_other_records_share_is_changed_for_all_of_them() -> None:
    score = make("Observation", "o", code={"coding": [{"system": LOINC, "code": "72514-3"}]})
    link = [{"reference": url(score)}]
    document = bundle(make("ServiceRequest", "a", supportingInfo=link, identifier=[{"value": "1"}]), score)
    document["entry"] += bundle(make("ServiceRequest", "b", supportingInfo=link, identifier=[{"value": "2"}]))["entry"]
    first, second = records(document)
    first["pain_scores"][0]["number"] = 1
    after = to_fhir(first, onto=document).resource
    assert [one["pain_scores"][0]["number"] for one in records(after)] == [1, 1]
    assert second["pain_scores"][0]["number"] == 7
