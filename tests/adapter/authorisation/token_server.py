"""A partner's authorisation server and the FHIR server behind it, on loopback: what SMART Backend Services asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt

ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class TokenServer:
    """What it holds, what it was asked, and what it answers in place of what is right."""

    base_url: str = ""
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The registered key of each client."""
    mint: Callable[[str, str], str] | None = None
    """Makes the token of a client and a scope; none: token-1, token-2 ..."""
    expires_in: int = 300
    asked: list[dict[str, Any]] = field(default_factory=list)
    """What each good assertion said, with its header."""
    forms: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """What came with each request for FHIR."""
    counting: set[str] = field(default_factory=set)
    """The tokens that still count."""
    instead: tuple[int, dict[str, str], bytes] | None = None
    seen: set[str] = field(default_factory=set)

    @property
    def endpoint(self) -> str:
        return f"{self.base_url.removesuffix('/fhir')}/token"

    def configuration(self) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, json.dumps({"token_endpoint": self.endpoint}).encode()

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, str], bytes]:
        self.forms.append(form | {"authorization": authorization})
        if self.instead is not None:
            return self.instead
        if "client_assertion" in form:
            try:
                client = jwt.decode(form["client_assertion"], options={"verify_signature": False})["iss"]
                claims = jwt.decode(
                    form["client_assertion"], jwt.PyJWK(self.clients[client]), ["RS384", "ES384"],
                    audience=self.endpoint, options={"require": ["iss", "sub", "aud", "exp", "jti"]},
                )  # fmt: skip
            except (jwt.PyJWTError, KeyError):
                return 401, {}, b'{"error":"invalid_client","error_description":"not the words of Jane Doe"}'
            assert form["client_assertion_type"] == ASSERTED
            assert claims["jti"] not in self.seen, "an assertion is used once"
            self.seen.add(claims["jti"])
            self.asked.append(claims | {"header": jwt.get_unverified_header(form["client_assertion"])})
        client = str(self.asked[-1]["iss"]) if "client_assertion" in form else ""
        token = self.mint(client, form["scope"]) if self.mint else f"token-{len(self.forms)}"
        self.counting.add(token)
        told = {"access_token": token, "token_type": "bearer", "expires_in": self.expires_in}
        return 200, {}, json.dumps(told | {"scope": form.get("scope", "")}).encode()

    def fhir(self, authorization: str) -> tuple[int, dict[str, str], bytes]:
        self.authorizations.append(authorization)
        if authorization.removeprefix("Bearer ") not in self.counting:
            return 401, {}, b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login"}]}'
        return 200, {}, b'{"resourceType":"Patient","id":"1"}'


@contextmanager
def token_server() -> Iterator[TokenServer]:
    told = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/.well-known/smart-configuration"):
                self._answer(*told.configuration())
            else:
                self._answer(*told.fhir(self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/token":
                form = {name: value for name, (value,) in parse_qs(body).items()}
                self._answer(*told.token(form, self.headers.get("Authorization", "")))
            else:
                self._answer(*told.fhir(self.headers.get("Authorization", "")))

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        told.base_url = f"http://127.0.0.1:{server.server_address[1]}/fhir"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
