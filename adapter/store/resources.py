"""What GET returns: every version of every resource, and the business identifiers by which they are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from adapter.store import search_index
from adapter.store.keys import identifier_keys
from adapter.store.tables import identifier, resource

Identifier = tuple[str | None, str]
"""System and value."""


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


def add(connection: Connection, new: Stored) -> None:
    """A version, which is found by searching from now on; one that is there already is an IntegrityError."""
    connection.execute(insert(resource).values(**vars(new)))
    search_index.write(connection, new.type, new.id, new.version, new.last_updated, new.json, new.partner)


def current(connection: Connection, type_: str, id_: str, *, sees: str | None = None) -> Stored | None:
    """The newest version; what is not of the partner that `sees` is not there (None sees everybody's)."""
    newest = select(resource).where(resource.c.type == type_, resource.c.id == id_).order_by(resource.c.version.desc())
    return stored(connection.execute(newest.limit(1)).first(), sees)


def at_version(connection: Connection, type_: str, id_: str, version: int, *, sees: str | None = None) -> Stored | None:
    one = select(resource).where(resource.c.type == type_, resource.c.id == id_, resource.c.version == version)
    return stored(connection.execute(one).first(), sees)


def as_of(connection: Connection, type_: str, id_: str, at: str, *, sees: str) -> Stored | None:
    """The version that was the newest at an instant."""
    then = select(resource).where(resource.c.type == type_, resource.c.id == id_, resource.c.last_updated <= at)
    return stored(connection.execute(then.order_by(resource.c.version.desc()).limit(1)).first(), sees)


def identify(connection: Connection, type_: str, id_: str, identifiers: Iterable[Identifier]) -> None:
    """Lets a new resource be found by its business identifiers."""
    keys = dict(identifier_keys(system, value) for system, value in identifiers)
    for key, value_key in sorted(keys.items()):
        connection.execute(insert(identifier).values(type=type_, id=id_, key=key, value_key=value_key))


def identify_anew(connection: Connection, type_: str, id_: str, identifiers: Iterable[Identifier]) -> None:
    """Lets a resource that was changed be found by the identifiers it has now, and by no others any more."""
    connection.execute(delete(identifier).where(identifier.c.type == type_, identifier.c.id == id_))
    identify(connection, type_, id_, identifiers)


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
