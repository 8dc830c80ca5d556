"""What goes to which partner, and what came of it.  One row is one version of one item for one partner.

An item is a plan or another record of the clinic's, or the answers to a referral: the Task that says where it stands,
and its outputs.

A delivery begins as pending, with the work of it, and is settled: delivered, refused, superseded by a later version
that was delivered before it, or cancelled by a person.  One that is settled may be opened again, because somebody
mended what stood in its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, tuple_, update

from adapter.store import changes, rows, work
from adapter.store.clock import instant, milliseconds, now
from adapter.store.tables import delivery
from adapter.store.tables import work as work_table
from adapter.store.work import Work
from mappings.r4 import exact_json

Kind = Literal["care_plan", "answers", "assessment", "procedure", "medication_request"]
Settled = Literal["delivered", "refused", "superseded", "cancelled"]
State = Literal["pending", Settled]
STATES: tuple[State, ...] = ("pending", *get_args(Settled))


@dataclass(frozen=True)
class Delivery:
    """A row of the table."""

    id: str
    kind: Kind
    item_id: str
    """The record's id, or the referral's."""
    item_version: int
    """The record's version, or the Task's."""
    partner: str
    state: State
    attempts: int
    last_error: str | None
    remote_id: str | None
    remote_version: str | None
    updated_at: str
    fit: str | None = None
    """The way by which it went."""
    because: tuple[str, ...] = ()
    """Why by no better one."""
    unkept: tuple[str, ...] | None = None
    """The elements that the partner did not keep as they were sent; None where that is not known."""
    read_back_at: str | None = None
    next_attempt_at: str | None = None
    """Of its work, where there is some: not before then; None while an attempt is under way."""
    failing_since: str | None = None
    under_way: bool = False


_ROWS = select(delivery, work_table.c.due_at, work_table.c.failing_since, work_table.c.owner).join_from(
    delivery, work_table, delivery.c.id == work_table.c.id, isouter=True
)


_ONE = _ROWS.where(delivery.c.id == bindparam("which"))


def insert_pending(connection: Connection, kind: Kind, item_id: str, item_version: int, partner: str) -> Delivery:
    """A new delivery, due at once; a second one of the same version to the same partner is an IntegrityError."""
    new = Delivery(str(uuid4()), kind, item_id, item_version, partner, "pending", 0, None, None, None, now())
    rows.add(
        connection,
        delivery,
        {name: value for name, value in vars(new).items() if name in delivery.c and value not in (None, ())},
    )
    work.put(connection, _work_of(new))
    return new


def _work_of(one: Delivery, due_at: int = 0) -> Work:
    """In a lane for each item and partner: one after the other."""
    lane = f"{one.kind}/{one.item_id}/{one.partner}"
    return Work(one.id, "delivery", one.partner, lane, one.item_version, due_at or milliseconds())


def get(connection: Connection, delivery_id: str) -> Delivery | None:
    row = connection.execute(_ONE, {"which": delivery_id}).first()
    return _delivery(row) if row else None


def of_item(connection: Connection, kind: Kind, item_id: str, partner: str | None = None) -> list[Delivery]:
    """All of an item, oldest version first; of one partner where it is named."""
    query = _ROWS.where(delivery.c.kind == kind, delivery.c.item_id == item_id)
    if partner is not None:
        query = query.where(delivery.c.partner == partner)
    rows = connection.execute(query.order_by(delivery.c.item_version, delivery.c.partner))
    return [_delivery(row) for row in rows]


def later(connection: Connection, one: Delivery) -> list[Delivery]:
    """Of the later versions of the same, for the same partner."""
    all_of_item = of_item(connection, one.kind, one.item_id, one.partner)
    return [other for other in all_of_item if other.item_version > one.item_version]


@dataclass(frozen=True)
class Sought:
    """Which deliveries are wanted."""

    states: Sequence[State] = ()
    """Any of these; any at all where none is named."""
    partner: str | None = None
    kind: Kind | None = None
    item_id: str | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.states:
            yield delivery.c.state.in_(self.states)
        for column, value in (("partner", self.partner), ("kind", self.kind), ("item_id", self.item_id)):
            if value is not None:
                yield delivery.c[column] == value


def page(connection: Connection, sought: Sought, behind: tuple[str, str] | None, most: int) -> list[Delivery]:
    """Those that are wanted, the last changed first; behind: the instant and id of the last one of the page before."""
    query = _ROWS.where(*sought.conditions())
    if behind is not None:
        query = query.where(tuple_(delivery.c.updated_at, delivery.c.id) < tuple_(*behind))
    rows = connection.execute(query.order_by(delivery.c.updated_at.desc(), delivery.c.id.desc()).limit(most))
    return [_delivery(row) for row in rows]


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many there are, by partner and state."""
    counted = select(delivery.c.partner, delivery.c.state, func.count()).group_by(delivery.c.partner, delivery.c.state)
    return {(partner, state): number for partner, state, number in connection.execute(counted)}


_COUNTS = (
    select(delivery.c.id)
    .join_from(delivery, work_table, delivery.c.id == work_table.c.id)
    .where(delivery.c.id == bindparam("which"), delivery.c.state == "pending")
    .where(delivery.c.attempts == bindparam("number"), work_table.c.owner == bindparam("by"))
)


def counts_still(connection: Connection, attempted: Delivery, owner: str) -> bool:
    """Whether this attempt of this owner's is still the one that counts: not settled, and nobody else's."""
    asked = {"which": attempted.id, "number": attempted.attempts, "by": owner}
    return connection.execute(_COUNTS, asked).first() is not None


def begin_attempt(connection: Connection, delivery_id: str) -> None:
    """Counts an attempt, committed before the first byte leaves: who comes after a crash knows that there was one."""
    connection.execute(
        update(delivery).where(delivery.c.id == delivery_id).values(attempts=delivery.c.attempts + 1, updated_at=now())
    )


def note_failure(connection: Connection, delivery_id: str, last_error: str) -> None:
    """Why the last attempt came to nothing: codes and places, never a patient's values.  The delivery stays pending."""
    connection.execute(
        update(delivery).where(delivery.c.id == delivery_id).values(last_error=last_error, updated_at=now())
    )


def settle(
    connection: Connection,
    delivery_id: str,
    state: Settled,
    *,
    last_error: str | None = None,
    remote_id: str | None = None,
    remote_version: str | None = None,
    fit: str | None = None,
    because: Sequence[str] = (),
) -> bool:
    """Ends a pending delivery and its work; False where it was settled before, which changes nothing."""
    work.done(connection, delivery_id)  # first, as who claims takes the work first: in another order both would wait
    ended = connection.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.state == "pending")
        .values(
            state=state,
            last_error=last_error,
            remote_id=remote_id,
            remote_version=remote_version,
            updated_at=now(),
            fit=fit,
            because=exact_json.dumps(list(because)),
        )
    )
    if ended.rowcount == 1:
        _note(connection, delivery_id, state)
    return ended.rowcount == 1


def note_read_back(connection: Connection, delivery_id: str, unkept: Sequence[str]) -> None:
    """What the partner was found not to have kept, now."""
    found = {"unkept": exact_json.dumps(list(unkept)), "read_back_at": now()}
    connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(**found))


def last_delivered(
    connection: Connection, kind: Kind, item_id: str, partner: str, *, before: int | None = None
) -> Delivery | None:
    """The newest version of an item that a partner was brought; before: of those older than that version."""
    there = _ROWS.where(
        delivery.c.kind == kind, delivery.c.item_id == item_id, delivery.c.partner == partner,
        delivery.c.state == "delivered",
    )  # fmt: skip
    if before is not None:
        there = there.where(delivery.c.item_version < before)
    row = connection.execute(there.order_by(delivery.c.item_version.desc()).limit(1)).first()
    return _delivery(row) if row else None


def _note(connection: Connection, delivery_id: str, state: Settled) -> None:
    """Tells the clinic what became of it, by what was delivered: a record, or where a referral stands."""
    settled = get(connection, delivery_id)
    if settled is None:
        raise LookupError("a delivery is not stored")
    changes.note(connection, "referral" if settled.kind == "answers" else settled.kind, settled.item_id, state)


def reopen(connection: Connection, settled: Delivery, due_at: int = 0, *, afresh: bool = False) -> bool:
    """Pending again, with its attempts kept: they are why the next one looks at the partner before it sends.

    due_at: when, in milliseconds since 1970; at once where it is not said.  afresh: as if there had been no attempt.
    False where it is no longer as it was read, which changes nothing.
    """
    opened = connection.execute(
        update(delivery)
        .where(delivery.c.id == settled.id, delivery.c.state == settled.state)
        .values(state="pending", last_error=None, updated_at=now(), attempts=0 if afresh else settled.attempts)
    )
    if opened.rowcount == 1:
        work.put(connection, _work_of(settled, due_at))
    return opened.rowcount == 1


def _delivery(row: Row[Any]) -> Delivery:
    told = row._asdict()
    due_at, failing_since, owner = (told.pop(name) for name in ("due_at", "failing_since", "owner"))
    of_work = {
        "next_attempt_at": instant(due_at) if due_at is not None and owner is None else None,
        "failing_since": instant(failing_since) if failing_since is not None else None,
        "under_way": owner is not None,
    }
    return Delivery(
        **told | of_work | {"because": tuple(_listed(told["because"]) or ()), "unkept": _listed(told["unkept"])}
    )


def _listed(kept: bytes | None) -> tuple[str, ...] | None:
    return None if kept is None else tuple(exact_json.loads(bytes(kept)))
