"""What hangs on an order beside its reasons: specimens, and what happened to it before (Provenance)."""

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
    SIGNATURE,
    SIMPLE_QUANTITY,
    SITE,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.words import each, field, one_of, part, resource

SPECIMEN = resource("Specimen",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the specimen.", shape=IDENTIFIER),
    field("status", fhir="status", about="available, unavailable, unsatisfactory or entered-in-error."),
    field("type", fhir="type", about="What sort of specimen.", shape=CONCEPT),
    same_patient_if_said(),
    field("collection", fhir="collection", about="How it was taken.", shape=part("Specimen.collection",
        field("collector", fhir="collector", about="Who took it.", shape=POINTER),
        one_of(
            field("on", fhir="collectedDateTime", about="When it was taken."),
            field("during", fhir="collectedPeriod", about="From when until when it was taken.", shape=PERIOD),
        ),
        field("lasted", fhir="duration", about="How long it took.", shape=QUANTITY),
        field("quantity", fhir="quantity", about="How much was taken.", shape=SIMPLE_QUANTITY),
        field("method", fhir="method", about="How.", shape=CONCEPT),
        field("site", fhir="bodySite", about="Where on the body, with the side.", shape=SITE),
        one_of(
            field("fasting", fhir="fastingStatusCodeableConcept", about="Whether the patient had fasted.", shape=CONCEPT),
            field("fasting_for", fhir="fastingStatusDuration", about="For how long the patient had fasted.", shape=QUANTITY),
        ),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

EVENT = resource("Provenance",
    *EVERY_RESOURCE,
    each("of", fhir="target", about="What it happened to.", shape=POINTER),
    one_of(
        field("happened_during", fhir="occurredPeriod", about="From when until when it happened.", shape=PERIOD),
        field("happened_on", fhir="occurredDateTime", about="When it happened."),
    ),
    field("recorded", fhir="recorded", about="When it was recorded."),
    each("policies", fhir="policy", about="The rules that it was done under."),
    field("place", fhir="location", about="Where.", shape=POINTER),
    each("reasons", fhir="reason", about="Why.", shape=CONCEPT),
    field("activity", fhir="activity", about="What was done.", shape=CONCEPT),
    each("agents", fhir="agent", about="Who took part.", shape=part("Provenance.agent",
        field("type", fhir="type", about="In which way.", shape=CONCEPT),
        each("roles", fhir="role", about="In which role.", shape=CONCEPT),
        field("who", fhir="who", about="Who.", shape=POINTER),
        field("on_behalf_of", fhir="onBehalfOf", about="For whom.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("made_from", fhir="entity", about="What it was made from.", shape=part("Provenance.entity",
        field("role", fhir="role", about="derivation, revision, quotation, source or removal."),
        field("what", fhir="what", about="Which.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("signatures", fhir="signature", about="Signatures.", shape=SIGNATURE),
)
