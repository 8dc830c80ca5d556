"""What the patient does not tolerate: an AllergyIntolerance."""

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
    other_extensions,
    same_patient,
)
from mappings.lens.words import each, field, one_of, part, resource, unless_says

REACTION = part("AllergyIntolerance.reaction",
    field("substance", fhir="substance", about="To which substance exactly.", shape=CONCEPT),
    each("manifestations", fhir="manifestation", about="What happened: rash, swelling, vomiting ...", shape=CONCEPT),
    field("description", fhir="description", about="What happened, in words."),
    field("on", fhir="onset", about="When it happened."),
    field("severity", fhir="severity", about="mild, moderate or severe."),
    field("route", fhir="exposureRoute", about="How the substance had got into the body.", shape=CONCEPT),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

ALLERGY = resource("AllergyIntolerance",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    field("clinical_status", fhir="clinicalStatus", about="active, inactive or resolved.", shape=CONCEPT),
    field("verification", fhir="verificationStatus", about="How sure it is: unconfirmed, confirmed, refuted or entered-in-error.", shape=CONCEPT),
    field("type", fhir="type", about="allergy or intolerance."),
    each("categories", fhir="category", about="food, medication, environment or biologic."),
    field("criticality", fhir="criticality", about="How dangerous it could be: low, high or unable-to-assess."),
    field("to_what", fhir="code", about="What is not tolerated; or that there is no known allergy.", shape=CONCEPT),
    same_patient("patient"),
    field("visit", fhir="encounter", about="The visit at which it was recorded.", shape=POINTER),
    one_of(
        field("since", fhir="onsetDateTime", about="Since when."),
        field("since_age", fhir="onsetAge", about="Since which age.", shape=QUANTITY),
        field("since_period", fhir="onsetPeriod", about="Since some time in this period.", shape=PERIOD),
        field("since_range", fhir="onsetRange", about="Since an age in this range.", shape=RANGE),
        field("since_text", fhir="onsetString", about="Since when, in words."),
    ),
    field("recorded_on", fhir="recordedDate", about="When it was first recorded."),
    field("recorder", fhir="recorder", about="Who recorded it.", shape=POINTER),
    field("asserter", fhir="asserter", about="Who says so.", shape=POINTER),
    field("last_reaction", fhir="lastOccurrence", about="When it last happened."),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    each("reactions", fhir="reaction", about="What happened, each time.", shape=REACTION),
    known_by="identifiers",
)

CURRENT_ALLERGY = ALLERGY.plus(
    unless_says("refuted", "entered-in-error", fhir="verificationStatus"),
    unless_says("resolved", fhir="clinicalStatus"),
)
