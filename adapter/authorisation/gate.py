"""What stands before every route: who it is, and whether they may; the routes find it in `flask.g`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Request, g, request

from adapter.authorisation.caller import EVERYBODY, Caller
from adapter.authorisation.clinic_tokens import holder, may
from adapter.authorisation.interactions import OPEN, needs
from adapter.authorisation.refusals import bad_token, forbidden, no_token
from adapter.settings import Settings


@dataclass(frozen=True)
class ClinicCaller:
    """One of the clinic's programs, by the name of its token; "" while there are no tokens."""

    name: str
    role: str


def caller() -> Caller:
    """Who asks, at the FHIR API."""
    return cast("Caller", g.caller)


def clinic_caller() -> ClinicCaller:
    """Who asks, at the clinic API."""
    return cast("ClinicCaller", g.clinic_caller)


def fhir_gate(settings: Settings, root: str) -> Callable[[], None]:
    """To run before each route below `root`; what says how to get in needs no token."""
    if not settings.issuers:
        return _everybody
    from adapter.authorisation.access_tokens import AccessTokens  # cryptography: not without need

    tokens = AccessTokens(settings)

    def admit() -> None:
        address = request.path.removeprefix(root)
        if request.method in ("GET", "HEAD") and address in OPEN:
            return
        g.caller = tokens.caller_of(_bearer(request))
        g.caller.check(needs(request.method, address))

    return admit


def clinic_gate(settings: Settings, root: str) -> Callable[[], None]:
    """The same for the clinic API."""

    def admit() -> None:
        if not settings.clinic_tokens:
            g.clinic_caller = ClinicCaller("", "")
            return
        found = holder(settings.clinic_tokens, _bearer(request))
        if found is None:
            raise bad_token("This token is none of this clinic's: `paingate token new` makes one.")
        if not may(found.role, request.method, request.path.removeprefix(root)):
            raise forbidden(f"A token with the role {found.role} may not do this (adapter/README.md, Who may call).")
        g.clinic_caller = ClinicCaller(found.name, found.role)

    return admit


def _everybody() -> None:
    g.caller = EVERYBODY


def _bearer(request: Request) -> str:
    """The token of the Authorization header: the only place where one is taken."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise no_token()
    return token.strip()
