"""The FHIR that is being read or written: one resource with what it contains, or a Bundle; and where its
references lead.

Every resource that others can point to has a *label*, unique in the document: the id it is contained under, the id of a
Bundle entry, or the tail of its fullUrl.  In a record "#label" means that resource, whatever rendering it came from.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

ROOT = "#"
"""How a pointer in a record names the record's own root."""

DERIVED = "pg-"
"""Start of every contained id that a mapping makes: a place, not content, so the record does not tell it."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://paingate.dev/derived-id")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def derived_uuid(basis: str) -> str:
    """The uuid that always stands for the same thing: from its business identifier, its id or its text."""
    return str(uuid.uuid5(_NAMESPACE, basis))


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


class Document:
    """One resource or Bundle, never changed, with its references resolved."""

    def __init__(self, given: Node) -> None:
        self.given = given
        self.is_bundle = given.get("resourceType") == "Bundle"
        self.entries: list[Node] = []
        self._by_url: dict[str, Node] = {}
        self._by_relative: dict[str, list[Node]] = {}
        self._by_label: dict[str, Node] = {}
        self._labels: dict[int, str] = {}
        self._told: dict[int, bool] = {}
        self._home: dict[int, Node] = {}
        self._full_urls: dict[int, str] = {}
        self._added: dict[str, Node] = {}
        if self.is_bundle:
            for entry in objects(given.get("entry")):
                resource = entry.get("resource")
                if isinstance(resource, dict):
                    self._enter(resource, entry.get("fullUrl"))
            for resource in self.entries:
                self._hold(resource)
        else:
            if isinstance(given.get("id"), str):
                self._by_relative[f"{given.get('resourceType')}/{given['id']}"] = [given]
            self._hold(given)

    def growing(self) -> Document:
        """The same document, to which what is being written can be added without changing this one."""
        grown = copy.copy(self)
        grown.__dict__ |= {"_labels": dict(self._labels), "_added": {}}
        return grown

    def grow(self, reference: str, label: str, resource: Node) -> None:
        """From now on the reference leads to this new resource."""
        self._added[reference] = resource
        self._labels[id(resource)] = label

    def _enter(self, resource: Node, full_url: Any) -> None:
        self.entries.append(resource)
        own = resource.get("id")
        if isinstance(full_url, str):
            self._by_url.setdefault(full_url, resource)
            self._full_urls[id(resource)] = full_url
        if isinstance(own, str):
            self._by_relative.setdefault(f"{resource.get('resourceType')}/{own}", []).append(resource)
        tail = full_url.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if isinstance(full_url, str) else None
        self._name(resource, own if isinstance(own, str) else tail, told=isinstance(own, str))

    def _hold(self, owner: Node) -> None:
        for resource in objects(owner.get("contained")):
            own = resource.get("id")
            self._home[id(resource)] = owner
            if isinstance(own, str):
                self._name(resource, own, told=not own.startswith(DERIVED))

    def _name(self, resource: Node, wanted: str | None, told: bool) -> None:
        kind = str(resource.get("resourceType"))
        if not wanted or not _ID.fullmatch(wanted):
            wanted, told = derived_uuid(f"{kind}|{wanted}|{len(self._labels)}"), False
        label, n = wanted, 1
        while label in self._by_label:  # ids are unique within a type only
            n += 1
            label = f"{kind}-{wanted}"[:60] + ("" if n == 2 else f"-{n}")
        self._labels[id(resource)] = label
        self._by_label[label] = resource
        self._told[id(resource)] = told

    def place_of(self, resource: Node) -> int:
        """Which entry a resource is: itself, not one that says the same."""
        return next(n for n, entry in enumerate(self.entries) if entry is resource)

    def home(self, resource: Node) -> Node:
        """The resource whose `contained` its local references mean."""
        return self._home.get(id(resource), resource)

    def label(self, resource: Node) -> str | None:
        return self._labels.get(id(resource))

    def named_by_others(self, resource: Node) -> bool:
        """Whether its label is somebody's own name for it, and so belongs in the record."""
        return self._told.get(id(resource), False)

    def labelled(self, label: Any) -> Node | None:
        return self._by_label.get(label) if isinstance(label, str) else None

    def full_url(self, resource: Node) -> str | None:
        return self._full_urls.get(id(resource))

    def resolve(self, reference: Any, home: Node) -> Node | None:
        """The resource in this document that a reference leads to, seen from the resource it stands in."""
        if not isinstance(reference, str):
            return None
        if reference in self._added:
            return self._added[reference]
        if reference.startswith("#"):
            if reference == "#":
                return home
            return next((c for c in objects(home.get("contained")) if c.get("id") == reference[1:]), None)
        unversioned = reference.split("/_history/")[0]
        return self._by_url.get(unversioned) or self._on_its_server(unversioned, home)

    def _on_its_server(self, reference: str, home: Node) -> Node | None:
        """Type/id means the server of the resource that has the reference; where none is named, there may be one."""
        base = self._server(home)
        if base and (found := self._by_url.get(f"{base}/{reference}")) is not None:
            return found
        there = self._by_relative.get(reference, [])
        fitting = [one for one in there if not base or self._server(one) in ("", base)]
        return fitting[0] if len(fitting) == 1 else None

    def reference_from(self, home: Node, target: Node) -> str | None:
        """How a resource refers to another one already."""
        return next((one for one in sorted(references(home)) if self.resolve(one, home) is target), None)

    def absolute(self, reference: str, home: Node) -> str:
        """A reference without its version, on the server that it means where that is known."""
        unversioned = reference.split("/_history/", maxsplit=1)[0]
        base = self._server(home)
        return (
            f"{base}/{unversioned}"
            if base and ":" not in unversioned and not unversioned.startswith("#")
            else unversioned
        )

    def _server(self, resource: Node) -> str:
        """The base URL of the server that an entry is on, as its fullUrl says it."""
        url = self._full_urls.get(id(resource), "")
        tail = f"/{resource.get('resourceType')}/{resource.get('id')}"
        return url.removesuffix(tail) if url.startswith("http") and url.endswith(tail) else ""

    def resources(self) -> Iterator[Node]:
        """Every resource: the one, or the entries; then what they contain."""
        tops = self.entries if self.is_bundle else [self.given]
        yield from tops
        for top in tops:
            yield from objects(top.get("contained"))


def objects(value: Any) -> list[Node]:
    """The objects of a list; nothing where there is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def references(node: Any) -> set[str]:
    """Every literal reference that stands anywhere in a value."""
    if isinstance(node, dict):
        own = {node["reference"]} if isinstance(node.get("reference"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()
