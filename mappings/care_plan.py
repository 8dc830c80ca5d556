"""The multidisciplinary plan: a CarePlan with its problems, goals and team, and what is to be done.

Goals and orders follow the plan's patient, and are told with a patient only where it is another one.  R4 has no element
for the day of the next review: it is an activity.  The words are explained at the head of referral.py.
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
    RATIO,
    SIMPLE_QUANTITY,
    TELECOM,
    TIMING,
    coded,
    link,
    link_only,
    other_extensions,
    same_patient,
    same_patient_if_said,
)
from mappings.lens.words import each, field, one_of, part, resource
from mappings.medication_request import MEDICATION_REQUEST
from mappings.narrative import plan_in_words
from mappings.patient import PATIENT
from mappings.procedure import PROCEDURE_DONE
from mappings.referral import REFERRAL
from mappings.resources.answered_form import ANSWERED_FORM
from mappings.resources.communication import COMMUNICATION, COMMUNICATION_REQUEST
from mappings.resources.condition import CONDITION, RULED_OUT
from mappings.resources.device import DEVICE_REQUEST
from mappings.resources.document import DOCUMENT
from mappings.resources.medication import MEDICATION
from mappings.resources.observation import OBSERVATION, PAIN_SCORE
from mappings.resources.people import (
    ACTORS,
    ORGANIZATION,
    PRACTITIONER,
    PRACTITIONER_ROLE,
)
from mappings.resources.visit import APPOINTMENT
from mappings.terminology import code_table

TARGET = part("Goal.target",
    field("measure", fhir="measure", about="What is measured.", shape=CONCEPT),
    one_of(
        field("quantity", fhir="detailQuantity", about="The number to reach.", shape=QUANTITY),
        field("range", fhir="detailRange", about="The range to reach.", shape=RANGE),
        field("concept", fhir="detailCodeableConcept", about="The result to reach, as a code.", shape=CONCEPT),
        field("text", fhir="detailString", about="The result to reach, in words."),
        field("yes", fhir="detailBoolean", about="The result to reach, as yes or no."),
        field("number", fhir="detailInteger", about="The whole number to reach."),
        field("ratio", fhir="detailRatio", about="The ratio to reach.", shape=RATIO),
    ),
    one_of(
        field("due", fhir="dueDate", about="By when."),
        field("due_in", fhir="dueDuration", about="Within how long from the start.", shape=QUANTITY),
    ),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

GOAL = resource("Goal",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the goal.", shape=IDENTIFIER),
    field("stage", fhir="lifecycleStatus", about="proposed, planned, accepted, active, on-hold, completed, cancelled, entered-in-error or rejected."),
    field("achievement", fhir="achievementStatus", about="How far it is reached: in-progress, improving, achieved ...", shape=CONCEPT),
    each("categories", fhir="category", about="What sort of goal.", shape=CONCEPT),
    field("priority", fhir="priority", about="How much it matters.", shape=CONCEPT),
    field("description", fhir="description", about="What the patient is to reach.", shape=CONCEPT),
    same_patient(follows=True),
    one_of(
        field("start", fhir="startDate", about="From when."),
        field("start_event", fhir="startCodeableConcept", about="From which event on.", shape=CONCEPT),
    ),
    each("targets", fhir="target", about="How it is measured that the goal is reached.", shape=TARGET),
    field("stage_since", fhir="statusDate", about="Since when it is at this stage."),
    field("stage_reason", fhir="statusReason", about="Why it is at this stage."),
    field("set_by", fhir="expressedBy", about="Whose goal it was first: the patient's own, or a clinician's.", shape=POINTER),
    each("problems", fhir="addresses", about="What it is a goal against.", shape=POINTER),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    each("outcomes", fhir="outcomeCode", about="What came of it, as codes.", shape=CONCEPT),
    each("outcome_records", fhir="outcomeReference", about="What came of it, where it is recorded.", shape=POINTER),
    known_by="identifiers",
)

CARE_TEAM = resource("CareTeam",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the team.", shape=IDENTIFIER),
    field("status", fhir="status", about="proposed, active, suspended, inactive or entered-in-error."),
    each("categories", fhir="category", about="What sort of team.", shape=CONCEPT),
    field("name", fhir="name", about="Its name."),
    same_patient_if_said(follows=True),
    field("visit", fhir="encounter", about="The visit for which it was formed.", shape=POINTER),
    field("period", fhir="period", about="From when until when it works.", shape=PERIOD),
    each("members", fhir="participant", about="Who is in it.", shape=part("CareTeam.participant",
        field("member_id", fhir="id", about="The name of this entry within the team."),
        each("roles", fhir="role", about="What they do in the team.", shape=CONCEPT),
        field("who", fhir="member", about="Who it is.", shape=link(patient=PATIENT, **ACTORS)),
        field("on_behalf_of", fhir="onBehalfOf", about="The organisation of this practitioner.", shape=POINTER),
        field("period", fhir="period", about="From when until when.", shape=PERIOD),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("reasons", fhir="reasonCode", about="Why there is a team, as codes.", shape=CONCEPT),
    each("reason_records", fhir="reasonReference", about="Why there is a team, where it is recorded.", shape=POINTER),
    each("run_by", fhir="managingOrganization", about="Which organisation runs it.", shape=POINTER),
    each("telecoms", fhir="telecom", about="How to reach the team.", shape=TELECOM),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

# what is ordered within a plan is for the plan's patient
PLANNED_ORDER = REFERRAL.replacing(same_patient(follows=True))
PLANNED_PRESCRIPTION = MEDICATION_REQUEST.replacing(same_patient(follows=True))
PLANNED_DEVICE = DEVICE_REQUEST.replacing(same_patient(follows=True))
PLANNED_COMMUNICATION = COMMUNICATION_REQUEST.replacing(same_patient_if_said(follows=True))

DETAIL = part("CarePlan.activity.detail",
    field("kind_of_activity", fhir="kind", about="Appointment, ServiceRequest, MedicationRequest ...: what it would be as a request of its own."),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    field("what", fhir="code", about="What is to be done.", shape=coded("procedures", "therapies")),
    each("reasons", fhir="reasonCode", about="Why, as codes.", shape=coded("pain_diagnoses")),
    each("reason_records", fhir="reasonReference", about="Why, where it is recorded.", shape=POINTER),
    each("goals", fhir="goal", about="The goals that it serves.", shape=POINTER),
    field("status", fhir="status", about="not-started, scheduled, in-progress, on-hold, completed, cancelled, stopped, unknown or entered-in-error."),
    field("status_reason", fhir="statusReason", about="Why it stands so.", shape=CONCEPT),
    field("must_not_be_done", fhir="doNotPerform", about="True if this must NOT be done."),
    one_of(
        field("schedule", fhir="scheduledTiming", about="When and how often.", shape=TIMING),
        field("scheduled", fhir="scheduledPeriod", about="From when until when.", shape=PERIOD),
        field("scheduled_text", fhir="scheduledString", about="When, in words."),
    ),
    field("location", fhir="location", about="Where.", shape=POINTER),
    each("performers", fhir="performer", about="Who does it.", shape=link(patient=PATIENT, **ACTORS)),
    one_of(
        field("product", fhir="productCodeableConcept", about="What is given.", shape=CONCEPT),
        field("product_record", fhir="productReference", about="What is given, where it is recorded.", shape=link(medication=MEDICATION)),
    ),
    field("daily_amount", fhir="dailyAmount", about="How much a day.", shape=SIMPLE_QUANTITY),
    field("quantity", fhir="quantity", about="How much in all.", shape=SIMPLE_QUANTITY),
    field("description", fhir="description", about="What is to be done, in words."),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

CARE_PLAN = resource("CarePlan",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the plan.", shape=IDENTIFIER),
    each("protocols", fhir="instantiatesCanonical", about="The protocols that it follows."),
    each("other_protocols", fhir="instantiatesUri", about="The protocols that it follows, defined elsewhere."),
    each("based_on", fhir="basedOn", about="What it fulfils.", shape=POINTER),
    each("replaces", fhir="replaces", about="The plan that it replaces.", shape=POINTER),
    each("part_of", fhir="partOf", about="The larger plan that it belongs to.", shape=POINTER),
    field("status", fhir="status", about="Where it stands.", shape=code_table("request_status")),
    field("intent", fhir="intent", about="Whether it is a plan (the usual), or a proposal, an order or an option.", left_out_when="plan"),
    each("categories", fhir="category", about="What sort of plan.", shape=CONCEPT),
    field("title", fhir="title", about="Its name."),
    field("description", fhir="description", about="What it is about."),
    field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT)),
    field("visit", fhir="encounter", about="The visit at which it was made.", shape=POINTER),
    field("period", fhir="period", about="From when until when it holds.", shape=PERIOD),
    field("made_on", fhir="created", about="When it was first made."),
    field("author", fhir="author", about="Who answers for it.",
          shape=link(practitioner=PRACTITIONER, practitioner_role=PRACTITIONER_ROLE, organization=ORGANIZATION)),
    each("contributors", fhir="contributor", about="Who else wrote it.", shape=POINTER),
    each("teams", fhir="careTeam", about="Who carries it out.", shape=link(team=CARE_TEAM)),
    each("ruled_out", fhir="addresses", about="What was considered and is not so: refuted, or entered in error.", shape=link_only(ruled_out=RULED_OUT)),
    each("problems", fhir="addresses", about="What it is a plan against.", shape=link(condition=CONDITION)),
    each("supporting", fhir="supportingInfo", about="What it rests on: the referral, assessments, the patient's preferences.",
         shape=link(observation=OBSERVATION, answered_form=ANSWERED_FORM, document=DOCUMENT)),
    each("goals", fhir="goal", about="What is to be reached.", shape=link(goal=GOAL)),
    each("activities", fhir="activity", about="What is to be done.", shape=part("CarePlan.activity",
        each("outcomes", fhir="outcomeCodeableConcept", about="What came of it, as codes.", shape=CONCEPT),
        each("outcome_records", fhir="outcomeReference", about="What came of it: what was done, told, measured.",
             shape=link(procedure=PROCEDURE_DONE, communication=COMMUNICATION, pain_score=PAIN_SCORE, observation=OBSERVATION)),
        each("progress", fhir="progress", about="How it goes.", shape=ANNOTATION),
        field("order", fhir="reference", about="What is to be done, as an order, prescription, talk or appointment of its own.",
              shape=link(order=PLANNED_ORDER, prescription=PLANNED_PRESCRIPTION, communication=PLANNED_COMMUNICATION, device=PLANNED_DEVICE, appointment=APPOINTMENT)),
        field("detail", fhir="detail", about="What is to be done, said in the plan itself.", shape=DETAIL),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("notes", fhir="note", about="Remarks.", shape=ANNOTATION),
    known_by="identifiers",
)

NARRATIVE = plan_in_words

RECORD = CARE_PLAN
