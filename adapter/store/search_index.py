"""Writing the search index: what each resource is found by, in the transaction that stores it.

The index is made of the resources and may be made again at any time: `bring_up_to_date` does so where it was made by
another list of parameters, or was never made.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from adapter.store import search_keys
from adapter.store.searched import TYPES, searched
from adapter.store.tables import resource, search_date, search_entry, search_key, search_state, search_text
from mappings.r4 import exact_json, search_parameters, search_values
from mappings.r4.instants import Interval
from mappings.r4.search_parameters import Parameter, Value

log = logging.getLogger(__name__)

_START = 60
"""Characters of a text that its index holds."""
_MAKING = "1"
"""Raised when the same parameters are to be written differently."""


@dataclass
class Indexed:
    """What one version of a resource is found by."""

    keys: set[bytes] = field(default_factory=set)
    dates: set[tuple[str, Interval]] = field(default_factory=set)
    texts: list[tuple[str, str]] = field(default_factory=list)


def write(
    connection: Connection, type_: str, id_: str, version: int, last_updated: str, json: bytes, partner: str
) -> None:
    """A version that is the current one from now on; nothing for a type that is not searched."""
    if type_ not in TYPES:
        return
    there = (search_entry.c.type == type_) & (search_entry.c.id == id_)
    held = connection.execute(select(search_entry).where(there)).first()
    before: set[tuple[bytes, str]] = set()
    told = {"version": version, "last_updated": last_updated, "partner": partner}
    if held is None:
        new = insert(search_entry).values(type=type_, id=id_, **told).returning(search_entry.c.position)
        position: int = connection.scalars(new).one()
    else:
        position = held.position
        connection.execute(update(search_entry).where(there).values(**told))
        before = {(key, held.partner) for key in _of_version(connection, type_, id_, held.version).keys}
        for table in (search_date, search_text):
            connection.execute(delete(table).where(table.c.position == position))
    _put(connection, position, indexed(exact_json.loads(json)), before, partner)


def _put(connection: Connection, position: int, found: Indexed, before: set[tuple[bytes, str]], partner: str) -> None:
    now = {(key, partner) for key in found.keys}
    for key, _ in sorted(before - now):
        connection.execute(delete(search_key).where(search_key.c.key == key, search_key.c.position == position))
    of = {"position": position, "partner": partner}
    keys = [{"key": key, **of} for key, _ in sorted(now - before)]
    dates = [{"parameter": name, **when._asdict(), **of} for name, when in sorted(found.dates)]
    texts = [
        {"parameter": name, "number": number, "start": plain[:_START], "plain": plain, "exact": exact, **of}
        for number, (name, exact) in enumerate(found.texts)
        for plain in [search_values.plain(exact)]
    ]
    for table, rows in ((search_key, keys), (search_date, dates), (search_text, texts)):
        if rows:
            connection.execute(insert(table), rows)


def indexed(document: dict[str, Any]) -> Indexed:
    """What a resource is found by."""
    found = Indexed()
    for parameter in searched(document["resourceType"]).values():
        values = list(search_parameters.values(document, parameter))
        if not values:
            found.keys.add(search_keys.missing(parameter))
        for value in values:
            _add(found, parameter, value)
    return found


def _add(found: Indexed, parameter: Parameter, value: Value) -> None:
    match parameter.kind:
        case "token":
            for token in search_values.tokens(value):
                found.keys.update(search_keys.token_forms(parameter, token))
        case "reference":
            found.keys.update(_reference(parameter, value.json))
        case "date":
            when = search_values.stretch(value)
            if when is not None:
                found.dates.add((_name(parameter), when))
        case "string":
            name = _name(parameter)
            found.texts += [(name, one.replace("\0", "")) for one in search_values.texts(value)]
        case _:
            raise ValueError(f"no index is written for parameters of this kind: {parameter.kind}")


def _reference(parameter: Parameter, told: Any) -> Iterator[bytes]:
    address = told.get("reference") if isinstance(told, dict) else told
    if isinstance(address, str):
        yield from search_keys.reference_forms(parameter, address)
    for token in search_values.identified(told):
        yield from search_keys.token_forms(parameter, token, search_keys.IDENTIFIER)


def _name(parameter: Parameter) -> str:
    return f"{parameter.of}.{parameter.name}"


def _of_version(connection: Connection, type_: str, id_: str, version: int) -> Indexed:
    one = (resource.c.type == type_) & (resource.c.id == id_) & (resource.c.version == version)
    return indexed(exact_json.loads(bytes(connection.scalars(select(resource.c.json).where(one)).one())))


# ---- all of it


def bring_up_to_date(connection: Connection) -> None:
    """Writes the index of all that is stored, where it is not there or was made by other parameters."""
    row = connection.execute(select(search_state)).first()
    if row is not None and row.what == _made_by():
        return
    secret = row.secret if row is not None else secrets.token_urlsafe(32)
    for table in (search_key, search_date, search_text, search_state):
        connection.execute(delete(table))
    connection.execute(insert(search_state).values(what=_made_by(), secret=secret))
    first = (
        select(resource.c.type, resource.c.id)
        .where(resource.c.type.in_(TYPES), resource.c.version == 1)
        .order_by(resource.c.last_updated, resource.c.type, resource.c.id)
    )
    every = connection.execute(first).all()
    held = {(row.type, row.id) for row in connection.execute(select(search_entry.c.type, search_entry.c.id))}
    if every:
        log.info("writing the search index of %d resources", len(every))
    for type_, id_ in every:
        _write_again(connection, type_, id_, there=(type_, id_) in held)


def secret_of(connection: Connection) -> str:
    """What the links of pages are sealed with: the same for all processes on this database."""
    secret: str = connection.scalars(select(search_state.c.secret)).one()
    return secret


def _write_again(connection: Connection, type_: str, id_: str, *, there: bool) -> None:
    newest = select(resource).where(resource.c.type == type_, resource.c.id == id_).order_by(resource.c.version.desc())
    row = connection.execute(newest.limit(1)).one()
    if not there:
        write(connection, type_, id_, row.version, row.last_updated, bytes(row.json), row.partner)
        return
    entry = (search_entry.c.type == type_) & (search_entry.c.id == id_)
    position: int = connection.scalars(select(search_entry.c.position).where(entry)).one()
    _put(connection, position, indexed(exact_json.loads(bytes(row.json))), set(), row.partner)


@functools.cache
def _made_by() -> str:
    """A hash of all that the rows depend on."""
    told = [_MAKING] + [repr(parameter) for type_ in TYPES for parameter in searched(type_).values()]
    return sha256("\n".join(told).encode()).hexdigest()
