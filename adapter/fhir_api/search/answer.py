"""The searchset of a search."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from adapter.authorisation import Caller
from adapter.fhir_api.search.asking import PLACE, Search
from adapter.fhir_api.search.included import included
from adapter.fhir_api.search.places import Places
from adapter.fhir_api.search.shape import shaped
from adapter.store.searching import finding
from adapter.store.searching.finding import Found, Query
from mappings.r4 import exact_json

TOLD_TOTAL = 1000
"""Up to here the total is told unasked; to count more takes _total=accurate."""

Node = dict[str, Any]


def searchset(connection: Connection, asked: Search, secret: str, base: str, caller: Caller) -> Node:
    """A page of what is found, and where to go on."""
    sees = caller.sees
    query = Query(asked.type, asked.conditions, asked.order, sees)
    used = [one for one in asked.used if one[0] != PLACE]
    links = [("self", asked.used)]
    entries: list[Node] = []
    if not asked.only_counts:
        places = Places(secret, [asked.type, *(f"{name}={text}" for name, text in used)], sees)
        after = places.opened(asked.page) if asked.page else None
        found = finding.find(connection, query, after, asked.count + 1)
        page = found[: asked.count]
        if len(found) > len(page):
            links.append(("next", (*used, (PLACE, places.sealed(page[-1].place)))))
        entries = _entries(connection, asked, page, base, caller)
    bundle: Node = {"resourceType": "Bundle", "type": "searchset"}
    total = _total(connection, asked, query)
    if total is not None:
        bundle["total"] = total
    bundle["link"] = [{"relation": relation, "url": address(f"{base}/{asked.type}", told)} for relation, told in links]
    if entries:  # FHIR has no empty lists
        bundle["entry"] = entries
    return bundle


def address(path: str, used: Any) -> str:
    return f"{path}?{urlencode(used)}" if used else path


def _entries(connection: Connection, asked: Search, page: list[Found], base: str, caller: Caller) -> list[Node]:
    stored = finding.read(connection, [one.place[-1] for one in page])
    matches: list[Node] = [exact_json.loads(one.json) for one in stored]
    along = included(connection, asked, matches, base, caller) if asked.includes or asked.from_others else []
    return [
        {
            "fullUrl": f"{base}/{one['resourceType']}/{one['id']}",
            "resource": shaped(one, asked.shape),
            "search": {"mode": mode},
        }
        for mode, ones in (("match", matches), ("include", along))
        for one in ones
    ]


def _total(connection: Connection, asked: Search, query: Query) -> int | None:
    if asked.total == "none" and not asked.only_counts:
        return None
    if asked.total or asked.only_counts:
        return finding.count(connection, query)
    counted = finding.count(connection, query, TOLD_TOTAL + 1)
    return counted if counted <= TOLD_TOTAL else None
