"""What a partner's Tasks told of and is fetched from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, select, update

from adapter.store import rows, work
from adapter.store.clock import milliseconds, now
from adapter.store.tables import pull
from adapter.store.work import Work

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


def add(connection: Connection, new: Pull) -> None:
    """A pull, and the work of it; a second one of the same thing is an IntegrityError."""
    rows.add(connection, pull, vars(new))
    work.put(connection, _work_of(new))


def begin_again(connection: Connection, settled: Pull) -> None:
    """Pending as on the first day."""
    _change(connection, settled.id, state="pending", attempts=0, last_error=None)
    work.put(connection, _work_of(settled))


def settle(connection: Connection, pull_id: str, state: Literal["done", "refused"], last_error: str | None) -> None:
    """Ends a pull and its work."""
    _change(connection, pull_id, state=state, last_error=last_error)
    work.done(connection, pull_id)


def begin_attempt(connection: Connection, one: Pull) -> None:
    """Counts an attempt."""
    _change(connection, one.id, attempts=one.attempts + 1)


def note_failure(connection: Connection, pull_id: str, last_error: str) -> None:
    """Why the last attempt came to nothing."""
    _change(connection, pull_id, last_error=last_error)


def _work_of(one: Pull) -> Work:
    return Work(one.id, "pull", one.partner, one.id, 0, milliseconds())


def get(connection: Connection, pull_id: str) -> Pull | None:
    return _one(connection, pull.c.id == pull_id)


def of_key(connection: Connection, key: str) -> Pull | None:
    return _one(connection, pull.c.key == key)


def of_task(connection: Connection, task_id: str) -> Pull | None:
    """What our Task stands for, where it was told by a Task alone."""
    return _one(connection, pull.c.task_id == task_id)


def _change(connection: Connection, pull_id: str, **values: Any) -> None:
    connection.execute(update(pull).where(pull.c.id == pull_id).values(**values, updated_at=now()))


def _one(connection: Connection, condition: ColumnElement[bool]) -> Pull | None:
    row = connection.execute(select(pull).where(condition).with_for_update()).first()
    return Pull(**row._asdict()) if row else None
