"""The time of what is stored."""

import time
from datetime import UTC, datetime


def now() -> str:
    """This instant as text that sorts, and as a FHIR instant."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def milliseconds() -> int:
    """This instant as what can be reckoned with: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def instant(of: int) -> str:
    """Milliseconds since 1970 as `now` writes an instant."""
    return datetime.fromtimestamp(of / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
