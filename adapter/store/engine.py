"""Opening the database.

Two kinds of transaction: `reading` and `writing`.  On SQLite a writing one takes the write lock when it begins, and
waits for it there: one that reads first and writes later would be turned away half way, at once, whatever time-out is
set.  Anything that runs on an engine directly (the delivery engine does) is a writing one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from adapter.store import old_sqlite

_BUSY_SECONDS = 30
_READS = "paingate_reads"


def open_engine(database_url: str) -> Engine:
    """The engine of a SQLite or PostgreSQL URL; `postgresql://` means psycopg 3."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    # hide_parameters: an error must not carry a patient's data into a log
    return create_engine(url, hide_parameters=True, pool_size=20, pool_pre_ping=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: all of it is committed at the end, or nothing."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads; on SQLite it waits for nobody."""
    with engine.connect().execution_options(**{_READS: True}) as connection, connection.begin():
        yield connection


def _sqlite(url: URL) -> Engine:
    old_sqlite.mend()
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves (SQLAlchemy: "Serializable isolation", pysqlite)
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # in WAL the default of NORMAL may lose what was answered as stored when power fails
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
