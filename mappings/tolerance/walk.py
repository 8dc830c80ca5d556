"""The one pass that repairs: through a document as R4's types lead, copying only what changes.

Each type has a plan, made on first use from the official definitions: what to look at under every JSON member.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from mappings.issues import Issue
from mappings.r4.definitions import Element, alike, children, has_twin, is_primitive, is_resource
from mappings.r4.exact_json import MAX_DEPTH
from mappings.r4.fhirpath import Key, expression
from mappings.tolerance import notes
from mappings.tolerance.names import type_named
from mappings.tolerance.primitives import Repair, repair_of
from mappings.values import Json, Number

Node = dict[str, Json]
Fix = Callable[["Walk", Json], Json]
"""What a value becomes: itself, where there is nothing to repair."""

MOST_TOLD = 500
_SCALARS = (str, bool, int, Number)

_WRAPPED = "R4 has a list here: read as a list of this one."
_UNWRAPPED = "R4 has no list here: read as the one thing that is in it."
_RESOURCE_TYPE = "Read as the resource type that differs only in capitals or blanks: write it as R4 does."
_HASH = "The id of a contained resource has no #, only what refers to it does: read without it."


class Walk:
    """Where the pass is, and what there is to say."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.said: list[tuple[tuple[Key, ...], str, str]] = []
        self.untold = 0

    def say(self, code: str, text: str, *below: Key) -> None:
        if len(self.said) < MOST_TOLD:
            self.said.append(((*self.keys, *below), code, text))
        else:
            self.untold += 1

    def issues(self, made: Json) -> list[Issue]:
        """What there is to say, each at its place in what was made."""
        root: Node = made if type(made) is dict else {}
        found = [Issue("warning", code, expression(root, keys), text) for keys, code, text in self.said]
        if self.untold:
            text = f"{self.untold} more of this kind are not told one by one: mend these first."
            found.append(Issue("warning", "too-costly", expression(root, ()), text))
        return found

    def resource(self, node: Json) -> Json:
        if type(node) is not dict:
            return node
        named = node.get("resourceType")
        if type(named) is not str:
            return node
        if not is_resource(named):
            meant = type_named(named)
            if meant is None:
                return node
            node, named = {**node, "resourceType": meant}, meant
            self.say("structure", _RESOURCE_TYPE, "resourceType")
        return self.object(node, named)

    def contained(self, node: Json) -> Json:
        id_ = node.get("id") if type(node) is dict else None
        if type(id_) is str and id_.startswith("#") and len(id_) > 1:
            # HAPI FHIR writes them so where an id was set with its # (hapifhir/hapi-fhir#6514, #6845)
            node = {**node, "id": id_[1:]}
            self.say("structure", _HASH, "id")
        return self.resource(node)

    def object(self, node: Json, type_: str) -> Json:
        if type(node) is not dict or len(self.keys) > MAX_DEPTH:
            return node
        fixes, keys = fixes_of(type_), self.keys
        changed: Node | None = None
        for name, value in node.items():
            fix = fixes.get(name)
            if fix is None:
                continue
            keys.append(name)
            made = fix(self, value)
            keys.pop()
            if made is not value:
                changed = changed or dict(node)
                changed[name] = made
        made_node = changed or node
        if type_ in notes.LOOKED_AT:
            for code, text, member in notes.on(type_, made_node):
                self.say(code, text, member)
        return made_node

    def scalar(self, value: Json, repair: Repair) -> Json:
        found = repair(value)
        if found is None:
            return value
        made, code, text = found
        self.say(code, text)
        return made

    def items(self, value: Json, fix: Fix, kinds: tuple[type, ...]) -> Json:
        """The items of a list, each looked at; a lone value of these kinds becomes a list of one."""
        if type(value) is not list:
            if type(value) not in kinds:
                return value
            # converters from XML cannot know of a list where there is one element (hapifhir/hapi-fhir#735)
            self.say("structure", _WRAPPED)
            value = [value]
            return self._each(value, fix) or value
        return self._each(value, fix) or value

    def _each(self, value: list[Json], fix: Fix) -> list[Json] | None:
        changed: list[Json] | None = None
        for index, item in enumerate(value):
            self.keys.append(index)
            made = fix(self, item)
            self.keys.pop()
            if made is not item:
                changed = changed or list(value)
                changed[index] = made
        return changed

    def one(self, value: Json, fix: Fix, kinds: tuple[type, ...]) -> Json:
        """The one value that may stand here, looked at; a list of one such becomes that one."""
        if type(value) is list:
            if len(value) != 1 or type(value[0]) not in kinds:
                return value
            self.say("structure", _UNWRAPPED)
            value = value[0]
        return fix(self, value)


@functools.cache
def fixes_of(type_: str) -> Mapping[str, Fix]:
    """What to look at under each JSON member of a type."""
    fixes: dict[str, Fix] = {}
    for element in children(alike(type_)).values():
        if element.name == "contained":
            fixes[element.name] = _standing(element, Walk.contained, (dict,))
        elif element.type == "Resource":
            fixes[element.name] = _standing(element, Walk.resource, (dict,))
        elif not is_primitive(element.type):
            fixes[element.name] = _standing(element, _object(element.type), (dict,))
        else:
            repair = repair_of(type_, element)
            fixes[element.name] = _standing(element, _scalar(repair) if repair else _as_it_is, _SCALARS)
            if has_twin(type_, element):
                fixes[f"_{element.name}"] = _standing(element, _object("Element"), (dict,))
    return fixes


def _standing(element: Element, fix: Fix, kinds: tuple[type, ...]) -> Fix:
    if element.many:
        return lambda walk, value: walk.items(value, fix, kinds)
    return lambda walk, value: fix(walk, value) if type(value) is not list else walk.one(value, fix, kinds)


def _object(type_: str) -> Fix:
    return lambda walk, value: walk.object(value, type_)


def _scalar(repair: Repair) -> Fix:
    return lambda walk, value: walk.scalar(value, repair)


def _as_it_is(_walk: Walk, value: Any) -> Any:
    return value
