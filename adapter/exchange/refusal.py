"""Why something is not done, for every door: the kinds of refusal, and the status that each answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from adapter.store.deadline import TooLate
from adapter.store.engine import is_away
from mappings.issues import Issue

Kind = Literal[
    "malformed",
    "wrong type",
    "unprocessable",
    "not found",
    "not allowed",
    "not acceptable",
    "conflict",
    "several match",
    "another version",
    "too long",
    "media type",
    "bad request",
    "unauthorised",
    "forbidden",
    "too late",
    "unavailable",
]

_AGAIN_IN = 10  # seconds

STATUS: dict[Kind, int] = {
    "malformed": 400,
    "wrong type": 400,
    "bad request": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "not found": 404,
    "not allowed": 405,
    "not acceptable": 406,
    "conflict": 409,
    "several match": 412,
    "another version": 412,
    "too long": 413,
    "media type": 415,
    "unprocessable": 422,
    "too late": 503,
    "unavailable": 503,
}


class Refusal(Exception):
    """Something is not done; `issues` say why and how to mend it, and never quote a patient's values."""

    def __init__(self, kind: Kind, issues: Iterable[Issue], headers: Mapping[str, str] | None = None) -> None:
        self.kind: Kind = kind
        self.issues = tuple(issues)
        self.headers = dict(headers or {})
        """What an answer over HTTP says beside it."""
        super().__init__(f"{kind}: " + "; ".join(f"{issue.code} {issue.expression}" for issue in self.issues))

    @property
    def in_words(self) -> str:
        """Each place and what is wrong with it, in one text."""
        return " ".join(f"{one.expression}: {one.text}" for one in self.issues)

    @property
    def status(self) -> int:
        return STATUS[self.kind]


def refuse(kind: Kind, code: str, expression: str, text: str) -> Refusal:
    """A refusal for one reason."""
    return Refusal(kind, [Issue("error", code, expression, text)])


def instead_of(error: Exception) -> Exception:
    """The refusal that stands for what is nobody's fault and passes; else the error itself."""
    if isinstance(error, TooLate):
        text = "This took longer than a request may take here, and nothing was stored: send the same again in a while."
        return again_later("too late", "timeout", text)
    if is_away(error):
        text = "The database cannot do its work at the moment: send the same again in a while; that does no harm."
        return again_later("unavailable", "no-store", text)
    return error


def again_later(kind: Kind, code: str, text: str, expression: str = "") -> Refusal:
    """A refusal of what may be taken in a while."""
    return Refusal(kind, [Issue("error", code, expression, text)], {"Retry-After": str(_AGAIN_IN)})
