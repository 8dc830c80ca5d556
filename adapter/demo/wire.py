"""HTTP with exact JSON, each request told as a line of the demo when it has been answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from adapter.demo.processes import DidNotWork
from adapter.output import writing_to
from mappings.r4.exact_json import dumps, loads

if TYPE_CHECKING:
    from typing import TextIO

FHIR_JSON = "application/fhir+json"
LONGEST_PATH = 76


class Teller:
    """Writes the demo's lines as they become true."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def line(self, text: str = "") -> None:
        with writing_to(self._out, "Standard output"):
            self._out.write(text.rstrip() + "\n")
            self._out.flush()

    def exchange(self, whom: str, method: str, path: str, status: int) -> None:
        """One request: by whom to whom, what for, and how it was answered."""
        shown = path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 1] + "…"
        self.line(f"     {whom}  {method:<4} {shown}  {status} {HTTPStatus(status).phrase}")


class Caller:
    """Makes requests of a server in the name of somebody."""

    def __init__(self, teller: Teller, whom: str, root: str) -> None:
        self._teller, self._whom, self._root = teller, whom, root
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, kind: str = FHIR_JSON) -> Any:
        """The answer's JSON; another status than the expected one ends the demo."""
        answer = self._answer(method, path, body, kind)
        self._teller.exchange(self._whom, method, path, answer.status_code)
        if answer.status_code != expect:
            raise DidNotWork(f"{method} {path} should have been answered with {expect}:\n{answer.text[:2000]}")
        return loads(answer.content)

    def look(self, path: str) -> Any:
        """The JSON at a path, untold: for waiting."""
        answer = self._answer("GET", path, None, FHIR_JSON)
        return loads(answer.content) if answer.ok else {}

    def _answer(self, method: str, path: str, body: Any, kind: str) -> requests.Response:
        data = None if body is None else dumps(body)
        headers = {"Accept": kind, **({} if data is None else {"Content-Type": kind})}
        try:
            return self._session.request(method, self._root + path, data=data, headers=headers, timeout=30)
        except requests.RequestException as trouble:
            raise DidNotWork(f"{method} {path} was not answered ({type(trouble).__name__}).") from None
