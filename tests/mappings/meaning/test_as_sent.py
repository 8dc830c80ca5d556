"""Messages in the shapes in which partners send them: what a clinician must read, and what an edit may touch."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest

from mappings import Refused, from_fhir, to_fhir
from mappings.values import same
from tests.mappings.meaning.messages import (
    ANN,
    LOINC,
    NRS,
    Json,
    assert_lawful,
    bundle,
    changed_entries,
    holding,
    make,
    put,
    record_of,
    records,
    url,
)


def to(resource: Json, base: str | None = "https://a.example") -> Json:
    return {"reference": url(resource, base) if base else f"{resource['resourceType']}/{resource['id']}"}


# ------------------------------------------------------------ referrals


@pytest.mark.parametrize("type_", ["DiagnosticReport", "DocumentReference"])
def test_a_reason_that_is_a_report_or_a_letter_is_told(type_: str) -> None:
    """R4 lets a referral give a report as its reason; "unstable fracture" must be read, not only pointed to."""
    words = {"DiagnosticReport": "conclusion", "DocumentReference": "description"}[type_]
    document = holding(make("ServiceRequest", "s"), reasonReference=[make(type_, "d", **{words: "unstable fracture"})])
    assert "unstable fracture" in str(record_of(document))
    assert_lawful(document)


def test_a_reason_that_is_a_report_is_told_for_a_procedure_too() -> None:
    report = make("DiagnosticReport", "d", conclusion="unstable fracture")
    assert "unstable fracture" in str(record_of(holding(make("Procedure", "p"), reasonReference=[report])))


ALL_SORTS = [
    make("Observation", "score"),
    make("Observation", "pressure", code={"text": "blood pressure"}),
    make("Condition", "problem"),
    make("MedicationStatement", "takes"),
    make("MedicationStatement", "took", status="stopped", statusReason=[{"text": "no effect"}]),
    make("MedicationRequest", "prescribed"),
    make("Procedure", "block"),
    make("Procedure", "planned", status="preparation"),
    make("AllergyIntolerance", "penicillin"),
    make("DocumentReference", "letter"),
    make("Consent", "consent"),
    make("QuestionnaireResponse", "form"),
    make("DiagnosticReport", "mri", conclusion="stenosis"),
    {"resourceType": "FamilyMemberHistory", "id": "family", "status": "completed", "patient": ANN}
    | {"relationship": {"text": "mother"}},
]
WHERE = {
    "pain_scores": ["score"],
    "current_medication": ["takes", "prescribed"],
    "past_treatments": ["took", "block"],
    "allergies": ["penicillin"],
    "attachments": ["letter"],
    "consents": ["consent"],
    "forms": ["form"],
    "supporting": ["pressure", "problem", "planned", "mri", None],
}


def referral_with_all_sorts(style: str) -> Json:
    root = make("ServiceRequest", "s")
    if style == "contained":
        return holding(root, supportingInfo=ALL_SORTS)
    root["supportingInfo"] = [to(one, None if style == "relative" else "https://a.example") for one in ALL_SORTS]
    return bundle(*ALL_SORTS, root, type_="transaction" if style == "absolute" else "collection")


@pytest.mark.parametrize("style", ["contained", "relative", "absolute"])
def test_a_referral_tells_apart_all_that_supports_it(style: str) -> None:
    document = referral_with_all_sorts(style)
    record = record_of(document, "referral")
    assert {name: [one.get("id") for one in record[name]] for name in WHERE} == WHERE


def test_all_that_supports_a_referral_is_lawful() -> None:
    assert_lawful(holding(make("ServiceRequest", "s"), supportingInfo=ALL_SORTS[:-1]))


def test_what_no_record_tells_is_named() -> None:
    report = from_fhir(referral_with_all_sorts("contained")).report
    assert [place for place in report.unmapped if "relationship" in place]


@pytest.mark.parametrize("style", ["relative", "absolute"])
def test_a_medication_that_the_clinic_stops_changes_nothing_but_that_medication(style: str) -> None:
    document = referral_with_all_sorts(style)

    def stop(record: Json) -> None:
        taken = record["current_medication"].pop(0)
        record["past_treatments"].insert(0, taken | {"kind": "past_medication", "status": "stopped"})

    after = put(document, stop, "referral")
    assert [document["entry"][n]["resource"]["id"] for n in changed_entries(document, after)] == ["takes"]
    assert after["entry"][3]["resource"]["status"] == "stopped"


@pytest.mark.parametrize("style", ["relative", "absolute"])
def test_one_edit_of_the_root_changes_one_entry(style: str) -> None:
    document = referral_with_all_sorts(style)
    after = put(document, lambda record: record.update(urgency="urgent"), "referral")
    assert changed_entries(document, after) == [len(ALL_SORTS)]
    assert after["entry"][-1]["resource"] == document["entry"][-1]["resource"] | {"priority": "urgent"}


def test_a_score_given_as_reason_and_as_support_is_one_score() -> None:
    score = make("Observation", "o")
    document = make(
        "ServiceRequest",
        "s",
        contained=[score],
        reasonReference=[{"reference": "#o"}],
        supportingInfo=[{"reference": "#o"}],
    )
    record = record_of(document)
    assert str(record).count("'number': 7") == 1
    assert_lawful(document)


def test_a_score_that_is_only_a_reason_and_pointed_to_twice_is_lawful() -> None:
    document = make(
        "ServiceRequest",
        "s",
        contained=[make("Observation", "o")],
        supportingInfo=[{"reference": "#o"}, {"reference": "#o"}],
    )
    assert_lawful(document)


def test_what_a_narrative_adds_to_the_elements_is_not_dropped_in_silence() -> None:
    """R4: a narrative of status `additional` says what the elements do not."""
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Do not call at home.</div>'
    document = make("ServiceRequest", "s", text={"status": "additional", "div": div})
    reading = from_fhir(document)
    told = "Do not call" in str(reading.conversions[0].record)
    assert told or reading.report.issues or reading.report.unmapped


# ------------------------------------------------------------ Bundles


PANEL = make("Observation", "panel", hasMember=[{"reference": "Observation/member"}], code={"text": "panel"})
FAMILIES: dict[str, list[Json]] = {
    "a panel and its member": [PANEL, make("Observation", "member")],
    "a form and its score": [
        make("QuestionnaireResponse", "q"),
        make("Observation", "o", derivedFrom=[{"reference": "QuestionnaireResponse/q"}]),
    ],
    "a referral and its patient": [make("ServiceRequest", "s"), make("Patient", "ann")],
    "a procedure and the pain after it": [
        make("Procedure", "p"),
        make("Observation", "o", partOf=[{"reference": "Procedure/p"}]),
    ],
    "a prescription and its drug test": [
        make("MedicationRequest", "m", supportingInformation=[{"reference": "Observation/o"}]),
        make("Observation", "o", code={"coding": [{"system": LOINC, "code": "3357-1"}]}),
    ],
    "a visit and its appointment": [
        make("Encounter", "e", appointment=[{"reference": "Appointment/a"}]),
        make("Appointment", "a"),
    ],
    "a procedure and its report": [
        make("Procedure", "p", report=[{"reference": "DiagnosticReport/d"}]),
        make("DiagnosticReport", "d"),
    ],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_root_tells_is_no_record_of_its_own(family: str) -> None:
    document = bundle(*FAMILIES[family])
    assert len(records(document)) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_entries_changes_no_record(family: str) -> None:
    told = [sorted(map(str, records(bundle(*order)))) for order in itertools.permutations(FAMILIES[family])]
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_by_relative_references_is_lawful(family: str) -> None:
    """The form in which most servers send: relative references between entries with absolute fullUrls."""
    assert_lawful(bundle(*FAMILIES[family]))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_without_ids_is_lawful(family: str) -> None:
    """As BaRS and NWRI send: fullUrl urn:uuid, no resource ids."""
    resources = copy.deepcopy(FAMILIES[family])
    names = {
        f"{one['resourceType']}/{one.pop('id')}": f"urn:uuid:0000000{n}-0000-4000-8000-000000000000"
        for n, one in enumerate(resources)
    }

    def renamed(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                key: names.get(value, value) if key == "reference" else renamed(value) for key, value in node.items()
            }
        return [renamed(item) for item in node] if isinstance(node, list) else node

    entries = [{"fullUrl": full, "resource": renamed(one)} for full, one in zip(names.values(), resources, strict=True)]
    assert_lawful({"resourceType": "Bundle", "type": "message", "entry": entries})


@pytest.mark.parametrize(
    ("form", "full"),
    [
        ("https://a.example/Patient/ann", "https://a.example/Patient/ann"),
        *itertools.product(
            ["Patient/ann", "Patient/ann/_history/4"],
            ["https://a.example/Patient/ann", "Patient/ann", "urn:uuid:x", None],
        ),
    ],
)
def test_a_patient_is_found_by_any_lawful_form(form: str, full: str | None) -> None:
    patient = make("Patient", "ann", gender="female")
    document = bundle(make("ServiceRequest", "s", subject={"reference": form}), patient)
    document["entry"][1] = {"resource": patient} | ({"fullUrl": full} if full else {})
    assert record_of(document, "referral")["patient"]["sex"] == "female"
    assert_lawful(document)


def test_a_relative_reference_means_the_server_of_its_own_entry() -> None:
    """http://hl7.org/fhir/R4/bundle.html#references: two servers, each with its own Patient/1: nobody's scores move."""
    ours, theirs = make("Patient", "1", gender="female"), make("Patient", "1", gender="male")
    first = make(
        "ServiceRequest", "s", subject=to(ours, None), supportingInfo=[{"reference": "https://b.example/Observation/o"}]
    )
    score = make("Observation", "o", subject=to(theirs, None))
    document = bundle(first, ours)
    document["entry"] += bundle(score, theirs, base="https://b.example")["entry"]
    (told,) = record_of(document, "referral")["pain_scores"]
    assert "patient" in told


def test_two_servers_with_one_id_each_tell_their_own_patient() -> None:
    ours, theirs = make("Patient", "1", gender="female"), make("Patient", "1", gender="male")
    document = bundle(ours, make("ServiceRequest", "a", subject=to(ours, None)))
    document["entry"] += bundle(
        theirs, make("ServiceRequest", "b", subject=to(theirs, None)), base="https://b.example"
    )["entry"]
    told = {one["id"]: one["patient"].get("sex") for one in records(document) if one["record"] == "referral"}
    assert told == {"a": "female", "b": "male"}


def test_contained_patients_of_one_id_are_two_patients() -> None:
    score = make("Observation", "o", contained=[make("Patient", "p", gender="male")], subject={"reference": "#p"})
    first = make(
        "ServiceRequest",
        "s",
        contained=[make("Patient", "p", gender="female")],
        subject={"reference": "#p"},
        supportingInfo=[to(score)],
    )
    record = record_of(bundle(first, score), "referral")
    assert record["patient"]["sex"] == "female"
    assert "patient" in record["pain_scores"][0]


def test_the_score_of_another_patient_in_the_same_bundle_says_whose_it_is() -> None:
    other = make("Patient", "bob")
    score = make("Observation", "o", subject=to(other))
    document = bundle(make("Patient", "ann"), other, score, make("ServiceRequest", "s", supportingInfo=[to(score)]))
    (told,) = record_of(document, "referral")["pain_scores"]
    assert told["patient"] == {"ref": "https://a.example/Patient/bob"}
    assert [one["id"] for one in records(document) if one["record"] == "patient"] == ["bob"]


@pytest.mark.parametrize(
    "type_", ["ServiceRequest", "Observation", "Patient", "Appointment", "MedicationRequest", "Procedure", "CarePlan"]
)
def test_each_of_two_roots_without_numbers_goes_back_where_it_came_from(type_: str) -> None:
    """BaRS sends no identifier of a ServiceRequest, ever; scores hardly ever have one.  The id tells which it is."""
    document = bundle(make(type_, "one"), make(type_, "two"))
    for record in records(document):
        assert same(to_fhir(record, onto=document).resource, document)


@pytest.mark.parametrize("edit", ["corrected", "taken away"])
@pytest.mark.parametrize("type_", ["Patient", "Appointment", "Observation", "ServiceRequest"])
def test_a_corrected_number_does_not_put_a_record_onto_another_one(type_: str, edit: str) -> None:
    """Found by chance: with its number corrected, Ann's record overwrote Bob, who had none."""
    document = bundle(make(type_, "ann", identifier=[{"system": "urn:mrn", "value": "1"}]), make(type_, "bob"))
    (record,) = [one for one in records(document) if one.get("id") == "ann"]
    record["identifiers"] = [{"system": "urn:mrn", "value": "2"}]
    if edit == "taken away":
        del record["identifiers"]
    try:
        after = to_fhir(record, onto=document).resource
    except Refused:
        return
    assert same(after["entry"][1], document["entry"][1])


def test_the_same_observation_reached_from_two_roots_is_told_in_both_and_changed_once() -> None:
    score = make("Observation", "o")
    document = bundle(
        make("CarePlan", "c", supportingInfo=[to(score)]),
        make("ServiceRequest", "s", supportingInfo=[to(score)]),
        score,
    )
    plan, order = records(document)
    assert plan["supporting"][0]["number"] == order["pain_scores"][0]["number"] == 7
    after = put(document, lambda record: record["pain_scores"][0].update(number=4), "referral")
    assert changed_entries(document, after) == [2]
    assert record_of(after, "care_plan")["supporting"][0]["number"] == 4
    assert_lawful(document)


def test_a_circle_of_references_is_told_once_and_ends() -> None:
    document = bundle(
        make("Observation", "o", derivedFrom=[{"reference": "https://a.example/QuestionnaireResponse/q"}]),
        make("QuestionnaireResponse", "q", partOf=[{"reference": "https://a.example/Observation/o"}]),
    )
    (record,) = records(document)
    assert str(record).count("'number': 7") == 1
    assert_lawful(document)


def test_two_panels_that_name_each_other_are_lawful() -> None:
    document = bundle(
        make("Observation", "a", hasMember=[{"reference": "https://a.example/Observation/b"}]),
        make("Observation", "b", hasMember=[{"reference": "https://a.example/Observation/a"}]),
    )
    assert_lawful(document)


# ------------------------------------------------------------ prescriptions, procedures, forms, plans


def taper() -> Json:
    steps = [
        {
            "sequence": n,
            "text": f"{dose} mg twice a day for 7 days",
            "timing": {
                "repeat": {"boundsDuration": {"value": 7, "unit": "d"}, "frequency": 2, "period": 1, "periodUnit": "d"}
            },
            "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]},
            "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg"}}],
        }
        for n, dose in ((1, 30), (2, 20), (3, 10))
    ]
    made = make(
        "MedicationRequest",
        "m",
        contained=[make("Medication", "d"), make("MedicationRequest", "old", status="stopped")],
        medicationReference={"reference": "#d"},
        priorPrescription={"reference": "#old"},
        dosageInstruction=steps,
    )
    del made["medicationCodeableConcept"]
    return made


def test_a_taper_is_told_step_by_step_and_one_step_is_changed_alone() -> None:
    document = taper()
    record = record_of(document)
    assert [step["doses"][0]["dose"]["value"] for step in record["dosages"]] == [30, 20, 10]
    after = put(document, lambda record: record["dosages"][1]["doses"][0]["dose"].update(value=15))
    assert [step["doseAndRate"][0]["doseQuantity"]["value"] for step in after["dosageInstruction"]] == [30, 15, 10]
    assert same(after["dosageInstruction"][::2], document["dosageInstruction"][::2])
    assert same(after["contained"], document["contained"])


def test_a_step_taken_out_of_a_taper_leaves_the_others_as_they_were() -> None:
    document = taper()
    after = put(document, lambda record: record["dosages"].pop(1))
    assert same(after["dosageInstruction"], document["dosageInstruction"][::2])


def test_a_changed_dose_names_the_words_that_still_say_the_old_one() -> None:
    """dosage.text says the same in words: what a change made untrue and we cannot rewrite is named."""
    document = taper()
    record = record_of(document)
    record["dosages"][0]["doses"][0]["dose"]["value"] = 60
    assert to_fhir(record, onto=document).report.issues


def test_the_contained_prescription_that_it_replaces_can_be_rendered_afresh() -> None:
    assert_lawful(taper())


def procedure() -> Json:
    here = {"reference": "https://a.example/Procedure/p"}
    return bundle(
        make("Observation", "before", partOf=[here], effectiveDateTime="2026-11-20T09:00:00Z"),
        make("MedicationAdministration", "a", partOf=[here], dosage={"dose": {"value": 2, "unit": "mL"}}),
        make("Procedure", "p"),
        make("Observation", "after", partOf=[here], valueInteger=2, effectiveDateTime="2026-11-20T10:00:00Z"),
    )


def test_a_procedure_tells_the_pain_before_and_after_and_the_agents() -> None:
    (record,) = [one for one in records(procedure()) if one["record"] == "procedure"]
    assert [one["number"] for one in record["pain_scores"]] == [7, 2]
    assert [one["dosage"]["dose"]["value"] for one in record["agents"]] == [2]


def test_a_corrected_dose_of_an_agent_changes_that_agent_alone() -> None:
    document = procedure()
    after = put(document, lambda record: record["agents"][0]["dosage"]["dose"].update(value=3), "procedure")
    assert changed_entries(document, after) == [1]


def test_a_new_score_of_a_form_is_a_new_entry_that_points_there() -> None:
    form = make("QuestionnaireResponse", "q", item=[{"linkId": "1", "answer": [{"valueInteger": 3}]}])
    document = bundle(make("Observation", "o", derivedFrom=[to(form)]), form)
    new = {"kind": "observation", "status": "final", "what": {"text": "total"}, "number": 3}
    after = put(document, lambda record: record["scores"].append(new))
    assert changed_entries(document, after) == [2]
    assert after["entry"][2]["resource"]["derivedFrom"] == [to(form)]


ACTIVITIES = {
    "Appointment": make("Appointment", "x", description="first visit"),
    "CommunicationRequest": make("CommunicationRequest", "x", payload=[{"contentString": "pacing"}]),
    "MedicationRequest": make("MedicationRequest", "x"),
    "ServiceRequest": make("ServiceRequest", "x", code={"text": "physiotherapy"}),
    "Task": {"resourceType": "Task", "id": "x", "status": "rejected", "intent": "plan", "description": "call"},
    "DeviceRequest": {
        "resourceType": "DeviceRequest",
        "id": "x",
        "intent": "plan",
        "codeCodeableConcept": {"text": "TENS"},
        "subject": ANN,
    },
    "NutritionOrder": {
        "resourceType": "NutritionOrder",
        "id": "x",
        "status": "active",
        "intent": "plan",
        "patient": ANN,
        "dateTime": "2026",
    },
    "RequestGroup": {"resourceType": "RequestGroup", "id": "x", "status": "active", "intent": "plan"},
}


@pytest.mark.parametrize("type_", ACTIVITIES)
def test_an_activity_of_any_type_keeps_its_place_and_the_others_are_edited_beside_it(type_: str) -> None:
    detail = {"detail": {"status": "scheduled", "description": "walk"}}
    plan = make("CarePlan", "c", activity=[{"reference": to(ACTIVITIES[type_])}, detail])
    document = bundle(ACTIVITIES[type_], plan)
    reading = from_fhir(document)
    assert sum(reading.report.ledger.values()) == len(reading.report.lineage)
    after = put(document, lambda record: record["activities"][1]["detail"].update(status="completed"), "care_plan")
    assert changed_entries(document, after) == [1]
    assert same(after["entry"][1]["resource"]["activity"][0], plan["activity"][0])


@pytest.mark.parametrize(
    "type_", ["Appointment", "CommunicationRequest", "MedicationRequest", "ServiceRequest", "DeviceRequest"]
)
def test_what_is_to_be_done_is_told_whatever_its_type(type_: str) -> None:
    words = {
        "Appointment": "first visit",
        "CommunicationRequest": "pacing",
        "MedicationRequest": "morphine",
        "ServiceRequest": "physiotherapy",
        "DeviceRequest": "TENS",
    }
    plan = make("CarePlan", "c", activity=[{"reference": to(ACTIVITIES[type_])}])
    assert words[type_] in str(record_of(bundle(plan, ACTIVITIES[type_]), "care_plan"))


def test_a_transaction_keeps_its_requests_after_an_edit() -> None:
    score = make("Observation", "o")
    document = bundle(score, make("ServiceRequest", "s", supportingInfo=[to(score)]), type_="transaction")
    document["entry"][0]["request"] = {"method": "PUT", "url": "Observation?identifier=urn:x|1", "ifMatch": 'W/"3"'}
    document["entry"][1]["request"] = {"method": "POST", "url": "ServiceRequest", "ifNoneExist": "identifier=urn:x|2"}
    after = put(document, lambda record: record["pain_scores"][0].update(number=5))
    assert [entry["request"] for entry in after["entry"]] == [entry["request"] for entry in document["entry"]]


def test_a_pain_score_without_a_result_is_told_with_the_reason() -> None:
    score = make("Observation", "o", code=NRS, dataAbsentReason={"text": "asleep"})
    del score["valueInteger"]
    document = holding(make("ServiceRequest", "s"), supportingInfo=[score])
    assert record_of(document)["pain_scores"][0]["absent_because"] == {"text": "asleep"}
    assert_lawful(document)


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/ann", "display": "Ann"},
        {"reference": "Patient/ann", "type": "Patient"},
        {"reference": "https://a.example/Patient/ann"},
        {"reference": "Patient/ann/_history/2"},
    ],
    ids=["with a name", "with its type", "absolute", "versioned"],
)
@pytest.mark.parametrize("sent", [True, False], ids=["patient sent", "patient not sent"])
def test_the_same_patient_said_in_another_way_is_not_told_as_another(subject: Json, sent: bool) -> None:
    """`patient` of a part means: not the patient of the whole record.  Epic puts a display into every reference."""
    score = make("Observation", "o", subject=subject)
    patient = [make("Patient", "ann")] if sent else []
    document = bundle(make("ServiceRequest", "s", supportingInfo=[to(score)]), score, *patient)
    (told,) = record_of(document, "referral")["pain_scores"]
    assert "ref" not in told.get("patient", {})


def test_a_panel_sent_after_its_member_is_still_a_panel_with_its_member() -> None:
    panel = make("Observation", "panel", code={"text": "panel"}, hasMember=[to(make("Observation", "m"))])
    assert len(records(bundle(make("Observation", "m"), panel))) == 1
