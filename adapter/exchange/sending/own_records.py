"""The clinic's own records beside its plans: a patient's assessments, procedures, prescriptions, and the patient's own.

Putting the same again is no new version; what was said before stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from adapter.exchange.refusal import refuse
from adapter.exchange.sending.bringing import bring
from adapter.exchange.translation import (
    Record,
    check_own,
    patient_pointer,
    refuse_another_number,
    refuse_another_patient,
    site_of,
    with_identifier,
    with_patient,
)
from adapter.settings import Settings
from adapter.store import patients, records
from adapter.store.clock import now
from adapter.store.engine import committed, reading
from adapter.store.numbers import NUMBER
from adapter.store.patients import Patient
from adapter.store.records import Kept, Kind
from mappings.values import same

OwnKind = Literal["assessment", "procedure", "medication_request"]
KINDS: tuple[OwnKind, ...] = ("assessment", "procedure", "medication_request")
PATIENT: Kind = "patient"


@dataclass(frozen=True)
class Telling:
    """Who puts a record, and which version it was made from, where that is said."""

    who: str
    version: int | None = None


@dataclass(frozen=True)
class Put:
    """A record as it is kept; `created`: this was its first version."""

    kept: Kept
    created: bool


def put_record(engine: Engine, settings: Settings, kind: OwnKind, id_: str, told: Any, telling: Telling) -> Put:
    """Version n+1 where the record says something new, and the version that is there where it does not."""
    number = patient_number(settings, told, kind)
    system = settings.system(kind.replace("_", "-"))
    record = with_patient(told, settings.system("patient"), number)
    refuse_another_patient(record, settings.system("patient"), number)
    refuse_another_number(record, system, id_)
    if record.get("kind") != "answered_form":  # which has one identifier, its sender's
        record = with_identifier(record, system, id_)
    mapping_version = check_own(record, site_of(settings.site))

    def put(connection: Connection) -> Put:
        refuse_unknown_patient(connection, number)
        kept = _put(connection, kind, id_, number, record, mapping_version, telling)
        if record.get("kind") != "answered_form":  # it would not be found again by a number of ours
            bring(connection, settings, kind, kept.kept)
        return kept

    return committed(engine, put)


def put_patient(engine: Engine, settings: Settings, number: str, told: Any, telling: Telling) -> Put:
    """The patient's record as the clinic has it from now on: what was received stays with the message that brought it.

    Plans that go out from now on go with this one; whom an identifier stands for is decided by links, not here.
    """
    if not isinstance(told, dict) or told.get("record") != PATIENT:
        raise refuse("unprocessable", "invalid", "record", f'This must be a clinic record: "record": "{PATIENT}".')
    mapping_version = check_own(told, site_of(settings.site))

    def put(connection: Connection) -> Put:
        held = known_patient(connection, number)
        if records.current(connection, PATIENT, number) is None:  # as it was received
            version = patients.mapping_version(connection, number)
            records.add(connection, Kept(PATIENT, number, 1, held.record, version, number, now(), ""))
        kept = _put(connection, PATIENT, number, number, told, mapping_version, telling)
        patients.change(connection, number, told, mapping_version)
        return kept

    return committed(engine, put)


def patient_of(engine: Engine, number: str) -> tuple[Record, int]:
    """A patient's record and its version: 1 as it was received."""
    with reading(engine) as connection:
        held = known_patient(connection, number)
        kept = records.current(connection, PATIENT, number)
        return held.record, kept.version if kept else 1


def refuse_unknown_patient(connection: Connection, number: str) -> None:
    """Refuses a record whose patient's number is none of ours."""
    if not NUMBER.fullmatch(number) or patients.get(connection, number) is None:
        text = "There is no patient with this number here."
        raise refuse("unprocessable", "not-found", "patient.ref_identifier.value", text)


def known_patient(connection: Connection, number: str) -> Patient:
    """The patient of a number that an address names; refused where there is none."""
    held = patients.get(connection, number)
    if held is None:
        raise refuse("not found", "not-found", "number", "There is no patient of this number.")
    return held


def versions_of(engine: Engine, kind: Kind, id_: str) -> list[Kept]:
    """All versions, the newest first; refused where there is none."""
    with reading(engine) as connection:
        found = records.versions(connection, kind, id_)
    if not found:
        raise refuse("not found", "not-found", "id", "There is no such record of this id.")
    return found


def of_patient(engine: Engine, kind: Kind, number: str) -> list[Kept]:
    """A patient's records of a kind, each in its current version."""
    with reading(engine) as connection:
        known_patient(connection, number)
        return records.of_patient(connection, kind, number)


def _put(
    connection: Connection, kind: Kind, id_: str, number: str, record: Record, mapping_version: str, telling: Telling
) -> Put:
    before = records.newest_locked(connection, kind, id_)
    if telling.version is not None and telling.version != (before.version if before else 0):
        text = "This was changed since it was read: read it again, and put it as it is to stand now."
        raise refuse("conflict", "conflict", "If-Match", text)
    if before is not None and before.patient_number != number:
        text = "This is another patient's: a record keeps its patient; put the new one under an id of its own."
        raise refuse("conflict", "conflict", "patient", text)
    if before is not None and same(before.record, record):
        return Put(before, created=False)
    version = before.version + 1 if before else 1
    new = Kept(kind, id_, version, record, mapping_version, number, now(), telling.who)
    records.add(connection, new)
    return Put(new, created=before is None)


def patient_number(settings: Settings, told: Any, kind: str) -> str:
    """The number that a record names its patient by; whether there is such a patient is the store's to say."""
    if not isinstance(told, dict) or told.get("record") != kind:
        raise refuse("unprocessable", "invalid", "record", f'This must be a clinic record: "record": "{kind}".')
    named = patient_pointer(told)
    where = "patient.ref_identifier"
    if not isinstance(named, dict) or not isinstance(named.get("value"), str):
        text = "Say whose it is by the patient's number here: patient.ref_identifier.value."
        raise refuse("unprocessable", "required", where, text)
    if named.get("system", settings.system("patient")) != settings.system("patient"):
        text = "A record names its patient by the number that the patient has here; leave system out, or give ours."
        raise refuse("unprocessable", "invalid", f"{where}.system", text)
    number: str = named["value"]
    return number
