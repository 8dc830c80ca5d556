"""The safety gates, and what somebody may try to get past them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mappings import Refused, from_fhir, to_fhir
from mappings.roots import ROOTS
from mappings.values import Number, same
from tests.mappings.meaning.messages import (
    ANN,
    MODIFIER,
    SNOMED,
    Json,
    assert_lawful,
    bundle,
    holding,
    make,
    record_of,
    walk,
)

ROOT_TYPES = [type_ for roots in ROOTS.values() for type_ in roots.values()]
STATUS = {type_: "status" for type_ in ROOT_TYPES if type_ != "Patient"}

# ------------------------------------------------------------ what was not understood and may change the meaning


@pytest.mark.parametrize("type_", ROOT_TYPES)
@pytest.mark.parametrize("what", [{"modifierExtension": [MODIFIER]}, {"implicitRules": "urn:x:rules"}])
def test_any_root_that_says_it_means_something_else_is_not_acted_on(type_: str, what: Json) -> None:
    document = make(type_, "r", **what)
    record = record_of(document)
    assert record["actionable"] is False
    assert len(record["not_actionable_because"]) == 1
    assert_lawful(document)


@pytest.mark.parametrize("type_", ROOT_TYPES)
@pytest.mark.parametrize("what", [{"modifierExtension": [MODIFIER]}, {"implicitRules": "urn:x:rules"}])
def test_nobody_can_talk_a_record_out_of_it_by_leaving_out_what_was_not_understood(type_: str, what: Json) -> None:
    """Put back without the extension, the sender's resource would say something else than the sender said."""
    document = make(type_, "r", **what)
    record = record_of(document)
    for name in ("actionable", "not_actionable_because", "modifier_extensions", "implicit_rules"):
        record.pop(name, None)
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


@pytest.mark.parametrize("said", [True, None, "no"])
def test_a_record_cannot_call_itself_actionable(said: Any) -> None:
    document = make("MedicationRequest", "r", modifierExtension=[MODIFIER])
    with pytest.raises(Refused):
        to_fhir({**record_of(document), "actionable": said}, onto=document)
    with pytest.raises(Refused):
        to_fhir({**record_of(document), "actionable": said})


TIMING = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
DOSE = {"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}

WITHIN: dict[str, Json] = {
    "dosage": make("MedicationRequest", "r", dosageInstruction=[{**DOSE, "modifierExtension": [MODIFIER]}]),
    "timing": make(
        "MedicationRequest", "r", dosageInstruction=[{"timing": {**TIMING, "modifierExtension": [MODIFIER]}}]
    ),
    "dispense": make("MedicationRequest", "r", dispenseRequest={"modifierExtension": [MODIFIER]}),
    "first fill": make(
        "MedicationRequest",
        "r",
        dispenseRequest={"initialFill": {"quantity": {"value": 3}, "modifierExtension": [MODIFIER]}},
    ),
    "substitution": make(
        "MedicationRequest", "r", substitution={"allowedBoolean": False, "modifierExtension": [MODIFIER]}
    ),
    "when a referral is wanted": make(
        "ServiceRequest", "r", occurrenceTiming={**TIMING, "modifierExtension": [MODIFIER]}
    ),
    "activity": make("CarePlan", "r", activity=[{"detail": {"status": "unknown", "modifierExtension": [MODIFIER]}}]),
    "answer": make(
        "QuestionnaireResponse",
        "r",
        item=[{"linkId": "1", "answer": [{"valueBoolean": True, "modifierExtension": [MODIFIER]}]}],
    ),
    "component": make("Observation", "r", component=[{"code": {"text": "a"}, "modifierExtension": [MODIFIER]}]),
    "context of a document": make(
        "DocumentReference", "r", context={"period": {"start": "2026"}, "modifierExtension": [MODIFIER]}
    ),
    "stay in hospital": make(
        "Encounter", "r", hospitalization={"dischargeDisposition": {"text": "home"}, "modifierExtension": [MODIFIER]}
    ),
    "participant": make(
        "Appointment", "r", participant=[{"actor": ANN, "status": "accepted", "modifierExtension": [MODIFIER]}]
    ),
    "focal device": make(
        "Procedure", "r", focalDevice=[{"manipulated": {"display": "lead"}, "modifierExtension": [MODIFIER]}]
    ),
    "batch of the product": holding(
        make("MedicationRequest", "r"),
        supportingInformation=[make("Observation", "o", component=[{"code": {"text": "a"}}])],
    )
    | {
        "contained": [make("Medication", "m", batch={"lotNumber": "7", "modifierExtension": [MODIFIER]})],
        "medicationReference": {"reference": "#m"},
        "supportingInformation": [],
    },
    "taking of a specimen": holding(
        make("ServiceRequest", "r"),
        specimen=[
            make("Specimen", "s", collection={"collectedDateTime": "2026", "modifierExtension": [MODIFIER]}),
        ],
    ),
    "contact of an organisation": holding(
        make("ServiceRequest", "r"),
        performer=[make("Organization", "o", contact=[{"name": {"text": "x"}, "modifierExtension": [MODIFIER]}])],
    ),
    "hours of a role": holding(
        make("ServiceRequest", "r"),
        performer=[make("PractitionerRole", "o", availableTime=[{"allDay": True, "modifierExtension": [MODIFIER]}])],
    ),
    "timing within an extension": make(
        "MedicationRequest",
        "r",
        extension=[{"url": "urn:x:taper", "valueDosage": {**DOSE, "modifierExtension": [MODIFIER]}}],
    ),
}
WITHIN["batch of the product"].pop("supportingInformation")
WITHIN["batch of the product"].pop("medicationCodeableConcept")


@pytest.mark.parametrize("where", WITHIN)
def test_a_modifier_extension_deep_within_is_seen(where: str) -> None:
    record = record_of(WITHIN[where])
    assert record.get("actionable") is False
    assert_lawful(WITHIN[where])


LINKED: dict[str, Json] = {
    "a score that points to the form": bundle(
        make("QuestionnaireResponse", "q"),
        make("Observation", "o", derivedFrom=[{"reference": "QuestionnaireResponse/q"}], modifierExtension=[MODIFIER]),
    ),
    "an agent that points to the procedure": bundle(
        make(
            "MedicationAdministration",
            "m",
            partOf=[{"reference": "Procedure/p"}],
            dosage={"dose": {"value": 1}, "modifierExtension": [MODIFIER]},
        ),
        make("Procedure", "p"),
    ),
    "a pain score that points to the procedure": bundle(
        make("Procedure", "p"),
        make("Observation", "o", partOf=[{"reference": "Procedure/p"}], implicitRules="urn:x:rules"),
    ),
    "a prescription in a referral": bundle(
        make("ServiceRequest", "s", supportingInfo=[{"reference": "MedicationRequest/m"}]),
        make("MedicationRequest", "m", dosageInstruction=[{"timing": {**TIMING, "modifierExtension": [MODIFIER]}}]),
    ),
    "a prescription in a plan": bundle(
        make("CarePlan", "c", activity=[{"reference": {"reference": "MedicationRequest/m"}}]),
        make("MedicationRequest", "m", implicitRules="urn:x:rules"),
    ),
    "the product of a prescription in a plan": bundle(
        make("CarePlan", "c", activity=[{"reference": {"reference": "MedicationRequest/m"}}]),
        {
            key: value
            for key, value in make(
                "MedicationRequest",
                "m",
                contained=[make("Medication", "d", modifierExtension=[MODIFIER])],
                medicationReference={"reference": "#d"},
            ).items()
            if key != "medicationCodeableConcept"
        },
    ),
    "a finding of a report in a referral": bundle(
        make("ServiceRequest", "s", supportingInfo=[{"reference": "DiagnosticReport/d"}]),
        make("DiagnosticReport", "d", result=[{"reference": "Observation/o"}]),
        make("Observation", "o", modifierExtension=[MODIFIER]),
    ),
    "the patient": bundle(make("ServiceRequest", "s"), make("Patient", "ann", modifierExtension=[MODIFIER])),
    "the contained visit": make(
        "ServiceRequest",
        "s",
        contained=[make("Encounter", "e", modifierExtension=[MODIFIER])],
        encounter={"reference": "#e"},
    ),
    "the contained plan that it is based on": make(
        "ServiceRequest",
        "s",
        contained=[make("CarePlan", "c", implicitRules="urn:x:rules")],
        basedOn=[{"reference": "#c"}],
    ),
    "the contained reason that is a report": make(
        "ServiceRequest",
        "s",
        contained=[make("DiagnosticReport", "d", modifierExtension=[MODIFIER])],
        reasonReference=[{"reference": "#d"}],
    ),
    "the contained immunization among what supports it": make(
        "ServiceRequest",
        "s",
        contained=[
            {
                "resourceType": "Immunization",
                "id": "i",
                "status": "not-done",
                "vaccineCode": {"text": "x"},
                "patient": ANN,
                "occurrenceDateTime": "2026",
                "modifierExtension": [MODIFIER],
            }
        ],
        supportingInfo=[{"reference": "#i"}],
    ),
}


@pytest.mark.parametrize("where", LINKED)
def test_what_is_not_understood_in_something_linked_stops_the_whole_record(where: str) -> None:
    wanted = from_fhir(LINKED[where]).conversions
    roots = [one for one in wanted if one.kind not in ("patient", "assessment")] or wanted
    assert [one.record.get("actionable") for one in roots] == [False]


def test_the_same_observation_stops_every_record_that_reaches_it() -> None:
    document = bundle(
        make("ServiceRequest", "s", supportingInfo=[{"reference": "Observation/o"}]),
        make("CarePlan", "c", supportingInfo=[{"reference": "Observation/o"}]),
        make("Observation", "o", modifierExtension=[MODIFIER]),
    )
    assert [one.record.get("actionable") for one in from_fhir(document).conversions] == [False, False]


@pytest.mark.parametrize(
    "envelope",
    [{"implicitRules": "urn:x:rules"}, {"entry": [{"modifierExtension": [MODIFIER]}]}],
    ids=["implicit rules of the Bundle", "modifier extension of its entry"],
)
def test_an_envelope_that_says_it_means_something_else_stops_its_records(envelope: Json) -> None:
    document = bundle(make("ServiceRequest", "s"))
    for name, value in envelope.items():
        document[name] = [document["entry"][0] | value[0]] if name == "entry" else value
    record = record_of(document)
    assert record.get("actionable") is False


def test_a_linked_modifier_extension_cannot_be_edited_away_in_its_place() -> None:
    document = holding(
        make("ServiceRequest", "s"), supportingInfo=[make("Observation", "o", modifierExtension=[MODIFIER])]
    )
    record = record_of(document)
    for name in ("actionable", "not_actionable_because"):
        del record[name]
    del record["pain_scores"][0]["modifier_extensions"]
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


# ------------------------------------------------------------ never made up


@pytest.mark.parametrize("type_", STATUS)
def test_a_status_that_was_not_said_is_refused_and_never_filled_in(type_: str) -> None:
    record = record_of(make(type_, "r"))
    del record["status"]
    with pytest.raises(Refused, match="status"):
        to_fhir(record)
    with pytest.raises(Refused, match="status"):
        to_fhir(record, onto=make(type_, "r"))


@pytest.mark.parametrize("type_", STATUS)
def test_a_status_that_was_withheld_is_not_made_up(type_: str) -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    document = make(type_, "r", _status={"extension": [absent]})
    del document["status"]
    try:
        record = record_of(document)
    except Refused:
        return
    assert "status" not in record
    assert same(to_fhir(record, onto=document).resource, document)


@pytest.mark.parametrize("type_", STATUS)
@pytest.mark.parametrize("status", ["COMPLETED", "finalised"])
def test_an_unknown_status_is_kept_as_it_came_and_said_to_be_unknown(type_: str, status: str) -> None:
    """Neither read as a status like it, nor passed on as if it were one."""
    document = make(type_, "r", status=status)
    try:
        reading = from_fhir(document)
    except Refused:
        return
    (one,) = reading.conversions
    assert one.record.get("status") in (None, status)
    assert same(to_fhir(one.record, onto=document).resource, document)
    told = one.record.get("actionable") is False or any("status" in issue.expression for issue in reading.report.issues)
    assert told


DOSED = make(
    "MedicationRequest",
    "r",
    dosageInstruction=[
        {
            "text": "1-2 tabs (5 mg) by mouth q4-6h prn, max 8/day",
            "patientInstruction": "take two in the evening, left arm",
        }
    ],
)


def test_a_dose_in_words_stays_in_words() -> None:
    (dosage,) = record_of(DOSED)["dosages"]
    assert set(dosage) == {"text", "instructions_for_patient"}
    assert not [one for one in walk(dosage) if isinstance(one, int | Number)]
    assert_lawful(DOSED)


@pytest.mark.parametrize("gap", ["unit", "route", "frequency", "value", "side"])
def test_what_a_dosage_leaves_open_stays_open(gap: str) -> None:
    dosage: Json = {
        "route": {"text": "oral"},
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
        "site": {"text": "left arm"},
    }
    quantity = dosage["doseAndRate"][0]["doseQuantity"]
    {
        "unit": lambda: quantity.pop("unit"),
        "value": lambda: quantity.pop("value"),
        "route": lambda: dosage.pop("route"),
        "frequency": lambda: dosage["timing"]["repeat"].pop("frequency"),
        "side": lambda: dosage.pop("site"),
    }[gap]()
    document = make("MedicationRequest", "r", dosageInstruction=[dosage])
    fresh = to_fhir(record_of(document)).resource
    assert same(fresh["dosageInstruction"], [dosage])


@pytest.mark.parametrize("comparator", ["<", ">="])
def test_a_dose_below_or_above_a_number_is_not_told_as_that_number(comparator: str) -> None:
    """R4 has no comparator in a dose; a sender who writes one does not mean the number."""
    quantity = {"value": 5, "comparator": comparator, "unit": "mg"}
    document = make("MedicationRequest", "r", dosageInstruction=[{"doseAndRate": [{"doseQuantity": quantity}]}])
    try:
        record = record_of(document)
    except Refused:
        return
    told = record["dosages"][0]["doses"][0]["dose"]
    assert told.get("comparator") == comparator or record.get("actionable") is False


def side(word: str) -> Json:
    url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
    return {"url": url, "valueCodeableConcept": {"text": word}}


SITED = {
    "Procedure": ("bodySite", True, "sites"),
    "Condition": ("bodySite", True, "diagnoses"),
    "ServiceRequest": ("bodySite", True, "service_sites"),
    "Observation": ("bodySite", False, "site"),
}


def sited(type_: str, site: Json) -> Json:
    element, many, _ = SITED[type_]
    if type_ == "Condition":
        return holding(make("ServiceRequest", "r"), reasonReference=[make("Condition", "c", bodySite=[site])])
    return make(type_, "r", **{element: [site] if many else site})


def told_site(type_: str, record: Json) -> Json:
    place: Any = record[SITED[type_][2]]
    place = place[0] if isinstance(place, list) else place
    told: Json = place["sites"][0] if type_ == "Condition" else place
    return told


@pytest.mark.parametrize("type_", SITED)
@pytest.mark.parametrize(
    "site",
    [
        {"text": "left knee"},
        {"coding": [{"system": SNOMED, "code": "82169009", "display": "Structure of left knee"}]},
    ],
)
def test_a_side_is_told_only_where_it_was_said_as_one(type_: str, site: Json) -> None:
    document = sited(type_, site)
    record = record_of(document)
    assert "side" not in told_site(type_, record)
    assert_lawful(document)


@pytest.mark.parametrize("type_", SITED)
def test_a_side_survives_and_changes_only_when_told(type_: str) -> None:
    document = sited(type_, {"text": "knee", "extension": [side("left")]})
    record = record_of(document)
    assert told_site(type_, record)["side"] == {"text": "left"}
    del told_site(type_, record)["side"]
    after = to_fhir(record, onto=document).resource
    assert "left" not in str(after)
    assert_lawful(document)


@pytest.mark.parametrize("type_", SITED)
def test_two_sides_that_contradict_each_other_are_not_told_as_one(type_: str) -> None:
    document = sited(type_, {"text": "knee", "extension": [side("left"), side("right")]})
    reading = from_fhir(document)
    record = reading.conversions[0].record
    quiet = not reading.report.issues and record.get("actionable") is not False
    assert "side" not in told_site(type_, record) or not quiet


@pytest.mark.parametrize("type_", SITED)
def test_a_side_is_lost_with_the_site_that_it_belonged_to(type_: str) -> None:
    """Another site is another site: the old one's side would be a lie."""
    document = sited(type_, {"coding": [{"system": "urn:a", "code": "knee"}], "extension": [side("left")]})
    record = record_of(document)
    place = told_site(type_, record)
    for name in list(place):
        del place[name]
    place |= {"system": "urn:a", "code": "hip"}
    try:
        after = to_fhir(record, onto=document).resource
    except Refused:
        return
    assert "left" not in str(after)


# ------------------------------------------------------------ codes


@pytest.mark.parametrize(
    "coding",
    [
        {"system": "urn:oid:1.2.3", "code": "LBP2", "display": "Low back pain"},
        {"code": "M54.5"},
        {"system": SNOMED, "code": "267064002", "version": "http://snomed.info/sct/999"},
        {"system": "http://snomed.info/2", "code": "279039007"},
        {"display": "stat"},
    ],
)
def test_a_code_is_carried_as_it_came(coding: Json) -> None:
    document = make("ServiceRequest", "r", reasonCode=[{"coding": [coding]}], code={"coding": [coding]})
    record = record_of(document)
    assert record["reasons"] == [coding]
    assert record["service"] == coding
    assert_lawful(document)


@pytest.mark.parametrize("priority", ["STAT!", "Urgently", "emergent", "routine-ish"])
@pytest.mark.parametrize("type_", ["ServiceRequest", "MedicationRequest"])
def test_an_urgency_like_one_of_ours_is_not_taken_for_it(type_: str, priority: str) -> None:
    document = make(type_, "r", priority=priority)
    try:
        reading = from_fhir(document)
    except Refused:
        return
    assert "urgency" not in reading.conversions[0].record
    assert [issue.code for issue in reading.report.issues] == ["code-invalid"]
    assert same(to_fhir(reading.conversions[0].record, onto=document).resource, document)


def test_a_word_for_a_code_that_was_not_understood_does_not_come_back_by_another_edit() -> None:
    document = make("ServiceRequest", "r", priority="emergent")
    record = copy.deepcopy(record_of(document))
    record["instructions_for_patient"] = "bring your list"
    assert to_fhir(record, onto=document).resource["priority"] == "emergent"


@pytest.mark.parametrize(("type_", "kind"), [("ServiceRequest", "order"), ("CommunicationRequest", "communication")])
def test_an_unknown_status_of_what_a_plan_orders_stops_the_plan(type_: str, kind: str) -> None:
    document = make(
        "CarePlan", "c", contained=[make(type_, "x", status="Active")], activity=[{"reference": {"reference": "#x"}}]
    )
    record = record_of(document)
    assert record["activities"][0]["order"]["kind"] == kind
    assert "status" not in record["activities"][0]["order"]
    assert record["actionable"] is False
    assert same(to_fhir(record, onto=document).resource, document)
    del record["actionable"], record["not_actionable_because"]
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


@pytest.mark.parametrize("type_", ["ServiceRequest", "CarePlan"])
def test_a_root_of_unknown_status_cannot_be_called_actionable(type_: str) -> None:
    document = make(type_, "r", status="Active")
    record = record_of(document)
    del record["actionable"], record["not_actionable_because"]
    with pytest.raises(Refused):
        to_fhir(record, onto=document)


@pytest.mark.parametrize("type_", SITED)
def test_a_site_with_two_sides_can_be_rendered_afresh(type_: str) -> None:
    assert_lawful(sited(type_, {"text": "knee", "extension": [side("left"), side("right")]}))


def test_a_side_in_a_form_that_we_do_not_read_is_not_silently_none() -> None:
    url = side("left")["url"]
    document = sited("Procedure", {"text": "knee", "extension": [{"url": url, "valueCode": "left"}]})
    reading = from_fhir(document)
    told = "left" in str(reading.conversions[0].record)
    assert told or reading.report.unmapped
