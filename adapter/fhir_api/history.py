"""What was stored when, the newest first (hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from adapter.exchange.refusal import refuse
from adapter.fhir_api.negotiation import GENERAL_PARAMETERS
from adapter.fhir_api.search.answer import TOLD_TOTAL, address
from adapter.fhir_api.search.asking import LARGEST_PAGE, PAGE, PLACE, whole
from adapter.fhir_api.search.parameters import senseless
from adapter.fhir_api.search.places import Places
from adapter.store import history
from adapter.store.history import Versions
from adapter.store.resources import Stored
from mappings.r4 import exact_json
from mappings.r4.instants import interval

_KNOWN = ("_count", "_since", PLACE)

Node = dict[str, Any]


def history_bundle(
    connection: Connection,
    wanted: Versions,
    parameters: list[tuple[str, str]],
    secret: str,
    base: str,
    *,
    strict: bool,
) -> Node:
    """A page of a history; parameters that are not known are refused where `strict`."""
    told = {name: text for name, text in parameters if name not in GENERAL_PARAMETERS and text}
    if strict and told.keys() - set(_KNOWN):
        raise refuse("bad request", "not-supported", "", "A history is asked for by _since and _count only.")
    used = [(name, text) for name, text in told.items() if name in _KNOWN]
    wanted = replace(wanted, since=_since(told["_since"])) if "_since" in told else wanted
    most = min(whole("_count", told.get("_count", str(PAGE))), LARGEST_PAGE)
    here = f"{wanted.type}/{wanted.id}/_history" if wanted.id else f"{wanted.type}/_history"
    kept = [one for one in used if one[0] != PLACE]
    places = Places(secret, [here, *(f"{name}={text}" for name, text in kept)], wanted.sees)
    after = places.opened(told[PLACE]) if PLACE in told else None
    found = history.versions(connection, wanted, after, most + 1) if most else []
    page = found[:most]
    links = [("self", used)]
    if len(found) > len(page):
        links.append(("next", [*kept, (PLACE, places.sealed(_place(page[-1])))]))
    bundle: Node = {"resourceType": "Bundle", "type": "history"}
    total = history.count(connection, wanted, TOLD_TOTAL + 1)
    if total <= TOLD_TOTAL:
        bundle["total"] = total
    bundle["link"] = [{"relation": relation, "url": address(f"{base}/{here}", used)} for relation, used in links]
    if page:
        bundle["entry"] = [_entry(one, base) for one in page]
    return bundle


def _since(text: str) -> str:
    when = interval(text.replace(" ", "+"))  # a plus sign that was not escaped has become a space on its way
    if when is None:
        raise senseless("_since", "is an instant such as 2026-11-24T08:30:00Z")
    return when.low


def _place(one: Stored) -> list[Any]:
    return [one.last_updated, one.id, one.version]


def _entry(one: Stored, base: str) -> Node:
    first = one.version == 1
    return {
        "fullUrl": f"{base}/{one.type}/{one.id}",
        "resource": exact_json.loads(one.json),
        "request": {"method": "POST" if first else "PUT", "url": one.type if first else f"{one.type}/{one.id}"},
        "response": {
            "status": "201 Created" if first else "200 OK",
            "etag": f'W/"{one.version}"',
            "lastModified": one.last_updated,
        },
    }
