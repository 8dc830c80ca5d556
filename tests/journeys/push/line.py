"""The line between our server and a partner, which a test can break where it wants.

`through` passes everything on; `swallow` accepts a connection and reads nothing, as a partner that hangs does;
`withhold` passes a write on, lets the partner store it, reads its answer, and keeps it to itself; `cut` does the same
once and hangs up; `refuse` answers 503 to everything, and `forbid` 403.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any, Literal
from urllib.parse import urlsplit

Way = Literal["through", "swallow", "withhold", "cut", "refuse", "forbid"]
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
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

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
