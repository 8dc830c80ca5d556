"""A partner that counts: an EHR of our own as a process, quick enough for thousands of plans, and as bad as it is told.

What arrived is asked of it and of nobody else: `/arrived` tells each plan's titles, the oldest version first, and how
many plans and patients there are of each number.  `/be` sets how it behaves:

well         answers everything
badly        a third of all requests come to nothing: refused with 503 or 429, answered with HTML, cut off before the
             request was looked at, or, the worst, done and never answered
down         takes no connection to the end
"""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE, Popen
from typing import Any

import requests

from mappings.r4 import exact_json
from tests.adapter.delivery.ehr import Ehr
from tests.adapter.delivery.test_fits import CONDITIONAL, server

WAYS = ("well", "badly", "down")
SHARE = 1 / 3


class Partner:
    """A running one, as a test speaks to it."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.address}/fhir"

    def be(self, way: str) -> None:
        requests.get(f"{self.address}/be/{way}", timeout=20).raise_for_status()

    def arrived(self) -> dict[str, Any]:
        """`plans`: titles by number; `doubles`: numbers that more than one plan or patient has."""
        answer = requests.get(f"{self.address}/arrived", timeout=60)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


@contextmanager
def partner() -> Iterator[Partner]:
    process = Popen([sys.executable, "-m", "tests.journeys.push.partner"], stdout=PIPE)
    try:
        assert process.stdout is not None
        yield Partner(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ehr = Ehr(server("transaction", flags=CONDITIONAL))
        self.lock = threading.Lock()
        self.way = "well"
        self.dice = random.Random(20261126)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed leaves broken connections; they are what these tests are about."""

    def arrived(self) -> dict[str, Any]:
        plans: dict[str, list[str]] = {}
        numbers: Counter[str] = Counter()
        for name, versions in self.ehr.held.items():
            type_ = name.partition("/")[0]
            for one in versions[-1].get("identifier", []):
                numbers[f"{type_} {one['system']}|{one['value']}"] += 1
            if type_ == "CarePlan":
                number = next(one["value"] for one in versions[-1]["identifier"] if "care-plan" in one["system"])
                plans[number] = [one["title"] for one in versions]
        return {"plans": plans, "doubles": [number for number, many in numbers.items() if many > 1]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        here = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/arrived":
            with here.lock:
                return self._send(200, {}, exact_json.dumps(here.arrived()).decode())
        if self.path.startswith("/be/"):
            here.way = self.path.removeprefix("/be/")
            return self._send(200, {}, "{}")
        if here.way == "down":
            return self._hang_up()
        with here.lock:
            fails = here.way == "badly" and here.dice.random() < SHARE
            how = here.dice.choice(["503", "429", "html", "cut", "lost"]) if fails else ""
        match how:
            case "503":
                return self._send(503, {"Retry-After": "0"}, "")
            case "429":
                return self._send(429, {}, "")
            case "html":
                return self._send(502, {"Content-Type": "text/html"}, "<html>Bad gateway</html>")
            case "cut":
                return self._hang_up()
        with here.lock:
            here.ehr.asked.clear()
            status, headers, told = here.ehr.answer(self.command, self.path, dict(self.headers), body or None)
        return self._hang_up() if how == "lost" else self._send(status, headers, told)

    def _hang_up(self) -> None:
        self.close_connection = True

    def _send(self, status: int, headers: dict[str, str], body: str) -> None:
        content = body.encode()
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


if __name__ == "__main__":
    serving = _Server()
    sys.stdout.write(f"{serving.server_address[1]}\n")
    sys.stdout.flush()
    serving.serve_forever()
