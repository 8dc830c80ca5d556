"""The states of a referral and the transitions between them, as one table; nothing moves that is not in it.

The states and the numbered transitions are those of HL7's BSeR guide (github.com/HL7/bser, input/images/Harmonized
State Transitions.png, which harmonises them with IHE 360X); its code system TaskBusinessStatusCS says the step
(hl7.org/fhir/us/bser/CodeSystem-TaskBusinessStatusCS.html).  Where that guide is silent, or R4 says otherwise:

- More information is asked for by a Task that is on hold, with what is wanted in statusReason.text, as Gravity has it
  (github.com/HL7/fhir-sdoh-clinicalcare, SDOHCCTaskForReferralManagement: the responder sets on-hold, and then there
  should be a statusReason.text).  What was reached before is kept in businessStatus, and taken up again.
- A cancellation before any decision holds at once: BSeR's 04 and 23 in one step, as IHE 360X has it in one message
  (PCC-58: Task cancelled, request revoked).  Later it is asked for, and the clinic confirms it (23) or completes (24).
- What was begun and cannot be done is `failed` (HL7 Clinical Order Workflows, "Fulfiller Unable to Perform"): R4 has
  `rejected` only "prior to performing any action" (codesystem-task-status.html), so no decline after a visit (25).
- An appointment that was missed or kept cannot be cancelled any more (no 19 and 27): it stays what it became.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from adapter.store.referrals import Status

Side = Literal["clinic", "sender"]
Deed = Literal[
    "accept",
    "decline",
    "ask",
    "resume",
    "schedule",
    "no-show",
    "cancel-appointment",
    "attended",
    "complete",
    "fail",
    "cancel",
    "withdraw",
    "inform",
]
Business = tuple[str, str]
"""Code and display."""


class State(NamedTuple):
    """How a state is told in a Task."""

    task_status: str
    business_status: Business | Literal["kept"] | None
    says: str


STATES: dict[Status, State] = {
    "received": State("received", ("2.0", "Service Request Created"), "it is here, and nobody has decided yet"),
    "asked": State("on-hold", "kept", "the sender was asked for more"),
    "accepted": State("accepted", ("3.0", "Service Request Accepted"), "the clinic takes the patient"),
    "declined": State("rejected", ("4.0", "Service Request Declined"), "the clinic does not take the patient"),
    "scheduled": State("in-progress", ("5.1.1", "Service Request Event Scheduled"), "there is an appointment"),
    "missed": State("in-progress", ("5.1.2", "Scheduled Service Request Event Unattended"), "the patient did not come"),
    "appointment-cancelled": State(
        "in-progress", ("5.1.3", "Scheduled Service Request Event Cancelled"), "the appointment will not take place"
    ),
    "attended": State("in-progress", ("5.1.4", "Service Request Event Completed"), "the patient was seen"),
    "cancellation-requested": State(
        "in-progress", ("5.2", "Service Request Cancellation Requested"), "the sender wants it cancelled"
    ),
    "cancelled": State("cancelled", ("6.0", "Service Request Fulfillment Cancelled"), "it was cancelled"),
    "completed": State("completed", ("7.0", "Service Request Fulfillment Completed"), "it was answered"),
    "failed": State("failed", None, "it was begun and cannot be done"),
}


class Action(NamedTuple):
    """Something that one side may tell of a referral."""

    by: Side
    says: str
    text: str = ""
    """What its words are called."""
    needs_text: bool = False
    record: str = ""
    """The record that comes with it."""
    needs_record: bool = False
    acts: bool = True
    """Whether it acts upon the referral: then it must be understood."""
    in_force: bool = False
    """Whether it sets care in motion: then the referral must be in force."""


ACTIONS: dict[Deed, Action] = {
    "accept": Action("clinic", "take the patient", in_force=True),
    "decline": Action("clinic", "do not take the patient", "reason", True),
    # asking is all that can be done with what is not understood
    "ask": Action("clinic", "ask the sender for more", "question", True, acts=False),
    "resume": Action("clinic", "go on without the answer, or with one that came another way", acts=False),
    "schedule": Action("clinic", "make or move the appointment", record="follow_up", needs_record=True, in_force=True),
    "no-show": Action("clinic", "the patient did not come"),
    "cancel-appointment": Action("clinic", "the appointment will not take place", "reason"),
    "attended": Action("clinic", "the patient was seen; with an interim note", record="consult_note"),
    "complete": Action("clinic", "answer with the consult note", record="consult_note", needs_record=True),
    "fail": Action("clinic", "what was begun cannot be done", "reason", True),
    "cancel": Action("clinic", "cancel it as the sender wants", "reason"),
    "withdraw": Action("sender", "have it cancelled", "statusReason", acts=False),
    "inform": Action(
        "sender", "add information, the answer to a question too", record="information", needs_record=True, acts=False
    ),
}

BACK = "back"
"""To where it stood before more was asked for."""


class Transition(NamedTuple):
    """One move that may be made."""

    action: Deed
    start: Status
    end: Status | Literal["back"]
    source: str
    appointment: str = ""
    """What becomes of an appointment that is booked (Appointment.status)."""


TRANSITIONS: tuple[Transition, ...] = (
    Transition("accept", "received", "accepted", "BSeR 02"),
    Transition("decline", "received", "declined", "BSeR 03"),
    Transition("decline", "asked", "declined", "Gravity", "cancelled"),
    Transition("decline", "accepted", "declined", "BSeR 05"),
    Transition("decline", "scheduled", "declined", "BSeR 10", "cancelled"),
    Transition("decline", "missed", "declined", "BSeR 17"),
    Transition("decline", "appointment-cancelled", "declined", "BSeR 33"),
    Transition("ask", "received", "asked", "Gravity"),
    Transition("ask", "accepted", "asked", "Gravity"),
    Transition("ask", "scheduled", "asked", "Gravity"),
    Transition("ask", "missed", "asked", "Gravity"),
    Transition("ask", "appointment-cancelled", "asked", "Gravity"),
    Transition("resume", "asked", "back", "Gravity"),
    Transition("schedule", "accepted", "scheduled", "BSeR 06"),
    Transition("schedule", "scheduled", "scheduled", "BSeR 11"),
    Transition("schedule", "missed", "scheduled", "BSeR 18"),
    Transition("schedule", "appointment-cancelled", "scheduled", "BSeR 21"),
    Transition("schedule", "attended", "scheduled", "BSeR 26"),
    Transition("no-show", "scheduled", "missed", "BSeR 12", "noshow"),
    Transition("cancel-appointment", "scheduled", "appointment-cancelled", "BSeR 13", "cancelled"),
    Transition("attended", "accepted", "attended", "BSeR 08"),
    Transition("attended", "scheduled", "attended", "BSeR 15", "fulfilled"),
    Transition("attended", "attended", "attended", "BSeR 29"),
    Transition("complete", "accepted", "completed", "BSeR 09"),
    Transition("complete", "scheduled", "completed", "BSeR 16", "fulfilled"),
    Transition("complete", "attended", "completed", "BSeR 30"),
    Transition("complete", "cancellation-requested", "completed", "BSeR 24", "cancelled"),
    Transition("fail", "scheduled", "failed", "COW", "cancelled"),
    Transition("fail", "missed", "failed", "COW"),
    Transition("fail", "appointment-cancelled", "failed", "COW"),
    Transition("fail", "attended", "failed", "COW"),
    Transition("cancel", "cancellation-requested", "cancelled", "BSeR 23", "cancelled"),
    Transition("withdraw", "received", "cancelled", "BSeR 04 and 23, 360X PCC-58"),
    Transition("withdraw", "asked", "cancellation-requested", "Gravity"),
    Transition("withdraw", "accepted", "cancellation-requested", "BSeR 07"),
    Transition("withdraw", "scheduled", "cancellation-requested", "BSeR 14"),
    Transition("withdraw", "missed", "cancellation-requested", "BSeR 20"),
    Transition("withdraw", "appointment-cancelled", "cancellation-requested", "BSeR 22"),
    Transition("withdraw", "attended", "cancellation-requested", "BSeR 28"),
    Transition("inform", "received", "received", "Gravity"),
    Transition("inform", "asked", "back", "Gravity"),
    Transition("inform", "accepted", "accepted", "Gravity"),
    Transition("inform", "scheduled", "scheduled", "Gravity"),
    Transition("inform", "missed", "missed", "Gravity"),
    Transition("inform", "appointment-cancelled", "appointment-cancelled", "Gravity"),
    Transition("inform", "attended", "attended", "Gravity"),
    Transition("inform", "cancellation-requested", "cancellation-requested", "Gravity"),
)
"""A Task is put with inputs by its requester in Gravity's profile (input:AdditionalContent)."""

_BY_PLACE = {(one.action, one.start): one for one in TRANSITIONS}


def transition(action: Deed, start: Status) -> Transition | None:
    """The move that an action makes from a state; None where it may not be made."""
    return _BY_PLACE.get((action, start))


def allowed(side: Side, start: Status) -> list[Deed]:
    """What a side may do with a referral that stands here."""
    return [one.action for one in TRANSITIONS if one.start == start and ACTIONS[one.action].by == side]
