"""The data types of R4 in the clinic's words: each is said once, for every record.

Rules stand in the order of the specification.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.lens.binding import declared_at
from mappings.lens.choices import SameAs
from mappings.lens.links import Link, Pointer
from mappings.lens.many import Each
from mappings.lens.records import RecordShape
from mappings.lens.rules import Field
from mappings.lens.shapes import Shape
from mappings.lens.words import (
    again,
    derived,
    each,
    field,
    main,
    one_of,
    part,
    pointer,
    same_as_root,
    skip,
    verbatim,
    worded,
)
from mappings.terminology import table
from mappings.us_core import is_declared_by_us


def extension(name: str, url: str, type_: str, about: str, shape: Shape | None = None, on: str = "") -> Field:
    """One known extension by its url and value type; on="_birthDate" for one that stands on a primitive."""
    path = f"{on}.extension('{url}').value{type_}".lstrip(".")
    return field(name, fhir=path, about=about, shape=shape)


def link(**kinds: Shape) -> Link:
    """A Reference: told as the record of what it leads to, under one of these kinds; to anything else it is a pointer."""
    return Link(POINTER, kinds)


def link_only(**kinds: Shape) -> Link:
    """In a list that is divided: only the references that lead to one of these kinds."""
    return Link(POINTER, kinds, only=True)


def other_extensions(name: str = "extensions", at: str = "extension") -> Each:
    """Every extension that no rule beside this one names, as it stands."""
    return each(name, fhir=at, about="Extensions that we do not know, as they came.", shape=verbatim)


MODIFIER_EXTENSIONS = each(
    "modifier_extensions",
    fhir="modifierExtension",
    about="Extensions that may change the meaning of all the rest: nobody here understands them, so nothing may be done on it.",
    shape=verbatim,
)

ORDINAL_VALUE = "http://hl7.org/fhir/StructureDefinition/ordinalValue"

ALSO = "The same thing in other code systems."

CODING = part("Coding",
    field("system", fhir="system", about="The code system, by its URL."),
    field("version", fhir="version", about="The version of the code system."),
    field("code", fhir="code", about="The code."),
    field("display", fhir="display", about="What the code means, in the words of its system."),
    field("chosen_by_user", fhir="userSelected", about="Whether a person picked this very code."),
    extension("weight", ORDINAL_VALUE, "Decimal", "How much this answer counts in a score."),
    other_extensions("coding_extensions"),
    key="system code",
)

CONCEPT = part("CodeableConcept",
    main(fhir="coding", shape=CODING, others="also", others_about=ALSO),
    field("text", fhir="text", about="The same in plain words, as it was written."),
    other_extensions(),
)


def coded(*tables: str) -> RecordShape:
    """A concept that is told in the clinic's own word, where one of these tables has one for it."""
    said = worded(*map(table, tables), fhir="coding", shape=CODING, others="also", others_about=ALSO, where=declared_at())
    return CONCEPT.replacing(said)


QUANTITY = part("Quantity",
    field("value", fhir="value", about="The number, with its decimals as written."),
    field("comparator", fhir="comparator", about="Whether the true value lies below (<, <=) or above (>, >=) the number."),
    field("unit", fhir="unit", about="The unit as people read it."),
    field("system", fhir="system", about="The system of the unit's code."),
    field("code", fhir="code", about="The unit as a code, usually UCUM."),
    other_extensions(),
    restates="code:unit unit:code",
)

# where R4 wants a SimpleQuantity: a number that is meant exactly
SIMPLE_QUANTITY = part("Quantity",
    field("value", fhir="value", about="The number, with its decimals as written."),
    field("unit", fhir="unit", about="The unit as people read it."),
    field("system", fhir="system", about="The system of the unit's code."),
    field("code", fhir="code", about="The unit as a code, usually UCUM."),
    other_extensions(),
    restates="code:unit unit:code",
)

PERIOD = part("Period",
    field("start", fhir="start", about="From when."),
    field("end", fhir="end", about="Until when, that day included; left out if it goes on."),
    other_extensions(),
)

RANGE = part("Range",
    field("low", fhir="low", about="From, included.", shape=SIMPLE_QUANTITY),
    field("high", fhir="high", about="To, included.", shape=SIMPLE_QUANTITY),
    other_extensions(),
)

RATIO = part("Ratio",
    field("numerator", fhir="numerator", about="This much ...", shape=QUANTITY),
    field("denominator", fhir="denominator", about="... for each of this.", shape=QUANTITY),
    other_extensions(),
)

IDENTIFIER = part("Identifier",
    field("use", fhir="use", about="usual, official, temp, secondary or old."),
    field("type", fhir="type", about="What sort of number it is: MR medical record, PLAC the sender's, FILL the receiver's.", shape=CONCEPT),
    field("system", fhir="system", about="Who numbers: the URL within which the value is unique."),
    field("value", fhir="value", about="The number itself."),
    field("period", fhir="period", about="When it is or was valid.", shape=PERIOD),
    field("assigner", fhir="assigner", about="Who gave it.", shape=again(lambda: POINTER)),
    other_extensions(),
    key="system value",
)

POINTER: Pointer = pointer(
    field("ref", fhir="reference", about='Where it leads: "Type/id", a URL, or "#id" for something that this record tells.'),
    field("ref_type", fhir="type", about="The type of resource that it leads to."),
    field("ref_identifier", fhir="identifier", about="The number of what is meant, where there is no address.", shape=again(lambda: IDENTIFIER)),
    field("shown_as", fhir="display", about="How people are to read it: usually a name."),
    other_extensions("ref_extensions"),
    key="ref",
)

ANNOTATION = part("Annotation",
    one_of(
        field("by", fhir="authorReference", about="Who wrote it.", shape=POINTER),
        field("by_name", fhir="authorString", about="Who wrote it, as a name only."),
    ),
    field("on", fhir="time", about="When it was written."),
    field("text", fhir="text", about="What was written."),
    other_extensions(),
)

ATTACHMENT = part("Attachment",
    field("content_type", fhir="contentType", about="The media type, such as application/pdf."),
    field("language", fhir="language", about="The language of the content."),
    field("data", fhir="data", about="The content itself, in base64."),
    field("url", fhir="url", about="Where the content can be fetched."),
    field("size", fhir="size", about="Its size in bytes."),
    field("hash", fhir="hash", about="The SHA-1 of the content, in base64."),
    field("title", fhir="title", about="What to call it."),
    field("created", fhir="creation", about="When it was made."),
    other_extensions(),
)

HUMAN_NAME = part("HumanName",
    field("use", fhir="use", about="usual, official, temp, nickname, anonymous, old or maiden."),
    field("text", fhir="text", about="The whole name as it is to be shown."),
    field("family", fhir="family", about="Family name."),
    other_extensions("family_extensions", at="_family.extension"),
    each("given", fhir="given", about="Given names, the first and the middle ones."),
    each("prefix", fhir="prefix", about="What stands before the name: Dr, Mrs."),
    each("suffix", fhir="suffix", about="What stands after the name: MD, Jr."),
    field("period", fhir="period", about="When the name was in use.", shape=PERIOD),
    other_extensions(),
)

TELECOM = part("ContactPoint",
    field("system", fhir="system", about="phone, fax, email, pager, url, sms or other."),
    field("value", fhir="value", about="The number or address."),
    field("use", fhir="use", about="home, work, temp, old (not to be used any more) or mobile."),
    field("rank", fhir="rank", about="Which to try first: 1 before 2."),
    field("period", fhir="period", about="When it was or is in use.", shape=PERIOD),
    other_extensions(),
    key="system value",
)

ADDRESS = part("Address",
    field("use", fhir="use", about="home, work, temp, old or billing."),
    field("type", fhir="type", about="postal, physical or both."),
    field("text", fhir="text", about="The whole address as it is to be shown."),
    each("lines", fhir="line", about="Street, house, flat, post box."),
    field("city", fhir="city", about="Town or city."),
    field("district", fhir="district", about="District or county."),
    field("state", fhir="state", about="State or region."),
    field("postal_code", fhir="postalCode", about="Postal code."),
    field("country", fhir="country", about="Country."),
    field("period", fhir="period", about="When it was or is in use.", shape=PERIOD),
    other_extensions(),
)

TIMING = part("Timing",
    each("at_times", fhir="event", about="At exactly these times."),
    one_of(
        field("during", fhir="repeat.boundsPeriod", about="From when until when it is repeated.", shape=PERIOD),
        field("for_duration", fhir="repeat.boundsDuration", about="For how long it is repeated.", shape=QUANTITY),
        field("for_range", fhir="repeat.boundsRange", about="For how long it is repeated, from a least to a most.", shape=RANGE),
    ),
    field("count", fhir="repeat.count", about="How many times in all."),
    field("count_max", fhir="repeat.countMax", about="How many times in all at most."),
    field("lasts", fhir="repeat.duration", about="How long each time lasts."),
    field("lasts_max", fhir="repeat.durationMax", about="How long each time lasts at most."),
    field("lasts_unit", fhir="repeat.durationUnit", about="The unit of that: s, min, h, d, wk, mo or a."),
    field("times", fhir="repeat.frequency", about="How many times in each period."),
    field("times_max", fhir="repeat.frequencyMax", about="How many times in each period at most."),
    field("every", fhir="repeat.period", about="The length of the period."),
    field("every_max", fhir="repeat.periodMax", about="The greatest length of the period."),
    field("every_unit", fhir="repeat.periodUnit", about="The unit of the period: s, min, h, d, wk, mo or a."),
    each("days", fhir="repeat.dayOfWeek", about="On which days of the week: mon to sun."),
    each("clock_times", fhir="repeat.timeOfDay", about="At which times of the day."),
    each("around", fhir="repeat.when", about="Around which event of the day: AC before meals, HS at bedtime ..."),
    field("minutes_away", fhir="repeat.offset", about="How many minutes before or after that event."),
    field("code", fhir="code", about="The schedule as a code: BID, QD ...", shape=CONCEPT),
    other_extensions(),
    MODIFIER_EXTENSIONS,
    restates="code",
)

SIGNATURE = part("Signature",
    each("type", fhir="type", about="Why it was signed.", shape=CODING),
    field("when", fhir="when", about="When it was signed."),
    field("who", fhir="who", about="Who signed.", shape=POINTER),
    field("on_behalf_of", fhir="onBehalfOf", about="For whom it was signed.", shape=POINTER),
    field("target_format", fhir="targetFormat", about="The media type of what was signed."),
    field("format", fhir="sigFormat", about="The media type of the signature."),
    field("data", fhir="data", about="The signature itself, in base64."),
    other_extensions(),
)

DOSE = part("Dosage.doseAndRate",
    field("type", fhir="type", about="Whether the dose was calculated or simply ordered.", shape=CONCEPT),
    one_of(
        field("dose", fhir="doseQuantity", about="How much each time.", shape=SIMPLE_QUANTITY),
        field("dose_range", fhir="doseRange", about="From how much to how much each time.", shape=RANGE),
    ),
    one_of(
        field("rate", fhir="rateRatio", about="How much in how long a time.", shape=RATIO),
        field("rate_range", fhir="rateRange", about="From which to which rate.", shape=RANGE),
        field("rate_quantity", fhir="rateQuantity", about="The rate in one unit, such as mL/h.", shape=SIMPLE_QUANTITY),
    ),
    other_extensions(),
)

DOSAGE = part("Dosage",
    field("sequence", fhir="sequence", about="Which step this is: the same number at the same time, the next number afterwards (a taper)."),
    field("text", fhir="text", about="The whole dosage in words; never read as numbers."),
    each("additional_instructions", fhir="additionalInstruction", about="What else to heed: with food, may make drowsy ...", shape=CONCEPT),
    field("instructions_for_patient", fhir="patientInstruction", about="What the patient is told, in words."),
    field("timing", fhir="timing", about="When and how often.", shape=TIMING),
    one_of(
        field("as_needed", fhir="asNeededBoolean", about="True if it is taken only when needed."),
        field("as_needed_for", fhir="asNeededCodeableConcept", about="It is taken only when this is so.", shape=CONCEPT),
    ),
    field("site", fhir="site", about="Where on the body.", shape=CONCEPT),
    field("route", fhir="route", about="How it gets into the body: by mouth, through the skin ...", shape=CONCEPT),
    field("method", fhir="method", about="How it is given: swallow, apply, inject ...", shape=CONCEPT),
    each("doses", fhir="doseAndRate", about="How much, or how fast.", shape=DOSE),
    field("max_per_period", fhir="maxDosePerPeriod", about="The most in a period, such as 8 tablets a day.", shape=RATIO),
    field("max_per_administration", fhir="maxDosePerAdministration", about="The most at one time.", shape=SIMPLE_QUANTITY),
    field("max_per_lifetime", fhir="maxDosePerLifetime", about="The most in a lifetime.", shape=SIMPLE_QUANTITY),
    other_extensions(),
    MODIFIER_EXTENSIONS,
    restates="text instructions_for_patient",
)

SAMPLED_DATA = part("SampledData",
    field("origin", fhir="origin", about="The zero of the samples, and their unit.", shape=SIMPLE_QUANTITY),
    field("period", fhir="period", about="Milliseconds from one sample to the next."),
    field("factor", fhir="factor", about="What each sample is multiplied by."),
    field("lower_limit", fhir="lowerLimit", about="The lowest that could be detected."),
    field("upper_limit", fhir="upperLimit", about="The highest that could be detected."),
    field("dimensions", fhir="dimensions", about="How many values belong to each point in time."),
    field("data", fhir="data", about="The samples, separated by spaces; E, L or U where there is no number."),
    other_extensions(),
)

# a place on the body with its side: the laterality qualifier as published by HL7's mCODE guide
LATERALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"

SITE = CONCEPT.plus(
    extension("side", LATERALITY, "CodeableConcept", "Which side: left, right or both; never assumed.", shape=coded("sides")),
)


def same_patient(fhir: str = "subject", *, follows: bool = False) -> SameAs:
    """Whose a linked resource is, where its type demands that: told only where it is not the patient of the whole
    record."""
    return same_as_root(field("patient", fhir=fhir, about=WHOSE, shape=POINTER), element="subject", follows=follows)


def same_patient_if_said(fhir: str = "subject", *, follows: bool = False) -> SameAs:
    """The same, where the type lets it be left out."""
    rule = field("patient", fhir=fhir, about=WHOSE, shape=POINTER)
    return same_as_root(rule, element="subject", follows=follows, if_absent="patient_not_said")


WHOSE = "Whose it is, where that is not the patient of the whole record."

# what every resource has
EVERY_RESOURCE = (
    field("id", fhir="id", about="The id it has where it is kept, or the name that others in this record point to it by."),
    field("meta_version", fhir="meta.versionId", about="Which version of the resource this is, where it is kept."),
    field("meta_updated", fhir="meta.lastUpdated", about="When it was last changed, where it is kept."),
    field("meta_source", fhir="meta.source", about="The system that it came from."),
    derived(fhir="meta.profile", of="meta_profiles", when=is_declared_by_us, because="it is of US Core: declared where it is met"),
    each("meta_profiles", fhir="meta.profile", about="The profiles that it claims to meet, but for those of US Core, which are declared where they are met."),
    each("meta_security", fhir="meta.security", about="Security labels.", shape=CODING),
    each("meta_tags", fhir="meta.tag", about="Tags of those who exchange it.", shape=CODING),
    field("implicit_rules", fhir="implicitRules", about="Rules that it was made under and that may change its meaning."),
    field("language", fhir="language", about="The language it is written in."),
    skip(fhir="text", because="the narrative says in prose what the elements say; it stays in the stored original"),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)
