"""What a partner's Tasks told of and is fetched from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, Connection, select, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import pull

State = Literal["pending", "done", "refused"]


@dataclass(frozen=True)
class Pull:
    id: str
    key: str
    partner: str
    focus: str
    """The ServiceRequest at the partner, as Type/id."""
    task_id: str
    """Our Task, which says how far it is."""
    message_id: str
    """The notification."""
    state: State
    attempts: int
    last_error: str | None
    updated_at: str


class EnqueuePull(Protocol):
    """Puts the work of a pending pull into the transaction of the connection; `chain` is new where it begins again."""

    def __call__(self, connection: Connection, pull_id: str, partner: str, chain: str) -> None: ...


def add(connection: Connection, new: Pull) -> None:
    """A pull; a second one of the same thing is an IntegrityError."""
    rows.add(connection, pull, vars(new))


def get(connection: Connection, pull_id: str) -> Pull | None:
    return _one(connection, pull.c.id == pull_id)


def of_key(connection: Connection, key: str) -> Pull | None:
    return _one(connection, pull.c.key == key)


def of_task(connection: Connection, task_id: str) -> Pull | None:
    """What our Task stands for, where it was told by a Task alone."""
    return _one(connection, pull.c.task_id == task_id)


def change(connection: Connection, pull_id: str, **values: Any) -> None:
    connection.execute(update(pull).where(pull.c.id == pull_id).values(**values, updated_at=now()))


def _one(connection: Connection, condition: ColumnElement[bool]) -> Pull | None:
    row = connection.execute(select(pull).where(condition).with_for_update()).first()
    return Pull(**row._asdict()) if row else None
