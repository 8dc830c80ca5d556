"""Moving a referral: its row, its Task, what was told with the move, and the history of it, in one transaction.

What is told again is no second move: it answers as the first did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from adapter.exchange.keeping import keep_next
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.translation import Record
from adapter.exchange.workflow import answering
from adapter.exchange.workflow.acceptance import refuse_inaction, refuse_what_is_not_in_force
from adapter.exchange.workflow.answering import Prepared
from adapter.exchange.workflow.states import ACTIONS, Deed, Side, Transition, allowed, transition
from adapter.exchange.workflow.task import Additions, moved
from adapter.store import answers, referrals, resources, transitions
from adapter.store.clock import now
from adapter.store.referrals import Referral, Status
from adapter.store.resources import Stored
from mappings.r4 import exact_json
from mappings.values import same

REVOCABLE = ("draft", "active", "on-hold", "unknown")


class Changed(Protocol):
    """Told of every move, within its transaction: whoever brings news to the sender puts that work in here."""

    def __call__(self, connection: Connection, referral: Referral) -> None: ...


def told_to_nobody(connection: Connection, referral: Referral) -> None:
    """Where nothing is brought to senders: they come and read."""


@dataclass(frozen=True)
class Told:
    """What one side says of a referral."""

    action: Deed
    who: str
    reason: str | None = None
    status_reason: Node | None = None
    """The reason as Task.statusReason."""
    answer: Prepared | None = None
    """What comes with it."""
    added: dict[str, list[Node]] = field(default_factory=dict)
    """What it adds to the Task, by element."""


def move(connection: Connection, referral: Referral, told: Told, changed: Changed, where: str = "status") -> Referral:
    """The referral where it stands afterwards; the caller has locked it.  Refusal, and nothing is done, where it may
    not go there; `where` is what such a refusal names."""
    last = transitions.last(connection, referral.id)
    if again(connection, last, told):
        return referral
    step = transition(told.action, referral.status)
    if step is None:
        raise illegal(told.action, referral.status, where)
    if ACTIONS[told.action].acts:
        refuse_inaction(referral)
    if ACTIONS[told.action].in_force:
        refuse_what_is_not_in_force(referral)
    return _Move(connection, referral, told, step, last).make(changed)


def illegal(action: Deed, status: Status, where: str) -> Refusal:
    """Why a move may not be made, and which may."""
    side: Side = ACTIONS[action].by
    possible = allowed(side, status)
    can = f"what can be done from there is: {', '.join(possible)}" if possible else "nothing can be done from there"
    return refuse("conflict", "conflict", where, f"The referral stands at {status}, and {can}.")


def again(connection: Connection, last: transitions.Transition, told: Told) -> bool:
    """Whether this is what was told last."""
    if (last.action, last.reason) != (told.action, told.reason) or told.added:
        return False
    before = _record(connection, last)
    return same(before, told.answer.record if told.answer else None)


def _record(connection: Connection, last: transitions.Transition) -> Record | None:
    if last.answer_id is None or last.answer_version is None:
        return None
    found = answers.at_version(connection, last.answer_id, last.answer_version)
    return found.record if found else None


class _Move:
    """One legal move."""

    def __init__(
        self, connection: Connection, referral: Referral, told: Told, step: Transition, last: transitions.Transition
    ) -> None:
        self._connection, self._referral, self._told, self._step, self._last = connection, referral, told, step, last
        self._end = last.from_status or "received" if step.end == "back" else step.end
        self._at = now()
        self._partner = self._held("ServiceRequest", referral.service_request_id).partner

    def make(self, changed: Changed) -> Referral:
        told, kept = self._told, self._keep_answer()
        outputs = [(told.answer.called, f"{told.answer.type}/{kept[0]}")] if told.answer and told.answer.type else []
        if self._step.appointment:
            self._settle_appointment()
        task_version = self._tell(Additions(outputs, told.added))
        if self._end == "cancelled":
            self._revoke()
        stays = told.action == "inform" and self._step.end == self._step.start
        reason = self._referral.reason if stays else told.reason
        referrals.move(self._connection, self._referral.id, self._end, reason, self._at)
        self._note(task_version, kept)
        after = referrals.get(self._connection, self._referral.id)
        if after is None:
            raise LookupError("the referral is not stored")
        changed(self._connection, after)
        return after

    def _keep_answer(self) -> tuple[str, int] | tuple[None, None]:
        """Stores what came with the move: an appointment that is moved is the same appointment."""
        prepared = self._told.answer
        if prepared is None:
            return None, None
        booked = answering.booked(self._connection, self._referral.id) if prepared.type == "Appointment" else None
        return answering.keep(self._connection, self._referral.id, prepared, booked, self._partner, self._at)

    def _settle_appointment(self) -> None:
        booked = answering.booked(self._connection, self._referral.id)
        if booked is not None:
            reason = self._told.reason if self._step.appointment == "cancelled" else None
            answering.settle(self._connection, booked, self._step.appointment, reason, self._partner, self._at)

    def _tell(self, more: Additions) -> int:
        """The next version of the Task; the ones before stay readable."""
        held = self._held("Task", self._referral.task_id)
        before = exact_json.loads(held.json)
        stays = self._told.action == "inform" and self._step.end == self._step.start
        reason = before.get("statusReason") if stays else self._told.status_reason
        after = moved(before, self._end, reason, self._at, more)
        return keep_next(self._connection, held, after, self._at).version

    def _revoke(self) -> None:
        """The request is no longer in force, as its sender says by having it cancelled.

        Nothing else here changes its status: that is "fully in the control of the requester", and how far the performer
        is stands in the Task (R4, ServiceRequest.status).
        """
        held = self._held("ServiceRequest", self._referral.service_request_id)
        request = exact_json.loads(held.json)
        if request.get("status") in REVOCABLE:
            keep_next(self._connection, held, {**request, "status": "revoked"}, self._at)

    def _note(self, task_version: int, kept: tuple[str, int] | tuple[None, None]) -> None:
        told = self._told
        transitions.add(
            self._connection,
            transitions.Transition(
                referral_id=self._referral.id,
                number=self._last.number + 1,
                action=told.action,
                from_status=self._referral.status,
                to_status=self._end,
                side=ACTIONS[told.action].by,
                who=told.who,
                at=self._at,
                reason=told.reason,
                task_version=task_version,
                answer_id=kept[0],
                answer_version=kept[1],
            ),
        )

    def _held(self, type_: str, id_: str) -> Stored:
        held = resources.current(self._connection, type_, id_)
        if held is None:
            raise LookupError(f"the referral's {type_} is not stored")
        return held
