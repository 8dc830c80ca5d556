"""What was told with a move: appointments, consult notes, and what a sender added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from adapter.store import rows
from adapter.store.tables import answer
from mappings.r4 import exact_json


@dataclass(frozen=True)
class Answer:
    id: str
    """Of the resource too, where it is one."""
    version: int
    referral_id: str
    kind: str
    """The record's kind; `information` for what a sender added."""
    resource_type: str | None
    record: dict[str, Any]
    mapping_version: str | None
    stored_at: str


def add(connection: Connection, new: Answer) -> None:
    """A version; one that is there already is an IntegrityError."""
    rows.add(connection, answer, vars(new) | {"record": exact_json.dumps(new.record)})


def at_version(connection: Connection, id_: str, version: int) -> Answer | None:
    row = connection.execute(select(answer).where(answer.c.id == id_, answer.c.version == version)).first()
    return Answer(**row._asdict() | {"record": exact_json.loads(bytes(row.record))}) if row else None


def current(connection: Connection, id_: str) -> Answer | None:
    newest = select(answer).where(answer.c.id == id_).order_by(answer.c.version.desc()).limit(1)
    row = connection.execute(newest).first()
    return Answer(**row._asdict() | {"record": exact_json.loads(bytes(row.record))}) if row else None


def of_referral(connection: Connection, referral_id: str) -> dict[tuple[str, int], Answer]:
    """All versions of all of them, by id and version."""
    found = connection.execute(select(answer).where(answer.c.referral_id == referral_id))
    return {
        (row.id, row.version): Answer(**row._asdict() | {"record": exact_json.loads(bytes(row.record))})
        for row in found
    }
