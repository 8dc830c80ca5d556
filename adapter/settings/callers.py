"""Who may call: the issuers of partners' access tokens, and the clinic's own tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.settings.named import named_tables, texts
from adapter.settings.table import (
    CLINIC_TOKEN_KEYS,
    ISSUER_KEYS,
    ROLES,
    ClinicToken,
    Issuer,
    Partner,
    Settings,
    is_safe_address,
)

_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def issuers(document: Mapping[str, Any], environment: Mapping[str, str], file: str) -> Iterator[Issuer]:
    for name, held in named_tables(document, "issuers", ISSUER_KEYS, "issuer", file):
        prefix = f"PAINGATE_ISSUERS_{name.upper().replace('-', '_')}_"
        yield Issuer(name, **texts(held, ISSUER_KEYS, environment, prefix, f"[issuers.{name}]"))


def clinic_tokens(document: Mapping[str, Any], environment: Mapping[str, str], file: str) -> Iterator[ClinicToken]:
    for name, held in named_tables(document, "clinic_tokens", CLINIC_TOKEN_KEYS, "role", file):
        prefix = f"PAINGATE_CLINIC_TOKENS_{name.upper().replace('-', '_')}_"
        yield ClinicToken(name, **texts(held, CLINIC_TOKEN_KEYS, environment, prefix, f"[clinic_tokens.{name}]"))


def contradictions_of_callers(settings: Settings) -> Iterator[str]:
    """What of it cannot be meant."""
    if bool(settings.issuers) != bool(settings.audience):
        yield "audience under [authorisation] and [issuers.NAME] belong together: set both, or none."
    if settings.issuers and not any(partner.client_ids for partner in settings.partners):
        yield "There are issuers but no partner has client_ids: nobody could call. Set them in [partners.NAME]."
    for issuer in settings.issuers:
        yield from _of_issuer(issuer)
    yield from _twice([(issuer.issuer, f"[issuers.{issuer.name}]") for issuer in settings.issuers], "issuer")
    for partner in settings.partners:
        yield from _of_partner(settings, partner)
    clients = [
        (f"{settings.issuer_of(partner)} {client}", f"[partners.{partner.name}]")
        for partner in settings.partners
        for client in partner.client_ids
    ]
    yield from _twice(clients, "client id")
    for token in settings.clinic_tokens:
        if token.role not in ROLES:
            yield f"role of [clinic_tokens.{token.name}] is one of {', '.join(ROLES)}."
        if not _HASH.fullmatch(token.hash):
            yield f"hash of [clinic_tokens.{token.name}] is what `paingate token new` told: sha256: and 64 digits."
    yield from _twice([(token.hash, f"[clinic_tokens.{token.name}]") for token in settings.clinic_tokens], "hash")


def _of_issuer(issuer: Issuer) -> Iterator[str]:
    where = f"[issuers.{issuer.name}]"
    if not issuer.issuer:
        yield f"issuer of {where} is what its tokens say in `iss`, letter by letter."
    if bool(issuer.jwks_uri) == bool(issuer.jwks_file):
        yield f"{where} has its keys either at a jwks_uri or in a jwks_file: set one of the two."
    if issuer.jwks_uri and not is_safe_address(issuer.jwks_uri):
        yield f"jwks_uri of {where} is an https address (http only on this machine): whoever can change keys gets in."
    if issuer.token_endpoint and not is_safe_address(issuer.token_endpoint):
        yield f"token_endpoint of {where} is an https address (http only on this machine)."


def _of_partner(settings: Settings, partner: Partner) -> Iterator[str]:
    where = f"[partners.{partner.name}]"
    if not all(partner.client_ids):
        yield f"client_ids of {where} has an empty one: nobody is to be taken for this partner by saying nothing."
    if partner.client_ids and not settings.issuers:
        yield f"{where} has client_ids, and there is no issuer that could name them: set [issuers.NAME]."
    elif (partner.client_ids or partner.issuer) and settings.issuer_of(partner) is None:
        known = ", ".join(issuer.name for issuer in settings.issuers)
        yield f"issuer of {where} says whose tokens it has: one of {known or 'none, since no [issuers.NAME] is set'}."


def _twice(told: list[tuple[str, str]], what: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for value, where in told:
        if value in seen:
            yield f"{where} and {seen[value]} have the same {what}: it must tell them apart."
        seen[value] = where
