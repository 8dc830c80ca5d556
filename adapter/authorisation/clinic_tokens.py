"""Tokens of the clinic's own programs: made here, shown once, and kept as hashes only.

A token is 32 random bytes, so that a plain SHA-256 of it tells nothing: the slow hashes for passwords make up for what
people choose, and nobody chose this.  Four roles, so that each program has no more than it needs: a `reader` (a list
on a screen, a report) changes nothing; a `clinician` decides and puts plans; an `operator` watches whether plans arrive
and sees no patient; an `administrator` says besides that where they go.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from hashlib import sha256

from adapter.settings import ClinicToken

PREFIX = "paingate_"
"""So that a token that lies where it should not is known for what it is."""
_OPERATOR = (
    ("GET", ".*/deliveries|/deliveries/[^/]*|/partners|/partners/[^/]*|/metrics"),
    ("POST", "/deliveries/[^/]*/(replay|cancel)|/partners/[^/]*/(replay|ask-again)"),
)
MAY: dict[str, tuple[tuple[str, str], ...]] = {
    "reader": (("GET", ".*"),),
    "clinician": (("GET", ".*"), ("POST|PUT|PATCH|DELETE", "(?!/partners/[^/]*$).*")),
    "operator": _OPERATOR,
    "administrator": (*_OPERATOR, ("PUT|DELETE", "/partners/[^/]*")),
}
"""By role: methods, and addresses below /clinic/v1."""


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What settings hold of a token."""
    return f"sha256:{sha256(token.encode()).hexdigest()}"


def holder(tokens: Iterable[ClinicToken], token: str) -> ClinicToken | None:
    """Whose token this is.  All are compared, each in the same time, so that the time tells nothing."""
    given = hash_of(token)
    found = None
    for one in tokens:
        if hmac.compare_digest(one.hash, given):
            found = one
    return found


def may(role: str, method: str, address: str) -> bool:
    """Whether a role may do this; `address` is below /clinic/v1."""
    method = "GET" if method == "HEAD" else method
    return any(re.fullmatch(methods, method) and re.fullmatch(there, address) for methods, there in MAY[role])
