"""The referral: a ServiceRequest, with who sends it, why, and what supports it.

How to read this table.  One rule a line, in the specification's order; each holds in both directions.
  field         one value, for one element; about= says in a sentence what it means
  each          a list: every item of the element that no rule beside it takes; the items keep their order in FHIR
  shape=        how the value inside is laid out (none: as FHIR writes it); code_table: through a table of words
  coded         a concept in the clinic's own word, where a table has one for its code; the code stays where it says more
  link          a reference: what it leads to (contained or in the same Bundle) is told in its place, under one of the kinds
                named; anything else is only pointed to.  Back in FHIR it stays where it was; what is new is contained
  POINTER       a reference that is only pointed to
  only_if       takes only what has this; link_only: only references that lead to one of the kinds named
  one_of        value[x]: at most one of the fields; a record that says two is refused
  left_out_when the record leaves the field out at this value; a record without the field means this value
  same_as_root  told only where it differs from the element of the same name in the root of the record
  as_plain_value  the one field of the shape, told as a bare value
  known_by      it is the same one only if one of these values is the same; put onto another one it is refused
An element or item that no rule takes is not in the record: it stays in the sender's resource, is reported, and goes out
again when the record is put back onto it.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ANNOTATION,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    PERIOD,
    POINTER,
    QUANTITY,
    RANGE,
    RATIO,
    SITE,
    TIMING,
    coded,
    link,
    link_only,
    same_patient,
)
from mappings.lens.words import (
    as_plain_value,
    each,
    field,
    one_of,
    only_if,
    part,
    resource,
)
from mappings.medication_request import (
    CURRENT_PRESCRIPTION,
    LINKED_PRESCRIPTION,
    PAST_PRESCRIPTION,
)
from mappings.patient import PATIENT
from mappings.procedure import PAST_PROCEDURE, PROCEDURE_DONE
from mappings.resources.allergy import ALLERGY, CURRENT_ALLERGY
from mappings.resources.answered_form import ANSWERED_FORM, FILLED_IN
from mappings.resources.condition import CONDITION, RED_FLAG, RULED_OUT
from mappings.resources.consent import CONSENT, GIVEN_OR_REFUSED
from mappings.resources.coverage import COVERAGE
from mappings.resources.document import ATTACHED, DOCUMENT, REPORT
from mappings.resources.medication import (
    CURRENT_MEDICATION,
    MEDICATION_STATEMENT,
    PAST_MEDICATION,
)
from mappings.resources.observation import OBSERVATION, PAIN_HISTORY, PAIN_SCORE
from mappings.resources.order_history import EVENT, SPECIMEN
from mappings.resources.people import ACTORS
from mappings.terminology import code_table

CODED_REASON = coded("pain_diagnoses").plus(only_if(fhir="coding"))

REASON_IN_WORDS = as_plain_value(part("CodeableConcept",
    field("text", fhir="text", about="A question or reason in plain words."),
))

REFERRAL = resource("ServiceRequest",
    *EVERY_RESOURCE,  # id, meta, implicitRules, language, extension, modifierExtension; the narrative stays in the sender's resource
    each("identifiers", fhir="identifier", about="The sender's number (PLAC), the receiver's (FILL) and others.", shape=IDENTIFIER),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows, defined in FHIR."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    each("based_on", fhir="basedOn", about="The plans or orders that it fulfils.", shape=POINTER),
    each("replaces", fhir="replaces", about="The referrals that it replaces.", shape=POINTER),
    field("form_number", fhir="requisition", about="The number that all referrals written on one form share.", shape=IDENTIFIER),
    field("status", fhir="status", about="Where it stands.", shape=code_table("request_status")),
    field("intent", fhir="intent", about="Whether it is asked for (order, the usual) or only a proposal, plan ...", left_out_when="order"),
    each("categories", fhir="category", about="What sort of service it is.", shape=CONCEPT),
    field("urgency", fhir="priority", about="How soon the patient is to be seen.", shape=code_table("urgency")),
    field("must_not_be_done", fhir="doNotPerform", about="True if it asks that this is NOT done."),
    field("service", fhir="code", about="What is asked for.", shape=coded("procedures", "therapies")),
    each("service_details", fhir="orderDetail", about="How exactly the service is to be done.", shape=CONCEPT),
    one_of(
        field("quantity", fhir="quantityQuantity", about="How much is asked for.", shape=QUANTITY),
        field("quantity_ratio", fhir="quantityRatio", about="How much for each of something.", shape=RATIO),
        field("quantity_range", fhir="quantityRange", about="From how much to how much.", shape=RANGE),
    ),
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    field("visit", fhir="encounter", about="The visit at which it was written.", shape=POINTER),
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
    field("referrer", fhir="requester", about="Who refers and answers for it.", shape=link(patient=PATIENT, **ACTORS)),
    field("performer_type", fhir="performerType", about="What sort of performer is wanted.", shape=CONCEPT),
    each("performers", fhir="performer", about="Who is wanted to do it: any one of these.", shape=link(patient=PATIENT, **ACTORS)),
    each("preferred_places", fhir="locationCode", about="At what sort of place, if possible.", shape=CONCEPT),
    each("preferred_place_records", fhir="locationReference", about="At which place, if possible.", shape=POINTER),
    # reasonCode is divided: items with a coding are reasons, those in words only are questions
    each("reasons", fhir="reasonCode", about="Why, as codes, each with its own words.", shape=CODED_REASON),
    each("questions", fhir="reasonCode", about="What is asked, and reasons that are in words only.", shape=REASON_IN_WORDS),
    each("ruled_out", fhir="reasonReference", about="What was considered and is not so: refuted, or entered in error.", shape=link_only(ruled_out=RULED_OUT)),
    each("diagnoses", fhir="reasonReference", about="Why, as diagnoses or findings that are kept as such.",
         shape=link(condition=CONDITION, observation=OBSERVATION, report=REPORT, document=DOCUMENT)),
    each("insurance", fhir="insurance", about="Insurance cover, and what the insurer agreed to in advance.", shape=link(coverage=COVERAGE)),
    # supportingInfo is divided by what an item leads to, in this order; what was withdrawn or refuted is left to supporting
    each("pain_scores", fhir="supportingInfo", about="How bad the pain was, by the patient's own rating.", shape=link_only(pain_score=PAIN_SCORE)),
    each("pain_history", fhir="supportingInfo", about="Each pain: what it is, where, since when, and in its components how it feels, what helps and what worsens.",
         shape=link_only(pain=PAIN_HISTORY)),
    each("red_flags", fhir="supportingInfo", about="Warning signs that the patient has.", shape=link_only(red_flag=RED_FLAG)),
    each("past_treatments", fhir="supportingInfo", about="What was tried, with what came of it (outcome, status_reasons, notes).",
         shape=link_only(procedure=PAST_PROCEDURE, past_prescription=PAST_PRESCRIPTION, past_medication=PAST_MEDICATION)),
    each("current_medication", fhir="supportingInfo", about="What the patient takes now; what is on hold, planned or only a draft is supporting.",
         shape=link_only(prescription=CURRENT_PRESCRIPTION, medication=CURRENT_MEDICATION)),
    each("allergies", fhir="supportingInfo", about="What the patient does not tolerate; or that there is no known allergy.", shape=link_only(allergy=CURRENT_ALLERGY)),
    each("forms", fhir="supportingInfo", about="Forms that were filled in.", shape=link_only(answered_form=FILLED_IN)),
    each("attachments", fhir="supportingInfo", about="Letters, images and other documents, inline or by their address.", shape=link_only(document=ATTACHED)),
    each("consents", fhir="supportingInfo", about="What the patient agreed to, or not.", shape=link_only(consent=GIVEN_OR_REFUSED)),
    each("supporting", fhir="supportingInfo", about="What else there is to know; also what was withdrawn or refuted: its status says so.",
         shape=link(condition=CONDITION, observation=OBSERVATION, procedure=PROCEDURE_DONE, prescription=LINKED_PRESCRIPTION, medication_statement=MEDICATION_STATEMENT,
                    allergy=ALLERGY, answered_form=ANSWERED_FORM, document=DOCUMENT, consent=CONSENT, report=REPORT)),
    each("specimens", fhir="specimen", about="Specimens that it is about.", shape=link(specimen=SPECIMEN)),
    each("service_sites", fhir="bodySite", about="Where on the body the service is wanted, with the side.", shape=SITE),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    field("instructions_for_patient", fhir="patientInstruction", about="Instructions in words for the patient."),
    each("history", fhir="relevantHistory", about="What happened to this referral before.", shape=link(event=EVENT)),
    known_by="identifiers",  # two referrals that share no number are two referrals
)

ORDER = REFERRAL.replacing(same_patient())  # told within another record

RECORD = REFERRAL
