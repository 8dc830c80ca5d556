"""What was done: a Procedure, from a nerve block or an implanted stimulator to a session of physical therapy.

The words are explained at the head of referral.py.
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
    QUANTITY,
    RANGE,
    SITE,
    coded,
    extension,
    link,
    link_only,
    other_extensions,
    same_patient,
)
from mappings.lens.records import ResourceShape
from mappings.lens.words import (
    each,
    field,
    one_of,
    only_if,
    part,
    pointing_here,
    resource,
)
from mappings.patient import PATIENT
from mappings.resources.condition import CONDITION, RULED_OUT
from mappings.resources.device import DEVICE
from mappings.resources.document import DOCUMENT, REPORT
from mappings.resources.location import LOCATION
from mappings.resources.medication import GIVEN, MEDICATION, NOT_GIVEN
from mappings.resources.observation import OBSERVATION, PAIN_SCORE
from mappings.resources.people import ACTORS

# How a procedure was done, and by which way: extensions that R4 itself defines
METHOD = "http://hl7.org/fhir/StructureDefinition/procedure-method"
APPROACH = "http://hl7.org/fhir/StructureDefinition/procedure-approachBodyStructure"
TARGET = "http://hl7.org/fhir/StructureDefinition/procedure-targetBodyStructure"

PROCEDURE: ResourceShape = resource("Procedure",
    *EVERY_RESOURCE,
    extension("method", METHOD, "CodeableConcept", "How it was done: the approach and the guidance, such as transforaminal under fluoroscopy.", shape=CONCEPT),
    each("identifiers", fhir="identifier", about="Numbers of this entry.", shape=IDENTIFIER),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows, defined in FHIR."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    each("based_on", fhir="basedOn", about="The plan or order that it fulfils.", shape=POINTER),
    each("part_of", fhir="partOf", about="The larger procedure that it belongs to.", shape=POINTER),
    field("status", fhir="status", about="preparation, in-progress, not-done, on-hold, stopped, completed, entered-in-error or unknown."),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    field("category", fhir="category", about="What sort of procedure: surgical, counselling, education ...", shape=CONCEPT),
    field("technique", fhir="code", about="What was done.", shape=coded("procedures", "therapies")),
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    field("visit", fhir="encounter", about="The visit at which it was done.", shape=POINTER),
    one_of(
        field("done_on", fhir="performedDateTime", about="When."),
        field("done_during", fhir="performedPeriod", about="From when until when.", shape=PERIOD),
        field("done_text", fhir="performedString", about="When, in words."),
        field("done_at_age", fhir="performedAge", about="At which age.", shape=QUANTITY),
        field("done_at_ages", fhir="performedRange", about="At an age in this range.", shape=RANGE),
    ),
    field("recorder", fhir="recorder", about="Who wrote it down.", shape=POINTER),
    field("asserter", fhir="asserter", about="Who says that it was done.", shape=POINTER),
    each("performers", fhir="performer", about="Who did it.", shape=part("Procedure.performer",
        field("role", fhir="function", about="In which role.", shape=CONCEPT),
        field("who", fhir="actor", about="Who.", shape=link(**ACTORS)),
        field("on_behalf_of", fhir="onBehalfOf", about="For which organisation.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("place", fhir="location", about="Where.", shape=link(location=LOCATION)),
    each("reasons", fhir="reasonCode", about="Why, as codes or words.", shape=coded("pain_diagnoses")),
    each("ruled_out", fhir="reasonReference", about="What was considered and is not so: refuted, or entered in error.", shape=link_only(ruled_out=RULED_OUT)),
    each("diagnoses", fhir="reasonReference", about="Why, as diagnoses or findings that are kept as such.", shape=link(condition=CONDITION, observation=OBSERVATION, report=REPORT, document=DOCUMENT)),
    each("sites", fhir="bodySite", about="Where on the body: the target and its level, with the side.", shape=SITE),
    field("outcome", fhir="outcome", about="What came of it.", shape=CONCEPT),
    each("reports", fhir="report", about="What was written about it.", shape=link(document=DOCUMENT, report=REPORT)),
    each("complications", fhir="complication", about="What went wrong, as codes or words.", shape=CONCEPT),
    each("complication_records", fhir="complicationDetail", about="What went wrong, as diagnoses that are kept as such.", shape=link(condition=CONDITION)),
    each("follow_up", fhir="followUp", about="What is to be done afterwards.", shape=CONCEPT),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    each("devices", fhir="focalDevice", about="What was implanted, changed or taken out.", shape=part("Procedure.focalDevice",
        field("action", fhir="action", about="Implanted, explanted, adjusted ...", shape=CONCEPT),
        field("device", fhir="manipulated", about="Which device.", shape=link(device=DEVICE)),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("used", fhir="usedReference", about="What was used: devices, medication, substances.", shape=link(device=DEVICE, medication=MEDICATION)),
    each("used_kinds", fhir="usedCode", about="What was used, as codes: imaging, contrast, needles ...", shape=CONCEPT),
    # what leads to the procedure (partOf) is told with it
    pointing_here("agents", fhir="MedicationAdministration.partOf", about="What was given during it: the agents, each with its dose.",
                  shape=link(agent=GIVEN)),
    pointing_here("agents_not_given", fhir="MedicationAdministration.partOf", about="What was NOT given, or was entered in error.",
                  shape=link(agent_not_given=NOT_GIVEN)),
    pointing_here("pain_scores", fhir="Observation.partOf", about="How bad the pain was before and after, each with its time, by the patient's own rating.",
                  shape=link(pain_score=PAIN_SCORE)),
    pointing_here("findings", fhir="Observation.partOf", about="What else was observed or measured during it.", shape=link(observation=OBSERVATION)),
    known_by="identifiers",
)

# told within another record, which then tells what belongs to it
PROCEDURE_DONE = PROCEDURE.without("agents", "agents_not_given", "pain_scores", "findings").replacing(same_patient())

PAST_PROCEDURE = PROCEDURE_DONE.plus(only_if(fhir="status", values=("completed", "in-progress", "stopped")))

RECORD = PROCEDURE
