"""What is given or taken: the product (Medication), what was given (MedicationAdministration), and what a patient takes or
took (MedicationStatement)."""

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
    RATIO,
    SIMPLE_QUANTITY,
    link,
    other_extensions,
    same_patient,
)
from mappings.lens.records import ResourceShape
from mappings.lens.words import again, each, field, one_of, only_if, part, resource
from mappings.resources.people import ORGANIZATION

MEDICATION: ResourceShape = resource("Medication",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the product.", shape=IDENTIFIER),
    field("drug", fhir="code", about="Which drug.", shape=CONCEPT),
    field("status", fhir="status", about="active, inactive or entered-in-error."),
    field("manufacturer", fhir="manufacturer", about="Who makes it.", shape=link(organization=ORGANIZATION)),
    field("form", fhir="form", about="Tablet, patch, solution ...", shape=CONCEPT),
    field("amount", fhir="amount", about="How much is in a package.", shape=RATIO),
    each("ingredients", fhir="ingredient", about="What is in it.", shape=part("Medication.ingredient",
        one_of(
            field("substance", fhir="itemCodeableConcept", about="The substance.", shape=CONCEPT),
            field("product", fhir="itemReference", about="The substance or product, where it is recorded.",
                  shape=link(medication=again(lambda: MEDICATION), substance=again(lambda: SUBSTANCE))),
        ),
        field("active", fhir="isActive", about="Whether it has an effect."),
        field("strength", fhir="strength", about="How much of it.", shape=RATIO),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("batch", fhir="batch", about="The batch.", shape=part("Medication.batch",
        field("lot", fhir="lotNumber", about="Its number."),
        field("expires", fhir="expirationDate", about="When it expires."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    known_by="identifiers",
)

SUBSTANCE: ResourceShape = resource("Substance",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the substance.", shape=IDENTIFIER),
    field("status", fhir="status", about="active, inactive or entered-in-error."),
    each("categories", fhir="category", about="What sort of substance: allergen, drug, material ...", shape=CONCEPT),
    field("substance", fhir="code", about="Which substance.", shape=CONCEPT),
    field("description", fhir="description", about="What it is, in words."),
    known_by="identifiers",
)

DRUG = one_of(
    field("drug", fhir="medicationCodeableConcept", about="Which drug.", shape=CONCEPT),
    field("medication", fhir="medicationReference", about="Which drug, as a product with what is in it.", shape=link(medication=MEDICATION)),
)

MEDICATION_STATEMENT = resource("MedicationStatement",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    each("based_on", fhir="basedOn", about="The order or plan that it fulfils.", shape=POINTER),
    each("part_of", fhir="partOf", about="The event that it belongs to.", shape=POINTER),
    field("status", fhir="status", about="active, completed, entered-in-error, intended, stopped, on-hold, unknown or not-taken."),
    each("status_reasons", fhir="statusReason", about="Why it stands so: no effect, side effects ...", shape=CONCEPT),
    field("category", fhir="category", about="Where it is taken: at home, in hospital ...", shape=CONCEPT),
    DRUG,
    same_patient(),
    field("visit", fhir="context", about="The visit at which it was told.", shape=POINTER),
    one_of(
        field("taken_on", fhir="effectiveDateTime", about="When it was taken."),
        field("taken_during", fhir="effectivePeriod", about="From when until when it is or was taken.", shape=PERIOD),
    ),
    field("asserted_on", fhir="dateAsserted", about="When this was said."),
    field("asserted_by", fhir="informationSource", about="Who said so.", shape=POINTER),
    each("derived_from", fhir="derivedFrom", about="What it was concluded from.", shape=POINTER),
    each("reasons", fhir="reasonCode", about="What it is taken for, as codes.", shape=CONCEPT),
    each("reason_records", fhir="reasonReference", about="What it is taken for, where it is recorded.", shape=POINTER),
    each("notes", fhir="note", about="Remarks, such as how well it helped.", shape=ANNOTATION),
    each("dosages", fhir="dosage", about="How it is taken.", shape=DOSAGE),
    known_by="identifiers",
)

CURRENT_MEDICATION = MEDICATION_STATEMENT.plus(only_if(fhir="status", values=("active",)))
PAST_MEDICATION = MEDICATION_STATEMENT.plus(only_if(fhir="status", values=("completed", "stopped")))

MEDICATION_GIVEN = resource("MedicationAdministration",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    each("protocols", fhir="instantiates", about="The protocols that it follows."),
    each("part_of", fhir="partOf", about="The procedure that it belongs to.", shape=POINTER),
    field("status", fhir="status", about="in-progress, not-done, on-hold, completed, entered-in-error, stopped or unknown."),
    each("status_reasons", fhir="statusReason", about="Why it was not given, or not to the end.", shape=CONCEPT),
    field("category", fhir="category", about="Where it was given: in hospital, in a clinic, at home.", shape=CONCEPT),
    DRUG,
    same_patient(),
    field("visit", fhir="context", about="The visit at which it was given.", shape=POINTER),
    each("supporting", fhir="supportingInformation", about="What else there is to know.", shape=POINTER),
    one_of(
        field("given_on", fhir="effectiveDateTime", about="When it was given."),
        field("given_during", fhir="effectivePeriod", about="From when until when it was given.", shape=PERIOD),
    ),
    each("performers", fhir="performer", about="Who gave it.", shape=part("MedicationAdministration.performer",
        field("role", fhir="function", about="In which role.", shape=CONCEPT),
        field("who", fhir="actor", about="Who.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("reasons", fhir="reasonCode", about="Why, as codes or words.", shape=CONCEPT),
    each("reason_records", fhir="reasonReference", about="Why, where it is recorded.", shape=POINTER),
    field("prescription", fhir="request", about="The prescription that it follows.", shape=POINTER),
    each("devices", fhir="device", about="What it was given with, such as a pump.", shape=POINTER),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    field("dosage", fhir="dosage", about="How much, and how.", shape=part("MedicationAdministration.dosage",
        field("text", fhir="text", about="The whole dosage in words; never read as numbers."),
        field("site", fhir="site", about="Where on or in the body.", shape=CONCEPT),
        field("route", fhir="route", about="How it got into the body: epidural, into a joint ...", shape=CONCEPT),
        field("method", fhir="method", about="How it was given: injected, infused ...", shape=CONCEPT),
        field("dose", fhir="dose", about="How much.", shape=SIMPLE_QUANTITY),
        one_of(
            field("rate", fhir="rateRatio", about="How much in how long a time.", shape=RATIO),
            field("rate_quantity", fhir="rateQuantity", about="The rate in one unit, such as mL/h.", shape=SIMPLE_QUANTITY),
        ),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("history", fhir="eventHistory", about="What happened to it before.", shape=POINTER),
    known_by="identifiers",
)

NOT_GIVEN = MEDICATION_GIVEN.plus(only_if(fhir="status", values=("not-done", "entered-in-error")))
GIVEN = MEDICATION_GIVEN.plus(only_if(fhir="status", values=("completed", "in-progress", "stopped", "on-hold", "unknown")))
