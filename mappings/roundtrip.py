"""There and back: what a mapping makes of a document and of its own record, compared leaf by leaf.

Three questions, none of which answers another.  *Same*: read and written onto the original, did anything change?
*Fresh*: rendered on nothing and read again, is it the same record?  *Rebuilt*: does that rendering say what the
original said?  The last compares everything but the narrative, the order of `contained`, the profiles of US Core that
are declared where they are met, and the ids that we derive: what bears another name says the same if the same
references lead to it.  So a Bundle can be compared with one resource that contains what the entries held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mappings import Conversion, Issue, Refused, Site, from_fhir, to_fhir, us_core
from mappings.conversion import rendered_again
from mappings.lens.document import Document, references
from mappings.r4.exact_json import canonical
from mappings.r4.fhirpath import expression, leaves
from mappings.report import FATES
from mappings.roots import roots
from mappings.sites import AS_SHIPPED
from mappings.values import Json, same

Outcome = Literal["same", "changed", "refused", "not-carried"]
Trail = tuple[str | int, ...]
Node = dict[str, Any]


@dataclass(frozen=True)
class Trip:
    """What became of one resource; None where a refusal left it unknown."""

    resource_type: str | None = None
    id: str | None = None
    record: str | None = None
    outcome: Outcome = "refused"
    changed: tuple[str, ...] = ()
    fresh: bool | None = None
    rebuilt: bool | None = None
    ledger: Mapping[str, int] | None = None
    unmapped: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


def differences(one: Json, other: Json, trail: Trail = ()) -> Iterator[Trail]:
    """Where two JSON values differ, each place as the keys and indices that lead to it."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            if key in one and key in other:
                yield from differences(one[key], other[key], (*trail, key))
            else:
                yield (*trail, key)
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            if index < len(one) and index < len(other):
                yield from differences(one[index], other[index], (*trail, index))
            else:
                yield (*trail, index)
    elif not same(one, other):
        yield trail


def roundtrip(document: Node, *, strict: bool = False, site: Site = AS_SHIPPED) -> list[Trip]:
    """A trip for each root of a document (a resource, or a Bundle with several), or one that says why there is none.

    The ledger and what is unmapped are the document's: they stand with its first root, so that sums count a leaf once.
    """
    resource_type, own = document.get("resourceType"), document.get("id")
    there = Trip(resource_type if isinstance(resource_type, str) else None, own if isinstance(own, str) else None)
    try:
        reading = from_fhir(document, strict=strict, site=site)
    except Refused as refused:
        return [
            _not_carried(document, there)
            if _covers_none_of(document, refused, site)
            else replace(there, issues=refused.issues)
        ]
    told = reading.report
    first, *others = (_there_and_back(document, reading.document, one, site) for one in reading.conversions)
    first = replace(first, ledger=told.ledger, unmapped=tuple(told.unmapped), issues=(*told.issues, *first.issues))
    return [first, *(replace(other, ledger=dict.fromkeys(told.ledger, 0)) for other in others)]


def _covers_none_of(document: Node, refused: Refused, site: Site) -> bool:
    """Whether a refusal means only that no mapping is for resources of this type."""
    types = {resource.get("resourceType") for resource in Document(document).resources()}
    covered = {type_ for sorts in roots(site).values() for type_ in sorts.values()}
    return types.isdisjoint(covered) and all(issue.code == "not-supported" for issue in refused.issues)


def _not_carried(document: Node, trip: Trip) -> Trip:
    places = tuple(place for *_, place in leaves(document))
    ledger = dict.fromkeys(FATES, 0) | {"unmapped": len(places)}
    return replace(trip, outcome="not-carried", ledger=ledger, unmapped=places)


def _there_and_back(document: Node, as_read: Node, conversion: Conversion, site: Site) -> Trip:
    root, record = conversion.root, conversion.record
    trip = Trip(root["resourceType"], root.get("id"), conversion.kind)
    try:
        back = to_fhir(record, onto=document, entry=conversion.entry, site=site).resource
    except Refused as refused:
        return replace(trip, issues=refused.issues)
    changed = tuple(expression(document, trail) for trail in differences(document, back))
    trip = replace(trip, outcome="changed" if changed else "same", changed=changed)
    try:
        fresh = rendered_again(record, document, site=site)
        again = [one.record for one in from_fhir(fresh, site=site).conversions if one.kind == conversion.kind]
    except Refused as refused:
        return replace(trip, fresh=False, rebuilt=False, issues=refused.issues)
    return replace(
        trip,
        fresh=bool(again) and same(again[0], record),
        rebuilt=same(what_it_says(as_read, root), what_it_says(fresh, fresh)),
    )


def what_it_says(given: Node, root: Node) -> list[Json]:
    """A root and all that it holds or leads to: without narrative, and what only we name is named by its content."""
    document = Document(given)
    reached = list(_reached(document, root))
    ours = [one for one in reached if one is not root and not document.named_by_others(one)]
    names = {id(one): f"#{document.label(one)}" for one in reached} | {id(root): "#"} | {id(one): "" for one in ours}
    for _ in ours:  # each round tells apart what differs one reference further on
        names |= {id(one): _digest(_named(document, one, names)) for one in ours}
    said = [_named(document, one, names) for one in reached]
    return [said[0], *sorted(said[1:], key=canonical)]


def _reached(document: Document, root: Node) -> Iterator[Node]:
    waiting, seen = [root], set()
    while waiting:
        resource = waiting.pop()
        if id(resource) in seen:
            continue
        seen.add(id(resource))
        yield resource
        waiting += resource.get("contained", [])
        home = document.home(resource)
        own = {name: value for name, value in resource.items() if name != "contained"}
        waiting += [one for one in (document.resolve(to, home) for to in sorted(references(own))) if one is not None]


def _named(document: Document, resource: Node, names: Mapping[int, str]) -> Node:
    """A resource by itself: what it contains left out, and each reference replaced by the name of what it leads to."""
    home = document.home(resource)

    def renamed(value: Json) -> Json:
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if not isinstance(value, dict):
            return value
        leads_to = document.resolve(value.get("reference"), home)
        within = {name: renamed(item) for name, item in value.items()}
        return within if leads_to is None else {**within, "reference": names[id(leads_to)]}

    ours = () if document.named_by_others(resource) or names[id(resource)] == "#" else ("id",)
    said = {
        name: renamed(value) for name, value in resource.items() if name not in ("contained", "text", "_text", *ours)
    }
    if isinstance(said.get("meta"), dict):
        of_a_server = (
            ("versionId", "lastUpdated") if names[id(resource)] != "#" else ()
        )  # of what is linked, nobody's to say
        said["meta"] = {name: value for name, value in _without_claims(said["meta"]).items() if name not in of_a_server}
    return {name: value for name, value in said.items() if value != {}}


def _without_claims(meta: Node) -> Node:
    """Without the profiles that are declared where they are met: they follow from the rest, as ids do."""
    others = [url for url in meta.get("profile") or [] if not us_core.is_declared_by_us(url)]
    return {**meta, "profile": others} if others else {name: value for name, value in meta.items() if name != "profile"}


def _digest(value: Json) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
