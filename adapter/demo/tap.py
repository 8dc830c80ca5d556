"""A tap on the line between clinic and hospital: passes every request on, unchanged, and keeps what went through.

So the demo shows the requests that were really sent, and compares with the very bytes that left the clinic.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import requests

from adapter.demo.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_HOP = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}


@dataclass(frozen=True)
class Exchange:
    """One request that the clinic made of the hospital, and how it was answered."""

    method: str
    path: str
    sent: bytes
    status: int


@dataclass
class Tap:
    """The base URL that the clinic is given for the hospital, and what went through so far."""

    base: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def tapped(port: int, to: str) -> Iterator[Tap]:
    """Listens on `port` and passes on to the server at `to` (a FHIR base; the path is the same on both)."""
    tap = Tap(f"http://{LOOPBACK}:{port}/fhir")
    root = to.removesuffix("/fhir")

    class PassesOn(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ONE_HOP}
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(
                    self.command,
                    root + self.path,
                    headers={**headers, "Accept-Encoding": "identity"},
                    data=body,
                    timeout=60,
                )
            tap.exchanges.append(Exchange(self.command, self.path, body, answer.status_code))
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in ONE_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = pass_on  # noqa: N815 (the names that http.server calls)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its signature)
            """Nothing: the demo shows the exchanges in its own place."""

    with ThreadingHTTPServer((LOOPBACK, port), PassesOn) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield tap
        finally:
            server.shutdown()
            thread.join()
