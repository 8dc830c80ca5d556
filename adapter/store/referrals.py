"""The referrals that came in, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, select, update

from adapter.store import changes, rows
from adapter.store.clock import now
from adapter.store.tables import message, referral, referral_conflict, referral_message
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
    rows.add(connection, referral, row)
    changes.note(connection, "referral", new.id, "received")


def get(connection: Connection, referral_id: str) -> Referral | None:
    return _one(connection, referral.c.id == referral_id)


def received_in(connection: Connection, referral_id: str, message_id: str, record: dict[str, Any]) -> None:
    """That a referral came in, or was changed by, a message; and its record as it was received there."""
    row = {"referral_id": referral_id, "message_id": message_id, "record": exact_json.dumps(record)}
    rows.add(connection, referral_message, row)


def as_received(connection: Connection, referral_id: str, message_id: str) -> dict[str, Any]:
    """The record as it was received in a message."""
    found = select(referral_message.c.record).where(
        referral_message.c.referral_id == referral_id, referral_message.c.message_id == message_id
    )
    record: dict[str, Any] = exact_json.loads(bytes(connection.scalars(found).one()))
    return record


def messages_of(connection: Connection, referral_id: str) -> list[str]:
    """The ids of the messages that a referral came in, or was changed by; the oldest first."""
    found = (
        select(message.c.id)
        .join(referral_message, referral_message.c.message_id == message.c.id)
        .where(referral_message.c.referral_id == referral_id)
        .order_by(message.c.received_at, message.c.id)
    )
    return list(connection.scalars(found))


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
    changes.note(connection, "referral", referral_id, "changed")


def follow_patient(connection: Connection, met_as: str, number: str) -> None:
    """All referrals of a patient that was met under one number are another one's from now on."""
    connection.execute(
        update(referral).where(referral.c.met_as == met_as).values(patient_number=number, updated_at=now())
    )
    changes.note(connection, "patient", number, "linked")


def of_service_request(connection: Connection, service_request_id: str) -> Referral | None:
    return _one(connection, referral.c.service_request_id == service_request_id)


def of_patient(connection: Connection, patient_number: str) -> list[Referral]:
    """A patient's referrals, the newest first."""
    query = select(referral).where(referral.c.patient_number == patient_number).order_by(referral.c.serial.desc())
    return [_referral(row) for row in connection.execute(query)]


@dataclass(frozen=True)
class Sought:
    """Which referrals are wanted; all of it has to be met."""

    statuses: tuple[str, ...] = ()
    """Any of these; none: any at all."""
    patient_number: str | None = None
    number: str | None = None
    sender: str | None = None
    """The partner that sent it."""
    received_from: str | None = None
    received_before: str | None = None
    """Days or instants, as texts of UTC."""
    contested: bool = False
    """Only those of which something was changed on both sides and is not decided yet."""

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.statuses:
            yield referral.c.status.in_(self.statuses)
        if self.patient_number is not None:
            yield referral.c.patient_number == self.patient_number
        if self.number is not None:
            yield referral.c.number == self.number
        if self.sender is not None:
            told = select(message.c.id).where(message.c.id == referral.c.message_id, message.c.sender == self.sender)
            yield told.exists()
        if self.received_from is not None:
            yield referral.c.created_at >= self.received_from
        if self.received_before is not None:
            yield referral.c.created_at < self.received_before
        if self.contested:
            of_it = referral_conflict.c.referral_id == referral.c.id
            yield select(referral_conflict.c.id).where(of_it, referral_conflict.c.taken.is_(None)).exists()


def inbox(connection: Connection, sought: Sought, before: int | None, limit: int) -> list[Referral]:
    """The newest first; of those older than `before`, a serial, where it is given."""
    query = select(referral).where(*sought.conditions()).order_by(referral.c.serial.desc()).limit(limit)
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
    changes.note(connection, "referral", referral_id, "moved")


def _one(connection: Connection, condition: ColumnElement[bool]) -> Referral | None:
    row = connection.execute(select(referral).where(condition)).first()
    return _referral(row) if row else None


def _referral(row: Row[Any]) -> Referral:
    return Referral(
        **row._asdict() | {"record": exact_json.loads(bytes(row.record)), "report": exact_json.loads(bytes(row.report))}
    )
