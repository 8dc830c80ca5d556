"""What the SQLite of this machine may be too old to know, and the delivery engine takes for granted.

Under Python 3.12 or newer DBOS asks SQLite for the time as `unixepoch('subsec')`, in its statements and in the defaults
of its columns (dbos/_migration.py, get_sqlite_timestamp_expr).  SQLite knows that since 3.42; an older one answers NULL
(sqlite.org/lang_datefunc.html, "subsec"), and Debian 12 has 3.40 under any Python.  The function is ours there.  It
goes by the library and not by Python: a database that was made under one Python may be opened under another.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, event

from adapter.settings import SettingsError

OLDEST = (3, 35)  # RETURNING: the numbers that we give, and the engine's queues
_KNOWS_SUBSEC = (3, 42)
_NOW = ("subsec", "subsecond")


def mend() -> None:
    """Sees to it that every SQLite connection of this process knows the function; told again, it changes nothing.

    On the class of all engines, because the delivery engine makes some of its own.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise SettingsError(
            f"SQLite is {sqlite3.sqlite_version} here, and {'.'.join(map(str, OLDEST))} is the oldest that will do: "
            "use a Python with a newer one, or set database_url to a PostgreSQL database."
        )
    if sqlite3.sqlite_version_info < _KNOWS_SUBSEC and not event.contains(Engine, "connect", _connected):
        event.listen(Engine, "connect", _connected)


def _connected(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", 1, unixepoch)


def unixepoch(moment: Any) -> Any:
    """As SQLite 3.42 has it: seconds since 1970, of now with milliseconds; all else is asked of SQLite itself."""
    if moment in _NOW:
        return round(time.time(), 3)
    with closing(sqlite3.connect(":memory:")) as untouched:
        return untouched.execute("SELECT CAST(strftime('%s', ?) AS INTEGER)", (moment,)).fetchone()[0]
