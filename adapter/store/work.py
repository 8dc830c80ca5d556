"""What is still to be done for partners, and who does it now.

A piece of work is put in with what causes it and is gone once that is settled.  Whoever claims it owns it: nobody else
does it, nor anything else of its lane, until it is settled, put back, or taken from an owner that died.  Of a lane only
the first is claimed, so what lies in one lane is done strictly in order, and lanes do not wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, exists, or_, select, update

from adapter.store import rows
from adapter.store.clock import milliseconds
from adapter.store.tables import work, worker

What = Literal["delivery", "pull"]


@dataclass(frozen=True)
class Work:
    """A row of the table; times are milliseconds since 1970."""

    id: str
    """Of the delivery, or of the pull."""
    what: What
    partner: str
    lane: str
    position: int
    due_at: int
    owner: str | None = None
    failed_at: int | None = None
    failing_since: int | None = None
    failed_alone: int = 0
    """How often it failed since the partner took something else."""


_ANY_DUE = (
    select(work.c.id)
    .where(work.c.partner == bindparam("of"), work.c.owner.is_(None), work.c.due_at <= bindparam("now"))
    .limit(1)
)


def put(connection: Connection, new: Work) -> None:
    """What is to be done; done already, or put in before, it is an IntegrityError."""
    rows.add(connection, work, vars(new))


def anything_due(connection: Connection, partner: str) -> bool:
    """Whether there may be something to claim: asked without the lock that claiming takes."""
    return connection.execute(_ANY_DUE, {"of": partner, "now": milliseconds()}).first() is not None


def claim(connection: Connection, partner: str, what: tuple[What, ...], owner: str, most: int) -> list[Work]:
    """Up to so many pieces that are due at a partner, the longest due first, and which the owner has from now on.

    what: the sorts that the claimer knows; what a newer release puts in is left to it.
    """
    other = work.alias()
    before_it = exists().where(
        other.c.lane == work.c.lane,
        other.c.id != work.c.id,
        or_(other.c.position < work.c.position, other.c.owner.is_not(None)),
    )
    due = (
        select(work)
        .where(work.c.partner == partner, work.c.owner.is_(None), work.c.due_at <= milliseconds())
        .where(work.c.what.in_(what), ~before_it)
        .order_by(work.c.due_at, work.c.position)
        .limit(most)
        .with_for_update(skip_locked=True, of=work)
    )
    found = [_work(row) for row in connection.execute(due)]
    if found:
        mine = update(work).where(work.c.id.in_([one.id for one in found])).values(owner=owner)
        connection.execute(mine)
    return [Work(**vars(one) | {"owner": owner}) for one in found]


def being_done(connection: Connection, partner: str) -> int:
    """How many pieces somebody does now for a partner."""
    # all that anybody does now are few, and lie together in their index; what waits for one partner may be a great deal
    return list(connection.scalars(select(work.c.partner).where(work.c.owner > ""))).count(partner)


def put_back(connection: Connection, one: Work, due_at: int, *, alone: bool) -> None:
    """It came to nothing and is due again later, if its owner still has it; what lies behind it in its lane is not due
    before, so that who looks for something to claim does not walk past it each time.

    alone: whether the partner took something else since it failed before."""
    failed = {"failed_at": milliseconds(), "failing_since": one.failing_since or milliseconds()}
    held = update(work).where(work.c.id == one.id, work.c.owner == one.owner)
    values = {"owner": None, "due_at": due_at, "failed_alone": one.failed_alone + alone}
    if connection.execute(held.values(**values, **failed)).rowcount:
        behind = and_(work.c.lane == one.lane, work.c.position > one.position, work.c.owner.is_(None))
        connection.execute(update(work).where(behind, work.c.due_at < due_at).values(due_at=due_at))


def done(connection: Connection, id_: str) -> None:
    """It is settled; where it had failed the next of its lane is due."""
    gone = delete(work).where(work.c.id == id_).returning(work.c.lane, work.c.position, work.c.failed_at)
    for lane, position, failed_at in connection.execute(gone).all():
        if failed_at is not None:
            _woken(connection, and_(work.c.lane == lane, work.c.position > position))


def wake(connection: Connection, id_: str) -> None:
    """It is due now, if it waits."""
    _woken(connection, work.c.id == id_)


def wake_all(connection: Connection, partner: str) -> None:
    """All that waits for a partner is due now."""
    _woken(connection, work.c.partner == partner)


def _woken(connection: Connection, condition: ColumnElement[bool]) -> None:
    now = milliseconds()
    connection.execute(update(work).where(condition, work.c.owner.is_(None), work.c.due_at > now).values(due_at=now))


def let_go(connection: Connection, owner: str) -> int:
    """What an owner has is nobody's again, and how much that was."""
    return _freed(connection, work.c.owner == owner)


def free_orphans(connection: Connection) -> int:
    """What belongs to owners that are no workers any more is nobody's again, and how much that was."""
    alive = exists().where(worker.c.id == work.c.owner)
    return _freed(connection, and_(work.c.owner.is_not(None), ~alive))


def _freed(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(update(work).where(condition).values(owner=None, due_at=milliseconds())).rowcount


def _work(row: Row[Any]) -> Work:
    return Work(**row._asdict())
