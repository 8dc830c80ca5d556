"""What has happened that concerns the clinic, in an order that whoever reads on from a place misses nothing of, and
repeats nothing.

A change is written in the transaction of what it tells, and gets its place in the order when it is first read, under a
lock: numbers that are given while transactions run are not in the order in which those end, and a reader who went by
them would miss what was committed behind its back.  There is no patient in it: what changed is to be read by its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, func, select, text, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import change

Of = Literal["referral", "patient", "care_plan", "assessment", "procedure", "medication_request", "partner"]
What = Literal[
    "received",
    "changed",
    "moved",
    "conflict",
    "linked",
    "stored",
    "delivered",
    "refused",
    "superseded",
    "cancelled",
    "down",
    "back",
]

_LOCK = 7205759403792793  # any number that nothing else locks by
_AT_ONCE = 1000


@dataclass(frozen=True)
class Change:
    """One change: of what, by its id (a patient by its number), and what it was."""

    position: int
    at: str
    of: Of
    id: str
    what: What


def note(connection: Connection, of: Of, id_: str, what: What) -> None:
    """Tells of a change, if its transaction is committed."""
    rows.add(connection, change, {"at": now(), "of": of, "subject": id_, "what": what})


def after(connection: Connection, position: int, limit: int) -> list[Change]:
    """The changes behind a place, in their order; the connection may write."""
    _place(connection)
    found = connection.execute(
        select(change.c.position, change.c.at, change.c.of, change.c.subject.label("id"), change.c.what)
        .where(change.c.position > position)
        .order_by(change.c.position)
        .limit(limit)
    )
    return [Change(**row._asdict()) for row in found]


def _place(connection: Connection) -> None:
    """Gives their places to what was committed since, one reader at a time (on SQLite writers take turns anyway)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    waiting = select(change.c.id).where(change.c.position.is_(None)).order_by(change.c.id).limit(_AT_ONCE)
    while new := list(connection.scalars(waiting)):
        last = connection.scalar(select(func.max(change.c.position))) or 0
        placed = update(change).where(change.c.id == bindparam("row")).values(position=bindparam("place"))
        connection.execute(placed, [{"row": id_, "place": number} for number, id_ in enumerate(new, last + 1)])
