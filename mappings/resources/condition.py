"""What the patient has: a Condition, as a diagnosis or problem."""

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
    QUANTITY,
    RANGE,
    SITE,
    coded,
    other_extensions,
    same_patient,
)
from mappings.lens.words import (
    each,
    field,
    one_of,
    only_if,
    only_if_says,
    part,
    resource,
    unless_says,
)
from mappings.terminology import codes_of

STAGE = part("Condition.stage",
    field("summary", fhir="summary", about="Which stage.", shape=CONCEPT),
    each("assessments", fhir="assessment", about="What it was judged by.", shape=POINTER),
    field("type", fhir="type", about="Which staging.", shape=CONCEPT),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

EVIDENCE = part("Condition.evidence",
    each("signs", fhir="code", about="Which sign or symptom.", shape=CONCEPT),
    each("details", fhir="detail", about="Where it is recorded.", shape=POINTER),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

CONDITION = resource("Condition",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    field("clinical_status", fhir="clinicalStatus", about="active, recurrence, relapse, inactive, remission or resolved.", shape=CONCEPT),
    field("verification", fhir="verificationStatus", about="How sure it is: confirmed, provisional, refuted, entered-in-error ...", shape=CONCEPT),
    each("categories", fhir="category", about="Problem list item or diagnosis of an encounter.", shape=CONCEPT),
    field("severity", fhir="severity", about="How severe.", shape=CONCEPT),
    field("diagnosis", fhir="code", about="What it is.", shape=coded("pain_diagnoses")),
    each("sites", fhir="bodySite", about="Where in the body, with the side.", shape=SITE),
    same_patient(),
    field("visit", fhir="encounter", about="The visit at which it was recorded.", shape=POINTER),
    one_of(
        field("since", fhir="onsetDateTime", about="Since when."),
        field("since_age", fhir="onsetAge", about="Since which age.", shape=QUANTITY),
        field("since_period", fhir="onsetPeriod", about="Since some time in this period.", shape=PERIOD),
        field("since_range", fhir="onsetRange", about="Since an age in this range.", shape=RANGE),
        field("since_text", fhir="onsetString", about="Since when, in words."),
    ),
    one_of(
        field("until", fhir="abatementDateTime", about="Until when."),
        field("until_age", fhir="abatementAge", about="Until which age.", shape=QUANTITY),
        field("until_period", fhir="abatementPeriod", about="Until some time in this period.", shape=PERIOD),
        field("until_range", fhir="abatementRange", about="Until an age in this range.", shape=RANGE),
        field("until_text", fhir="abatementString", about="Until when, in words."),
    ),
    field("recorded_on", fhir="recordedDate", about="When it was first recorded."),
    field("recorder", fhir="recorder", about="Who recorded it.", shape=POINTER),
    field("asserter", fhir="asserter", about="Who says so.", shape=POINTER),
    each("stages", fhir="stage", about="Stages or grades.", shape=STAGE),
    each("evidence", fhir="evidence", about="What speaks for it.", shape=EVIDENCE),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

# A condition that was refuted or entered in error is none: it is never told among those that the patient has.
RULED_OUT = CONDITION.plus(only_if_says("refuted", "entered-in-error", fhir="verificationStatus"))

RED_FLAG = CONDITION.plus(
    unless_says("refuted", "entered-in-error", fhir="verificationStatus"),
    unless_says("resolved", "inactive", "remission", fhir="clinicalStatus"),
    only_if(fhir="code.coding.where(system='http://snomed.info/sct').code", values=codes_of("red_flags")),
)
