"""Written things: a DocumentReference (a letter, an image, a form), and a DiagnosticReport."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ATTACHMENT,
    CODING,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    link,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.words import each, field, one_of, only_if, part, resource
from mappings.resources.observation import OBSERVATION
from mappings.resources.people import ACTORS, ORGANIZATION

DOCUMENT = resource("DocumentReference",
    *EVERY_RESOURCE,
    field("master_identifier", fhir="masterIdentifier", about="The number of this version of the document.", shape=IDENTIFIER),
    each("identifiers", fhir="identifier", about="Other numbers of it.", shape=IDENTIFIER),
    field("status", fhir="status", about="current, superseded or entered-in-error."),
    field("document_status", fhir="docStatus", about="How far the text is: preliminary, final, amended or entered-in-error."),
    field("type", fhir="type", about="What kind of document, exactly.", shape=CONCEPT),
    each("categories", fhir="category", about="What sort of document: clinical note, report, imaging ...", shape=CONCEPT),
    same_patient_if_said(),
    field("written_on", fhir="date", about="When this entry was made."),
    each("authors", fhir="author", about="Who wrote it.", shape=link(**ACTORS)),
    field("signed_by", fhir="authenticator", about="Who signed for it.", shape=POINTER),
    field("custodian", fhir="custodian", about="Which organisation keeps it.", shape=link(organization=ORGANIZATION)),
    each("relations", fhir="relatesTo", about="What it does to other documents.", shape=part("DocumentReference.relatesTo",
        field("how", fhir="code", about="replaces, transforms, signs or appends."),
        field("which", fhir="target", about="To which document.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("description", fhir="description", about="What it is, in words."),
    each("security_labels", fhir="securityLabel", about="How confidential it is.", shape=CONCEPT),
    each("contents", fhir="content", about="The document itself, in one form or several.", shape=part("DocumentReference.content",
        field("attachment", fhir="attachment", about="The content, inline or by its address.", shape=ATTACHMENT),
        field("format", fhir="format", about="The rules that the content follows.", shape=CODING),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("context", fhir="context", about="In which course of care it was written.", shape=part("DocumentReference.context",
        each("visits", fhir="encounter", about="The visits that it is about.", shape=POINTER),
        each("events", fhir="event", about="The services that it documents.", shape=CONCEPT),
        field("period", fhir="period", about="The time that it covers.", shape=PERIOD),
        field("facility_type", fhir="facilityType", about="At what sort of place it was written.", shape=CONCEPT),
        field("setting", fhir="practiceSetting", about="In which specialty.", shape=CONCEPT),
        field("patient_details", fhir="sourcePatientInfo", about="The patient as registered where it was written.", shape=POINTER),
        each("related", fhir="related", about="What else belongs to it: the referral, the plan, procedures.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    known_by="identifiers",
)

# not what was entered in error
ATTACHED = DOCUMENT.plus(
    only_if(fhir="status", values=("current", "superseded")),
    only_if(fhir="docStatus", values=("preliminary", "final", "amended"), or_absent=True),
)

REPORT = resource("DiagnosticReport",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the report.", shape=IDENTIFIER),
    each("based_on", fhir="basedOn", about="The order or plan that it answers.", shape=POINTER),
    field("status", fhir="status", about="registered, partial, preliminary, final, amended, corrected, appended, cancelled, entered-in-error or unknown."),
    each("categories", fhir="category", about="Which service made it: radiology, laboratory ...", shape=CONCEPT),
    field("type", fhir="code", about="What kind of report.", shape=CONCEPT),
    same_patient_if_said(),
    field("visit", fhir="encounter", about="The visit that it is about.", shape=POINTER),
    one_of(
        field("taken_on", fhir="effectiveDateTime", about="For which time it holds."),
        field("taken_during", fhir="effectivePeriod", about="For which period it holds.", shape=PERIOD),
    ),
    field("issued", fhir="issued", about="When this version was released."),
    each("performers", fhir="performer", about="Who answers for it.", shape=link(**ACTORS)),
    each("interpreters", fhir="resultsInterpreter", about="Who read the results.", shape=POINTER),
    each("specimens", fhir="specimen", about="What was examined.", shape=POINTER),
    each("results", fhir="result", about="The single findings.", shape=link(observation=OBSERVATION)),
    each("studies", fhir="imagingStudy", about="The images.", shape=POINTER),
    each("media", fhir="media", about="Key images.", shape=part("DiagnosticReport.media",
        field("comment", fhir="comment", about="What it shows."),
        field("image", fhir="link", about="The image.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("conclusion", fhir="conclusion", about="What it comes to, in words."),
    each("conclusion_codes", fhir="conclusionCode", about="What it comes to, as codes.", shape=CONCEPT),
    each("documents", fhir="presentedForm", about="The whole report as it was written.", shape=ATTACHMENT),
    known_by="identifiers",
)
