"""The line between our server and a partner, which a test can break where it wants.

`through` passes everything on; `swallow` accepts a connection and reads nothing, as a partner that hangs does;
`withhold` passes a write on, lets the partner store it, reads its answer, and keeps it to itself; `cut` does the same
once and hangs up; `refuse` answers 503 to everything, and `forbid` 403.

`BAD` are the ways in which an answer is spoilt, whether or not the partner did what it was asked: refused or throttled
with Retry-After in either form, answered as a web page, redirected, reset, cut off in the middle, too slow, or said to
be done when it was not.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

Bad = Literal[
    "throttle in seconds", "throttle until a date", "unavailable", "web page", "redirect", "unauthorised", "reset",
    "truncate", "truncate after it was done", "garble after it was done", "slow", "lie",
]  # fmt: skip
BAD: tuple[Bad, ...] = get_args(Bad)
Way = Literal["through", "swallow", "withhold", "cut", "refuse", "forbid"] | Bad
WITHIN = 30.0


class Line(ThreadingHTTPServer):
    """Listens on loopback; `base_url` is what the clinic is given for the partner."""

    daemon_threads = True

    def __init__(self, partner: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        there = urlsplit(partner)
        self.there = there.netloc
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}{there.path}"
        self.way: Way = "through"
        self.passed: list[tuple[str, str]] = []
        """What went through to the partner: method and path."""
        self.broken: SimpleQueue[str] = SimpleQueue()
        """One entry for every place where the line was broken as asked."""
        self.over = threading.Event()

    def wait_until_broken(self) -> None:
        self.broken.get(timeout=WITHIN)

    def writes(self) -> int:
        return sum(1 for method, _ in self.passed if method != "GET")

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.way == "swallow":
            self.broken.put("swallow")
            self.over.wait()
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed leaves broken connections; they are what these tests are about."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Line

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        if self.server.way in ("refuse", "forbid"):
            self.send_response_only(503 if self.server.way == "refuse" else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.server.broken.put(self.server.way)
            return
        if self.server.way in BAD and not self.server.way.endswith("it was done"):
            self.server.broken.put(self.server.way)
            self._spoilt(self.server.way, body)
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        there = http.client.HTTPConnection(self.server.there, timeout=WITHIN)
        try:
            there.request(self.command, self.path, body=body or None, headers=headers)
            answer = there.getresponse()
            content = answer.read()
        finally:
            there.close()
        self.server.passed.append((self.command, self.path))
        if self.server.way == "cut" and self.command != "GET":
            self.server.way = "through"
            self.server.broken.put("cut")
            return
        if self.server.way == "withhold" and self.command != "GET":
            self.server.broken.put("withhold")
            self.server.over.wait()
            return
        if self.server.way.endswith("it was done"):
            self.server.broken.put(self.server.way)
            whole = content if self.server.way.startswith("truncate") else b""
            if whole:
                self._half(whole)
            else:
                self._said(200, {}, b'{"resourceType": "Bund\xff')
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _spoilt(self, way: str, body: bytes) -> None:
        """An answer to what the partner never saw."""
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
        said: dict[str, tuple[int, dict[str, str], bytes]] = {
            "throttle in seconds": (429, {"Retry-After": "1"}, b""),
            "throttle until a date": (429, {"Retry-After": soon}, b""),
            "unavailable": (503, {"Retry-After": "1"}, b""),
            "web page": (200, {"Content-Type": "text/html"}, b"<!doctype html><title>Welcome</title>"),
            "redirect": (302, {"Location": "http://127.0.0.1:9/login"}, b""),
            "unauthorised": (401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}, b""),
        }
        if way in said:
            self._said(*said[way])
        elif way == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif way == "truncate":
            self._half(b'{"resourceType": "Bundle", "type": "transaction-response", "entry": []}')
        elif way == "slow":
            self.server.over.wait(3)
        else:
            self._lie(body)

    def _lie(self, body: bytes) -> None:
        """That it was done, and where; or that nothing is there."""
        if self.command == "GET":
            self._said(200, {}, b'{"resourceType": "Bundle", "type": "searchset", "total": 0, "link": []}')
            return
        entries = [{"response": {"status": "201"}}] * body.count(b'"fullUrl"')
        told = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        self._said(200, {}, json.dumps(told).encode())

    def _said(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(content)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _half(self, content: bytes) -> None:
        """Says how long it is, and ends before."""
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    do_GET = do_POST = do_PUT = _pass_on  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: a test that fails shows what went through."""


@contextmanager
def line_to(partner: str) -> Iterator[Line]:
    line = Line(partner)
    thread = threading.Thread(target=line.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.over.set()
        line.shutdown()
        line.server_close()
        thread.join()
