"""The numbers that we give: short enough to be read out on the telephone."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection, Table

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import patient_serial, referral_serial

NUMBER = re.compile("[PR]-[0-9]{6,12}")
"""What a number looks like: anything else is none of ours."""


def new_patient(connection: Connection) -> str:
    """P-000123."""
    (serial,) = _next(connection, patient_serial)
    return f"P-{serial:06d}"


class Numbered(NamedTuple):
    """A serial that no referral had before, and the number that is made of it: R-000123."""

    serial: int
    number: str


def new_referrals(connection: Connection, many: int) -> list[Numbered]:
    """The next so many."""
    return [Numbered(serial, f"R-{serial:06d}") for serial in _next(connection, referral_serial, many)]


def _next(connection: Connection, serials: Table, many: int = 1) -> list[int]:
    return rows.numbered(connection, serials, [{"given_at": now()}] * many)
