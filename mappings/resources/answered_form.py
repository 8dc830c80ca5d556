"""A form with its answers: a QuestionnaireResponse, as answered."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ATTACHMENT,
    CODING,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    POINTER,
    QUANTITY,
    extension,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.records import RecordShape
from mappings.lens.words import again, each, field, one_of, only_if, part, resource

QUESTIONNAIRE_URI = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-extension-questionnaire-uri"

ANSWER: RecordShape = part("QuestionnaireResponse.item.answer",
    one_of(
        field("choice", fhir="valueCoding", about="The answer that was chosen, with what it counts where that is said.", shape=CODING),
        field("whole_number", fhir="valueInteger", about="The answer as a whole number."),
        field("number", fhir="valueDecimal", about="The answer as a number."),
        field("yes", fhir="valueBoolean", about="The answer as yes or no."),
        field("text", fhir="valueString", about="The answer in words."),
        field("date", fhir="valueDate", about="The answer as a date."),
        field("date_time", fhir="valueDateTime", about="The answer as a date and time."),
        field("time", fhir="valueTime", about="The answer as a time of day."),
        field("quantity", fhir="valueQuantity", about="The answer as a number with its unit.", shape=QUANTITY),
        field("url", fhir="valueUri", about="The answer as an address."),
        field("attachment", fhir="valueAttachment", about="The answer as a document or picture.", shape=ATTACHMENT),
        field("reference", fhir="valueReference", about="The answer as a record that it points to.", shape=POINTER),
    ),
    each("items", fhir="item", about="Questions that follow from this answer.", shape=again(lambda: ITEM)),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

ITEM: RecordShape = part("QuestionnaireResponse.item",
    field("link", fhir="linkId", about="Which question of the form: its linkId, for a published instrument often the LOINC code."),
    field("definition", fhir="definition", about="Where the question is defined."),
    field("question", fhir="text", about="The question or heading as it was shown."),
    each("answers", fhir="answer", about="What was answered.", shape=ANSWER),
    each("items", fhir="item", about="Questions under this heading.", shape=again(lambda: ITEM)),
    other_extensions(),
    MODIFIER_EXTENSIONS,
    key="link",
)

ANSWERED_FORM = resource("QuestionnaireResponse",
    *EVERY_RESOURCE,
    field("identifier", fhir="identifier", about="The number of this answered form.", shape=IDENTIFIER),
    each("based_on", fhir="basedOn", about="The order that asked for it.", shape=POINTER),
    each("part_of", fhir="partOf", about="The procedure or finding that it belongs to.", shape=POINTER),
    field("questionnaire", fhir="questionnaire", about="Which form: the address of its definition."),
    extension("other_form", QUESTIONNAIRE_URI, "Uri", "Which form, where it is defined otherwise than in FHIR: its address.", on="_questionnaire"),
    field("status", fhir="status", about="in-progress, completed, amended, entered-in-error or stopped."),
    same_patient_if_said(),
    field("visit", fhir="encounter", about="The visit at which it was filled in.", shape=POINTER),
    field("answered_on", fhir="authored", about="When it was filled in."),
    field("author", fhir="author", about="Who wrote the answers down.", shape=POINTER),
    field("source", fhir="source", about="Who gave the answers.", shape=POINTER),
    each("items", fhir="item", about="The questions and their answers, in the order of the form.", shape=ITEM),
    known_by="identifier",
)

FILLED_IN = ANSWERED_FORM.plus(only_if(fhir="status", values=("completed", "amended", "in-progress", "stopped")))  # not what was entered in error
