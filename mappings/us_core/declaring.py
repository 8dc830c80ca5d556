"""What the resources of a document say of US Core in meta.profile: what is made afresh declares what it meets, what is
put onto a sender's document loses what it no longer meets, and what a sender claims in error is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mappings.issues import Issue
from mappings.lens.document import Node
from mappings.r4.definitions import children
from mappings.r4.fhirpath import expression
from mappings.us_core import BASE, any_claim, claims, is_declared_by_us
from mappings.us_core.judging import Judge
from mappings.us_core.profiles import named, profile
from mappings.values import same

_META = tuple(children("Meta"))


def declared(document: Node) -> Node:
    """The document, every resource in it declaring just those profiles that it meets; what else it claims stays."""
    judge = Judge(document)

    def telling(resource: Node, remade: Node) -> Node:
        others = [n for n, url in claims(resource) if not is_declared_by_us(url)]
        return _claiming(remade, others, [BASE + name for name in judge.met(resource)])

    return _remade(document, telling)


def kept(made: Node, before: Node) -> tuple[Node, list[Issue]]:
    """What was written onto a document, without the claims that the writing made untrue, and a note on each.

    A resource that was not changed stays as it was: where something that it leads to was, that is told only.
    """
    if not any_claim(made):
        return made, []
    judge, earlier = Judge(made), Judge(before)
    there = {_place(earlier, resource): resource for resource in earlier.document.resources()}
    lost: dict[int, list[int]] = {}
    notes: list[Issue] = []
    for resource in judge.document.resources():
        for place, name in _broken(judge, resource):
            was = there.get(_place(judge, resource))
            if was is not None and same(was, resource):
                if not earlier.meets(was, name):
                    continue
                say = "What this leads to was changed, so that it is met no more: see whether to claim it still."
            elif not profile(name).declared:
                say = "This was changed and does not meet it: see whether to claim it still."
            else:
                lost.setdefault(id(resource), []).append(place)
                say = "This was changed and does not meet it: it is claimed no more."
            notes.append(_note(judge, resource, place, name, say))

    def telling(resource: Node, remade: Node) -> Node:
        out = lost.get(id(resource))
        return _claiming(remade, [n for n, _ in claims(resource) if n not in out], []) if out else remade

    return (_remade(made, telling), notes) if lost else (made, notes)


def false_claims(document: Node) -> list[Issue]:
    """Warnings on what resources claim of the table's profiles and do not meet: each claim, and what it lacks."""
    judge = Judge(document)
    return [
        issue
        for resource in judge.document.resources()
        for place, name in _broken(judge, resource)
        for issue in (
            _note(judge, resource, place, name, "This is claimed and not met."),
            *judge.faults(resource, name),
        )
    ]


def _place(judge: Judge, resource: Node) -> tuple[Any, ...]:
    """Where a resource stands, whatever is contained beside it."""
    *above, last = keys if (keys := judge.place_of(resource)) else (None,)
    return (*above, resource.get("id") if above and above[-1] == "contained" else last)


def _broken(judge: Judge, resource: Node) -> Iterator[tuple[int, str]]:
    """The claims of a resource that it does not meet, each with its place."""
    for place, url in claims(resource):
        name = named(url) if isinstance(url, str) else None
        if name is not None and not judge.meets(resource, name):
            yield place, name


def _note(judge: Judge, resource: Node, place: int, name: str, text: str) -> Issue:
    where = expression(judge.given, (*judge.place_of(resource), "meta", "profile", place))
    return Issue("warning", "business-rule", where, f"{judge.title(name)}: {text}")


def _claiming(resource: Node, stay: list[int], more: list[str]) -> Node:
    """A resource with those of its claims that stay, each with what stands beside it, and with more behind them."""
    meta: dict[str, Any] = resource.get("meta") or {}
    urls, besides = meta.get("profile") or [], meta.get("_profile") or []
    said = [urls[n] for n in stay] + more
    beside = [besides[n] if n < len(besides) else None for n in stay] + [None] * len(more)
    made = {**meta, "profile": said, "_profile": beside if any(beside) else []}
    made = {name: value for name, value in made.items() if value != []}
    if "profile" not in meta:
        made = {name: made[name] for name in (*_META, *made) if name in made}
    if not made.keys() - {"id"}:  # R4 has no object of nothing but an id
        return {name: value for name, value in resource.items() if name != "meta"}
    head: Node = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**resource, "meta": made} if meta else {**head, "meta": made, **resource}


def _remade(document: Node, change: Callable[[Node, Node], Node]) -> Node:
    """The document with each resource changed: the change sees it as it was, and with what it contains changed."""

    def outer(resource: Node) -> Node:
        inner = resource.get("contained")
        if not isinstance(inner, list):
            return change(resource, resource)
        return change(resource, {**resource, "contained": [change(one, one) for one in inner]})

    if document.get("resourceType") != "Bundle":
        return outer(document)
    entries = [
        {**entry, "resource": outer(entry["resource"])} if isinstance(entry.get("resource"), dict) else entry
        for entry in document.get("entry", [])
    ]
    return {**document, "entry": entries} if entries else document
