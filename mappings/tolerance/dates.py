"""Dates and times that are written in another order of signs than R4's, with all that R4 asks for in them.

Nothing is added but zero seconds (R4 of dateTime: "may be zero-filled"), and never a zone: a time of day somewhere on
earth is no time.  Days written with points or slashes are left alone: 03/04 is in March and in April.
"""

from __future__ import annotations

import re

_LONGEST = 40

_SPACED = re.compile(
    r"(\d{4}-\d\d-\d\d)(?: +|[Tt])(\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)? ?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)", re.ASCII
)
"""A space for T (smart-on-fhir/fhir-parser#30, and what PostgreSQL prints, with +01 for a zone), +0100 (Java's and
Python's way, FirelyTeam/firely-net-sdk#209), no seconds (hapifhir/hapi-fhir#887)."""

_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?([+-]\d\d)(\d\d))?", re.ASCII)
"""The way of HL7 v2 and CDA."""


def as_r4(text: str) -> str | None:
    """The same date or time as R4 writes it; None where it is none that can be read in one way only.

    Whether the day exists, and whether a time may stand there, is not asked here.
    """
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    if found := _SPACED.fullmatch(text):
        day, minutes, seconds, zulu, hours, rest = found.groups()
        return f"{day}T{minutes}{seconds or ':00'}" + ("Z" if zulu else f"{hours}:{rest or '00'}")
    if found := _PACKED.fullmatch(text):
        year, month, date, hour, minute, second, zone, rest = found.groups()
        day = f"{year}-{month}-{date}"
        return f"{day}T{hour}:{minute}:{second or '00'}{zone}:{rest}" if hour else day
    return text
