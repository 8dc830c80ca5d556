"""Bringing the database to the tables of this release, at every start.

Alembic's history lies in `migrations/` beside this module and travels with the package.  Only our own tables are looked
at.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from adapter.store.engine import writing
from adapter.store.searching import index
from adapter.store.tables import PREFIX, metadata

VERSION_TABLE = f"{PREFIX}schema_version"
_LOCK = 7_246_464_283  # any number, as long as it is ours: two processes that start at once migrate one after the other


def migrate(engine: Engine) -> None:
    """Creates what is missing, all or nothing; does nothing where all is there."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        index.bring_up_to_date(connection)


def differences(connection: Connection) -> list[object]:
    """In what the database is not what `tables` says."""
    context = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "include_name": is_ours, "compare_type": True}
    )
    return list(compare_metadata(context, metadata))


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Whether Alembic is to look at a thing of this name."""
    del parents
    return kind != "table" or (name or "").startswith(PREFIX)
