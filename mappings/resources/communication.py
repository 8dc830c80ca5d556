"""What was told or is to be told: Communication and CommunicationRequest (education, calls, letters)."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ANNOTATION,
    ATTACHMENT,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.records import RecordShape
from mappings.lens.words import each, field, one_of, part, resource
from mappings.terminology import code_table


def content(type_: str) -> RecordShape:
    """One part of what is told."""
    return part(f"{type_}.payload",
        one_of(
            field("text", fhir="contentString", about="What is told, in words."),
            field("attachment", fhir="contentAttachment", about="What is told, as a document.", shape=ATTACHMENT),
            field("record", fhir="contentReference", about="What is told, as a record that it points to.", shape=POINTER),
        ),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )


COMMUNICATION = resource("Communication",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows, defined in FHIR."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    each("based_on", fhir="basedOn", about="The order or plan that it fulfils.", shape=POINTER),
    each("part_of", fhir="partOf", about="What it belongs to.", shape=POINTER),
    each("answers", fhir="inResponseTo", about="What it answers.", shape=POINTER),
    field("status", fhir="status", about="preparation, in-progress, not-done, on-hold, stopped, completed, entered-in-error or unknown."),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    each("categories", fhir="category", about="What sort of message: instruction, reminder, alert ...", shape=CONCEPT),
    field("urgency", fhir="priority", about="How soon.", shape=code_table("urgency")),
    each("means", fhir="medium", about="By phone, in writing, face to face ...", shape=CONCEPT),
    same_patient_if_said(),
    field("topic", fhir="topic", about="What it is about.", shape=CONCEPT),
    each("about", fhir="about", about="What it is about, where it is recorded.", shape=POINTER),
    field("visit", fhir="encounter", about="The visit at which it was told.", shape=POINTER),
    field("sent", fhir="sent", about="When it was told."),
    field("received", fhir="received", about="When it arrived."),
    each("recipients", fhir="recipient", about="Who was told.", shape=POINTER),
    field("sender", fhir="sender", about="Who told it.", shape=POINTER),
    each("reasons", fhir="reasonCode", about="Why, as codes.", shape=CONCEPT),
    each("reason_records", fhir="reasonReference", about="Why, where it is recorded.", shape=POINTER),
    each("contents", fhir="payload", about="What was told.", shape=content("Communication")),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

COMMUNICATION_REQUEST = resource("CommunicationRequest",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this order.", shape=IDENTIFIER),
    each("based_on", fhir="basedOn", about="The order or plan that it fulfils.", shape=POINTER),
    each("replaces", fhir="replaces", about="The order that it replaces.", shape=POINTER),
    field("form_number", fhir="groupIdentifier", about="The number that orders written on one form share.", shape=IDENTIFIER),
    field("status", fhir="status", about="Where it stands.", shape=code_table("request_status")),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    each("categories", fhir="category", about="What sort of message: instruction, reminder, alert ...", shape=CONCEPT),
    field("urgency", fhir="priority", about="How soon.", shape=code_table("urgency")),
    field("must_not_be_done", fhir="doNotPerform", about="True if this must NOT be told."),
    each("means", fhir="medium", about="By phone, in writing, face to face ...", shape=CONCEPT),
    same_patient_if_said(),
    each("about", fhir="about", about="What it is about, where it is recorded.", shape=POINTER),
    field("visit", fhir="encounter", about="The visit at which it was ordered.", shape=POINTER),
    each("contents", fhir="payload", about="What is to be told.", shape=content("CommunicationRequest")),
    one_of(
        field("wanted_on", fhir="occurrenceDateTime", about="When."),
        field("wanted_during", fhir="occurrencePeriod", about="Between when and when.", shape=PERIOD),
    ),
    field("ordered_on", fhir="authoredOn", about="When it was ordered."),
    field("orderer", fhir="requester", about="Who ordered it.", shape=POINTER),
    each("recipients", fhir="recipient", about="Who is to be told.", shape=POINTER),
    field("sender", fhir="sender", about="Who is to tell it.", shape=POINTER),
    each("reasons", fhir="reasonCode", about="Why, as codes.", shape=CONCEPT),
    each("reason_records", fhir="reasonReference", about="Why, where it is recorded.", shape=POINTER),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)
