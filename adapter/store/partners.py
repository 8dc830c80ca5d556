"""The settings of partners that were put through the clinic API; those of paingate.toml are not here.

One that was removed keeps its row, without settings: versions only count up, so that their sum tells of any change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import partner
from mappings.r4 import exact_json


@dataclass(frozen=True)
class PutPartner:
    """A row of the table."""

    name: str
    version: int
    settings: Mapping[str, Any] | None
    """As they were put, without secrets; None where it was removed."""
    stored_at: str
    stored_by: str


def mark(connection: Connection) -> int:
    """Another number after each change of any of them."""
    return int(connection.scalar(select(func.coalesce(func.sum(partner.c.version), 0))) or 0)


def everyone(connection: Connection) -> list[PutPartner]:
    """Those that are not removed, by name."""
    found = connection.execute(select(partner).where(partner.c.settings.is_not(None)).order_by(partner.c.name))
    return [_of(row) for row in found]


def get(connection: Connection, name: str) -> PutPartner | None:
    """The row, also of one that was removed."""
    row = connection.execute(select(partner).where(partner.c.name == name)).first()
    return _of(row) if row is not None else None


def hold(connection: Connection) -> None:
    """Nobody else changes any of them until the transaction ends: what is said of one may contradict another.

    SQLite has no such lock and needs none: its writing transactions take turns.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {partner.name} IN SHARE ROW EXCLUSIVE MODE"))


def put(connection: Connection, name: str, settings: Mapping[str, Any] | None, by: str) -> PutPartner:
    """The next version; None for settings removes it."""
    nobody = {"name": name, "version": 0, "settings": None, "stored_at": now(), "stored_by": by}
    rows.add_unless_there(connection, partner, nobody)
    told = exact_json.dumps(dict(settings)) if settings is not None else None
    changed = update(partner).where(partner.c.name == name)
    connection.execute(changed.values(version=partner.c.version + 1, settings=told, stored_at=now(), stored_by=by))
    found = get(connection, name)
    assert found is not None
    return found


def _of(row: Any) -> PutPartner:
    settings = exact_json.loads(bytes(row.settings)) if row.settings is not None else None
    return PutPartner(row.name, row.version, settings, row.stored_at, row.stored_by)
