"""Access tokens that we ask a partner's authorisation server for: SMART Backend Services, or a secret of ours.

A token is kept until shortly before it ends and asked for by one thread while the others wait.  That one cannot be had
is always worth another try: nothing was sent, and a refusal is mended at the partner or in the settings, not in what
waits to be sent.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from adapter.client.answers import retry_after
from adapter.client.authorising import basic
from adapter.client.errors import PartnerTrouble, WorthAnotherTry
from adapter.client.signing import SigningKey
from adapter.client.wire import NotRead, Response, Wire
from adapter.settings import is_safe_address
from mappings.r4.exact_json import MalformedJSON, loads

CONFIGURATION = ".well-known/smart-configuration"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MARGIN = 30.0
"""Seconds before its end from which a token is no longer used."""
UNSAID = 300.0
"""Seconds that a token counts where the server does not say; SMART's own recommendation for the longest."""
KNOWN_FOR = 3600.0
"""Seconds after which a token endpoint that was discovered is looked for again."""
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_ERROR = re.compile(r"[A-Za-z0-9_.\-]{1,40}")


@dataclass(frozen=True)
class Registration:
    """How we are known at a partner's authorisation server."""

    client_id: str
    scope: str
    key: SigningKey | None = None
    secret: str = field(default="", repr=False)
    """Where there is no key."""
    token_endpoint: str = ""
    """ "" where the partner's server says it."""


@dataclass(frozen=True)
class Held:
    """A token that was got."""

    value: str = field(repr=False)
    until: float
    scope: str
    seconds: float
    """How long it counts, as the server says."""


class Tokens:
    """The tokens for one partner's server; an Authorisation."""

    def __init__(
        self, base_url: str, registration: Registration, wire: Callable[[], Wire],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._base_url, self._registration, self._wire, self._clock = base_url, registration, wire, clock
        self._lock = threading.Lock()
        self._held: Held | None = None
        self._endpoint: tuple[str, float] | None = None

    def header(self) -> str:
        return f"Bearer {self.token().value}"

    def renewed(self, header: str) -> bool:
        with self._lock:
            if self._held is not None and header == f"Bearer {self._held.value}":
                self._held = None
        return True

    def token(self) -> Held:
        """One that counts; WorthAnotherTry where there is none to be had."""
        with self._lock:
            if self._held is None or self._clock() >= self._held.until:
                wire = self._wire()
                try:
                    self._held = self._fetched(wire)
                finally:
                    wire.close()
            return self._held

    def endpoint(self, wire: Wire) -> str:
        """Where tokens are had: as configured, else as the partner's server says."""
        if self._registration.token_endpoint:
            return self._registration.token_endpoint
        if self._endpoint is None or self._clock() >= self._endpoint[1]:
            self._endpoint = self._discovered(wire), self._clock() + KNOWN_FOR
        return self._endpoint[0]

    def _discovered(self, wire: Wire) -> str:
        what = "no access token: the partner's smart-configuration"
        answer = _exchanged(wire, "GET", f"{self._base_url}/{CONFIGURATION}", what)
        endpoint = _object(answer).get("token_endpoint") if answer.status == 200 else None
        if not isinstance(endpoint, str):
            raise _none(answer, f"{what} names no token endpoint")
        if not is_safe_address(endpoint):
            raise _none(answer, f"{what} names a token endpoint without TLS")
        return endpoint

    def _fetched(self, wire: Wire) -> Held:
        endpoint = self.endpoint(wire)
        asked, headers = self._asked(endpoint)
        began = self._clock()
        answer = _exchanged(wire, "POST", endpoint, "no access token: the token endpoint", asked, headers)
        told = _object(answer)
        if answer.status != 200:
            self._endpoint = None  # it may have moved
            raise _none(answer, "no access token: the token endpoint refused", told.get("error"))
        token, lasts = told.get("access_token"), told.get("expires_in", UNSAID)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise _none(answer, "no access token: the answer of the token endpoint holds none")
        if str(told.get("token_type", "")).lower() != "bearer":
            raise _none(answer, "no access token: what the token endpoint gave is no bearer token")
        seconds = float(lasts) if isinstance(lasts, int) and not isinstance(lasts, bool) and lasts > 0 else UNSAID
        scope = told.get("scope", self._registration.scope)
        until = began + seconds - min(MARGIN, seconds / 2)
        return Held(token, until, scope if isinstance(scope, str) else "", seconds)

    def _asked(self, endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """The form and the headers."""
        us = self._registration
        form = {"grant_type": "client_credentials"} | ({"scope": us.scope} if us.scope else {})
        if us.key is None:
            return form, {"Authorization": basic(f"{us.client_id}:{us.secret}").value}
        assertion = us.key.assertion(us.client_id, endpoint)
        return form | {"client_assertion_type": JWT_BEARER, "client_assertion": assertion}, {}


def _exchanged(
    wire: Wire, method: str, url: str, what: str, form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    said = {"Accept": "application/json", **(headers or {})}
    if form is not None:
        said["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        return wire.exchange(method, url, said, urlencode(form).encode() if form is not None else None)
    except NotRead as lost:
        raise WorthAnotherTry(f"{what}: {lost.why}", status=lost.status) from None
    except PartnerTrouble as trouble:
        raise WorthAnotherTry(f"{what}: {trouble.what}", status=trouble.status, codes=trouble.codes) from None


def _object(answer: Response) -> dict[str, Any]:
    try:
        told = loads(answer.content)
    except (MalformedJSON, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


def _none(answer: Response, what: str, error: object = None) -> WorthAnotherTry:
    """`error` is OAuth's code; its description is left out, since nobody knows what stands in it."""
    codes = (error,) if isinstance(error, str) and _ERROR.fullmatch(error) else ()
    wait = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
    return WorthAnotherTry(what, status=answer.status, codes=codes, retry_after=wait)
