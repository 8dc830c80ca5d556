"""Writing rows, and locking them: each table's INSERT is made once, since making one costs more than running it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Select, Table, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

Row = Mapping[str, Any]
Found = TypeVar("Found")


def add(connection: Connection, table: Table, *rows: Row) -> None:
    """All of the rows, which name the same columns; one that is there already is an IntegrityError."""
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        names = tuple(rows[0])
        connection.execute(_at_once(table, names), {name: [row[name] for row in rows] for name in names})
    elif rows:
        connection.execute(_insert(table), rows[0] if len(rows) == 1 else rows)


def add_unless_there(connection: Connection, table: Table, row: Row) -> None:
    """A row, unless there is one with its key."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), row)


def newest_locked(connection: Connection, first: Select[Any], newest: Callable[[], Found | None]) -> Found | None:
    """The newest version of something that nobody else follows until the transaction ends; None where there is none.

    Its first version stands for all of them, and is locked.  One that came between the look for the first and the look
    for the newest is locked after all: else two could follow it.  SQLite has no such lock and needs none: its writing
    transactions take turns.
    """
    while True:
        locked = connection.execute(first.with_for_update()).first() is not None
        found = newest()
        if locked or found is None:
            return found


def numbered(connection: Connection, table: Table, rows: Sequence[Row]) -> list[int]:
    """The numbers that the database gave to the rows, in their order."""
    return list(connection.scalars(_numbering(table), rows)) if rows else []


@functools.cache
def _insert(table: Table) -> Insert:
    return insert(table)


@functools.cache
def _at_once(table: Table, names: tuple[str, ...]) -> Insert:
    """A statement that takes an array for each column: for PostgreSQL one command, where many rows would be many."""
    arrays = (bindparam(name, type_=ARRAY(table.c[name].type)) for name in names)
    given = func.unnest(*arrays).table_valued(*names).render_derived()
    return insert(table).from_select(names, select(*(given.c[name] for name in names)))


@functools.cache
def _numbering(table: Table) -> Any:
    (number,) = table.primary_key.columns
    return insert(table).returning(number, sort_by_parameter_order=True)
