"""What the clinic decides on a referral: each decision is one move, or the one before, told again.

A decision that came too late, because the referral was moved while it was made, is refused with where it stands now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from adapter.exchange.held import held
from adapter.exchange.refusal import Kind, Refusal, refuse
from adapter.exchange.translation import site_of
from adapter.exchange.workflow import answering, records
from adapter.exchange.workflow.answering import Prepared
from adapter.exchange.workflow.moving import Changed, Told, again, move
from adapter.exchange.workflow.states import ACTIONS, Deed
from adapter.settings import Settings
from adapter.store import answers, resources, transitions
from adapter.store.answers import Answer
from adapter.store.engine import committed, reading
from adapter.store.referrals import Referral
from adapter.store.transitions import Transition


@dataclass(frozen=True)
class Decision:
    """What the clinic tells."""

    action: Deed
    text: str | None = None
    """The reason, or the question."""
    record: Any = None
    """An appointment or a note, as the clinic wrote it."""
    who: str = "clinic"
    version: int | None = None
    """The Task version that it was decided on; None where that is not told."""


@dataclass(frozen=True)
class Standing:
    """A referral, and how it came to where it stands."""

    referral: Referral
    history: list[Transition]
    answers: dict[tuple[str, int], Answer]

    @property
    def version(self) -> int:
        """The Task's."""
        return self.history[-1].task_version


def decide(engine: Engine, settings: Settings, referral_id: str, decision: Decision, changed: Changed) -> Standing:
    """Moves a referral; Refusal where it may not go there, or where what came with it is not sound."""
    with reading(engine) as connection:
        seen = held(connection, referral_id)
        version = transitions.last(connection, referral_id).task_version
        answer = _prepared(connection, settings, seen, decision)
    reason = None if decision.text is None else {"text": decision.text}
    told = Told(decision.action, decision.who, decision.text, reason, answer)

    def moved(connection: Connection) -> Standing:
        referral = held(connection, referral_id, lock=True)
        last = transitions.last(connection, referral_id)
        if not again(connection, last, told):
            if decision.version not in (None, last.task_version):
                raise _overtaken("another version", referral)
            if last.task_version != version:
                raise _overtaken("conflict", referral)
        move(connection, referral, told, changed)
        return _standing(connection, referral_id)

    return committed(engine, moved)


def standing(engine: Engine, referral_id: str) -> Standing:
    """Refusal where there is no such referral."""
    with reading(engine) as connection:
        held(connection, referral_id)
        return _standing(connection, referral_id)


def _standing(connection: Connection, referral_id: str) -> Standing:
    history = transitions.of_referral(connection, referral_id)
    return Standing(held(connection, referral_id), history, answers.of_referral(connection, referral_id))


def _prepared(connection: Connection, settings: Settings, referral: Referral, decision: Decision) -> Prepared | None:
    """What comes with a decision, found sound before anybody waits for its turn to write."""
    if decision.record is None and not ACTIONS[decision.action].needs_record:
        return None
    ours = {"system": settings.system("patient"), "value": referral.patient_number}
    if ACTIONS[decision.action].record == records.FOLLOW_UP:
        record = records.appointment(decision.record, ours)
    else:
        record = records.note(decision.record, ours, final=decision.action == "complete")
    task = resources.current(connection, "Task", referral.task_id)
    if task is None:
        raise LookupError("the referral's Task is not stored")
    return answering.prepare(connection, record, ours, task, site_of(settings.site))


def _overtaken(kind: Kind, referral: Referral) -> Refusal:
    text = f"While this was decided, the referral was moved: it stands at {referral.status} now. Look at it again."
    return refuse(kind, "conflict", "status", text)
