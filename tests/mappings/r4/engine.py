"""Another engine's verdict on an invariant, and nodes to have it judge: fhirpathpy, examples as they are and damaged.

A node stands at a place ("Period", "Patient.contact", "Organization.address"), of a type, in a resource.  Damage is
done one member at a time: one taken away, added or replaced, the new value being one that some example has there.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from mappings.r4.definitions import Element, children, is_primitive, is_resource
from mappings.r4.exact_json import loads
from mappings.r4.invariants import table

LARGEST = 60_000
"""Bytes of an example: a longer one holds nothing more for an invariant."""


def _has_value(nodes: list[Any]) -> list[bool]:
    """FHIR's own function, which the engine leaves to who uses it."""
    return [len(nodes) == 1 and getattr(nodes[0], "data", nodes[0]) is not None]


def _made(value: Any, type_: str) -> Any:
    return ResourceNode.create_node(value, type_)  # type: ignore[no-untyped-call]


def _resolve(nodes: list[Any]) -> list[Any]:
    """What a reference names by its text alone."""
    texts = [str(getattr(node, "data", node).get("reference", "")) for node in nodes]
    types = [text.partition("/")[0] for text in texts if is_resource(text.partition("/")[0])]
    return [_made({"resourceType": type_}, type_) for type_ in types]


OPTIONS = {
    "userInvocationTable": {
        "hasValue": {"fn": _has_value, "arity": {0: []}},
        "resolve": {"fn": _resolve, "arity": {0: []}},
    },
    "traceFn": lambda *_: None,
}


MENDED = {f"descendants().as({type_})": f"descendants().ofType({type_})" for type_ in ("canonical", "uri", "url")}
"""dom-3 asks `as` of many items, which FHIRPath refuses (R5 says ofType)."""


@functools.cache
def _compiled(fhirpath: str) -> Callable[..., list[Any]]:
    compiled: Callable[..., list[Any]] = fhirpathpy.compile(fhirpath, models["r4"], OPTIONS)
    return compiled


class Node(NamedTuple):
    """A value to be judged, and what lies around it."""

    value: Any
    place: str
    type: str
    resource: dict[str, Any]
    root: dict[str, Any]


def verdict(name: str, node: Node) -> bool | str:
    """What the engine says: whether it holds, or in a word why there is no saying."""
    fhirpath = table()[name]["fhirpath"]
    for as_, of_type in MENDED.items():
        fhirpath = fhirpath.replace(as_, of_type)
    whole = is_resource(node.type)  # which says what it is, so that a path may begin with its type
    try:
        said = _compiled(fhirpath)(
            node.value if whole else _made(node.value, node.type),
            {"resource": node.resource, "rootResource": node.root},
        )
    except Exception as error:  # noqa: BLE001 (whatever it falls over)
        return f"falls over: {error}"[:60]
    return said == [True] if said else "no answer"


def nodes(document: dict[str, Any]) -> Iterator[Node]:
    """Every object of a document, and every element that may have a rule of its own."""
    yield from _nodes(document, "Resource", document, document, contained=False)


def _nodes(
    value: Any, type_: str, resource: dict[str, Any], root: dict[str, Any], *, contained: bool
) -> Iterator[Node]:
    if type_ == "Resource":
        if not is_resource(value.get("resourceType", "")):
            return
        type_, resource, root = value["resourceType"], value, root if contained else value
        if "contained" in children(type_):
            yield Node(value, "DomainResource", type_, resource, root)
    yield Node(value, type_, type_, resource, root)
    for element, item in _members(value, type_):
        place = f"{type_}.{element.choice or element.name}"
        if place != element.type:
            yield Node(item, place, element.type, resource, root)
        if not is_primitive(element.type):
            yield from _nodes(item, element.type, resource, root, contained=element.name == "contained")


def _members(value: dict[str, Any], type_: str) -> Iterator[tuple[Element, Any]]:
    for name, member in value.items():
        element = children(type_).get(name)
        if element:
            yield from (
                (element, item) for item in (member if isinstance(member, list) else [member]) if item is not None
            )


class Corpus:
    """The nodes of the official examples by place, at most so many of each, and the values that members have there."""

    def __init__(self, folder: Path, most: int = 40) -> None:
        self.at: dict[str, list[Node]] = {}
        self.seen: dict[tuple[str, str], list[Any]] = {}
        wanted = {place for row in table().values() for place in row["on"]}
        for path in sorted(folder.glob("*.json")):
            if path.name != "package.json" and path.stat().st_size < LARGEST and _is_wanted(path.name):
                for node in nodes(loads(path.read_bytes())):
                    if node.place in wanted:
                        self._keep(node, most)

    def _keep(self, node: Node, most: int) -> None:
        kept = self.at.setdefault(node.place, [])
        if len(kept) < most:
            kept.append(node)
        if isinstance(node.value, dict):
            for name, member in node.value.items():
                found = self.seen.setdefault((node.type, name), [])
                if len(found) < most and member not in found:
                    found.append(member)

    def damaged(self, place: str, how_many: int, seed: int) -> Iterator[Node]:
        """Nodes of a place with one, two or three members other than they were."""
        dice = random.Random(seed)  # the same damage each time: what differs is then one thing's doing
        found = [node for node in self.at.get(place, ()) if isinstance(node.value, dict)]
        for _ in range(how_many if found else 0):
            node = dice.choice(found)
            value = dict(node.value)
            for _ in range(dice.randint(1, 3)):
                self._damage(value, node.type, dice)
            resource = value if node.value is node.resource else node.resource
            root = value if node.value is node.root else node.root
            yield node._replace(value=value, resource=resource, root=root)

    def _damage(self, value: dict[str, Any], type_: str, dice: random.Random) -> None:
        if value and dice.random() < 0.4:
            name = dice.choice(sorted(value))
            if name != "resourceType":
                del value[name]
            return
        known = sorted(name for of, name in self.seen if of == type_ and name != "resourceType")
        if not known:
            return
        name = dice.choice(known)
        element = children(type_).get(name.lstrip("_"))
        if element and element.choice:
            for other in [
                key for key in value if (found := children(type_).get(key)) and found.choice == element.choice
            ]:
                del value[other]
        value[name] = dice.choice(self.seen[type_, name])


def _is_wanted(name: str) -> bool:
    """Of the definitions, of which there are thousands, a hundredth says as much."""
    many = (
        "CodeSystem-",
        "ValueSet-",
        "SearchParameter-",
        "StructureDefinition-",
        "ConceptMap-",
        "OperationDefinition-",
    )
    return not name.startswith(many) or sum(name.encode()) % 50 == 0
