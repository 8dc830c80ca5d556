"""The assessment: what was asked, measured and found.

A record of this kind says in `kind` which of three it is:
  impression      a whole assessment as a clinician signs it: a ClinicalImpression with the forms, scores and diagnoses
  answered_form   one form as it was answered: a QuestionnaireResponse with the scores that were worked out from it
  observation     one score or finding: an Observation
Scores are carried as they were delivered; mappings/instruments says what follows from the answers, and where the two differ.
The other words are explained at the head of referral.py.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ANNOTATION,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    link,
    link_only,
    other_extensions,
)
from mappings.lens.words import each, field, one_of, part, pointing_here, resource
from mappings.patient import PATIENT
from mappings.referral import ORDER
from mappings.resources.allergy import ALLERGY
from mappings.resources.answered_form import ANSWERED_FORM
from mappings.resources.condition import CONDITION, RULED_OUT
from mappings.resources.document import DOCUMENT, REPORT
from mappings.resources.observation import OBSERVATION, PAIN_SCORE
from mappings.resources.people import ACTORS, PRACTITIONER, PRACTITIONER_ROLE

FINDING = part("ClinicalImpression.finding",
    field("what", fhir="itemCodeableConcept", about="What was found.", shape=CONCEPT),
    field("record", fhir="itemReference", about="What was found, where it is recorded.", shape=link(condition=CONDITION, observation=OBSERVATION)),
    field("because", fhir="basis", about="What it rests on."),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

INVESTIGATION = part("ClinicalImpression.investigation",
    field("what", fhir="code", about="What was looked into: history, examination, questionnaires ...", shape=CONCEPT),
    each("items", fhir="item", about="The forms, scores and findings.",
         shape=link(answered_form=ANSWERED_FORM, pain_score=PAIN_SCORE, observation=OBSERVATION, report=REPORT)),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

CLINICAL_IMPRESSION = resource("ClinicalImpression",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the assessment.", shape=IDENTIFIER),
    field("status", fhir="status", about="in-progress, completed or entered-in-error."),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    field("type", fhir="code", about="What sort of assessment.", shape=CONCEPT),
    field("description", fhir="description", about="Why and how it was made, in words."),
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    field("visit", fhir="encounter", about="The visit at which it was made.", shape=POINTER),
    one_of(
        field("assessed_on", fhir="effectiveDateTime", about="When."),
        field("assessed_during", fhir="effectivePeriod", about="From when until when.", shape=PERIOD),
    ),
    field("written_on", fhir="date", about="When it was written down."),
    field("assessor", fhir="assessor", about="Who made it.", shape=link(practitioner=PRACTITIONER, practitioner_role=PRACTITIONER_ROLE)),
    field("previous", fhir="previous", about="The assessment before this one.", shape=POINTER),
    each("ruled_out", fhir="problem", about="What was considered and is not so: refuted, or entered in error.", shape=link_only(ruled_out=RULED_OUT)),
    each("problems", fhir="problem", about="What the patient has: diagnoses, problems, allergies.", shape=link(condition=CONDITION, allergy=ALLERGY)),
    each("investigations", fhir="investigation", about="What was looked into, and what came of it.", shape=INVESTIGATION),
    each("protocols", fhir="protocol", about="The protocols that it followed."),
    field("summary", fhir="summary", about="What it comes to, in words."),
    each("findings", fhir="finding", about="What was concluded.", shape=FINDING),
    each("prognoses", fhir="prognosisCodeableConcept", about="What is to be expected.", shape=CONCEPT),
    each("prognosis_records", fhir="prognosisReference", about="What is to be expected, where it is recorded.", shape=POINTER),
    each("supporting", fhir="supportingInfo", about="What else there is to know.",
         shape=link(condition=CONDITION, observation=OBSERVATION, answered_form=ANSWERED_FORM, document=DOCUMENT)),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

FORM = ANSWERED_FORM.replacing(
    each("based_on", fhir="basedOn", about="The order that asked for it.", shape=link(order=ORDER)),
    field("patient", fhir="subject", about="Whom it is about.", shape=link(patient=PATIENT)),
    field("author", fhir="author", about="Who wrote the answers down.", shape=link(**ACTORS)),
).plus(
    # what leads to the form (derivedFrom) is told with it
    pointing_here("scores", fhir="Observation.derivedFrom", about="The scores that were worked out from the answers, as they were delivered.",
                  shape=link(observation=OBSERVATION)),
)

SINGLE = OBSERVATION.replacing(
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    each("members", fhir="hasMember", about="The single results of a panel.", shape=link(observation=OBSERVATION)),
    each("derived_from", fhir="derivedFrom", about="What it was worked out from.", shape=link(answered_form=ANSWERED_FORM, observation=OBSERVATION)),
)

RECORD = {"impression": CLINICAL_IMPRESSION, "answered_form": FORM, "observation": SINGLE}
