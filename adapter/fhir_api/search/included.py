"""What a page of matches takes along: what they refer to, and what refers to them, of those that the caller sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from adapter.authorisation import Caller
from adapter.exchange.refusal import refuse
from adapter.fhir_api.search.asking import Include, Search
from adapter.store import resources
from adapter.store.resources import Stored
from adapter.store.searching import finding, hashes
from adapter.store.searching.conditions import Keys
from adapter.store.searching.finding import Query
from mappings.r4 import exact_json, search_parameters
from mappings.r4.search_parameters import Link, link

MOST_INCLUDED = 500

Node = dict[str, Any]
Name = tuple[str, str, int]
"""Type, id and version."""


def included(connection: Connection, asked: Search, matches: list[Node], base: str, caller: Caller) -> list[Node]:
    """Each once, and none that is among the matches; refused where there are too many for one page."""
    sees = caller.sees
    found: dict[Name, Node] = {}
    known = {_name(one) for one in matches}
    beginning = list(matches)
    for stored in _from_others(connection, asked, matches, sees):
        if caller.may(stored.type, "r"):
            _take(found, known, stored)
    looked_at, rounds = [*beginning, *found.values()], 0
    while looked_at:
        includes = [one for one in asked.includes if one.again or not rounds]
        fresh = []
        for node in looked_at:
            for there in _links(includes, node, base):
                held = _at(connection, there, sees)
                if held is not None and caller.may(held.type, "r") and _take(found, known, held):
                    fresh.append(found[held.type, held.id, held.version])
        looked_at, rounds = fresh, rounds + 1
    return list(found.values())


def _take(found: dict[Name, Node], known: set[Name], stored: Stored) -> bool:
    name = (stored.type, stored.id, stored.version)
    if name in known:
        return False
    if len(found) == MOST_INCLUDED:
        text = f"More than {MOST_INCLUDED} resources would come along with this page: ask for a smaller _count."
        raise refuse("bad request", "too-costly", "", text)
    known.add(name)
    found[name] = exact_json.loads(stored.json)
    return True


def _name(node: Node) -> Name:
    return node["resourceType"], node["id"], int(node["meta"]["versionId"])


def _links(includes: list[Include], node: Node, base: str) -> Iterator[Link]:
    """Where the references lead that are to be followed, of those that lead to us."""
    for include in includes:
        if include.parameter.of != node["resourceType"]:
            continue
        for value in search_parameters.values(node, include.parameter):
            told = value.json.get("reference") if isinstance(value.json, dict) else None
            there = link(told.removeprefix(f"{base}/")) if isinstance(told, str) else None
            if there and there.server is None and include.target in (None, there.type):
                yield there


def _at(connection: Connection, there: Link, sees: str | None) -> Stored | None:
    if there.version is None:
        return resources.current(connection, there.type, there.id, sees=sees)
    if not there.version.isdecimal() or len(there.version) > 9:
        return None
    return resources.at_version(connection, there.type, there.id, int(there.version), sees=sees)


def _from_others(connection: Connection, asked: Search, matches: list[Node], sees: str | None) -> Iterator[Stored]:
    for include in asked.from_others:
        keys = [hashes.local(include.parameter, one["resourceType"], one["id"]) for one in matches]
        if keys:
            query = Query(include.parameter.of, (Keys(tuple(keys)),), sees=sees)
            found = finding.find(connection, query, None, MOST_INCLUDED + 1)
            yield from finding.read(connection, [one.place[-1] for one in found])
