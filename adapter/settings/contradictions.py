"""Settings that cannot all be meant, each with the sentence that says how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.settings.callers import contradictions_of_callers
from adapter.settings.partners import contradictions_of_partner
from adapter.settings.table import NOBODYS_IDENTIFIERS, Settings, SettingsError

LARGEST_SKEW = 300
_MORE_THAN_NOTHING = (
    "max_body", "max_depth", "max_entries", "max_attachment", "max_header", "request_seconds",
    "jwks_refetch", "jwks_max_age", "retry_base", "connect_timeout", "read_timeout", "at_once", "park_after",
    "statement_max_age",
)  # fmt: skip


def refuse_open_address(settings: Settings) -> None:
    """Patient data without authorisation is for this machine only."""
    doors = open_doors(settings)
    if doors and not settings.on_loopback():
        host = settings.host or "An empty host"
        raise SettingsError(
            f"{host} can be reached from other machines, and no authorisation is configured for "
            f"{' and '.join(doors)}: listen on 127.0.0.1, or configure it (adapter/README.md, Who may call)."
        )


def open_doors(settings: Settings) -> list[str]:
    """Where nobody is asked who they are."""
    asks = {"/fhir": settings.issuers, "/clinic/v1": settings.clinic_tokens}
    return [door for door, callers in asks.items() if not callers]


def contradictions(settings: Settings, file: str) -> Iterator[str]:
    """`file` is where the settings are to be mended."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]*[^\s|/]", settings.identifier_base):
        yield "identifier_base is a URI without a slash at its end and without |, such as https://clinic.example/ids."
    if settings.partners and settings.identifier_base == NOBODYS_IDENTIFIERS:
        yield (
            "Partners are configured but identifier_base is not: two clinics would give the same numbers. "
            f"Set identifier_base under [clinic] in {file} to a URI of your own."
        )
    if settings.organization and not re.fullmatch(r"[^|\s]+\|[^|\s]+", settings.organization):
        yield "organization is the clinic's identifier as system|value."
    if not 0 <= settings.port <= 65535:
        yield "port is a number from 0 to 65535."
    if not re.match(r"(sqlite|postgresql)(\+\w+)?://", settings.database_url):
        yield "database_url starts with sqlite:// or postgresql://."
    yield from _number_contradictions(settings)
    for partner in settings.partners:
        yield from contradictions_of_partner(partner)
    yield from contradictions_of_callers(settings)


def _number_contradictions(settings: Settings) -> Iterator[str]:
    for name in _MORE_THAN_NOTHING:
        if not 0 < getattr(settings, name) < float("inf"):
            yield f"{name} is more than 0."
    if not 0 <= settings.clock_skew <= LARGEST_SKEW:
        yield f"clock_skew is from 0 to {LARGEST_SKEW} seconds: a token counts for that much longer."
    if not settings.retry_base <= settings.retry_ceiling < float("inf"):
        yield "retry_ceiling is not less than retry_base."
