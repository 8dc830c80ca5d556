"""The written document put together: what was rewritten in its place, what is new behind it, no untrue narrative."""

from __future__ import annotations

import operator

from mappings.issues import Issue
from mappings.lens.document import Node, references
from mappings.lens.links import entry_url
from mappings.lens.making import Making
from mappings.r4.definitions import children

GENERATED = ("generated", "extensions", "empty")
"""Narrative of these kinds was made from the resource, and is untrue once that has changed."""


def assembled(making: Making, written: Node, fresh: bool, words: str | None) -> Node:
    """The document with everything that was rewritten in its place, and what is new behind it."""
    document = making.document
    rewritten = dict(making.rewritten)
    if written is not making.root or making.added or making.gone:
        rewritten[id(making.root)] = written
    added = [resource for _, resource in making.added]

    def remade(resource: Node) -> Node:
        now = rewritten.get(id(resource), resource)
        held = resource.get("contained") or []
        inner = [remade(item) for item in held if id(item) not in making.gone]
        mine = added if resource is making.root and making.rendering == "contained" else []
        if now is resource and not mine and len(inner) == len(held) and all(map(operator.is_, inner, held)):
            return resource
        told = words if resource is making.root else None
        node = _narrated(now, told) if fresh else _with_true_narrative(now, making, told)
        contained = inner + mine
        node = {**node, "contained": contained} if contained else {k: v for k, v in node.items() if k != "contained"}
        return _without_orphans(node, resource)

    if making.rendering == "contained" and not document.is_bundle:
        return _in_order(remade(making.root)) if fresh else remade(making.root)
    if not document.is_bundle:
        return _new_bundle(making, _narrated(written, words))
    entries = [
        {**entry, "resource": remade(entry["resource"])} if isinstance(entry.get("resource"), dict) else entry
        for entry in document.given.get("entry", [])
    ]
    entries += [_entry(entry_url(label, making.basis), resource, document.given) for label, resource in making.added]
    return {**document.given, "entry": entries}


def _in_order(node: Node) -> Node:
    """resourceType and contained first, as people read FHIR, and everything in the specification's order."""
    head = {name: node[name] for name in ("resourceType", *children(node["resourceType"])) if name in node}
    return {**head, **{k: v for k, v in node.items() if k not in head}}


def _new_bundle(making: Making, written: Node) -> Node:
    bundle: Node = {"resourceType": "Bundle", "type": "transaction"}
    resources = [(f"urn:uuid:{making.basis}", _in_order(written))]
    resources += [(entry_url(label, making.basis), resource) for label, resource in making.added]
    return {**bundle, "entry": [_entry(url, resource, bundle) for url, resource in resources]}


def _entry(url: str, resource: Node, bundle: Node) -> Node:
    entry = {"fullUrl": url, "resource": resource}
    if bundle.get("type") in ("transaction", "batch"):
        entry["request"] = {"method": "POST", "url": resource["resourceType"]}
    return entry


def _narrated(node: Node, words: str | None) -> Node:
    return node if words is None else {**node, "text": {"status": "generated", "div": words}}


def _with_true_narrative(node: Node, making: Making, words: str | None) -> Node:
    """A changed resource without the narrative that was made of what it said before."""
    text = node.get("text")
    if not isinstance(text, dict):
        return node
    if text.get("status") in GENERATED:
        return _narrated({k: v for k, v in node.items() if k != "text"}, words)
    place, say = (
        f"{node.get('resourceType')}.text",
        "This narrative was written by hand: see that it does not say what was changed.",
    )
    making.notes.append(Issue("warning", "informational", place, say))
    return node


def _without_orphans(node: Node, before: Node) -> Node:
    """A contained resource that was pointed to and is no more may not stay (dom-3)."""
    pointed = references(before)
    while True:
        lost = {r[1:] for r in pointed if r.startswith("#")} - {r[1:] for r in references(node) if r.startswith("#")}
        kept = [c for c in node.get("contained", []) if c.get("id") not in lost]
        if len(kept) == len(node.get("contained", [])):
            return node
        node = {**node, "contained": kept} if kept else {k: v for k, v in node.items() if k != "contained"}
