"""What messages were answered with, by the name that their sender gave them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import reply


@dataclass(frozen=True)
class Answered:
    asked: str
    """The hash of what was asked under this name."""
    body: bytes


def get(connection: Connection, key: str) -> Answered | None:
    row = connection.execute(select(reply.c.asked, reply.c.body).where(reply.c.key == key)).first()
    return Answered(row.asked, bytes(row.body)) if row else None


def add(connection: Connection, key: str, asked: str, body: bytes) -> None:
    """An answer; a second one under the same name is an IntegrityError."""
    rows.add(connection, reply, {"key": key, "asked": asked, "body": body, "answered_at": now()})
