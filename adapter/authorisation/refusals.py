"""How a caller is turned away: the status, the issue and the challenge that the specifications ask for.

401 with WWW-Authenticate says that another token would help, 403 that this caller may not (RFC 6750, section 3).  What
is said names rules and scopes, never anything out of the token.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapter.exchange.refusal import Refusal, again_later
from mappings.issues import Issue

REALM = 'Bearer realm="paingate"'


def no_token() -> Refusal:
    text = "Who are you? Send Authorization: Bearer and an access token."
    return Refusal("unauthorised", [Issue("error", "login", "", text)], {"WWW-Authenticate": REALM})


def bad_token(why: str, code: str = "security") -> Refusal:
    """`why` is a sentence without anything out of the token."""
    challenge = f'{REALM}, error="invalid_token", error_description="{why}"'
    return Refusal("unauthorised", [Issue("error", code, "", why)], {"WWW-Authenticate": challenge})


def forbidden(text: str, where: str = "") -> Refusal:
    return Refusal("forbidden", [Issue("error", "forbidden", where, text)])


def scope_missing(missing: Iterable[tuple[str, str]]) -> Refusal:
    """Scopes, each with a place that needs it; one that is needed in several is named once."""
    told: dict[str, str] = {}
    for scope, where in missing:
        told.setdefault(scope, where)
    text = "The token lacks the scope {}: ask its issuer for a token with it."
    issues = [Issue("error", "forbidden", where, text.format(scope)) for scope, where in told.items()]
    challenge = f'{REALM}, error="insufficient_scope", scope="{" ".join(told)}"'
    return Refusal("forbidden", issues, {"WWW-Authenticate": challenge})


def keys_missing() -> Refusal:
    text = "The keys of the token's issuer cannot be had at the moment: send the same again in a while."
    return again_later("unavailable", "transient", text)
