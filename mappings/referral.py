"""The referral: a ServiceRequest, with who sends it, why, and what supports it.

The question and the reasons in plain words are `reasonCode.text`; coded reasons are `reasonCode` codings, and diagnoses that
are kept as such `reasonReference`.  Scores and findings hang on `supportingInfo`.
"""

from __future__ import annotations

# fmt: off  (a table: one rule a line, in the specification's order)
from mappings.condition import CONDITION
from mappings.datatypes import (
    ANNOTATION,
    CONCEPT,
    EVERY,
    IDENTIFIER,
    MODIFIERS,
    PERIOD,
    POINTER,
    QUANTITY,
    RANGE,
    RATIO,
    SIGNATURE,
    TIMING,
    more,
)
from mappings.lens.words import bare, each, field, link, one_of, record, require, resource, same_as
from mappings.observation import OBSERVATION, PAIN_SCORE
from mappings.patient import PATIENT
from mappings.people import ACTORS
from mappings.terminology import table

SPECIMEN = resource("Specimen",
    *EVERY,
    each("identifiers", fhir="identifier", about="Numbers of the specimen.", shape=IDENTIFIER),
    field("status", fhir="status", about="available, unavailable, unsatisfactory or entered-in-error."),
    field("type", fhir="type", about="What sort of specimen.", shape=CONCEPT),
    same_as(field("patient", fhir="subject", about="Whose it is, where that is not the patient of the whole record.", shape=POINTER),
            of="subject", unless="patient_not_said"),
    one_of(
        field("collected_on", fhir="collection.collectedDateTime", about="When it was taken."),
        field("collected_during", fhir="collection.collectedPeriod", about="From when until when it was taken.", shape=PERIOD),
    ),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

EVENT = resource("Provenance",
    *EVERY,
    each("of", fhir="target", about="What it happened to.", shape=POINTER),
    field("recorded", fhir="recorded", about="When it was recorded."),
    each("agents", fhir="agent", about="Who took part.", shape=record("Provenance.agent",
        field("type", fhir="type", about="In which way.", shape=CONCEPT),
        each("roles", fhir="role", about="In which role.", shape=CONCEPT),
        field("who", fhir="who", about="Who.", shape=POINTER),
        field("on_behalf_of", fhir="onBehalfOf", about="For whom.", shape=POINTER),
        more(),
        MODIFIERS,
    )),
    each("signatures", fhir="signature", about="Signatures.", shape=SIGNATURE),
)

CODED_REASON = CONCEPT.plus(require(fhir="coding"))

REASON_IN_WORDS = bare(record("CodeableConcept", field("text", fhir="text", about="A question or reason in plain words.")))

REFERRAL = resource("ServiceRequest",
    *EVERY,
    each("identifiers", fhir="identifier", about="The sender's number (PLAC), the receiver's (FILL) and others.", shape=IDENTIFIER),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows."),
    each("protocol_urls", fhir="instantiatesUri", about="The protocols that it follows, outside FHIR."),
    each("based_on", fhir="basedOn", about="The plan or order that it fulfils.", shape=POINTER),
    each("replaces", fhir="replaces", about="The referral that it replaces.", shape=POINTER),
    field("requisition", fhir="requisition", about="The number that all referrals of one form share.", shape=IDENTIFIER),
    field("status", fhir="status", about="Where it stands.", shape=table("request_status")),
    field("intent", fhir="intent", about="Whether it is asked for (order, the usual) or only a proposal, plan ...", usual="order"),
    each("categories", fhir="category", about="What sort of service it is.", shape=CONCEPT),
    field("urgency", fhir="priority", about="How soon the patient is to be seen.", shape=table("urgency")),
    field("not_to_be_done", fhir="doNotPerform", about="True if it asks that this is NOT done."),
    field("service", fhir="code", about="What is asked for.", shape=CONCEPT),
    each("details", fhir="orderDetail", about="How exactly it is to be done.", shape=CONCEPT),
    one_of(
        field("quantity", fhir="quantityQuantity", about="How much is asked for.", shape=QUANTITY),
        field("quantity_ratio", fhir="quantityRatio", about="How much for each of something.", shape=RATIO),
        field("quantity_range", fhir="quantityRange", about="From how much to how much.", shape=RANGE),
    ),
    field("patient", fhir="subject", about="The patient.", shape=link(POINTER, patient=PATIENT)),
    field("encounter", fhir="encounter", about="The visit at which it was written.", shape=POINTER),
    one_of(
        field("wanted_on", fhir="occurrenceDateTime", about="When it is to happen."),
        field("wanted_during", fhir="occurrencePeriod", about="Between when and when it is to happen.", shape=PERIOD),
        field("wanted_repeatedly", fhir="occurrenceTiming", about="How often it is to happen.", shape=TIMING),
    ),
    one_of(
        field("as_needed", fhir="asNeededBoolean", about="Whether it is to be done only as needed."),
        field("as_needed_for", fhir="asNeededCodeableConcept", about="What must be so for it to be needed.", shape=CONCEPT),
    ),
    field("referred_on", fhir="authoredOn", about="When it was signed."),
    field("referrer", fhir="requester", about="Who refers.", shape=link(POINTER, patient=PATIENT, **ACTORS)),
    field("performer_type", fhir="performerType", about="What sort of performer is wanted.", shape=CONCEPT),
    each("performers", fhir="performer", about="Who is asked to do it.", shape=link(POINTER, **ACTORS)),
    each("locations", fhir="locationCode", about="At what sort of place.", shape=CONCEPT),
    each("location_records", fhir="locationReference", about="At which place.", shape=POINTER),
    each("reasons", fhir="reasonCode", about="Why, as codes.", shape=CODED_REASON),
    each("questions", fhir="reasonCode", about="The question asked, and reasons in plain words.", shape=REASON_IN_WORDS),
    each("diagnoses", fhir="reasonReference", about="Why, as diagnoses or findings that are kept as such.",
         shape=link(POINTER, condition=CONDITION, observation=OBSERVATION)),
    each("insurance", fhir="insurance", about="Insurance and permissions to treat.", shape=POINTER),
    each("pain_scores", fhir="supportingInfo", about="How bad the pain was, by the patient's own rating.", shape=link(POINTER, pain_score=PAIN_SCORE)),
    each("supporting", fhir="supportingInfo", about="What else supports it.",
         shape=link(POINTER, condition=CONDITION, observation=OBSERVATION)),
    each("specimens", fhir="specimen", about="Specimens that it is about.", shape=link(POINTER, specimen=SPECIMEN)),
    each("body_sites", fhir="bodySite", about="Where on the body, with its side.", shape=CONCEPT),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    field("for_patient", fhir="patientInstruction", about="What the patient was told."),
    each("history", fhir="relevantHistory", about="What happened to this referral before.", shape=link(POINTER, event=EVENT)),
    known_by="identifiers",
)

RECORD = REFERRAL
