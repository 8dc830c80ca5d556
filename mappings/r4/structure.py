"""Whether a resource has the shape that R4 gives it: members, kinds, cardinalities, choices, primitives, extensions.

One pass over the plain dicts: each type has a plan, made on first use from the official definitions, that says for
every JSON member what to do with its value.  All faults are gathered, with their places as FHIRPath.  Required
bindings, references and invariants are not looked at here: validity.py adds them to the same pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mappings.issues import Issue, Severity
from mappings.r4.definitions import Element, children, has_twin, is_primitive, is_resource, nearest, resources
from mappings.r4.exact_json import MAX_DEPTH
from mappings.r4.fhirpath import Key, expression, spelled
from mappings.r4.primitives import kind_of, test_of, wrong_kind
from mappings.values import Json

MOST_ISSUES = 500

Node = dict[str, Json]
Visit = Callable[["Walk", Node, Json], None]
"""What to do with the value of one member, given the object that it is a member of."""


def check(resource: Json, at: str | None = None) -> list[Issue]:
    """All that is wrong with the structure of a resource or Bundle, with everything in it; nothing if it is R4.

    `at` is what the resource itself is called in the expressions: its type, unless it lies somewhere.
    """
    return Walk(resource if isinstance(resource, dict) else {}, at, plan_of).whole(resource)


class Enough(Exception):
    """More faults than anyone reads."""


class Plan(NamedTuple):
    visits: dict[str, Visit]
    choices: dict[str, str]
    """The choice that a member is one type of: deceasedBoolean and _deceasedBoolean are of deceased."""
    required: tuple[tuple[str, frozenset[str]], ...]
    """What must be there, and the members that would be it."""
    rules: tuple[Any, ...] = ()
    """Invariants, which are validity.py's."""


class Walk:
    """Where the pass is and what it has found."""

    def __init__(self, root: Node, at: str | None, plan: Callable[[str], Plan]) -> None:
        self.root, self.at, self.plan = root, at, plan
        self.keys: list[Key] = []
        self.issues: list[Issue] = []
        self.contained = False

    def whole(self, document: Json) -> list[Issue]:
        """What is wrong with a document, or the first of it where there is more than anyone reads."""
        try:
            self.resource(document)
        except Enough:
            text = "There is more: mend these faults first."
            self.issues.append(Issue("error", "too-costly", self.at or "Resource", text))
        return self.issues

    def say(self, code: str, text: str, *below: Key, severity: Severity = "error") -> None:
        if len(self.issues) == MOST_ISSUES:
            raise Enough
        self.issues.append(Issue(severity, code, expression(self.root, [*self.keys, *below], self.at), text))

    def resource(self, node: Json) -> None:
        if not isinstance(node, dict):
            return self.say(*wrong_kind(node, "a resource as an object"))
        named = node.get("resourceType")
        if not isinstance(named, str):
            return self.say("structure", "Say here, as a string, what kind of resource this is.", "resourceType")
        if not is_resource(named):
            text = f"R4 has no resource of this type{_but(nearest(named, resources()))}."
            return self.say("structure", text, "resourceType")
        return self.object(node, named)

    def object(self, node: Json, type_: str, *, id_alone: bool = False) -> None:
        if not isinstance(node, dict):
            return self.say(*wrong_kind(node, "an object"))
        if not node or (len(node) == 1 and "id" in node and not id_alone):
            return self.say("structure", "An object holds something besides an id: leave it out.")
        if len(self.keys) > MAX_DEPTH:
            return self.say("structure", f"Objects lie deeper than {MAX_DEPTH} in each other: send a flatter resource.")
        plan = self.plan(type_)
        self.members(node, plan.visits, plan.choices)
        for name, members in plan.required:
            if members.isdisjoint(node):
                self.say("required", f"{name} is required here.", name)
        if type_ == "Extension":
            self.extension(node)
        return None

    def members(self, node: Node, visits: dict[str, Visit], choices: dict[str, str]) -> None:
        keys, chosen = self.keys, dict[str, str]()
        for name, value in node.items():
            visit = visits.get(name)
            if visit is None:
                self.unknown(name, visits)
                continue
            keys.append(name)
            visit(self, node, value)
            keys.pop()
            if name in choices and chosen.setdefault(choices[name], name.lstrip("_")) != name.lstrip("_"):
                self.say("structure", f"Only one type of {choices[name]}[x] may be given.", name)

    def unknown(self, name: str, known: Iterable[str]) -> None:
        if name.startswith("_") and name[1:] in known:
            text = f"R4 has no {name} here: only primitives have such a twin, and ids have none."
        else:
            text = f"R4 has no {spelled(name)} here{_but(nearest(name, known))}."
        self.say("structure", text, name)

    def extension(self, node: Node) -> None:
        has_value = any(name.startswith(("value", "_value")) for name in node)
        if has_value == ("extension" in node):
            self.say("structure", "An extension has a value or extensions of its own: one of the two.")

    def items(self, values: Json) -> Iterator[Json]:
        """The items of a list, the pass standing on each; nothing where there is no list."""
        if not isinstance(values, list):
            self.say("structure", f"This may stand more than once: write a list, not {kind_of(values)}.")
        elif not values:
            self.say("structure", "A list is never empty: leave the member out.")
        else:
            for index, value in enumerate(values):
                self.keys.append(index)
                yield value
                self.keys.pop()


def _but(meant: str) -> str:
    return f", but {meant}" if meant else ""


@functools.cache
def plan_of(type_: str) -> Plan:
    visits: dict[str, Visit] = {"resourceType": _nothing} if is_resource(type_) else {}
    choices: dict[str, str] = {}
    required: dict[str, frozenset[str]] = {}
    for element in children(type_).values():
        made = {element.name: _visit(element)}
        if has_twin(type_, element):
            made[f"_{element.name}"] = _twins(element.name) if element.many else _twin(element.name)
        visits |= made
        name = element.choice.removesuffix("[x]") if element.choice else element.name
        if element.choice:
            choices |= dict.fromkeys(made, name)
        if element.min:
            required[name] = required.get(name, frozenset()) | made.keys()
    return Plan(visits, choices, tuple(required.items()))


def _nothing(_walk: Walk, _node: Node, _value: Json) -> None:
    """The resourceType was read before."""


def _visit(element: Element) -> Visit:
    if element.type == "Resource":
        return _contained if element.many else _resource
    if is_primitive(element.type):
        return _primitives(element) if element.many else _primitive(element)
    return _objects(element.type) if element.many else _object(element.type)


def _resource(walk: Walk, _: Node, value: Json) -> None:
    inside, walk.contained = walk.contained, False
    walk.resource(value)
    walk.contained = inside


def _contained(walk: Walk, _: Node, value: Json) -> None:
    if walk.contained:
        return walk.say("structure", "A contained resource contains none: move these to the outer resource.")
    walk.contained = True
    for item in walk.items(value):
        walk.resource(item)
        if isinstance(item, dict) and "id" not in item:
            walk.say("required", "A contained resource needs an id, so that it can be referred to.", "id")
    walk.contained = False
    return None


def _object(type_: str) -> Visit:
    def visit(walk: Walk, _: Node, value: Json) -> None:
        if isinstance(value, list):
            return walk.say("structure", "This stands once: take it out of the list.")
        return walk.object(value, type_)

    return visit


def _objects(type_: str) -> Visit:
    def visit(walk: Walk, _: Node, value: Json) -> None:
        for item in walk.items(value):
            walk.object(item, type_)

    return visit


def _primitive(element: Element) -> Visit:
    test = test_of(element.type)

    def visit(walk: Walk, _: Node, value: Json) -> None:
        fault = test(value)
        if fault:
            walk.say(*fault)

    return visit


def _primitives(element: Element) -> Visit:
    test, twin_name = test_of(element.type), f"_{element.name}"

    def visit(walk: Walk, node: Node, value: Json) -> None:
        twins = node.get(twin_name)
        for index, item in enumerate(walk.items(value)):
            fault = test(item)
            if fault and (item is not None or not _holds(twins, index)):
                walk.say(*fault)

    return visit


def _twin(name: str) -> Visit:
    """The id and extensions of a primitive; without a value there must be extensions."""

    def visit(walk: Walk, node: Node, value: Json) -> None:
        if isinstance(value, list):
            return walk.say("structure", "This stands once: take it out of the list.")
        return walk.object(value, "Element", id_alone=name in node)

    return visit


def _twins(name: str) -> Visit:
    def visit(walk: Walk, node: Node, value: Json) -> None:
        values = node.get(name)
        if isinstance(values, list) and isinstance(value, list) and len(values) != len(value):
            walk.say("structure", f"{name} and _{name} are lists of one length: write null where one has nothing.")
        for index, item in enumerate(walk.items(value)):
            has_value = _holds(values, index)
            if item is not None or not has_value:
                walk.object(item, "Element", id_alone=has_value)

    return visit


def _holds(values: Json, index: int) -> bool:
    return isinstance(values, list) and index < len(values) and values[index] is not None
