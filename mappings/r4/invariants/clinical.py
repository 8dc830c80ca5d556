"""Invariants of what is found, planned, ordered and done."""

from __future__ import annotations

from mappings.r4.invariants.reading import Node, each, has, has_choice, how_many, invariant, is_coded, not_after
from mappings.r4.ucum import UCUM
from mappings.values import Json, canonical_text

_HL7 = "http://terminology.hl7.org/CodeSystem"
_ALLERGY_VERIFICATION = f"{_HL7}/allergyintolerance-verification"


@invariant("ait-1", "Add clinicalStatus (active, inactive or resolved).")
def ait_1(allergy: Node) -> bool:
    in_error = is_coded(allergy, "verificationStatus", _ALLERGY_VERIFICATION, "entered-in-error")
    return in_error or has(allergy, "clinicalStatus")


@invariant("ait-2", "Leave clinicalStatus out: the allergy was entered in error.")
def ait_2(allergy: Node) -> bool:
    in_error = is_coded(allergy, "verificationStatus", _ALLERGY_VERIFICATION, "entered-in-error")
    return not in_error or not has(allergy, "clinicalStatus")


@invariant("con-1", "Give the stage a summary or an assessment.")
def con_1(stage: Node) -> bool:
    return has(stage, "summary", "assessment")


@invariant("con-2", "Give the evidence a code or detail.")
def con_2(evidence: Node) -> bool:
    return has(evidence, "code", "detail")


@invariant("con-4", "Set clinicalStatus to inactive, remission or resolved, or leave the abatement out.")
def con_4(condition: Node) -> bool:
    ended = is_coded(condition, "clinicalStatus", f"{_HL7}/condition-clinical", "resolved", "remission", "inactive")
    return ended or not has_choice(condition, "abatement")


@invariant("con-5", "Leave clinicalStatus out: the condition was entered in error.")
def con_5(condition: Node) -> bool:
    in_error = is_coded(condition, "verificationStatus", f"{_HL7}/condition-ver-status", "entered-in-error")
    return not in_error or not has(condition, "clinicalStatus")


@invariant("cpl-3", "Leave out reference or detail of the activity.")
def cpl_3(activity: Node) -> bool:
    return not has(activity, "detail") or not has(activity, "reference")


@invariant("gol-1", "Say with measure what the target's detail is of.")
def gol_1(target: Node) -> bool:
    return not has_choice(target, "detail") or has(target, "measure")


@invariant("mad-1", "Give the dosage a dose or a rate.")
def mad_1(dosage: Node) -> bool:
    return has(dosage, "dose") or has_choice(dosage, "rate")


@invariant("mdd-1", "Let the medication be handed over when it is prepared or later.")
def mdd_1(dispense: Node) -> bool:
    prepared, handed_over = dispense.get("whenPrepared"), dispense.get("whenHandedOver")
    return prepared is None or handed_over is None or not_after(prepared, handed_over)


@invariant("obs-3", "Give the reference range a low, a high or a text.")
def obs_3(reference_range: Node) -> bool:
    return has(reference_range, "low", "high", "text")


@invariant("obs-6", "Leave out the value, or the reason why there is none.")
def obs_6(observation: Node) -> bool:
    return not has(observation, "dataAbsentReason") or not has_choice(observation, "value")


@invariant("obs-7", "Leave out the value of the observation: the component with its code has one.")
def obs_7(observation: Node) -> bool:
    if not has_choice(observation, "value"):
        return True
    own = {canonical_text(coding) for coding in each(observation, "code", "coding")}
    return own.isdisjoint(canonical_text(coding) for coding in each(observation, "component", "code", "coding"))


@invariant("prr-1", "Say with code what is ordered in such detail.")
def prr_1(request: Node) -> bool:
    return not has(request, "orderDetail") or has(request, "code")


@invariant("ppc-1", "Name the policy or the policyRule that the consent is to.")
def ppc_1(consent: Node) -> bool:
    return has(consent, "policy", "policyRule")


def _of_nobody(consent: Node, scope: str) -> bool:
    return not has(consent, "patient") and is_coded(consent, "scope", "something", scope)


@invariant("ppc-2", "Name the patient whose privacy it is.")
def ppc_2(consent: Node) -> bool:
    return not _of_nobody(consent, "patient-privacy")


@invariant("ppc-3", "Name the patient who takes part.")
def ppc_3(consent: Node) -> bool:
    return not _of_nobody(consent, "research")


@invariant("ppc-4", "Name the patient whose directive it is.")
def ppc_4(consent: Node) -> bool:
    return not _of_nobody(consent, "adr")


@invariant("ppc-5", "Name the patient who is treated.")
def ppc_5(consent: Node) -> bool:
    return not _of_nobody(consent, "treatment")


@invariant("fhs-1", "Leave out age or born.")
def fhs_1(history: Node) -> bool:
    return not has_choice(history, "age") or not has_choice(history, "born")


@invariant("fhs-2", "Give the age that estimatedAge is about.")
def fhs_2(history: Node) -> bool:
    return has_choice(history, "age") or not has(history, "estimatedAge")


@invariant("imm-1", "Give the document's type or where it is to be found.")
def imm_1(education: Node) -> bool:
    return has(education, "documentType", "reference")


@invariant("imr-1", "Give the vaccine or the disease that it is against.")
def imr_1(recommendation: Node) -> bool:
    return has(recommendation, "vaccineCode", "targetDisease")


def _is_percent(quantity: Node) -> bool:
    return quantity.get("code") == "%" and quantity.get("system") == UCUM


@invariant("ras-1", "Write low and high with the UCUM code %.")
def ras_1(probability: Json) -> bool:
    return not isinstance(probability, dict) or all(
        _is_percent(probability[name]) for name in ("low", "high") if name in probability
    )


@invariant("ras-2", "Write a probability of at most 100 percent.")
def ras_2(prediction: Node) -> bool:
    return bool(prediction.get("probabilityDecimal", 0) <= 100)


@invariant("rqg-1", "Give the action a resource or actions of its own, one of the two.")
def rqg_1(action: Node) -> bool:
    return has(action, "resource") != has(action, "action")


@invariant("msq-3", "Set coordinateSystem to 0 or 1.")
def msq_3(sequence: Node) -> bool:
    return sequence.get("coordinateSystem") in (0, 1)


@invariant("msq-5", "Give chromosome and genomeBuild, or neither.")
def msq_5(reference: Node) -> bool:
    return has(reference, "chromosome") == has(reference, "genomeBuild")


@invariant("msq-6", "Name the reference in one way only.")
def msq_6(reference: Node) -> bool:
    names = ("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")
    return sum(how_many(reference, name) for name in names) == 1


@invariant("mea-1", "Give each stratifier code, description and criteria, or components.")
def mea_1(measure: Node) -> bool:
    return all(
        has(stratifier, "code", "description", "criteria") != has(stratifier, "component")
        for stratifier in each(measure, "group", "stratifier")
    )


@invariant("mrp-1", "Leave the groups out: data is only collected.")
def mrp_1(report: Node) -> bool:
    return report.get("type") != "data-collection" or not has(report, "group")


@invariant("mrp-2", "Give each stratum a value or components.")
def mrp_2(report: Node) -> bool:
    strata = each(report, "group", "stratifier", "stratum")
    return all(has(stratum, "value") != has(stratum, "component") for stratum in strata)
