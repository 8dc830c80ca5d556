"""The numbers that we give: short enough to be read out on the telephone."""

from __future__ import annotations

import re

from sqlalchemy import Connection, Table, insert

from adapter.store.clock import now
from adapter.store.tables import patient_serial, referral_serial

NUMBER = re.compile("[PR]-[0-9]{6,12}")
"""What a number looks like: anything else is none of ours."""


def new_patient(connection: Connection) -> str:
    """P-000123."""
    return f"P-{_next(connection, patient_serial):06d}"


def new_referral(connection: Connection) -> tuple[int, str]:
    """A serial that no referral had before, and the number that is made of it: R-000123."""
    serial = _next(connection, referral_serial)
    return serial, f"R-{serial:06d}"


def _next(connection: Connection, serials: Table) -> int:
    serial: int = connection.scalars(insert(serials).values(given_at=now()).returning(serials.c.serial)).one()
    return serial
