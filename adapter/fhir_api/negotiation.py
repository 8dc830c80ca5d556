"""What a client asks for beside the thing itself: in which format, how much of it, how strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import Request

from adapter.exchange.refusal import refuse

MEDIA_TYPES = ("application/fhir+json", "application/json")
ANSWER_TYPE = "application/fhir+json; charset=utf-8"
GENERAL_PARAMETERS = frozenset(("_format", "_pretty"))
_FORMATS = frozenset((*MEDIA_TYPES, "json", "text/json"))

Return = Literal["minimal", "representation", "OperationOutcome"]


@dataclass(frozen=True)
class Preferences:
    """The Prefer header; what is not said is left to the route."""

    returns: Return | None
    strict: bool


def check_format(request: Request) -> None:
    """Refuses what can only be answered in a format that is not written here; _format wins over Accept."""
    wanted = request.args.get("_format")
    if wanted is not None:
        # a plus sign that was not escaped has become a space on its way
        served = wanted.partition(";")[0].strip().replace(" ", "+").lower() in _FORMATS
    else:
        served = not request.accept_mimetypes or any(request.accept_mimetypes[one] > 0 for one in MEDIA_TYPES)
    if not served:
        text = "Answers are written as application/fhir+json: ask for that in Accept or _format."
        raise refuse("not acceptable", "not-supported", "", text)


def is_pretty(request: Request) -> bool:
    return request.args.get("_pretty") == "true"


def preferences(request: Request) -> Preferences:
    """What Prefer says; a preference that is not known is none, as the specification of the header wants it."""
    parts: dict[str, str] = {}
    for part in ",".join(request.headers.getlist("Prefer")).replace(";", ",").split(","):
        name, _, value = part.partition("=")
        parts.setdefault(name.strip().lower(), value.strip().strip('"'))
    said: dict[str, Return] = {
        "minimal": "minimal",
        "representation": "representation",
        "operationoutcome": "OperationOutcome",
    }
    return Preferences(said.get(parts.get("return", "").lower()), parts.get("handling") == "strict")
