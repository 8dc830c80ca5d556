"""The prescription: a MedicationRequest, with the drug, how it is taken, why, and how it is watched.

Opioids are watched closely: supportingInformation is divided, and what checks a prescription is told under `monitoring`.
The words are explained at the head of referral.py; the daily dose in morphine equivalents is worked out in opioids.py.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ANNOTATION,
    CONCEPT,
    DOSAGE,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    QUANTITY,
    SIMPLE_QUANTITY,
    coded,
    link,
    link_only,
    other_extensions,
    same_patient,
)
from mappings.lens.records import ResourceShape
from mappings.lens.words import again, each, field, one_of, only_if, part, resource
from mappings.patient import PATIENT
from mappings.procedure import PROCEDURE_DONE
from mappings.resources.condition import CONDITION, RULED_OUT
from mappings.resources.consent import AGREEMENT, CONSENT
from mappings.resources.coverage import COVERAGE
from mappings.resources.document import DOCUMENT
from mappings.resources.medication import DRUG
from mappings.resources.observation import COUNTS_AS_RESULT, LOINC, OBSERVATION, SNOMED
from mappings.resources.order_history import EVENT
from mappings.resources.people import ACTORS, ORGANIZATION
from mappings.terminology import code_table, codes_of

# SNOMED CT, from the CDC opioid guide (cqframework/opioid-cds-r4); LOINC: Total score ORT, from VSAC ...1032.55 and loinc.org
PDMP_REVIEW = "461621000124108"
ORT_TOTAL = "91392-1"

# What is known as a check; a check that was withdrawn or never finished is none, and stays with `supporting`.
PDMP_CHECK = PROCEDURE_DONE.plus(
    only_if(fhir="status", values=("completed",)),
    only_if(fhir=f"code.coding.where(system='{SNOMED}').code", values=(PDMP_REVIEW,)),
)
URINE_DRUG_TEST = OBSERVATION.plus(
    only_if(fhir="status", values=COUNTS_AS_RESULT),
    only_if(fhir=f"code.coding.where(system='{LOINC}').code", values=codes_of("urine_drug_tests")),
)
RISK_SCORE = OBSERVATION.plus(
    only_if(fhir="status", values=COUNTS_AS_RESULT),
    only_if(fhir=f"code.coding.where(system='{LOINC}').code", values=(ORT_TOTAL,)),
)

MONITORING = {"pdmp_check": PDMP_CHECK, "urine_drug_test": URINE_DRUG_TEST, "risk_score": RISK_SCORE, "agreement": AGREEMENT}

DISPENSE = part("MedicationRequest.dispenseRequest",
    field("first_fill", fhir="initialFill", about="The first fill, where it differs.", shape=part("MedicationRequest.dispenseRequest.initialFill",
        field("quantity", fhir="quantity", about="How much the first time.", shape=SIMPLE_QUANTITY),
        field("lasts", fhir="duration", about="How long that is to last.", shape=QUANTITY),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("interval", fhir="dispenseInterval", about="The least time between two fills.", shape=QUANTITY),
    field("valid", fhir="validityPeriod", about="From when until when it may be dispensed.", shape=PERIOD),
    field("refills", fhir="numberOfRepeatsAllowed", about="How many times more, after the first."),
    field("quantity", fhir="quantity", about="How much each time.", shape=SIMPLE_QUANTITY),
    field("supply_lasts", fhir="expectedSupplyDuration", about="How long that is to last.", shape=QUANTITY),
    field("dispenser", fhir="performer", about="Which pharmacy.", shape=link(organization=ORGANIZATION)),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

SUBSTITUTION = part("MedicationRequest.substitution",
    one_of(
        field("allowed", fhir="allowedBoolean", about="Whether another product may be given."),
        field("allowed_kind", fhir="allowedCodeableConcept", about="What sort of substitution is allowed.", shape=CONCEPT),
    ),
    field("reason", fhir="reason", about="Why, or why not.", shape=CONCEPT),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

MEDICATION_REQUEST: ResourceShape = resource("MedicationRequest",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the prescription.", shape=IDENTIFIER),
    field("status", fhir="status", about="active, on-hold, cancelled, completed, entered-in-error, stopped, draft or unknown."),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    field("intent", fhir="intent", about="Whether it is an order (the usual) or only a proposal, plan ...", left_out_when="order"),
    each("categories", fhir="category", about="For where: outpatient, inpatient, at home, on discharge.", shape=CONCEPT),
    field("urgency", fhir="priority", about="How soon.", shape=code_table("urgency")),
    field("must_not_be_given", fhir="doNotPerform", about="True if it asks that this is NOT given."),
    one_of(
        field("reported", fhir="reportedBoolean", about="True if it was told by others and is not the prescriber's own record."),
        field("reported_by", fhir="reportedReference", about="Who told of it, where it is not the prescriber's own record.", shape=POINTER),
    ),
    DRUG,
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    field("visit", fhir="encounter", about="The visit at which it was written.", shape=POINTER),
    # supportingInformation is divided: checks on the prescription are monitoring, the rest is supporting
    each("monitoring", fhir="supportingInformation", about="How it is watched: prescription database checked, urine drug test, risk score, agreement.",
         shape=link_only(**MONITORING)),
    each("co_prescribed", fhir="supportingInformation", about="What was prescribed with it, such as naloxone.",
         shape=link_only(prescription=again(lambda: GIVEN_WITH_IT))),
    each("supporting", fhir="supportingInformation", about="What else there is to know.",
         shape=link(condition=CONDITION, observation=OBSERVATION, procedure=PROCEDURE_DONE, prescription=again(lambda: LINKED_PRESCRIPTION), document=DOCUMENT, consent=CONSENT)),
    field("written_on", fhir="authoredOn", about="When it was written."),
    field("prescriber", fhir="requester", about="Who prescribed it.", shape=link(**ACTORS)),
    field("performer", fhir="performer", about="Who is to give it.", shape=POINTER),
    field("performer_type", fhir="performerType", about="What sort of person is to give it.", shape=CONCEPT),
    field("recorder", fhir="recorder", about="Who wrote it down for the prescriber.", shape=POINTER),
    each("reasons", fhir="reasonCode", about="Why, as codes or words.", shape=coded("pain_diagnoses")),
    each("ruled_out", fhir="reasonReference", about="What was considered and is not so: refuted, or entered in error.", shape=link_only(ruled_out=RULED_OUT)),
    each("diagnoses", fhir="reasonReference", about="Why, as diagnoses or findings that are kept as such.", shape=link(condition=CONDITION, observation=OBSERVATION)),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows, defined in FHIR."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    each("based_on", fhir="basedOn", about="The plan or order that it fulfils.", shape=POINTER),
    field("form_number", fhir="groupIdentifier", about="The number that all prescriptions written on one form share.", shape=IDENTIFIER),
    field("course", fhir="courseOfTherapyType", about="Continuous, acute or seasonal.", shape=CONCEPT),
    each("insurance", fhir="insurance", about="Who pays.", shape=link(coverage=COVERAGE)),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    each("dosages", fhir="dosageInstruction", about="How it is taken; several for a taper or for different times of the day.", shape=DOSAGE),
    field("dispense", fhir="dispenseRequest", about="What the pharmacy is to hand out.", shape=DISPENSE),
    field("substitution", fhir="substitution", about="Whether the pharmacy may hand out another product.", shape=SUBSTITUTION),
    field("replaces", fhir="priorPrescription", about="The prescription that it replaces.", shape=link(prescription=again(lambda: LINKED_PRESCRIPTION))),
    each("warnings", fhir="detectedIssue", about="Interactions and other problems that were seen.", shape=POINTER),
    each("history", fhir="eventHistory", about="What happened to it before.", shape=link(event=EVENT)),
    known_by="identifiers",
)

LINKED_PRESCRIPTION: ResourceShape = MEDICATION_REQUEST.replacing(same_patient())

MEANT = (
    only_if(fhir="doNotPerform", values=(False,), or_absent=True),
    only_if(fhir="intent", values=("order", "original-order", "reflex-order", "filler-order", "instance-order")),
)
CURRENT_PRESCRIPTION = LINKED_PRESCRIPTION.plus(only_if(fhir="status", values=("active",)), *MEANT)
PAST_PRESCRIPTION = LINKED_PRESCRIPTION.plus(only_if(fhir="status", values=("completed", "stopped")), *MEANT)
GIVEN_WITH_IT: ResourceShape = LINKED_PRESCRIPTION.plus(only_if(fhir="status", values=("active", "on-hold", "completed")), *MEANT)

RECORD = MEDICATION_REQUEST
