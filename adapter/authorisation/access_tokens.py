"""Access tokens of partners: JWTs of a configured issuer, as SMART Backend Services has them.

What a token says counts only once its signature was found right, by a key of the issuer that it names and by one of the
two algorithms of SMART; PyJWT does the cryptography and we say what must hold.  Nothing in a token's header leads us
anywhere: keys come from the settings' addresses, and a header that points to others (jku, x5u, jwk) is not followed.
"""

from __future__ import annotations

import re
from typing import Any

import jwt
from jwt.utils import base64url_decode

from adapter.authorisation.caller import Caller
from adapter.authorisation.keys import ALGORITHMS, IssuerKeys, KeysUnreadable, keys_for
from adapter.authorisation.proofs import Proofs
from adapter.authorisation.refusals import bad_token, forbidden, keys_missing
from adapter.authorisation.scopes import granted, is_of_a_person
from adapter.settings import Issuer, Settings
from mappings.r4 import exact_json

LONGEST = 16 * 1024
TYPES = ("jwt", "at+jwt", "application/at+jwt")
"""What a header may say in `typ`, where it says anything: no logout token or proof is taken for an access token."""
CLIENT_CLAIMS = ("client_id", "azp", "sub")
"""Where a token names its client: the first of these that it has (RFC 9068 asks for client_id)."""
SCOPE_CLAIMS = ("scope", "scp")
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_DEPTH = 16
_MALFORMED = "The access token is no signed JWT."


class AccessTokens:
    """The issuers whose tokens are taken, and whose clients are which partner."""

    def __init__(self, settings: Settings) -> None:
        self._audience, self._skew = settings.audience, settings.clock_skew
        self._proofs = Proofs(settings.clock_skew)
        self._issuers = {one.issuer: (one, keys_for(settings, one)) for one in settings.issuers}
        self._partners = {
            (issuer.issuer, client): partner.name
            for partner in settings.partners
            if (issuer := settings.issuer_of(partner)) is not None
            for client in partner.client_ids
        }

    def caller_of(self, token: str) -> Caller:
        """The partner whose token this is; a Refusal says why it is not taken."""
        if len(token) > LONGEST or not _SHAPE.fullmatch(token):
            raise bad_token(_MALFORMED)
        header, unproven = (_decoded(part) for part in token.split(".")[:2])
        algorithm = _algorithm(header)
        issuer, keys = self._issuer(unproven)
        claims = self._proven(token, issuer, keys, header.get("kid"), algorithm)
        return self._caller(issuer, claims)

    def _issuer(self, unproven: dict[str, Any]) -> tuple[Issuer, IssuerKeys]:
        """By what the token says before anything is proven: it only chooses whose keys have to prove it."""
        told = unproven.get("iss")
        found = self._issuers.get(told) if isinstance(told, str) else None
        if found is None:
            raise bad_token("The issuer of the access token is not one that is taken here.")
        return found

    def _proven(self, token: str, issuer: Issuer, keys: IssuerKeys, name: Any, algorithm: str) -> dict[str, Any]:
        if name is not None and not isinstance(name, str):
            raise bad_token(_MALFORMED)
        try:
            candidates = keys.named(name, algorithm)
        except KeysUnreadable:
            raise keys_missing() from None
        if (proven := self._proofs.of(token, candidates)) is not None:
            return proven
        why = bad_token("The key that the access token is signed with is none of its issuer's.")
        for candidate in candidates:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    candidate.key,
                    algorithms=[algorithm],
                    audience=self._audience,
                    issuer=issuer.issuer,
                    leeway=self._skew,
                    options={"require": ["exp", "iss", "aud"]},
                )
                self._proofs.keep(token, candidate, claims)
            except jwt.InvalidSignatureError:
                why = bad_token("The signature of the access token is not right.")
            except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as trouble:
                raise _why(trouble) from None
            else:
                return claims
        raise why

    def _caller(self, issuer: Issuer, claims: dict[str, Any]) -> Caller:
        if "cnf" in claims:
            # RFC 7800: only who holds the key in it may use it, and nobody proves that here
            raise bad_token("The access token is bound to a key of its client, and such are not taken here.")
        client = next((claims[name] for name in CLIENT_CLAIMS if name in claims), None)
        partner = self._partners.get((issuer.issuer, client)) if isinstance(client, str) else None
        if partner is None:
            raise forbidden("The client of the access token is no partner here: the clinic has to enter its client id.")
        scopes = _scopes(claims)
        if is_of_a_person(scopes):
            raise forbidden(
                "The access token speaks for a person (user/, patient/ or launch scopes): this service is for "
                "programs, with system/ scopes only."
            )
        return Caller(partner, granted(scopes))


def _decoded(part: str) -> dict[str, Any]:
    try:
        told = exact_json.loads(base64url_decode(part), max_depth=_DEPTH)
    except (ValueError, exact_json.MalformedJSON):
        raise bad_token(_MALFORMED) from None
    if not isinstance(told, dict):
        raise bad_token(_MALFORMED)
    return told


def _algorithm(header: dict[str, Any]) -> str:
    told = header.get("alg")
    if told not in ALGORITHMS:
        raise bad_token(f"Access tokens are taken that are signed with {' or '.join(ALGORITHMS)}.")
    type_ = header.get("typ", "JWT")
    if not isinstance(type_, str) or type_.lower() not in TYPES or "crit" in header:
        raise bad_token("This is another kind of token than an access token.")
    return str(told)


def _scopes(claims: dict[str, Any]) -> str:
    """One text, whether they came as one or as a list."""
    told = next((claims[name] for name in SCOPE_CLAIMS if name in claims), "")
    listed = told if isinstance(told, list) else [told]
    return " ".join(one for one in listed if isinstance(one, str))


def _why(trouble: Exception) -> Exception:
    match trouble:
        case jwt.ExpiredSignatureError():
            return bad_token("The access token has expired: get another.", "expired")
        case jwt.InvalidAudienceError():
            return bad_token("The access token is for another service: ask for one with this service as its audience.")
        case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
            return bad_token("The access token does not count yet: its issuer's clock and ours differ.")
        case jwt.MissingRequiredClaimError():
            return bad_token("The access token does not say when it expires, who issued it and whom it is for.")
        case _:
            return bad_token(_MALFORMED)
