"""Settings that cannot all be meant, each with the sentence that says how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.settings.table import (
    AUTHORISATIONS,
    DIALECTS,
    NOBODYS_IDENTIFIERS,
    SENDABLE,
    Partner,
    Settings,
    SettingsError,
)


def refuse_open_address(settings: Settings) -> None:
    """Patient data without authorisation is for this machine only."""
    if not settings.on_loopback():
        host = settings.host or "An empty host"
        raise SettingsError(
            f"{host} can be reached from other machines, and no authorisation is configured: "
            "listen on 127.0.0.1, or put a proxy that authorises in front of it."
        )


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
    for name in ("max_body", "max_depth", "retry_base", "connect_timeout", "read_timeout"):
        if not 0 < getattr(settings, name) < float("inf"):
            yield f"{name} is more than 0."
    if not settings.retry_base <= settings.retry_ceiling < float("inf"):
        yield "retry_ceiling is not less than retry_base."
    for partner in settings.partners:
        yield from _partner_contradictions(partner)


def _partner_contradictions(partner: Partner) -> Iterator[str]:
    where = f"[partners.{partner.name}]"
    if not re.fullmatch(r"https?://[^\s?#@/][^\s?#@]*", partner.base_url):
        yield f"base_url of {where} is an http or https address without user, query and fragment."
    for said, known, what in ((partner.auth, AUTHORISATIONS, "auth"), (partner.dialect, DIALECTS, "dialect")):
        if said not in known:
            yield f"{what} of {where} is one of {', '.join(known)}."
    for kind in partner.sends:
        if kind not in SENDABLE:
            yield f"sends of {where} names a kind of record that is not sent; what is sent: {', '.join(SENDABLE)}."
    if partner.auth == "none" and partner.secret:
        yield f'{where} has a secret but auth = "none": say auth = "basic" or "bearer", or take the secret away.'
    if partner.auth != "none" and not partner.secret:
        name = partner.name.upper().replace("-", "_")
        yield f"{where} has auth but no secret: set PAINGATE_PARTNERS_{name}_SECRET or secret_file."
    if partner.auth == "basic" and ":" not in partner.secret:
        yield f"The secret of {where} is user:password."
