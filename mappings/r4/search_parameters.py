"""R4's search parameters: where in a resource the values of each lie (search.json, made by generate.py).

The official FHIRPath of a parameter is walked over plain JSON.  What is understood of it is what the parameters use
that somebody asked for: members, choices, `as`, `where(system='...')` and `where(resolve() is Type)`; any other is a
ValueError when it is first read.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mappings.r4.definitions import Element, alike, children
from mappings.values import Json

_TABLE = Path(__file__).with_name("search.json")
_CAST = re.compile(r"\((?P<path>[A-Za-z.]+) as (?P<type>[A-Za-z]+)\)|(?P<called>[A-Za-z.]+)\.as\((?P<as>[A-Za-z]+)\)")
_PATH = re.compile(r"(?P<path>[A-Z][A-Za-z]+(?:\.[A-Za-z]+)+)(?:\.where\((?P<where>.*)\))?")
_SYSTEM = re.compile(r"system='([a-z]+)'")
_LEADS = re.compile(r"resolve\(\) is ([A-Za-z]+)")
_RESTFUL = re.compile(r"(?:(.*)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?")


class Parameter(NamedTuple):
    of: str
    """The type of resource."""
    name: str
    kind: str
    """token, reference, date, string, uri, number or quantity."""
    expression: str
    definition: str
    """The id of the official SearchParameter."""
    targets: tuple[str, ...]


class Value(NamedTuple):
    """What an element holds, and what R4 says of the element."""

    json: Json
    element: Element


class Link(NamedTuple):
    """Where a reference leads: an address without its version."""

    server: str | None
    """None for a relative one."""
    type: str
    id: str
    version: str | None


@functools.cache
def parameters(type_: str) -> Mapping[str, Parameter]:
    """The parameters of a type by name, those of every resource (_id ...) not among them."""
    rows: dict[str, list[Any]] = _table()["parameters"].get(type_, {})
    return {
        name: Parameter(type_, name, kind, expression, definition, tuple(*targets))
        for name, (kind, expression, definition, *targets) in rows.items()
    }


@functools.cache
def summary(type_: str) -> frozenset[str]:
    """The members of a type, or of a backbone by its path, that are its summary; a choice is named as "value[x]"."""
    return frozenset(_table()["summaries"].get(alike(type_), ()))


def values(resource: dict[str, Json], parameter: Parameter) -> Iterator[Value]:
    """The elements that a parameter searches, in the document's order."""
    for walk in _walks(parameter.expression):
        yield from walk(resource)


def link(reference: str) -> Link | None:
    """Where a RESTful reference leads; None for what is none: a fragment, a urn, a web page."""
    found = _RESTFUL.fullmatch(reference)
    return Link(found[1], found[2], found[3], found[4]) if found else None


Walk = Callable[[dict[str, Json]], Iterator[Value]]


@functools.cache
def _walks(expression: str) -> tuple[Walk, ...]:
    return tuple(_walk(part.strip()) for part in expression.split("|"))


def _walk(part: str) -> Walk:
    cast = _CAST.fullmatch(part)
    wanted = (cast["type"] or cast["as"]) if cast else None
    found = _PATH.fullmatch((cast["path"] or cast["called"]) if cast else part)
    if found is None:
        raise ValueError(f"a search expression that is not understood: {part}")
    type_, *members = found["path"].split(".")
    keep = _condition(found["where"]) if found["where"] else None

    def walk(resource: dict[str, Json]) -> Iterator[Value]:
        for value in _below(resource, type_, members):
            if wanted not in (None, value.element.type) or (keep and not keep(value.json, resource)):
                continue
            yield value

    return walk


def _condition(where: str) -> Callable[[Any, dict[str, Json]], bool]:
    system, leads = _SYSTEM.fullmatch(where), _LEADS.fullmatch(where)
    if system:
        return lambda value, _: isinstance(value, dict) and value.get("system") == system[1]
    if leads:
        return lambda value, resource: isinstance(value, dict) and _leads_to(value, resource) == leads[1]
    raise ValueError(f"a condition in a search expression that is not understood: {where}")


def _leads_to(reference: dict[str, Any], resource: dict[str, Any]) -> str | None:
    """The type that a reference says it leads to: by its address, what is contained, or its own word."""
    address = reference.get("reference")
    if isinstance(address, str) and address.startswith("#"):
        held = (one for one in resource.get("contained", []) if one.get("id") == address[1:])
        return next((one["resourceType"] for one in held), None)
    there = link(address) if isinstance(address, str) else None
    said: str | None = reference.get("type")
    return there.type if there else said


def _below(node: Any, type_: str, members: list[str]) -> Iterator[Value]:
    first, *rest = members
    for element in _named(type_, first):
        told = node.get(element.name) if isinstance(node, dict) else None
        for one in told if isinstance(told, list) else [told]:
            if one is None:
                continue
            if rest:
                yield from _below(one, element.type, rest)
            else:
                yield Value(one, element)


@functools.cache
def _named(type_: str, member: str) -> tuple[Element, ...]:
    """The JSON members that one element is written as: a choice has one for each of its types."""
    found = tuple(
        one for one in children(alike(type_)).values() if member == (one.choice or one.name).removesuffix("[x]")
    )
    if not found:
        raise ValueError(f"a search expression with an element that {type_} does not have: {member}")
    return found


@functools.cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_TABLE.read_bytes())
    return found
