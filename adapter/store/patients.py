"""Our patients, by the number that we gave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.keys import key
from adapter.store.resources import Identifier
from adapter.store.tables import patient, patient_identifier
from mappings.r4 import exact_json

_PATIENT = select(patient).where(patient.c.number == bindparam("of"))
_OF_RESOURCE = select(patient.c.number).where(patient.c.resource_id == bindparam("of"))
_KNOWN = select(patient_identifier.c.number).where(patient_identifier.c.key.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True)
class Patient:
    number: str
    record: dict[str, Any]
    resource_id: str | None


def get(connection: Connection, number: str) -> Patient | None:
    return _patient(connection.execute(_PATIENT, {"of": number}).first())


def of_resource(connection: Connection, resource_id: str) -> str | None:
    """The number of the patient whose Patient resource this is."""
    return connection.scalars(_OF_RESOURCE, {"of": resource_id}).first()


def known_by(connection: Connection, identifiers: Iterable[Identifier]) -> set[str]:
    """The numbers of all patients who have one of these identifiers."""
    keys = [key(system or "", value) for system, value in identifiers]
    return set(connection.scalars(_KNOWN, {"keys": keys}))


def add(
    connection: Connection,
    number: str,
    record: dict[str, Any],
    mapping_version: str,
    resource_id: str | None,
    identifiers: Iterable[Identifier],
) -> None:
    """A new patient; an identifier that is another's already is an IntegrityError."""
    row = {"number": number, "record": exact_json.dumps(record), "mapping_version": mapping_version}
    rows.add(connection, patient, row | {"resource_id": resource_id, "created_at": now()})
    keys = sorted({key(system or "", value) for system, value in identifiers})
    rows.add(connection, patient_identifier, *({"key": one, "number": number} for one in keys))


def mapping_version(connection: Connection, number: str) -> str:
    """Which mapping made a patient's record."""
    return str(connection.scalars(select(patient.c.mapping_version).where(patient.c.number == number)).one())


def change(connection: Connection, number: str, record: dict[str, Any], made_by: str) -> None:
    """The record that a patient has from now on."""
    changed = update(patient).where(patient.c.number == number)
    connection.execute(changed.values(record=exact_json.dumps(record), mapping_version=made_by))


def _patient(row: Row[Any] | None) -> Patient | None:
    return Patient(row.number, exact_json.loads(bytes(row.record)), row.resource_id) if row else None
