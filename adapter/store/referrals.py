"""The referrals that came in, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from adapter.store.clock import now
from adapter.store.keys import identifier_keys
from adapter.store.tables import identifier, message, referral, referral_message
from mappings.r4 import exact_json

Status = Literal[
    "received",
    "asked",
    "accepted",
    "declined",
    "scheduled",
    "missed",
    "appointment-cancelled",
    "attended",
    "cancellation-requested",
    "cancelled",
    "completed",
    "failed",
]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Referral:
    id: str
    serial: int
    number: str
    message_id: str
    service_request_id: str
    task_id: str
    patient_number: str
    status: Status
    reason: str | None
    actionable: bool
    record: dict[str, Any]
    report: dict[str, Any]
    mapping_version: str
    created_at: str
    updated_at: str
    met_as: str
    """The patient's number before links were followed."""


def add(connection: Connection, new: Referral) -> None:
    row = vars(new) | {"record": exact_json.dumps(new.record), "report": exact_json.dumps(new.report)}
    connection.execute(insert(referral).values(**row))


def get(connection: Connection, referral_id: str) -> Referral | None:
    return _one(connection, referral.c.id == referral_id)


def received_in(connection: Connection, referral_id: str, message_id: str, record: dict[str, Any]) -> None:
    """That a referral came in, or was changed by, a message; and its record as it was received there."""
    row = {"referral_id": referral_id, "message_id": message_id, "record": exact_json.dumps(record)}
    connection.execute(insert(referral_message).values(**row))


def as_received(connection: Connection, referral_id: str, message_id: str) -> dict[str, Any]:
    """The record as it was received in a message."""
    found = select(referral_message.c.record).where(
        referral_message.c.referral_id == referral_id, referral_message.c.message_id == message_id
    )
    record: dict[str, Any] = exact_json.loads(bytes(connection.scalars(found).one()))
    return record


def message_with(connection: Connection, referral_id: str, content_hash: str) -> str | None:
    """The message of a referral that said just this."""
    found = (
        select(message.c.id)
        .join(referral_message, referral_message.c.message_id == message.c.id)
        .where(referral_message.c.referral_id == referral_id, message.c.content_hash == content_hash)
    )
    return connection.scalars(found).first()


def change(connection: Connection, referral_id: str, **values: Any) -> None:
    """Writes fields of a referral; `record` and `report` as objects."""
    packed = {
        name: exact_json.dumps(value) if name in ("record", "report") else value for name, value in values.items()
    }
    connection.execute(update(referral).where(referral.c.id == referral_id).values(**packed, updated_at=now()))


def follow_patient(connection: Connection, met_as: str, number: str) -> None:
    """All referrals of a patient that was met under one number are another one's from now on."""
    connection.execute(
        update(referral).where(referral.c.met_as == met_as).values(patient_number=number, updated_at=now())
    )


def of_message(connection: Connection, message_id: str) -> list[Referral]:
    """The referrals that came in, or were changed by, a message; in the order of their numbers."""
    query = (
        select(referral)
        .join(referral_message, referral_message.c.referral_id == referral.c.id)
        .where(referral_message.c.message_id == message_id)
        .order_by(referral.c.serial)
    )
    return [_referral(row) for row in connection.execute(query)]


def of_service_request(connection: Connection, service_request_id: str) -> Referral | None:
    return _one(connection, referral.c.service_request_id == service_request_id)


def of_patient(connection: Connection, patient_number: str) -> list[Referral]:
    """A patient's referrals, the newest first."""
    query = select(referral).where(referral.c.patient_number == patient_number).order_by(referral.c.serial.desc())
    return [_referral(row) for row in connection.execute(query)]


def inbox(connection: Connection, status: Status | None, before: int | None, limit: int) -> list[Referral]:
    """The newest first; of those older than `before`, a serial, where it is given."""
    query = select(referral).order_by(referral.c.serial.desc()).limit(limit)
    if status is not None:
        query = query.where(referral.c.status == status)
    if before is not None:
        query = query.where(referral.c.serial < before)
    return [_referral(row) for row in connection.execute(query)]


def lock(connection: Connection, referral_id: str) -> Referral | None:
    """The referral, which nobody else moves until the transaction ends.

    SQLite has no such lock and needs none: its writing transactions take turns.
    """
    row = connection.execute(select(referral).where(referral.c.id == referral_id).with_for_update()).first()
    return _referral(row) if row else None


def of_task(connection: Connection, task_id: str) -> Referral | None:
    return _one(connection, referral.c.task_id == task_id)


def move(connection: Connection, referral_id: str, status: Status, reason: str | None, at: str) -> None:
    """Where it stands from now on; whoever moves one has locked it."""
    moved = update(referral).where(referral.c.id == referral_id)
    connection.execute(moved.values(status=status, reason=reason, updated_at=at))


@dataclass(frozen=True)
class TaskQuery:
    """What a search for Tasks asks for: every part that is given has to hold; within one, any of its values."""

    ids: Sequence[Sequence[str]] = ()
    focuses: Sequence[Sequence[str]] = ()
    """Ids of ServiceRequests."""
    statuses: Sequence[Sequence[Status]] = ()
    identifiers: Sequence[Sequence[tuple[str | None, str]]] = ()
    """System and value; a system of None is any, of "" none."""

    def conditions(self) -> Iterable[ColumnElement[bool]]:
        yield from (referral.c.task_id.in_(ids) for ids in self.ids)
        yield from (referral.c.service_request_id.in_(ids) for ids in self.focuses)
        yield from (referral.c.status.in_(statuses) for statuses in self.statuses)
        for tokens in self.identifiers:
            keys = [identifier_keys(system, value)[0] for system, value in tokens if system is not None]
            values = [identifier_keys(system, value)[1] for system, value in tokens if system is None]
            yield referral.c.task_id.in_(
                select(identifier.c.id).where(
                    identifier.c.type == "Task", identifier.c.key.in_(keys) | identifier.c.value_key.in_(values)
                )
            )


def find_tasks(
    connection: Connection, query: TaskQuery, before: int | None, limit: int, *, sees: str | None = None
) -> tuple[int, list[tuple[int, str]]]:
    """How many Tasks there are, and a page of them, the newest first: the serial and the id of each.

    `sees` is the partner whose Tasks there are; None is everybody's.
    """
    conditions = list(query.conditions())
    if sees is not None:
        conditions.append(referral.c.message_id.in_(select(message.c.id).where(message.c.sender == sees)))
    total = connection.scalars(select(func.count()).select_from(referral).where(*conditions)).one()
    page = select(referral.c.serial, referral.c.task_id).where(*conditions).order_by(referral.c.serial.desc())
    if before is not None:
        page = page.where(referral.c.serial < before)
    return total, [(serial, task_id) for serial, task_id in connection.execute(page.limit(limit))]


def _one(connection: Connection, condition: ColumnElement[bool]) -> Referral | None:
    row = connection.execute(select(referral).where(condition)).first()
    return _referral(row) if row else None


def _referral(row: Row[Any]) -> Referral:
    return Referral(
        **row._asdict() | {"record": exact_json.loads(bytes(row.record)), "report": exact_json.loads(bytes(row.report))}
    )
