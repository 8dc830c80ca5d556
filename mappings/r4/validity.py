"""Whether a resource or Bundle is valid R4, in one pass: its structure, and what the structure alone does not say.

Added to structure.py's pass: codes of required bindings, units, where references lead, what contained resources must
keep to, the rules of Bundles, and the invariants of severity error.  An invariant whose node has so broken a shape that
it cannot be judged is left to be judged once the shape is mended.  What a fault means on the way in and on the way out
is said in mappings/faults.py.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from mappings.issues import Issue
from mappings.r4 import bundles, stated
from mappings.r4.bindings import Binding, binding, limit
from mappings.r4.definitions import Element, alike, children, is_primitive, is_resource
from mappings.r4.fhirpath import Key
from mappings.r4.invariants import Rule, rules_of, told
from mappings.r4.references import Bundle, Scope, follow, named_type, wrong_target
from mappings.r4.structure import Node, Plan, Visit, Walk, plan_of
from mappings.r4.ucum import MEND, UCUM, is_unit
from mappings.values import Json

_UNJUDGEABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What an invariant falls over where a shape is broken."""


def check(resource: Json, at: str | None = None) -> list[Issue]:
    """All that keeps a resource or Bundle, with everything in it, from being valid R4 (errors), and what is doubtful.

    `at` is what the resource itself is called in the expressions: its type, unless it lies somewhere.
    """
    return _Walk(resource if isinstance(resource, dict) else {}, at, _plan).whole(resource)


class _Walk(Walk):
    """The pass of structure.py, which here also knows what lies around where it stands."""

    scope = Scope({})
    bundle: Bundle | None = None
    inside: str | None = None
    """The id of the contained resource that the pass is in."""

    def resource(self, node: Json) -> None:
        if not isinstance(node, dict):
            return super().resource(node)
        outer = self.scope, self.bundle, self.inside
        if self.contained:
            self.inside = id_ if isinstance(id_ := node.get("id"), str) else ""
            super().resource(node)
        else:
            self.scope, self.inside = Scope(node), None
            is_bundle = node.get("resourceType") == "Bundle"
            self.bundle = Bundle(node) if is_bundle else self.bundle
            super().resource(node)
            self.contents(node)
            if is_bundle:
                for place, code, text in bundles.faults(node):
                    self.say(code, text, *place)
        self.scope, self.bundle, self.inside = outer
        return None

    def contents(self, node: Node) -> None:
        """What is contained has an id of its own and is referred to, or refers to what it lies in (dom-3)."""
        contained = node.get("contained")
        seen = set[str]()
        for index, each in enumerate(contained if isinstance(contained, list) else ()):
            id_ = each.get("id") if isinstance(each, dict) else None
            if not isinstance(id_, str):
                continue
            if id_ in seen:
                self.say("duplicate", "Give each contained resource an id of its own.", "contained", index, "id")
            elif id_ not in self.scope.used and id_ not in self.scope.pointing_out:
                self.say("invariant", told("dom-3", "Refer to it with #, or take it out"), "contained", index)
            seen.add(id_)

    def object(self, node: Json, type_: str, *, id_alone: bool = False) -> None:
        before = len(self.issues)
        super().object(node, type_, id_alone=id_alone)
        if isinstance(node, dict):
            sound = len(self.issues) == before
            self.judge(node, self.plan(type_).rules, sound=sound)
            if sound:
                self.words(node, type_)

    def words(self, node: Node, type_: str) -> None:
        """What R4 says of the type in words, and of the ids of elements."""
        for place, code, text in stated.faults(type_, node):
            self.say(code, text, *place)
        if "id" in node and not is_resource(type_) and not self.scope.is_first(node["id"], type_, self.inside):
            self.say("duplicate", "Give each element an id of its own, or none.", "id")

    def judge(self, value: Json, rules: tuple[Rule, ...], *, sound: bool) -> None:
        for rule in rules:
            try:
                holds = rule.test(value)
            except _UNJUDGEABLE:
                if sound:
                    raise
                continue
            if not holds:
                self.say("invariant", rule.text)

    def pointer(self, text: str) -> None:
        """Something points to a place in this resource."""
        if text == "#" and self.inside is not None:
            self.scope.pointing_out.add(self.inside)
        self.scope.used.add(text[1:])

    def reference(self, node: Node, targets: tuple[str, ...]) -> None:
        """Where a reference leads, and whether that may stand here."""
        text, said = node.get("reference"), named_type(node.get("type"))
        found = self.leads(text) if isinstance(text, str) and text else None
        if found and said and found != said:
            self.say("value", f"The reference leads to {found}: write that here, or leave the type out.", "type")
        elif isinstance(node.get("type"), str) and not said and ":" not in node["type"]:
            self.say("code-invalid", "Write a type of resource of R4, such as Patient.", "type")
        if sentence := wrong_target(found or said, targets):
            self.say("value", sentence, *(("reference",) if found else ("type",)))

    def leads(self, text: str) -> str | None:
        if text.startswith("#"):
            self.pointer(text)
        lead = follow(text, self.scope, self.bundle, inside=self.inside is not None)
        if lead.fault:
            self.say(*lead.fault, "reference")
        return lead.type if lead.type is not None and is_resource(lead.type) else None

    def member(self, node: Node) -> None:
        """ctm-1: whom a participant of a care team acts for can only be told of a practitioner."""
        member = node.get("member")
        text = member.get("reference") if isinstance(member, dict) else None
        if "onBehalfOf" in node and isinstance(text, str):
            found = follow(text, self.scope, self.bundle, inside=self.inside is not None).type
            if found not in {None, "Practitioner"}:
                self.say("invariant", told("ctm-1", "Leave onBehalfOf out, or let the member be a Practitioner"))


@functools.cache
def _plan(type_: str) -> Plan:
    """The plan of structure.py, its visits doing more where there is more to look at."""
    base = plan_of(type_)
    visits = dict(base.visits)
    for element in children(type_).values():
        visits[element.name] = _more(type_, element, visits[element.name])
    rules = rules_of(type_)
    if "contained" in visits:
        rules = (*rules_of("DomainResource"), *rules)
    return base._replace(visits=visits, rules=rules)


def _more(type_: str, element: Element, visit: Visit) -> Visit:
    if element.type == "Reference":
        visit = _reference(visit, element.targets)
    elif element.type in {"canonical", "uri", "url"}:
        visit = _pointer(visit, element.type)
    elif element.type == "CareTeam.participant":
        visit = _participant(visit)
    elif element.name == "code" and alike(type_) == "Quantity":
        visit = _unit(visit)
    place = f"{type_}.{element.choice or element.name}"
    required = binding(element.binding) if element.binding else None
    if bound := required or limit(place):
        plain = is_primitive(element.type)
        visit = _code(visit, bound) if plain else _concept(visit, bound, element.type, may_be_text=required is None)
    rules = rules_of(place) if place != element.type else ()
    return _ruled(visit, rules) if rules else visit


def _each(walk: Walk, value: Json) -> Iterator[Json]:
    """The value, or each item of a list with the pass standing on it."""
    if not isinstance(value, list):
        yield value
        return
    for index, item in enumerate(value):
        walk.keys.append(index)
        yield item
        walk.keys.pop()


def _reference(base: Visit, targets: tuple[str, ...]) -> Visit:
    def visit(walk: Walk, node: Node, value: Json) -> None:
        base(walk, node, value)
        assert isinstance(walk, _Walk)
        for item in _each(walk, value):
            if isinstance(item, dict):
                walk.reference(item, targets)

    return visit


def _pointer(base: Visit, type_: str) -> Visit:
    def visit(walk: Walk, node: Node, value: Json) -> None:
        base(walk, node, value)
        assert isinstance(walk, _Walk)
        for item in _each(walk, value):
            if not isinstance(item, str):
                continue
            if item[:1] == "#":
                walk.pointer(item)
                if type_ == "canonical" and item[1:] not in walk.scope.contained:
                    walk.say("not-found", "Contain a resource with this id, or refer to one that is there.")
            elif text := stated.wrong_uri(item, canonical=type_ == "canonical"):
                walk.say("value", text)

    return visit


def _participant(base: Visit) -> Visit:
    def visit(walk: Walk, node: Node, value: Json) -> None:
        base(walk, node, value)
        assert isinstance(walk, _Walk)
        for item in _each(walk, value):
            if isinstance(item, dict):
                walk.member(item)

    return visit


def _unit(base: Visit) -> Visit:
    """The code of a unit.  R4 binds it to nothing, and HL7's own examples have wrong ones: a warning, no error."""

    def visit(walk: Walk, node: Node, value: Json) -> None:
        base(walk, node, value)
        if node.get("system") == UCUM and isinstance(value, str) and not is_unit(value):
            walk.say("code-invalid", MEND, severity="warning")

    return visit


def _code(base: Visit, bound: Binding) -> Visit:
    codes = bound.codes

    def visit(walk: Walk, node: Node, value: Json) -> None:
        if type(value) is str and value in codes:
            return
        before = len(walk.issues)
        base(walk, node, value)
        if len(walk.issues) > before:
            return
        for item in _each(walk, value):
            if item is not None and not bound.allows(item):
                walk.say("code-invalid", bound.mend(item))

    return visit


def _concept(base: Visit, bound: Binding, type_: str, *, may_be_text: bool) -> Visit:
    """One of the codings is of the value set; only where there is none may an extension say why."""
    below: tuple[Key, ...] = ("coding",) if type_ == "CodeableConcept" else ()

    def visit(walk: Walk, node: Node, value: Json) -> None:
        base(walk, node, value)
        for item in _each(walk, value):
            codings = _codings(item) if below else [item]
            excused = not codings and (may_be_text or (isinstance(item, dict) and "extension" in item))
            if isinstance(item, dict) and not excused and not any(map(bound.allows_coding, codings)):
                walk.say("code-invalid", bound.mend_coding(), *below)

    return visit


def _codings(concept: Json) -> list[Json]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return codings if isinstance(codings, list) else []


def _ruled(base: Visit, rules: tuple[Rule, ...]) -> Visit:
    """The invariants of an element, which its type does not have elsewhere."""

    def visit(walk: Walk, node: Node, value: Json) -> None:
        before = len(walk.issues)
        base(walk, node, value)
        assert isinstance(walk, _Walk)
        sound = len(walk.issues) == before
        for item in _each(walk, value):
            if item is not None:
                walk.judge(item, rules, sound=sound)

    return visit
