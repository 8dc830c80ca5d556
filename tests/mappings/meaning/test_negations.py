"""What is not so, was not done or is not to be done stays so wherever it is told, and is in no list of what is so."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import from_fhir
from tests.mappings.meaning.messages import ANN, LOINC, SNOMED, Json, assert_lawful, bundle, holding, make, record_of

CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CAUDA_EQUINA = {"coding": [{"system": SNOMED, "code": "192970008"}]}


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def lists_of(record: Json, word: str = "kind") -> dict[str, list[Any]]:
    return {
        name: [item.get(word) for item in value]
        for name, value in record.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) and "kind" in item for item in value)
    }


def sent(*resources: Json) -> Json:
    return holding(make("ServiceRequest", "s"), supportingInfo=list(resources))


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
@pytest.mark.parametrize(
    "verification",
    [
        lambda status: coded(CONDITION_STATUS, status),
        lambda status: coded("http://hl7.org/fhir/condition-ver-status", status),
        lambda status: {"coding": [{"code": status}]},
        lambda status: {"text": status},
    ],
    ids=["R4", "the system of STU3", "without a system", "in words"],
)
def test_a_red_flag_that_was_refuted_is_none(status: str, verification: Any) -> None:
    flag = make("Condition", "c", code=CAUDA_EQUINA, verificationStatus=verification(status))
    record = record_of(sent(flag))
    assert status in str(record)
    assert "red_flags" not in record
    assert_lawful(sent(flag))


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
@pytest.mark.parametrize(
    "verification",
    [
        lambda status: coded(ALLERGY_STATUS, status),
        lambda status: coded("http://hl7.org/fhir/allergy-verification-status", status),
        lambda status: {"coding": [{"code": status}]},
        lambda status: {"text": status},
    ],
    ids=["R4", "the system of STU3", "without a system", "in words"],
)
def test_an_allergy_that_was_refuted_is_none(status: str, verification: Any) -> None:
    allergy = make("AllergyIntolerance", "a", verificationStatus=verification(status))
    record = record_of(sent(allergy))
    assert status in str(record)
    assert "allergies" not in record
    assert_lawful(sent(allergy))


def test_a_red_flag_is_seen_among_several_codes_of_one_system() -> None:
    """EHRs send a local, a precoordinated and a general SNOMED code side by side, in any order."""
    code = {"coding": [{"system": SNOMED, "code": "999999999"}, *CAUDA_EQUINA["coding"]]}
    record = record_of(sent(make("Condition", "c", code=code)))
    assert "red_flags" in record


def test_a_pain_score_is_seen_among_several_codes_of_one_system() -> None:
    code = {"coding": [{"system": LOINC, "code": "99999-9"}, {"system": LOINC, "code": "72514-3"}]}
    record = record_of(sent(make("Observation", "o", code=code)))
    assert "pain_scores" in record


def test_no_known_allergy_is_told_as_such() -> None:
    none = make("AllergyIntolerance", "a", code=coded(SNOMED, "716186003"))
    record = record_of(sent(none))
    assert [one["to_what"] for one in record["allergies"]] == [{"system": SNOMED, "code": "716186003"}]
    assert_lawful(sent(none))


@pytest.mark.parametrize("answer", [False, True])
def test_a_warning_sign_that_was_asked_for_and_not_found_stays_not_found(answer: bool) -> None:
    sign = make("Observation", "o", code={"text": "saddle anaesthesia"}, valueBoolean=answer)
    del sign["valueInteger"]
    record = record_of(sent(sign))
    assert record["supporting"][0]["yes"] is answer
    assert "red_flags" not in record
    assert_lawful(sent(sign))


MEDICATION_PLACES = {
    "active": "current_medication",
    "completed": "past_treatments",
    "stopped": "past_treatments",
    "not-taken": "supporting",
    "entered-in-error": "supporting",
    "unknown": "supporting",
}


@pytest.mark.parametrize("status", MEDICATION_PLACES)
def test_a_medication_is_told_where_its_status_says(status: str) -> None:
    document = sent(make("MedicationStatement", "m", status=status))
    assert lists_of(record_of(document), "status") == {MEDICATION_PLACES[status]: [status]}
    assert_lawful(document)


@pytest.mark.parametrize("status", ["intended", "on-hold"])
def test_what_is_not_taken_now_is_not_told_as_taken_now(status: str) -> None:
    record = record_of(sent(make("MedicationStatement", "m", status=status)))
    assert status in str(record)
    assert "current_medication" not in record


@pytest.mark.parametrize("status", ["draft", "on-hold"])
def test_what_is_only_drafted_or_held_is_not_told_as_taken_now(status: str) -> None:
    record = record_of(sent(make("MedicationRequest", "m", status=status)))
    assert "current_medication" not in record


PRESCRIPTION_STATUS = ["active", "on-hold", "draft", "completed", "stopped", "cancelled", "entered-in-error", "unknown"]


@pytest.mark.parametrize("status", PRESCRIPTION_STATUS)
def test_what_must_not_be_given_is_neither_taken_now_nor_was_tried(status: str) -> None:
    document = sent(make("MedicationRequest", "m", status=status, doNotPerform=True))
    record = record_of(document)
    assert "'must_not_be_given': True" in str(record)
    assert_lawful(document)
    assert not {"current_medication", "past_treatments"} & set(record)


@pytest.mark.parametrize("intent", ["proposal", "plan", "option"])
def test_what_was_only_proposed_is_not_taken_now(intent: str) -> None:
    record = record_of(sent(make("MedicationRequest", "m", intent=intent)))
    assert f"'intent': '{intent}'" in str(record)
    assert "current_medication" not in record


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "preparation", "on-hold", "unknown"])
def test_what_was_not_done_is_no_treatment_of_the_past(status: str) -> None:
    document = sent(make("Procedure", "p", status=status))
    assert lists_of(record_of(document), "status") == {"supporting": [status]}
    assert_lawful(document)


@pytest.mark.parametrize("status", ["active", "rejected", "inactive", "proposed", "draft", "entered-in-error"])
def test_a_consent_tells_whether_it_was_given(status: str) -> None:
    consent = make("Consent", "c", status=status, provision={"type": "deny"}, policyRule={"text": "opt out"})
    record = record_of(sent(consent))
    (told,) = record["supporting"] if status == "entered-in-error" else record["consents"]
    assert (told["status"], told["provision"]["type"]) == (status, "deny")
    assert_lawful(sent(consent))


@pytest.mark.parametrize(("status", "text"), [("entered-in-error", "final"), ("current", "entered-in-error")])
def test_a_document_that_was_entered_in_error_is_no_attachment(status: str, text: str) -> None:
    record = record_of(sent(make("DocumentReference", "d", status=status, docStatus=text)))
    assert "entered-in-error" in str(record)
    assert "attachments" not in record


@pytest.mark.parametrize("status", ["entered-in-error", "completed"])
def test_a_form_that_was_entered_in_error_is_no_form(status: str) -> None:
    record = record_of(sent(make("QuestionnaireResponse", "q", status=status)))
    assert lists_of(record, "status") == {"forms" if status == "completed" else "supporting": [status]}


@pytest.mark.parametrize("status", ["entered-in-error", "rejected", "draft", "inactive"])
def test_an_agreement_that_does_not_hold_is_no_check_on_a_prescription(status: str) -> None:
    consent = make("Consent", "c", status=status)
    document = holding(make("MedicationRequest", "m"), supportingInformation=[consent])
    record = record_of(document)
    assert "monitoring" not in record


def test_a_consent_to_research_is_no_agreement_on_opioids() -> None:
    research = make("Consent", "c", scope=coded("http://terminology.hl7.org/CodeSystem/consentscope", "research"))
    record = record_of(holding(make("MedicationRequest", "m"), supportingInformation=[research]))
    assert "monitoring" not in record


@pytest.mark.parametrize("more", [{"status": "cancelled"}, {"status": "entered-in-error"}, {"doNotPerform": True}])
def test_naloxone_that_was_not_prescribed_is_not_told_as_prescribed(more: Json) -> None:
    naloxone = make("MedicationRequest", "n", medicationCodeableConcept={"text": "naloxone"}, **more)
    record = record_of(holding(make("MedicationRequest", "m"), supportingInformation=[naloxone]))
    assert "naloxone" in str(record)
    assert "co_prescribed" not in record


@pytest.mark.parametrize("status", ["not-done", "entered-in-error"])
def test_an_agent_that_was_not_given_is_not_told_as_given(status: str) -> None:
    document = bundle(
        make("Procedure", "p"),
        make("MedicationAdministration", "m", status=status, partOf=[{"reference": "https://a.example/Procedure/p"}]),
    )
    record = record_of(document)
    assert status in str(record)
    assert_lawful(document)
    assert "agents" not in record


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_score_that_does_not_count_says_so_among_the_scores_of_a_form(status: str) -> None:
    document = bundle(
        make("QuestionnaireResponse", "q"),
        make(
            "Observation", "o", status=status, derivedFrom=[{"reference": "https://a.example/QuestionnaireResponse/q"}]
        ),
    )
    record = record_of(document)
    assert [one["status"] for one in record["scores"]] == [status]
    assert_lawful(document)


ACTIVITY = [
    ("ServiceRequest", "order", "must_not_be_done", {"doNotPerform": True}),
    ("MedicationRequest", "prescription", "must_not_be_given", {"doNotPerform": True}),
    ("CommunicationRequest", "communication", "must_not_be_done", {"doNotPerform": True}),
]


@pytest.mark.parametrize(("type_", "kind", "word", "more"), ACTIVITY)
def test_what_a_plan_forbids_stays_forbidden(type_: str, kind: str, word: str, more: Json) -> None:
    document = make(
        "CarePlan", "c", contained=[make(type_, "x", **more)], activity=[{"reference": {"reference": "#x"}}]
    )
    (activity,) = record_of(document)["activities"]
    assert (activity["order"]["kind"], activity["order"][word]) == (kind, True)
    assert_lawful(document)


@pytest.mark.parametrize("negation", [True, False])
def test_what_a_plan_forbids_in_itself_stays_forbidden(negation: bool) -> None:
    document = make("CarePlan", "c", activity=[{"detail": {"status": "scheduled", "doNotPerform": negation}}])
    assert record_of(document)["activities"][0]["detail"]["must_not_be_done"] is negation
    assert_lawful(document)


def test_a_negation_that_was_withheld_is_not_read_as_none() -> None:
    """`_doNotPerform` alone: the sender will not say whether it is to be done or not."""
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    document = make("MedicationRequest", "m", _doNotPerform={"extension": [absent]})
    reading = from_fhir(document)
    assert reading.conversions[0].record.get("actionable") is False


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        ("Procedure", {"status": "not-done"}),
        ("Communication", {"status": "not-done"}),
        ("Observation", {"status": "entered-in-error"}),
    ],
)
def test_an_outcome_that_did_not_happen_says_so(type_: str, more: Json) -> None:
    document = make(
        "CarePlan", "c", contained=[make(type_, "x", **more)], activity=[{"outcomeReference": [{"reference": "#x"}]}]
    )
    (told,) = record_of(document)["activities"][0]["outcome_records"]
    assert told["status"] == more["status"]
    assert told["kind"] != "pain_score"
    assert_lawful(document)


@pytest.mark.parametrize("place", ["problem", "finding", "investigation", "supportingInfo"])
def test_a_refuted_finding_of_an_assessment_stays_refuted(place: str) -> None:
    condition = make("Condition", "c", verificationStatus=coded(CONDITION_STATUS, "refuted"))
    score = make("Observation", "c", status="entered-in-error")
    link = {"reference": "#c"}
    element: Any = {
        "problem": [link],
        "finding": [{"itemReference": link}],
        "investigation": [{"code": {"text": "x"}, "item": [link]}],
        "supportingInfo": [link],
    }[place]
    inside = score if place == "investigation" else condition
    document = make("ClinicalImpression", "i", contained=[inside], **{place: element})
    record = record_of(document)
    assert ("entered-in-error" if place == "investigation" else "refuted") in str(record)
    assert "pain_score" not in str(record)
    assert_lawful(document)


@pytest.mark.parametrize("place", ["addresses", "reasonReference"])
def test_a_refuted_reason_stays_refuted(place: str) -> None:
    condition = make("Condition", "c", verificationStatus=coded(CONDITION_STATUS, "refuted"))
    root = make("CarePlan" if place == "addresses" else "ServiceRequest", "r")
    record = record_of(holding(root, **{place: [condition]}))
    assert {"problems", "diagnoses"}.isdisjoint(record)
    (told,) = record["ruled_out"]
    assert told["verification"]["code"] == "refuted"


def test_an_answer_of_no_stays_no() -> None:
    document = make("QuestionnaireResponse", "q", item=[{"linkId": "1", "answer": [{"valueBoolean": False}]}])
    assert record_of(document)["items"][0]["answers"] == [{"yes": False}]
    assert_lawful(document)


def test_a_zero_stays_a_zero() -> None:
    document = holding(make("ServiceRequest", "s"), supportingInfo=[make("Observation", "o", valueInteger=0)])
    assert record_of(document)["pain_scores"][0]["number"] == 0
    assert_lawful(document)


@pytest.mark.parametrize("name", ["refills", "as_needed", "allowed"])
def test_no_refill_no_need_and_no_substitution_stay_no(name: str) -> None:
    document = make(
        "MedicationRequest",
        "m",
        dispenseRequest={"numberOfRepeatsAllowed": 0},
        substitution={"allowedBoolean": False},
        dosageInstruction=[{"asNeededBoolean": False}],
    )
    record = record_of(document)
    told = {
        "refills": record["dispense"]["refills"],
        "as_needed": record["dosages"][0]["as_needed"],
        "allowed": record["substitution"]["allowed"],
    }[name]
    assert told == 0
    assert_lawful(document)


def test_a_cancelled_cover_says_so() -> None:
    document = holding(make("ServiceRequest", "s"), insurance=[make("Coverage", "k", status="cancelled")])
    assert record_of(document)["insurance"][0]["status"] == "cancelled"
    assert_lawful(document)


@pytest.mark.parametrize("status", ["declined", "tentative", "needs-action"])
def test_a_patient_who_declined_an_appointment_is_told_so(status: str) -> None:
    document = make("Appointment", "a", participant=[{"actor": ANN, "status": status}])
    assert record_of(document)["participants"][0]["status"] == status
    assert_lawful(document)
