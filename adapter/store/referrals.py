"""The referrals that came in, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from adapter.store.clock import now
from adapter.store.keys import identifier_keys
from adapter.store.tables import identifier, message, referral
from mappings.r4 import exact_json

Status = Literal["received", "accepted", "declined"]
STATUSES: tuple[Status, ...] = ("received", "accepted", "declined")


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


def add(connection: Connection, new: Referral) -> None:
    row = vars(new) | {"record": exact_json.dumps(new.record), "report": exact_json.dumps(new.report)}
    connection.execute(insert(referral).values(**row))


def get(connection: Connection, referral_id: str) -> Referral | None:
    return _one(connection, referral.c.id == referral_id)


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


def decide(connection: Connection, referral_id: str, status: Status, reason: str | None) -> bool:
    """Moves a referral on from received; False where it stands elsewhere by now."""
    moved = connection.execute(
        update(referral)
        .where(referral.c.id == referral_id, referral.c.status == "received")
        .values(status=status, reason=reason, updated_at=now())
    )
    return moved.rowcount == 1


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
