"""Opening the database.

Two kinds of transaction: `reading` and `writing`.  On SQLite a writing one takes the write lock when it begins, and
waits for it there: one that reads first and writes later would be turned away half way, at once, whatever time-out is
set.  Anything that runs on an engine directly is a writing one.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from adapter.store import deadline, old_sqlite

_BUSY_SECONDS = 30
_STEPS_BETWEEN_LOOKS = 100_000  # of SQLite's machine: some milliseconds
_READS = "paingate_reads"
_TRIES = 8
_BEGIN_AGAIN = frozenset(("40001", "40P01"))  # PostgreSQL: serialization failure, deadlock detected

Result = TypeVar("Result")


def open_engine(database_url: str) -> Engine:
    """The engine of a SQLite or PostgreSQL URL; `postgresql://` means psycopg 3."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    # hide_parameters: an error must not carry a patient's data into a log
    engine = create_engine(url, hide_parameters=True, pool_size=20, pool_pre_ping=True)
    event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "before_cursor_execute", _before_statement)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: all of it is committed at the end, or nothing."""
    with _in_time(), engine.begin() as connection:
        yield connection


def committed(engine: Engine, run: Callable[[Connection], Result]) -> Result:
    """What `run` comes to in one transaction that may write; told again after a lost race, where it finds what the
    winner has made."""
    for _ in range(_TRIES - 1):
        try:
            with writing(engine) as connection:
                return run(connection)
        except (IntegrityError, OperationalError) as lost:
            if not _lost_a_race(lost):
                raise
    with writing(engine) as connection:
        return run(connection)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot do its work now: it is not there, full, or locked for too long."""
    return isinstance(error, (OperationalError, InterfaceError))


def _lost_a_race(error: IntegrityError | OperationalError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _BEGIN_AGAIN


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads; on SQLite it waits for nobody."""
    with _in_time(), engine.connect().execution_options(**{_READS: True}) as connection, connection.begin():
        yield connection


@contextmanager
def _in_time() -> Iterator[None]:
    """A database that gave up because the deadline had come says so in its own words: here it is said in ours."""
    try:
        yield
    except DBAPIError:
        if deadline.remaining() <= 0:
            raise deadline.TooLate from None
        raise


def _before_statement(*_: Any) -> None:
    deadline.check()


def _begin_postgresql(connection: Connection) -> None:
    """The server ends a statement that goes on beyond the deadline; it also ends its waiting for a lock."""
    if (seconds := deadline.remaining()) < math.inf:
        milliseconds = math.ceil(seconds * 1000) or 1  # 0 would be no limit at all
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")


def _sqlite(url: URL) -> Engine:
    old_sqlite.refuse_too_old()
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "before_cursor_execute", _before_statement)
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
    seconds = min(deadline.remaining(), _BUSY_SECONDS)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {math.ceil(seconds * 1000)}")
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: deadline.remaining() <= 0, _STEPS_BETWEEN_LOOKS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
