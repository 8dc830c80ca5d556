"""Writing the search index: what each resource is found by, in the transaction that stores it.

The index is made of the resources and may be made again at any time: `bring_up_to_date` does so where it was made by
another list of parameters, or was never made.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from adapter.store import rows
from adapter.store.searching import hashes
from adapter.store.searching.searched import TYPES, searched
from adapter.store.tables import resource, search_date, search_entry, search_key, search_state, search_text
from mappings.r4 import exact_json, search_parameters, search_values
from mappings.r4.instants import Interval
from mappings.r4.search_parameters import Parameter, Value

if TYPE_CHECKING:
    from adapter.store.resources import Stored

log = logging.getLogger(__name__)

_START = 60
"""Characters of a text that its index holds."""
_MAKING = "1"
"""Raised when the same parameters are to be written differently."""


_HELD = select(search_entry).where(search_entry.c.type == bindparam("of"), search_entry.c.id == bindparam("at"))
_GONE = delete(search_key).where(search_key.c.key == bindparam("was"), search_key.c.position == bindparam("at"))

_Keys = Set[tuple[bytes, str]]
"""Keys, and whose they are."""


@dataclass
class Indexed:
    """What one version of a resource is found by."""

    keys: set[bytes] = field(default_factory=set)
    dates: set[tuple[str, Interval]] = field(default_factory=set)
    texts: list[tuple[str, str]] = field(default_factory=list)


def write(connection: Connection, new: Sequence[tuple[Stored, dict[str, Any]]]) -> None:
    """Versions, with what they say, that are the current ones from now on; nothing of a type that is not searched."""
    searchable = [(one, document) for one, document in new if one.type in TYPES]
    first = [(one, document) for one, document in searchable if one.version == 1]
    positions = rows.numbered(connection, search_entry, [_entry(one) for one, _ in first])
    written = _Rows()
    for position, (one, document) in zip(positions, first, strict=True):
        written.take(position, indexed(document), one.partner)
    for one, document in searchable:
        if one.version > 1:
            position, before = _follow(connection, one)
            written.take(position, indexed(document), one.partner, before)
    written.write(connection)


def _entry(new: Stored | Row[Any]) -> dict[str, Any]:
    of = {"type": new.type, "id": new.id}
    return {**of, "version": new.version, "last_updated": new.last_updated, "partner": new.partner}


def _follow(connection: Connection, new: Stored) -> tuple[int, _Keys]:
    """Lets a resource's entry stand for its new version: its position, and the keys that it was found by until now."""
    there = {"of": new.type, "at": new.id}
    held = connection.execute(_HELD, there).one()
    told = {"version": new.version, "last_updated": new.last_updated, "partner": new.partner}
    connection.execute(update(search_entry).where(search_entry.c.position == held.position), told)
    for table in (search_date, search_text):
        connection.execute(delete(table).where(table.c.position == held.position))
    return held.position, {(key, held.partner) for key in _of_version(connection, new.type, new.id, held.version).keys}


@dataclass
class _Rows:
    """What is to be written into the tables of the index."""

    gone: list[rows.Row] = field(default_factory=list)
    keys: list[rows.Row] = field(default_factory=list)
    dates: list[rows.Row] = field(default_factory=list)
    texts: list[rows.Row] = field(default_factory=list)

    def take(self, position: int, found: Indexed, partner: str, before: _Keys = frozenset()) -> None:
        now = {(key, partner) for key in found.keys}
        of = {"position": position, "partner": partner}
        self.gone += [{"was": key, "at": position} for key, _ in sorted(before - now)]
        self.keys += [{"key": key, **of} for key, _ in sorted(now - before)]
        self.dates += [{"parameter": name, **when._asdict(), **of} for name, when in sorted(found.dates)]
        self.texts += [
            {"parameter": name, "number": number, "start": plain[:_START], "plain": plain, "exact": exact, **of}
            for number, (name, exact) in enumerate(found.texts)
            for plain in [search_values.plain(exact)]
        ]

    def write(self, connection: Connection) -> None:
        if self.gone:
            connection.execute(_GONE, self.gone)
        for table, them in ((search_key, self.keys), (search_date, self.dates), (search_text, self.texts)):
            rows.add(connection, table, *them)


def indexed(document: dict[str, Any]) -> Indexed:
    """What a resource is found by."""
    found = Indexed()
    for parameter in searched(document["resourceType"]).values():
        values = list(search_parameters.values(document, parameter))
        if not values:
            found.keys.add(hashes.missing(parameter))
        for value in values:
            _add(found, parameter, value)
    return found


def _add(found: Indexed, parameter: Parameter, value: Value) -> None:
    match parameter.kind:
        case "token":
            for token in search_values.tokens(value):
                found.keys.update(hashes.token_forms(parameter, token))
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
        yield from hashes.reference_forms(parameter, address)
    for token in search_values.identified(told):
        yield from hashes.token_forms(parameter, token, hashes.IDENTIFIER)


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
    rows.add(connection, search_state, {"what": _made_by(), "secret": secret})
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
    if there:
        position: int = connection.execute(_HELD, {"of": type_, "at": id_}).one().position
    else:
        (position,) = rows.numbered(connection, search_entry, [_entry(row)])
    written = _Rows()
    written.take(position, indexed(exact_json.loads(bytes(row.json))), row.partner)
    written.write(connection)


@functools.cache
def _made_by() -> str:
    """A hash of all that the rows depend on."""
    told = [_MAKING] + [repr(parameter) for type_ in TYPES for parameter in searched(type_).values()]
    return sha256("\n".join(told).encode()).hexdigest()
