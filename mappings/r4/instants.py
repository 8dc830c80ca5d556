"""What a date means for a search: the stretch of time from its first instant to the first one after it.

A partial date is the whole year, month or day, a time is as long as its last digit.  Both ends are written as instants
in UTC with microseconds, so that they sort as text.  A date without a time zone is taken to be in UTC, as FHIR leaves
it to the server (hl7.org/fhir/R4/search.html#date).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
BEGINNING = ""
"""Sorts before every instant: what began at no time that is told."""
END = "9999-12-31T23:59:59.999999Z"
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime.fromisoformat(END)


class Interval(NamedTuple):
    low: str
    high: str
    """Not part of it any more."""


def interval(text: str) -> Interval | None:
    """The stretch of a date, dateTime or instant; None for what is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        first = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC
        ) + timedelta(seconds=int(second or 0), microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    except (ValueError, OverflowError):
        return None
    if int(second or 0) > 60:
        return None
    if month is None:
        after = _start(first.year + 1, 1)
    elif day is None:
        after = _start(first.year + first.month // 12, first.month % 12 + 1)
    else:
        after = _later(first, _length(hour, second, fraction))
    away = _offset(zone)
    return None if away is None else Interval(_text(_later(first, -away)), _text(_later(after, -away)))


def between(start: Any, end: Any) -> Interval | None:
    """The stretch of a Period; open where an end is not told."""
    told = [interval(one) if isinstance(one, str) else None for one in (start, end)]
    if told == [None, None]:
        return None
    return Interval(told[0].low if told[0] else BEGINNING, told[1].high if told[1] else END)


def widened(of: Interval, around: datetime) -> Interval:
    """An interval and a tenth of how far it is from a moment at both sides: what is about that time."""
    low, high = (datetime.fromisoformat(one) for one in of)
    far = max(abs(around - low), abs(around - high)) / 10
    return Interval(_text(_later(low, -far)), _text(_later(high, far)))


def _length(hour: str | None, second: str | None, fraction: str | None) -> timedelta:
    if hour is None:
        return timedelta(days=1)
    if second is None:
        return timedelta(minutes=1)
    digits = min(len(fraction or ""), 6)
    return timedelta(microseconds=10 ** (6 - digits))


def _offset(zone: str | None) -> timedelta | None:
    if zone in (None, "Z"):
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:])
    if hours > 14 or minutes > 59:
        return None
    away = timedelta(hours=hours, minutes=minutes)
    return -away if zone[0] == "-" else away


def _start(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC) if year < 10000 else _LAST


def _later(moment: datetime, by: timedelta) -> datetime:
    """Never outside of the years that there are."""
    try:
        return moment + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
