"""What a message says, whatever was put around it: one hash for a referral through every door.

Left out is what belongs to the way and not to the referral: the MessageHeader and the sender's Task with what only they
lead to, ids and temporary names, the order of entries, and whether a resource is contained or an entry of its own.  So
resources are numbered as a walk from the ServiceRequest meets them, and every reference becomes such a number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from adapter.exchange.receiving.envelope import TASK, Envelope
from adapter.exchange.references import Node
from mappings.r4 import exact_json

_MARK = "\x00"
"""Starts what stands for a resource: no text of FHIR can hold it."""
_SERVERS_OWN = ("versionId", "lastUpdated")


def content_hash(envelope: Envelope) -> str:
    """The hash of what is said."""
    resources, on_the_way = _resources(envelope)
    walk = _Walk(resources)
    for root in envelope.roots:
        walk.through(f"{_MARK}{root.index}")
    rest = [name for name in resources if name not in walk.numbers and name not in on_the_way]
    for name in sorted(rest, key=lambda one: exact_json.canonical(walk.blind(resources[one]))):
        walk.through(name)
    return sha256(exact_json.canonical(walk.told)).hexdigest()


def same_content(one: Node, other: Node) -> bool:
    """Whether two resources say the same, the id and what a server says of them apart."""
    return exact_json.canonical(_without_servers_own(one)) == exact_json.canonical(_without_servers_own(other))


def _without_servers_own(resource: Node) -> Node:
    kept = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in _SERVERS_OWN}
    return kept | ({"meta": meta} if meta else {})


def _resources(envelope: Envelope) -> tuple[dict[str, Any], set[str]]:
    """Every resource by a name of its own, references replaced by such names; and the names of those that only the
    header or a Task leads to."""
    found: dict[str, Any] = {}
    on_the_way = set()
    for entry in envelope.entries:
        marked = envelope.links.rewritten(entry.resource, entry.index, lambda index, _: f"{_MARK}{index}")
        if entry.type == TASK:  # its input is content that it brings: the rest says who deals with whom
            on_the_way |= _marks({name: value for name, value in marked.items() if name != "input"})
            continue
        inside = {one["id"]: f"{_MARK}{entry.index}#{one['id']}" for one in marked.get("contained", []) if "id" in one}
        for one in marked.get("contained", []):
            if "id" in one:
                found[inside[one["id"]]] = _plain(_named(one, inside, entry.index))
        found[f"{_MARK}{entry.index}"] = _plain(_named(marked, inside, entry.index))
    for told in _texts(envelope.header or {}):
        index = envelope.links.target(told, None)
        on_the_way |= {f"{_MARK}{index}"} if index is not None else set()
    return found, on_the_way


def _plain(resource: Node) -> Node:
    """Without the server's own; what is contained and can be referred to stands by itself."""
    kept = _without_servers_own(resource)
    loose = [one for one in kept.pop("contained", []) if "id" not in one]
    return kept | ({"contained": loose} if loose else {})


def _named(value: Any, inside: dict[str, str], owner: int) -> Any:
    """References to what is contained, by the names that it has here."""
    if isinstance(value, list):
        return [_named(one, inside, owner) for one in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _named(one, inside, owner) for name, one in value.items()}
    reference = copy.get("reference")
    if reference == "#":
        copy["reference"] = f"{_MARK}{owner}"
    elif isinstance(reference, str) and reference.startswith("#"):
        copy["reference"] = inside.get(reference[1:], reference)
    return copy


class _Walk:
    """Numbers resources as it meets them."""

    def __init__(self, resources: dict[str, Any]) -> None:
        self._resources = resources
        self.numbers: dict[str, int] = {}
        self.told: list[Any] = []

    def through(self, start: str) -> None:
        """Tells a resource, and all that it leads to, where that was not told before."""
        waiting = deque(self._new([start]))
        while waiting:
            resource = self._resources[waiting.popleft()]
            waiting.extend(self._new(_in_order(resource)))
            self.told.append(self.blind(resource))

    def blind(self, value: Any) -> Any:
        """A copy with numbers for names; names that have none yet all look the same."""
        if isinstance(value, dict):
            return {name: self.blind(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.blind(one) for one in value]
        if isinstance(value, str) and value.startswith(_MARK):
            return f"{_MARK}{self.numbers.get(value.partition('/_history')[0], '')}"
        return value

    def _new(self, names: Iterable[str]) -> list[str]:
        new = []
        for name in names:
            if name in self._resources and name not in self.numbers:
                self.numbers[name] = len(self.numbers)
                new.append(name)
        return new


def _in_order(value: Any) -> list[str]:
    """The names in a value, as they stand when its members are sorted."""
    if isinstance(value, dict):
        return [name for member in sorted(value) for name in _in_order(value[member])]
    if isinstance(value, list):
        return [name for one in value for name in _in_order(one)]
    return [value] if isinstance(value, str) and value.startswith(_MARK) else []


def _marks(value: Any) -> set[str]:
    return set(_in_order(value))


def _texts(value: Any) -> list[str]:
    """Every literal reference in a value."""
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
