"""Shapes made of rules: a record for a data type or backbone element, and a whole resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from mappings.lens.binding import Binder
from mappings.lens.choices import SameAs
from mappings.lens.gates import NOT_UNDERSTOOD
from mappings.lens.making import WriteScope
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Scope
from mappings.lens.rules import Rule, Skip
from mappings.lens.shapes import Shape, Unreadable, everything_in
from mappings.r4.definitions import Element, alike
from mappings.values import same

Node = dict[str, Any]
Rec = dict[str, Any]

_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False, repr=False)
class RecordShape:
    """Several rules under one element.  Another `key` means another thing: nothing of the old is kept."""

    type: str
    rules: tuple[Rule, ...]
    key: tuple[str, ...] = ()
    where: str = ""
    restates: tuple[str, ...] = ()
    else_by: tuple[str, ...] = ()
    declared: RecordShape | None = None
    """The declaration that it goes back to: itself, or what it was made of by plus(), without() ..."""
    leaf = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "declared", self.declared or self)
        binder = Binder(self.type)
        rules = tuple(rule.bound(binder) for rule in self.rules)
        object.__setattr__(self, "rules", rules)
        names: set[str] = set()
        for rule in rules:
            for name in rule.names:
                if name in names:
                    raise DeclarationError(f"{rule.where}: {self.type}: two rules for the field {name}")
                names.add(name)
            for part in rule.parts():
                part.shape.check_on(part.element, f"{part.where}: {part.name}")
        for name in (*self.key, *self.else_by, *(told.partition(":")[0] for told in self.restates)):
            if name not in names:
                raise DeclarationError(f"{self.where}: {self.type}: no field {name} to know it by")

    def plus(self, *rules: Rule) -> Self:
        """The same with more rules."""
        return replace(self, rules=(*self.rules, *rules))

    def replacing(self, *rules: Rule) -> Self:
        """The same with rules in the place of those that speak for the same fields."""
        fresh = {name: rule for rule in rules for name in rule.names}
        out: list[Rule] = []
        for old in self.rules:
            taken = {id(fresh[name]): fresh[name] for name in old.names if name in fresh}
            out += list(taken.values()) or [old]
        if (
            missing := set(fresh)
            - {name for old in self.rules for name in old.names}
            - {n for r in out for n in r.names}
        ):
            raise DeclarationError(f"{self.type}: no rule for {', '.join(sorted(missing))} to replace")
        return replace(self, rules=tuple(out))

    def without(self, *names: str) -> Self:
        """The same without the rules for these fields."""
        if missing := set(names) - set(self.names):
            raise DeclarationError(f"{self.type}: no rule for {', '.join(sorted(missing))} to leave out")
        return replace(self, rules=tuple(rule for rule in self.rules if not set(names) & set(rule.names)))

    def __repr__(self) -> str:
        return f"<{self.type}, {self.where}>"

    @cached_property
    def names(self) -> dict[str, Rule]:
        """The fields of the record, each with its rule, in order."""
        return {name: rule for rule in self.rules for name in rule.names}

    def check_on(self, element: Element, where: str) -> None:
        if self.type != alike(element.type):
            raise DeclarationError(f"{where}: a {self.type} on {element.type}")
        if element.type == "SimpleQuantity" and "comparator" in self.names:
            raise DeclarationError(f"{where}: R4 has no comparator in a SimpleQuantity")

    def inside(self) -> list[Shape]:
        return [shape for rule in self.rules for shape in rule.shapes()]

    @property
    def keyed(self) -> bool:
        return bool(self.key)

    @cached_property
    def depends(self) -> frozenset[str]:
        return dependencies(self)

    def same_thing(self, a: Any, b: Any) -> bool:
        if not all(_same_key(a.get(name), b.get(name)) for name in self.key):
            return False
        alike = not self.else_by or any(same(a.get(name), b.get(name)) for name in self.else_by)
        return alike or self.shares_key(a, b)

    def shares_key(self, a: Rec, b: Rec) -> bool:
        """Whether both say a key and it is the same: same_thing is also what nothing speaks against."""
        return bool(self.key) and all(name in a and name in b and _same_key(a[name], b[name]) for name in self.key)

    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool:
        return isinstance(raw, dict) and self.takes_node(raw)

    def takes_node(self, node: Node) -> bool:
        """Whether a node is of the kind that the shape is about: what makes it one is said by few of the rules."""
        return all(rule.takes_node(node) for rule in self._choosing)

    @cached_property
    def _choosing(self) -> list[Rule]:
        return [rule for rule in self.rules if type(rule).takes_node is not Rule.takes_node]

    def from_fhir(self, raw: Any, scope: Scope) -> Rec | None:
        if not isinstance(raw, dict):
            raise Unreadable("structure", f"This is not a {self.type}.")
        record: Rec = {}
        for rule in self._reading(raw):
            record.update(rule.from_fhir(raw, scope))
        return record or None

    def _reading(self, raw: Node) -> Iterator[Rule]:
        """The rules that may read something of a node, in order: most elements are not there."""
        due = set(self._by_member[None])
        for member in raw:
            due |= self._by_member.get(member, _NONE)
        return (self.rules[n] for n in sorted(due))

    @cached_property
    def _by_member(self) -> dict[str | None, set[int]]:
        """The places of the rules that read a member of a node; under None of those that read in any case."""
        found: dict[str | None, set[int]] = {None: set()}
        for n, rule in enumerate(self.rules):
            for member in (None,) if rule.reads is None else rule.reads:
                found.setdefault(member, set()).add(n)
        return found

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Node:
        if not isinstance(value, dict) or not value:
            scope.refuse("This must be a record with at least one field.", "structure")
        node, known = (raw, before or {}) if isinstance(raw, dict) else ({}, {})
        if known and not self.same_thing(value, known):
            node, known = {}, {}
        return self.fill(value, known, node, replace(scope, new=not known and not node))

    def fill(self, value: Rec, before: Rec, node: Node, scope: WriteScope) -> Node:
        self.check(value, before, scope)
        for rule in self.in_writing_order:
            node = rule.to_fhir(value, before, node, scope)
        self.name_what_may_be_untrue(value, before, scope)
        return node

    def name_what_may_be_untrue(self, value: Rec, before: Rec, scope: WriteScope) -> None:
        """Words that say the same as other fields, which were changed while they were not."""
        changed = {name for name in value.keys() | before.keys() if not same(value.get(name), before.get(name))}
        for told in self.restates:
            name, _, of = told.partition(":")
            if name in before and name not in changed and (of in changed if of else changed):
                scope.into(name).note("informational", "What this restates was changed: see that it is still true.")

    @cached_property
    def in_writing_order(self) -> list[Rule]:
        """The rules; those for the rest of a list after those for certain items of it."""
        return sorted(self.rules, key=lambda rule: rule.takes_the_rest)

    def check(self, value: Rec, before: Rec, scope: WriteScope) -> None:
        """Refuses a field that there is not, and an edit that would take a safety gate away."""
        scope.check_names(value, self.names)
        for name in NOT_UNDERSTOOD:
            if name in before and not same(value.get(name), before[name]):
                scope.into(name).refuse("What we do not understand cannot be changed or taken away here.", "conflict")


def _same_key(a: Any, b: Any) -> bool:
    """A list (identifiers) is the same key if one item is shared; if one side has none, nothing says otherwise."""
    if isinstance(a, list) and isinstance(b, list):
        return any(same(_identity(x), _identity(y)) for x in a for y in b)
    if isinstance(a, list) or isinstance(b, list):
        return a is None or b is None
    return same(a, b)


def _identity(item: Any) -> Any:
    return [item.get("system"), item.get("value")] if isinstance(item, dict) else item


def dependencies(shape: Shape) -> frozenset[str]:
    """Which elements of the root something in a shape is the same as."""
    found: set[str] = set()
    for one in everything_in(shape):
        if isinstance(one, RecordShape):
            found |= {rule.of for rule in one.rules if isinstance(rule, SameAs)}
    return frozenset(found)


@dataclass(frozen=True, eq=False, repr=False)
class ResourceShape(RecordShape):
    """A whole resource.  `key` holds the fields that make it this one and no other (known_by)."""

    @cached_property
    def as_linked(self) -> ResourceShape:
        """The same told within the record of another one: which version of it a server held then is not part of that,
        and could not be written into a contained resource (dom-4)."""
        why = "which version a server held is told of the root of a record only"
        kept = {"meta_version": "meta.versionId", "meta_updated": "meta.lastUpdated"}
        rules = [
            Skip(fhir=kept[name], because=why, where=rule.where) if (name := "".join(rule.names)) in kept else rule
            for rule in self.rules
        ]
        return replace(self, rules=tuple(rules))

    def is_ours(self, resource: Node) -> bool:
        return resource.get("resourceType") == self.type and self.takes_node(resource)

    def read(self, resource: Node, scope: Scope) -> Rec:
        scope.mark(resource, "resourceType", "stated", self.where)
        return self.from_fhir(resource, scope) or {}

    def write(self, value: Rec, before: Rec, resource: Node | None, scope: WriteScope) -> Node:
        """The resource with what the record says; what becomes of its narrative is decided where all is assembled."""
        if resource is None:
            return self.fill(value, {}, {"resourceType": self.type}, replace(scope, new=True))
        return self.fill(value, before, resource, replace(scope, new=False))
