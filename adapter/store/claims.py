"""What there may be one of.

Who makes a thing claims it under every key it may be asked for by, in the same transaction.  A second claim is an
IntegrityError: whoever gets it starts again and finds what the first has made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select

from adapter.store import rows
from adapter.store.tables import claim

_CLAIMED = select(claim.c.key, claim.c.id).where(claim.c.key.in_(bindparam("keys", expanding=True)))


def add(connection: Connection, keys: Iterable[str], type_: str, id_: str) -> None:
    in_order = sorted(set(keys))  # so that two that claim the same keys wait instead of blocking each other
    rows.add(connection, claim, *({"key": key, "type": type_, "id": id_} for key in in_order))


def first(connection: Connection, keys: Sequence[str]) -> str | None:
    """The id of what the first of these keys that is claimed stands for."""
    found = {row.key: row.id for row in connection.execute(_CLAIMED, {"keys": keys})}
    return next((found[key] for key in keys if key in found), None)
