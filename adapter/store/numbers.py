"""The numbers that we give: short enough to be read out on the telephone."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, insert

from adapter.store.tables import number

_LETTERS = {"patient": "P", "referral": "R"}


def new(connection: Connection, kind: Literal["patient", "referral"]) -> tuple[int, str]:
    """A serial that no one had before, and the number that is made of it: P-000123."""
    serial = connection.scalars(insert(number).values(kind=kind).returning(number.c.serial)).one()
    return serial, f"{_LETTERS[kind]}-{serial:06d}"
