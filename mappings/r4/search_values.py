"""What an element is searched by, by its type: as a token, as a stretch of time, as text, or as a URI.

hl7.org/fhir/R4/search.html says for every kind of parameter which types it is of and what of them counts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from mappings.r4.bindings import binding
from mappings.r4.instants import Interval, between, interval
from mappings.r4.search_parameters import Value

_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


class Token(NamedTuple):
    system: str | None
    """None where there is none."""
    code: str | None
    """None where only the system is told."""


def tokens(value: Value) -> Iterator[Token]:
    """The codes or identifiers of an element; a bare code has the systems of its required value set."""
    told, type_ = value.json, value.element.type
    if isinstance(told, bool):
        yield Token(None, "true" if told else "false")
    elif isinstance(told, str):
        systems = _systems(value.element.binding, told)
        yield from (Token(system, told) for system in systems)
        if not systems:
            yield Token(None, told)
    elif isinstance(told, dict) and type_ == "CodeableConcept":
        for coding in _listed(told.get("coding")):
            yield from _token(coding.get("system"), coding.get("code"))
    elif isinstance(told, dict) and type_ == "Coding":
        yield from _token(told.get("system"), told.get("code"))
    elif isinstance(told, dict) and type_ == "Identifier":
        yield from _token(told.get("system"), told.get("value"))
    elif isinstance(told, dict) and type_ == "ContactPoint":
        yield from _token(None, told.get("value"))  # its system is how it is reached, and no namespace


def identified(reference: Any) -> Iterator[Token]:
    """The identifier in a Reference."""
    held = reference.get("identifier") if isinstance(reference, dict) else None
    if isinstance(held, dict):
        yield from _token(held.get("system"), held.get("value"))


def stretch(value: Value) -> Interval | None:
    """When something is: of a Timing, its outer limits only."""
    told = value.json
    if isinstance(told, str):
        return interval(told)
    if not isinstance(told, dict):
        return None
    if value.element.type != "Timing":
        return between(told.get("start"), told.get("end"))
    repeat = told.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    found = [interval(one) for one in told.get("event", []) if isinstance(one, str)]
    found.append(between(bounds.get("start"), bounds.get("end")) if isinstance(bounds, dict) else None)
    held = [one for one in found if one is not None]
    return Interval(min(one.low for one in held), max(one.high for one in held)) if held else None


def texts(value: Value) -> Iterator[str]:
    """The texts of an element: every part of a name or an address by itself."""
    told = value.json
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for part in _NAME_PARTS if value.element.type == "HumanName" else _ADDRESS_PARTS:
            held = told.get(part)
            yield from (one for one in (held if isinstance(held, list) else [held]) if isinstance(one, str))


def plain(text: str) -> str:
    """A text without case, accents and more than one space in a row: what a string parameter compares."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in apart if not unicodedata.combining(one) and one != "\0").split())


def _token(system: Any, code: Any) -> Iterator[Token]:
    if isinstance(system, str) or isinstance(code, str):
        yield Token(system if isinstance(system, str) else None, code if isinstance(code, str) else None)


def _systems(value_set: str | None, code: str) -> list[str]:
    bound = binding(value_set) if value_set else None
    return [] if bound is None else [system for system, codes in bound.systems.items() if _holds(codes, code)]


def _holds(codes: Any, code: str) -> bool:
    return code in codes if isinstance(codes, frozenset) else bool(codes.fullmatch(code))


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
