"""Every move of every referral: from where to where, by whom, when and why, and the Task's version that tells it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from adapter.store import rows
from adapter.store.referrals import Status
from adapter.store.tables import transition

RECEIVED = "receive"
"""What the first move of every referral is called."""


@dataclass(frozen=True)
class Transition:
    referral_id: str
    number: int
    """1 is its arrival."""
    action: str
    from_status: Status | None
    to_status: Status
    side: str
    """clinic or sender."""
    who: str
    at: str
    reason: str | None
    task_version: int
    answer_id: str | None = None
    answer_version: int | None = None
    """What was told with it, where there was something."""


def begin(connection: Connection, referral_id: str, who: str, at: str) -> None:
    """A referral has arrived."""
    add(connection, Transition(referral_id, 1, RECEIVED, None, "received", "sender", who or "sender", at, None, 1))


def add(connection: Connection, new: Transition) -> None:
    """A move; one of the same number is an IntegrityError."""
    rows.add(connection, transition, vars(new))


def last(connection: Connection, referral_id: str) -> Transition:
    found = _newest(connection, transition.c.referral_id == referral_id)
    if found is None:
        raise LookupError("a referral that never arrived")
    return found


def last_of(connection: Connection, referral_id: str, action: str) -> Transition | None:
    """The last move of this kind."""
    return _newest(connection, (transition.c.referral_id == referral_id) & (transition.c.action == action))


def of_referral(connection: Connection, referral_id: str) -> list[Transition]:
    """All of them, the first first."""
    query = select(transition).where(transition.c.referral_id == referral_id).order_by(transition.c.number)
    return [Transition(**row._asdict()) for row in connection.execute(query)]


def _newest(connection: Connection, condition: ColumnElement[bool]) -> Transition | None:
    query = select(transition).where(condition).order_by(transition.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return Transition(**row._asdict()) if row else None
