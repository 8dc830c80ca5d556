"""The records that the clinic put beside its plans (assessments, prescriptions, procedures, a patient's own), in all
their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from adapter.store import changes, rows
from adapter.store.tables import kept_record
from mappings.r4 import exact_json

Kind = Literal["assessment", "procedure", "medication_request", "patient"]


@dataclass(frozen=True)
class Kept:
    """One version of a record; a patient's own has the patient's number as its id."""

    kind: Kind
    id: str
    version: int
    record: dict[str, Any]
    mapping_version: str
    patient_number: str
    stored_at: str
    stored_by: str


def versions(connection: Connection, kind: str, id_: str) -> list[Kept]:
    """The newest first."""
    found = select(kept_record).where(kept_record.c.kind == kind, kept_record.c.id == id_)
    return [_kept(row) for row in connection.execute(found.order_by(kept_record.c.version.desc()))]


def current(connection: Connection, kind: str, id_: str) -> Kept | None:
    newest = select(kept_record).where(kept_record.c.kind == kind, kept_record.c.id == id_)
    row = connection.execute(newest.order_by(kept_record.c.version.desc()).limit(1)).first()
    return _kept(row) if row else None


def newest_locked(connection: Connection, kind: str, id_: str) -> Kept | None:
    """The current version, which nobody else follows until the transaction ends."""
    first = select(kept_record.c.id).where(
        kept_record.c.kind == kind, kept_record.c.id == id_, kept_record.c.version == 1
    )
    return rows.newest_locked(connection, first, lambda: current(connection, kind, id_))


def at_version(connection: Connection, kind: str, id_: str, version: int) -> Kept:
    """A version, which is there."""
    found = select(kept_record).where(
        kept_record.c.kind == kind, kept_record.c.id == id_, kept_record.c.version == version
    )
    return _kept(connection.execute(found).one())


def as_of(connection: Connection, kind: Kind, id_: str, at: str) -> Kept | None:
    """The version that was the newest at an instant."""
    then = select(kept_record).where(kept_record.c.kind == kind, kept_record.c.id == id_, kept_record.c.stored_at <= at)
    row = connection.execute(then.order_by(kept_record.c.version.desc()).limit(1)).first()
    return _kept(row) if row else None


def of_patient(connection: Connection, kind: str, number: str) -> list[Kept]:
    """The current version of each of a patient's records of a kind, by their ids."""
    found = select(kept_record).where(kept_record.c.kind == kind, kept_record.c.patient_number == number)
    rows = connection.execute(found.order_by(kept_record.c.id, kept_record.c.version))
    newest = {row.id: row for row in rows}
    return [_kept(row) for row in newest.values()]


def add(connection: Connection, new: Kept) -> None:
    """A version; one that is there already is an IntegrityError."""
    rows.add(connection, kept_record, vars(new) | {"record": exact_json.dumps(new.record)})
    changes.note(connection, new.kind, new.id, "stored")


def _kept(row: Row[Any]) -> Kept:
    return Kept(**row._asdict() | {"record": exact_json.loads(bytes(row.record))})
