"""The EHRs that something goes to or comes from: [partners.NAME] of paingate.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapter.settings.named import named_tables, texts
from adapter.settings.table import (
    AGREEABLE,
    AUTHORISATIONS,
    DIALECTS,
    FITS,
    PARTNER_KEYS,
    PATIENTS,
    SENDABLE,
    TOKENS,
    Partner,
    SettingsError,
    is_safe_address,
)

_NUMBERS: tuple[tuple[str, type[int] | type[float]], ...] = (
    ("at_once", int), ("connect_timeout", float), ("read_timeout", float),
)  # fmt: skip
_NO_TEXTS = ("sends", "client_ids", "agreed", "secret_file", "contained", *(key for key, _ in _NUMBERS))
_TEXTS = tuple(key for key in PARTNER_KEYS if key not in _NO_TEXTS)


def partners(document: Mapping[str, Any], environment: Mapping[str, str], file: str) -> Iterator[Partner]:
    for name, held in named_tables(document, "partners", PARTNER_KEYS, "base_url", file):
        yield partner_of(name, held, environment, f"[partners.{name}]")


def prefix_of(name: str) -> str:
    """What the environment calls the settings of a partner, up to the key."""
    return f"PAINGATE_PARTNERS_{name.upper().replace('-', '_')}_"


def partner_of(name: str, held: Mapping[str, Any], environment: Mapping[str, str], where: str) -> Partner:
    """A partner out of its table; SettingsError for what is no such setting."""
    prefix = prefix_of(name)
    said = texts(held, _TEXTS, environment, prefix, where)
    told: dict[str, Any] = {
        key: _number(environment.get(prefix + key.upper(), held.get(key, 0)), kind, f"{key} of {where}")
        for key, kind in _NUMBERS
    }
    told |= said | {
        "base_url": said["base_url"].rstrip("/"),
        "auth": said["auth"] or "none",
        "dialect": said["dialect"] or "plain",
        "patients": said["patients"] or "all",
    }
    return Partner(
        name=name,
        sends=_list(held, "sends", "care_plan", where),
        secret=_secret(held, environment.get(f"{prefix}SECRET", ""), f"{prefix}SECRET", where),
        client_ids=_list(held, "client_ids", "their-client-id", where),
        agreed=_list(held, "agreed", "questionnaire-response", where),
        contained=_yes(held, "contained", where),
        **told,
    )


def _yes(held: Mapping[str, Any], key: str, where: str) -> bool:
    told = held.get(key, False)
    if not isinstance(told, bool):
        raise SettingsError(f"{key} of {where} is true or false.")
    return told


def _number(told: object, kind: type[int] | type[float], what: str) -> Any:
    """0 where nothing is said; text is read, since the environment holds only text."""
    if isinstance(told, (str, int, kind)) and not isinstance(told, bool):
        with suppress(ValueError):
            return kind(told)
    raise SettingsError(f"{what} is a number.")


def _secret(held: Mapping[str, Any], secret: str, variable: str, where: str) -> str:
    if "secret_file" not in held:
        return secret
    if secret:
        raise SettingsError(f"{where} has a secret_file and {variable}: keep one of the two.")
    try:
        return Path(str(held["secret_file"])).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The secret_file of {where} cannot be read: mend its path or its rights.") from None


def _list(held: Mapping[str, Any], key: str, example: str, where: str) -> tuple[str, ...]:
    listed = held.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise SettingsError(f'{key} of {where} is a list of texts, such as ["{example}"].')
    return tuple(listed)


def contradictions_of_partner(partner: Partner) -> Iterator[str]:
    """What of it cannot be meant."""
    where = f"[partners.{partner.name}]"
    only_calls = partner.client_ids and not partner.sends and not partner.base_url
    if not only_calls and not re.fullmatch(r"https?://[^\s?#@/][^\s?#@]*", partner.base_url):
        yield f"base_url of {where} is an http or https address without user, query and fragment."
    yield from _of_lists(partner, where)
    for kind in partner.sends:
        if kind not in SENDABLE:
            yield f"sends of {where} names a kind of record that is not sent; what is sent: {', '.join(SENDABLE)}."
    if partner.auth == "none" and partner.secret:
        yield f'{where} has a secret but auth = "none": say auth = "basic" or "bearer", or take the secret away.'
    if partner.auth != "none" and not partner.secret:
        yield f"{where} has auth but no secret: set {prefix_of(partner.name)}SECRET or secret_file."
    if partner.auth == "basic" and ":" not in partner.secret:
        yield f"The secret of {where} is user:password."
    yield from _of_tokens(partner, where)
    if bool(partner.certificate_file) != bool(partner.certificate_key_file):
        yield f"certificate_file and certificate_key_file of {where} belong together: set both, or none."


def _of_lists(partner: Partner, where: str) -> Iterator[str]:
    """What is one of a few words, or a number."""
    of_lists = (
        (partner.auth, AUTHORISATIONS, "auth"),
        (partner.dialect, DIALECTS, "dialect"),
        (partner.fit or FITS[0], FITS, "fit"),
        (partner.patients, PATIENTS, "patients"),
        *((one, AGREEABLE, "agreed") for one in partner.agreed),
    )
    for said, known, what in of_lists:
        if said not in known:
            yield f"{what} of {where} is one of {', '.join(known)}."
    for key, _ in _NUMBERS:
        if not 0 <= getattr(partner, key) < float("inf"):
            yield f"{key} of {where} is more than 0, or left out."


def _of_tokens(partner: Partner, where: str) -> Iterator[str]:
    """What belongs to an access token that we ask for."""
    of_tokens = {
        "our_client_id": partner.our_client_id,
        "scope": partner.scope,
        "token_endpoint": partner.token_endpoint,
        "key_id": partner.key_id,
    }
    if partner.auth not in TOKENS:
        for key, value in of_tokens.items():
            if value:
                yield f"{key} of {where} is for auth = {' or '.join(TOKENS)}: take it away, or say which."
        return
    if not partner.our_client_id:
        yield f"our_client_id of {where} is what the clinic is registered as there."
    if partner.auth == "smart" and not partner.scope:
        yield f'scope of {where} is what is asked for, such as "system/CarePlan.cruds system/Patient.rs".'
    if partner.token_endpoint and not is_safe_address(partner.token_endpoint):
        yield f"token_endpoint of {where} is an https address (http only on this machine)."
    if not is_safe_address(partner.base_url):
        yield f"base_url of {where} is an https address (http only on this machine): a token is a secret."
