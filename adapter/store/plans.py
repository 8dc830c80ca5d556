"""The care plans that the clinic put, in all their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from adapter.store import changes, rows
from adapter.store.tables import care_plan, patient
from mappings.r4 import exact_json


@dataclass(frozen=True)
class Plan:
    id: str
    version: int
    record: dict[str, Any]
    mapping_version: str
    patient_number: str
    referral_id: str | None
    stored_at: str


def current(connection: Connection, plan_id: str) -> Plan | None:
    newest = select(care_plan).where(care_plan.c.id == plan_id).order_by(care_plan.c.version.desc()).limit(1)
    row = connection.execute(newest).first()
    return _plan(row) if row else None


def newest_locked(connection: Connection, plan_id: str) -> Plan | None:
    """The current version, which nobody else follows until the transaction ends."""
    first = select(care_plan.c.id).where(care_plan.c.id == plan_id, care_plan.c.version == 1)
    return rows.newest_locked(connection, first, lambda: current(connection, plan_id))


def as_of(connection: Connection, plan_id: str, at: str) -> Plan | None:
    """The version that was the newest at an instant."""
    then = select(care_plan).where(care_plan.c.id == plan_id, care_plan.c.stored_at <= at)
    row = connection.execute(then.order_by(care_plan.c.version.desc()).limit(1)).first()
    return _plan(row) if row else None


def add(connection: Connection, new: Plan) -> None:
    """A version; one that is there already is an IntegrityError."""
    rows.add(connection, care_plan, vars(new) | {"record": exact_json.dumps(new.record)})
    changes.note(connection, "care_plan", new.id, "stored")


def at_version(connection: Connection, plan_id: str, version: int) -> tuple[Plan, dict[str, Any]]:
    """A version, and the record of its patient."""
    row = connection.execute(
        select(care_plan, patient.c.record.label("person"))
        .join_from(care_plan, patient, care_plan.c.patient_number == patient.c.number)
        .where(care_plan.c.id == plan_id, care_plan.c.version == version)
    ).one()
    told = row._asdict()
    person = exact_json.loads(bytes(told.pop("person")))
    return Plan(**told | {"record": exact_json.loads(bytes(row.record))}), person


def _plan(row: Row[Any]) -> Plan:
    return Plan(**row._asdict() | {"record": exact_json.loads(bytes(row.record))})
