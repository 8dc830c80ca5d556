"""What a client asks for beside the thing itself: in which format, how much of it, how strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from flask import Request

from adapter.bodies import read_body
from adapter.exchange.receiving.older import older
from adapter.exchange.refusal import refuse
from adapter.settings import Settings

MEDIA_TYPES = ("application/fhir+json", "application/json", "application/json+fhir")
"""The last is what DSTU2 called it, and what older clients still say."""
ANSWER_TYPE = "application/fhir+json; charset=utf-8"
GENERAL_PARAMETERS = frozenset(("_format", "_pretty"))
_FORMATS = frozenset((*MEDIA_TYPES, "json", "text/json"))
_RANGES = frozenset((*MEDIA_TYPES, "text/json", "application/*", "*/*"))
_VERSIONS = frozenset(("", "4.0", "4.0.1"))
_OLDER = frozenset(("0.0", "1.0", "3.0"))

Return = Literal["minimal", "representation", "OperationOutcome"]


@dataclass(frozen=True)
class Preferences:
    """The Prefer header; what is not said is left to the route."""

    returns: Return | None
    strict: bool


def check_format(request: Request) -> None:
    """Refuses what can only be answered in a format that is not written here; _format wins over Accept.

    XML is none: of the official examples only three in five came back equal through the library that would write it.
    """
    wanted = request.args.get("_format")
    if wanted is not None:
        # a plus sign that was not escaped has become a space on its way
        served = _media_type(wanted)[0].replace(" ", "+") in _FORMATS
    else:
        told = [_media_type(one) for one in request.headers.get("Accept", "").split(",") if one.strip()]
        served = not told or _accepts(told)
    if not served:
        text = "Answers are written as application/fhir+json, FHIR 4.0: ask for that in Accept or _format."
        raise refuse("not acceptable", "not-supported", "", text)


def resource_body(request: Request, settings: Settings, what: str) -> bytes:
    """The bytes of a resource that was sent; refused where its media type says another version of FHIR
    (hl7.org/fhir/R4/versioning.html#mt-version).  `what` is the place that a refusal names."""
    version = request.mimetype_params.get("fhirversion", "").lower()
    if version in _OLDER:
        raise older(what)
    if version not in _VERSIONS:
        text = "What is read here is FHIR 4.0: send that, as fhirVersion=4.0."
        raise refuse("media type", "not-supported", what, text)
    return read_body(request, settings, MEDIA_TYPES, what)


def _accepts(told: list[tuple[str, dict[str, str]]]) -> bool:
    """Whether an Accept leaves us something to write: the most exact range that is about a type decides."""
    weights: dict[str, float] = {}
    for type_, parameters in told:
        if type_ in _RANGES and parameters.get("fhirversion", "") in _VERSIONS:
            weights[type_] = max(weights.get(type_, 0), _weight(parameters.get("q", "1")))
    return any(
        next((weights[one] for one in (type_, "application/*", "*/*") if one in weights), 0) > 0
        for type_ in (*MEDIA_TYPES, "text/json")
    )


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters, in lower case."""
    type_, *rest = text.lower().split(";")
    parameters = {part.partition("=")[0].strip(): part.partition("=")[2].strip().strip('"') for part in rest}
    return type_.strip(), parameters


def _weight(text: str) -> float:
    """RFC 9110, 12.4.2; what is no weight is taken for none said."""
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 1.0


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
