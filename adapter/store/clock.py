"""The time of what is stored."""

from datetime import UTC, datetime


def now() -> str:
    """This instant as text that sorts, and as a FHIR instant."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
