"""What GET returns: every version of every resource, and the business identifiers by which they are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from adapter.store import rows
from adapter.store.keys import identifier_keys
from adapter.store.searching import index
from adapter.store.tables import identifier, resource

Identifier = tuple[str | None, str]
"""System and value."""


_ONE = select(resource).where(resource.c.type == bindparam("of"), resource.c.id == bindparam("at"))
_NEWEST = _ONE.order_by(resource.c.version.desc()).limit(1)
_VERSION = _ONE.where(resource.c.version == bindparam("version"))
_FORGET = delete(identifier).where(identifier.c.type == bindparam("of"), identifier.c.id == bindparam("at"))


@dataclass(frozen=True)
class Stored:
    type: str
    id: str
    version: int
    last_updated: str
    json: bytes
    message_id: str | None
    partner: str
    """Who sent it, or to whom it was answered; "" while no authorisation is configured."""


@dataclass(frozen=True)
class New:
    """A version that is stored, with what its JSON says and the identifiers by which it is found from now on."""

    stored: Stored
    document: dict[str, Any]
    identifiers: Iterable[Identifier]


def add(connection: Connection, *new: New) -> None:
    """Versions, which are found from now on; one that is there already is an IntegrityError."""
    rows.add(connection, resource, *(vars(one.stored) for one in new))
    index.write(connection, [(one.stored, one.document) for one in new])
    for one in new:
        if one.stored.version > 1:
            connection.execute(_FORGET, {"of": one.stored.type, "at": one.stored.id})
    rows.add(connection, identifier, *(row for one in new for row in _identified(one)))


def _identified(new: New) -> list[rows.Row]:
    keys = dict(identifier_keys(system, value) for system, value in new.identifiers)
    of = {"type": new.stored.type, "id": new.stored.id}
    return [{"key": key, "value_key": value_key, **of} for key, value_key in sorted(keys.items())]


def current(connection: Connection, type_: str, id_: str, *, sees: str | None = None) -> Stored | None:
    """The newest version; what is not of the partner that `sees` is not there (None sees everybody's)."""
    return stored(connection.execute(_NEWEST, {"of": type_, "at": id_}).first(), sees)


def at_version(connection: Connection, type_: str, id_: str, version: int, *, sees: str | None = None) -> Stored | None:
    return stored(connection.execute(_VERSION, {"of": type_, "at": id_, "version": version}).first(), sees)


def as_of(connection: Connection, type_: str, id_: str, at: str, *, sees: str) -> Stored | None:
    """The version that was the newest at an instant."""
    then = select(resource).where(resource.c.type == type_, resource.c.id == id_, resource.c.last_updated <= at)
    return stored(connection.execute(then.order_by(resource.c.version.desc()).limit(1)).first(), sees)


def with_identifier(
    connection: Connection, type_: str, system: str | None, value: str, limit: int = 2, sees: str | None = None
) -> list[str]:
    """The ids of the resources of a type that have an identifier; a system of None is any.

    sees: whose resources are looked at; None: all."""
    key, value_key = identifier_keys(system, value)
    wanted = identifier.c.value_key == value_key if system is None else identifier.c.key == key
    found = select(identifier.c.id).where(identifier.c.type == type_, wanted).distinct().limit(limit)
    if sees is not None:
        theirs = (resource.c.type == identifier.c.type, resource.c.id == identifier.c.id, resource.c.partner == sees)
        found = found.where(select(resource.c.id).where(*theirs).exists())
    return list(connection.scalars(found))


def stored(row: Sequence[Any] | Row[Any] | None, sees: str | None) -> Stored | None:
    if row is None:
        return None
    found = Stored(*row)
    if sees is not None and found.partner != sees:
        return None
    return replace(found, json=bytes(found.json))
