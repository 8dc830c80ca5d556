"""What came in."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from adapter.store import rows
from adapter.store.tables import message
from mappings.r4 import exact_json


@dataclass(frozen=True)
class Made:
    """What became of one entry of a message."""

    type: str
    id: str
    version: int
    last_updated: str
    created: bool = True
    """Whether this message made it; else it was there, as it is or in the version before."""


@dataclass(frozen=True)
class Message:
    id: str
    received_at: str
    route: str
    sender: str
    content_type: str
    conditional: str | None
    body: bytes
    content_hash: str
    made: tuple[Made, ...]


def add(connection: Connection, new: Message) -> None:
    rows.add(connection, message, vars(new) | {"made": exact_json.dumps([vars(one) for one in new.made])})


def get(connection: Connection, message_id: str) -> Message:
    row = connection.execute(select(message).where(message.c.id == message_id)).one()
    made = tuple(Made(**one) for one in exact_json.loads(bytes(row.made)))
    return Message(**{**row._asdict(), "body": bytes(row.body), "made": made})
