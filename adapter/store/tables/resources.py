"""What came in, the resources that a GET returns, and what they are found by."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from adapter.store.tables.naming import PREFIX, metadata

message = Table(
    f"{PREFIX}message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("received_at", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("conditional", Text),
    Column("body", LargeBinary, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("made", LargeBinary, nullable=False),
)
"""What came in, byte for byte, and what was made of it (`made`: one item for each entry, in their order)."""

resource = Table(
    f"{PREFIX}resource",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("last_updated", Text, nullable=False),
    Column("json", LargeBinary, nullable=False),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id")),
    Column("partner", Text, nullable=False, server_default=""),
    Index(None, "type", "partner"),
    Index(None, "type", "last_updated", "id", "version"),
)
"""Every version of every resource that a GET returns; the highest is the current one.

partner: who sent it, or to whom it was answered; "" while no authorisation is configured."""

search_entry = Table(
    f"{PREFIX}search_entry",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_updated", Text, nullable=False),
    Column("partner", Text, nullable=False),
    UniqueConstraint("type", "id"),
    Index(None, "type", "position"),
    Index(None, "type", "last_updated", "position"),
    Index(None, "type", "partner", "position"),
    Index(None, "type", "partner", "last_updated", "position"),
)
"""The current version of every resource that can be searched.  Its position is in the order in which they first came
and never changes: pages go by it."""

search_key = Table(
    f"{PREFIX}search_key",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("partner", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What is searched for by being equal to it: a hash of type, parameter and value, in each form it may be asked in."""

search_date = Table(
    f"{PREFIX}search_date",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("parameter", Text, primary_key=True),
    Column("low", Text, primary_key=True),
    Column("high", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Index(None, "parameter", "low"),
    Index(None, "parameter", "high"),
    sqlite_with_rowid=False,
)
"""From when, and until before when, each date is."""

_BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")

search_text = Table(
    f"{PREFIX}search_text",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("parameter", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("start", _BY_BYTES, nullable=False),
    Column("plain", Text, nullable=False),
    Column("exact", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Index(None, "parameter", "start"),
)
"""Texts as they stand, and plain: without case and accents; `start` is as much of that as an index takes."""

search_state = Table(
    f"{PREFIX}search_state",
    metadata,
    Column("what", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)
"""One row: what the index was made by, and what the links of pages are sealed with."""

claim = Table(
    f"{PREFIX}claim",
    metadata,
    Column("key", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
)
"""One row for each thing that there may be one of: of two that arrive at once, the database lets one in."""

identifier = Table(
    f"{PREFIX}identifier",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value_key", Text, nullable=False),
    Index(None, "key"),
    Index(None, "value_key"),
)
"""The business identifiers of stored resources, hashed: `key` with their system, `value_key` without."""
