"""What the sender and the clinic both changed in a referral's record, and what the clinic decided on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, select, update

from adapter.store import changes, rows
from adapter.store.clock import now
from adapter.store.tables import referral_conflict
from mappings.r4 import exact_json


@dataclass(frozen=True)
class Conflict:
    id: str
    referral_id: str
    message_id: str
    field: str
    sides: dict[str, Any]
    """`before`, `theirs` and `ours`; a side that says nothing is left out."""
    found_at: str
    taken: str | None = None
    """theirs or ours, once that is decided."""
    decided_at: str | None = None
    decided_by: str | None = None


def add(connection: Connection, referral_id: str, message_id: str, field: str, sides: dict[str, Any]) -> None:
    """A conflict; an open one about the same field is settled by it: it shows what the sender says last."""
    connection.execute(
        update(referral_conflict)
        .where(
            referral_conflict.c.referral_id == referral_id,
            referral_conflict.c.field == field,
            referral_conflict.c.taken.is_(None),
        )
        .values(taken="superseded", decided_at=now(), decided_by="")
    )
    new = Conflict(str(uuid4()), referral_id, message_id, field, sides, now())
    rows.add(connection, referral_conflict, vars(new) | {"sides": exact_json.dumps(sides)})
    changes.note(connection, "referral", referral_id, "conflict")


def of_referral(connection: Connection, referral_id: str) -> list[Conflict]:
    """The oldest first, decided or not."""
    query = select(referral_conflict).where(referral_conflict.c.referral_id == referral_id)
    rows = connection.execute(query.order_by(referral_conflict.c.found_at, referral_conflict.c.id))
    return [_conflict(row) for row in rows]


def decide(connection: Connection, conflict_id: str, taken: str, who: str) -> bool:
    """False where it was decided before."""
    decided = connection.execute(
        update(referral_conflict)
        .where(referral_conflict.c.id == conflict_id, referral_conflict.c.taken.is_(None))
        .values(taken=taken, decided_at=now(), decided_by=who)
    )
    return decided.rowcount == 1


def _conflict(row: Row[Any]) -> Conflict:
    return Conflict(**row._asdict() | {"sides": exact_json.loads(bytes(row.sides))})
