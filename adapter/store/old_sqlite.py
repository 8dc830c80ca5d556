"""What the SQLite of this machine has to know."""

from __future__ import annotations

import sqlite3

from adapter.settings import SettingsError

OLDEST = (3, 35)
"""RETURNING, by which numbers are given."""


def refuse_too_old() -> None:
    """SettingsError where the library is older; it goes by the library and not by Python."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise SettingsError(
            f"SQLite is {sqlite3.sqlite_version} here, and {'.'.join(map(str, OLDEST))} is the oldest that will do: "
            "use a Python with a newer one, or set database_url to a PostgreSQL database."
        )
