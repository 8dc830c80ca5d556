"""Every version of what is stored, the newest first: of one resource, or of a type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from adapter.store.resources import Stored, stored
from adapter.store.tables import resource


@dataclass(frozen=True)
class Versions:
    """Which versions: of a type, of one id where it is given, stored since a moment where that is."""

    type: str
    id: str | None = None
    since: str | None = None
    sees: str | None = None


def versions(connection: Connection, wanted: Versions, after: Sequence[Any] | None, limit: int) -> list[Stored]:
    """So many of them, after the one of this instant, id and version where these are given."""
    of = resource.c
    found = _wanted(wanted)
    if after is not None:
        at, id_, version = after
        earlier = or_(of.last_updated < at, and_(of.last_updated == at, or_(of.id < id_, _older(id_, version))))
        found = found.where(of.last_updated <= at, earlier)
    found = found.order_by(of.last_updated.desc(), of.id.desc(), of.version.desc())
    return [one for row in connection.execute(found.limit(limit)) if (one := stored(row, None)) is not None]


def count(connection: Connection, wanted: Versions, most: int) -> int:
    """How many there are; no more than `most` are counted."""
    return connection.scalars(select(func.count()).select_from(_wanted(wanted).limit(most).subquery())).one()


def _older(id_: str, version: int) -> Any:
    return and_(resource.c.id == id_, resource.c.version < version)


def _wanted(wanted: Versions) -> Select[Any]:
    of = resource.c
    found = select(resource).where(of.type == wanted.type)
    if wanted.id is not None:
        found = found.where(of.id == wanted.id)
    if wanted.since is not None:
        found = found.where(of.last_updated >= wanted.since)
    return found if wanted.sees is None else found.where(of.partner == wanted.sees)
