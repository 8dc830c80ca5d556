"""How long what is being done may take: a request has an end, and what is still under way then is undone.

It is looked at between steps: before every statement, by the database within one, and where whoever computes calls
`check`.  What computes without a step between (reading one document, mapping it) goes on to its end: the limits on what
is read bound that.  Work that no request waits for has no deadline.
"""

from __future__ import annotations

import math
import time
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


class TooLate(Exception):
    """The time is over; nothing of what was being written is kept."""


def begin(seconds: float) -> None:
    """From now on, in this thread."""
    _ends_at.set(time.monotonic() + seconds)


def end() -> None:
    _ends_at.set(None)


def remaining() -> float:
    """Seconds, 0 where none are left; infinite without a deadline."""
    ends_at = _ends_at.get()
    return math.inf if ends_at is None else max(0.0, ends_at - time.monotonic())


def check() -> None:
    """TooLate where no time is left."""
    if remaining() <= 0:
        raise TooLate
