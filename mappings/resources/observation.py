"""What was found, measured or said: an Observation; and the pain score, which is one that was not withdrawn."""

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
    RATIO,
    SAMPLED_DATA,
    SIMPLE_QUANTITY,
    SITE,
    TIMING,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.rules import Rule
from mappings.lens.words import each, field, one_of, only_if, part, resource

SNOMED = "http://snomed.info/sct"

COUNTS_AS_RESULT = ("final", "amended", "corrected")
"""The status of a result that was finished and not withdrawn."""

# LOINC, from the value set "Standardized Pain Assessment Tool" (OID 2.16.840.1.113883.3.526.3.1028, CMS157)
LOINC = "http://loinc.org"
PAIN_SEVERITY_REPORTED = "38208-5"
VERBAL_NUMERIC_RATING = "72514-3"


def result() -> Rule:
    """value[x]"""
    return one_of(
        field("quantity", fhir="valueQuantity", about="The result as a number with its unit.", shape=QUANTITY),
        field("concept", fhir="valueCodeableConcept", about="The result as a code.", shape=CONCEPT),
        field("text", fhir="valueString", about="The result in words."),
        field("yes", fhir="valueBoolean", about="The result as yes or no."),
        field("number", fhir="valueInteger", about="The result as a whole number."),
        field("range", fhir="valueRange", about="The result as a range.", shape=RANGE),
        field("ratio", fhir="valueRatio", about="The result as a ratio.", shape=RATIO),
        field("time", fhir="valueTime", about="The result as a time of day."),
        field("date_time", fhir="valueDateTime", about="The result as a date and time."),
        field("during", fhir="valuePeriod", about="The result as a period.", shape=PERIOD),
        field("samples", fhir="valueSampledData", about="The result as a curve.", shape=SAMPLED_DATA),
    )


REFERENCE_RANGE = part("Observation.referenceRange",
    field("low", fhir="low", about="From.", shape=SIMPLE_QUANTITY),
    field("high", fhir="high", about="To.", shape=SIMPLE_QUANTITY),
    field("type", fhir="type", about="What kind of range: normal, recommended ...", shape=CONCEPT),
    each("applies_to", fhir="appliesTo", about="For whom it holds.", shape=CONCEPT),
    field("age", fhir="age", about="For which ages it holds.", shape=RANGE),
    field("text", fhir="text", about="The range in words."),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

COMPONENT = part("Observation.component",
    field("what", fhir="code", about="What was observed.", shape=CONCEPT),
    result(),
    field("absent_because", fhir="dataAbsentReason", about="Why there is no result.", shape=CONCEPT),
    each("interpretations", fhir="interpretation", about="What the result means: high, low, normal.", shape=CONCEPT),
    each("ranges", fhir="referenceRange", about="What the result is compared with.", shape=REFERENCE_RANGE),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

OBSERVATION = resource("Observation",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    each("based_on", fhir="basedOn", about="The order that asked for it.", shape=POINTER),
    each("part_of", fhir="partOf", about="The procedure that it was made in.", shape=POINTER),
    field("status", fhir="status", about="preliminary, final, amended, entered-in-error (then it does not count) ..."),
    each("categories", fhir="category", about="Vital sign, survey, exam, laboratory ...", shape=CONCEPT),
    field("what", fhir="code", about="What was observed.", shape=CONCEPT),
    same_patient_if_said(),
    each("about_whom", fhir="focus", about="What it is about, when not about the patient.", shape=POINTER),
    field("visit", fhir="encounter", about="The visit at which it was made.", shape=POINTER),
    one_of(
        field("taken_on", fhir="effectiveDateTime", about="When."),
        field("taken_during", fhir="effectivePeriod", about="From when until when.", shape=PERIOD),
        field("taken_repeatedly", fhir="effectiveTiming", about="At which times.", shape=TIMING),
        field("taken_at", fhir="effectiveInstant", about="At which instant."),
    ),
    field("issued", fhir="issued", about="When the result was released."),
    each("performers", fhir="performer", about="Who is responsible for it.", shape=POINTER),
    result(),
    field("absent_because", fhir="dataAbsentReason", about="Why there is no result.", shape=CONCEPT),
    each("interpretations", fhir="interpretation", about="What the result means: high, low, normal.", shape=CONCEPT),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    field("site", fhir="bodySite", about="Where in the body, with the side.", shape=SITE),
    field("method", fhir="method", about="How it was done.", shape=CONCEPT),
    field("specimen", fhir="specimen", about="On which specimen.", shape=POINTER),
    field("device", fhir="device", about="With which device.", shape=POINTER),
    each("ranges", fhir="referenceRange", about="What the result is compared with.", shape=REFERENCE_RANGE),
    each("members", fhir="hasMember", about="The single results of a panel.", shape=POINTER),
    each("derived_from", fhir="derivedFrom", about="What it was worked out from.", shape=POINTER),
    each("components", fhir="component", about="Its parts.", shape=COMPONENT),
    known_by="identifiers", restates="interpretations",
)

# LOINC 75325-1 Symptom: HL7/fhir-symptoms-ig (R4 STU1), where one Observation tells one symptom, with its site, and its
# quality, duration, and what helps and worsens as components; and VSAC ...113762.1.4.1099.28.
SYMPTOM = "75325-1"

PAIN_HISTORY = OBSERVATION.plus(
    only_if(fhir="status", values=COUNTS_AS_RESULT),
    only_if(fhir=f"code.coding.where(system='{LOINC}').code", values=(SYMPTOM,)),
)

# A score that was withdrawn, or that was never finished, is no score: it stays an observation with its status.
PAIN_SCORE = OBSERVATION.plus(
    only_if(fhir="status", values=COUNTS_AS_RESULT),
    only_if(fhir=f"code.coding.where(system='{LOINC}').code", values=(PAIN_SEVERITY_REPORTED, VERBAL_NUMERIC_RATING)),
)
