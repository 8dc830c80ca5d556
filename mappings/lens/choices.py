"""Rules that stand over others: one of several types, and the same as the root's own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mappings.lens.binding import Binder
from mappings.lens.lists import Bound, gone, look, put
from mappings.lens.making import WriteScope
from mappings.lens.many import Each
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Scope
from mappings.lens.rules import Field, Node, Record, Rule
from mappings.r4.definitions import alike, children
from mappings.values import same


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OneOf(Rule):
    """value[x]: one record name for each type it may have, at most one of them said."""

    rules: tuple[Field, ...]
    holder: tuple[Bound, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for rule in self.rules for name in rule.names)

    def bound(self, binder: Binder) -> OneOf:
        rules = []
        for rule in self.rules:
            bound = rule.bound(binder)
            assert isinstance(bound, Field)
            rules.append(bound)
        choices = {(str(rule.steps[:-1] and rule.fhir.rsplit(".", 1)[0]), rule.element.choice) for rule in rules}
        if len(choices) != 1 or None in {choice for _, choice in choices}:
            raise DeclarationError(f"{self.where}: one_of over different elements: {sorted(map(str, choices))}")
        first = rules[0]
        context = alike(first.steps[-2].element.type) if len(first.steps) > 1 else binder.type
        members = tuple(name for name, e in children(context).items() if e.choice == first.element.choice)
        return replace(self, rules=tuple(rules), rank=rules[0].rank, holder=first.steps, members=members)

    def parts(self) -> Iterator[Field | Each]:
        yield from self.rules

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset().union(*(rule.reads or () for rule in self.rules))

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        record: Record = {}
        for rule in self.rules:
            record |= rule.from_fhir(node, scope)
        return record

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        said = [rule for rule in self.rules if rule.name in record]
        if len(said) > 1:
            scope.into(said[1].name).refuse(f"Say only one of {', '.join(rule.name for rule in said)}.")
        for rule in self.rules:
            if rule not in said:
                node = rule.to_fhir(record, before, node, scope)
        for rule in said:
            if not same(record[rule.name], before.get(rule.name)):
                node = self.cleared(node, rule, scope)
            node = rule.to_fhir(record, before, node, scope)
        return node

    def cleared(self, node: Node, kept: Field, scope: WriteScope) -> Node:
        """The other types of the choice go, also those that no rule names."""
        *above, last = kept.steps
        for member in self.members:
            for name in (member, f"_{member}"):
                if member != last.name:
                    step = Bound(name, None, last.element)
                    if look(node, (*above, step)) is not None:
                        node = put(node, (*above, step), gone, None)
        return node


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SameAs(Rule):
    """A reference that is told only where it differs from the root's own.

    follows: when the root's changes, this one changes with it (a plan's goals); else that is refused (somebody's
    observation does not follow a referral to another patient).  unless: the field that says that the element is not
    there at all.
    """

    rule: Field
    of: str
    follows: bool = False
    unless: str = ""
    own: tuple[Bound, ...] = ()

    @property
    def as_written(self) -> str:
        """The field for the same one as the root's, where it is pointed to in other words."""
        return f"{self.rule.name}_as_written"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.rule.name, self.as_written, *([self.unless] if self.unless else []))

    def bound(self, binder: Binder) -> SameAs:
        rule = self.rule.bound(binder)
        assert isinstance(rule, Field)
        if (rule.element.min == 0) != bool(self.unless):
            raise DeclarationError(
                f"{self.where}: {rule.name}: an optional element needs if_absent=, a required one must not have it"
            )
        return replace(self, rule=rule, rank=rule.rank, own=(Bound(self.of, None, rule.element),))

    def parts(self) -> Iterator[Field | Each]:
        yield self.rule

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        theirs = look(scope.root, self.own)
        raw = look(node, self.rule.steps)
        if raw is None:
            return {self.unless: True} if self.unless and theirs is not None else {}
        if theirs is not None:
            apart = scope.apart()
            mine = self.rule.shape.from_fhir(raw, apart)
            if same(mine, self.rule.shape.from_fhir(theirs, replace(apart, home=scope.root))):
                for place in apart.reading.marks:
                    scope.reading.marks.setdefault(
                        place, apart.reading.marks[place]._replace(fate="derived", rule=self.where, trail=())
                    )
                return {}
            if _leads_to_the_same(raw, theirs, scope):
                return replace(self.rule, name=self.as_written).from_fhir(node, scope)
        return self.rule.from_fhir(node, scope)

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        said = {name: record[name] for name in self.names if name in record}
        known = {name: before[name] for name in self.names if name in before}
        if len(said) > 1:
            scope.into(self.unless).refuse(f"Say only one of {', '.join(said)}.")
        theirs = look(scope.making.root_now, self.own)
        if said:
            if self.unless in said and said[self.unless] is not True:
                scope.into(self.unless).refuse("Say true, or leave it out.", "structure")
            name = self.as_written if self.as_written in said else self.rule.name
            was = next((known[one] for one in (self.rule.name, self.as_written) if one in known), None)
            return self.rule.to_fhir({self.rule.name: record.get(name)}, {self.rule.name: was}, node, scope)
        if not scope.new and not known:
            old = look(scope.making.root, self.own)
            if same(old, theirs) or look(node, self.rule.steps) is None:
                return node
            if not self.follows and not _same_target(old, theirs):
                scope.into(self.rule.name).refuse(
                    f"This was about the {self.rule.name} that the record had before, "
                    "and does not follow to another: say whose it is."
                )
        if theirs is None and not self.unless:
            scope.into(self.rule.name).refuse("Say whose it is: the whole record does not.", "required")
        return put(node, self.rule.steps, lambda raw: copy.deepcopy(theirs), scope.look())


def _leads_to_the_same(raw: Node, theirs: Node, scope: Scope) -> bool:
    """Whether two references mean one thing, though one says a version, a server or a name and the other does not."""
    one, other = raw.get("reference"), theirs.get("reference")
    if not isinstance(one, str) or not isinstance(other, str):
        return raw.get("identifier") is not None and same(raw.get("identifier"), theirs.get("identifier"))
    target = scope.resolve(one)
    if target is not None:
        return target is scope.reading.document.resolve(other, scope.root)
    document = scope.reading.document
    return document.absolute(one, scope.home) == document.absolute(other, scope.root)


def _same_target(a: Any, b: Any) -> bool:
    return (
        isinstance(a, dict)
        and isinstance(b, dict)
        and all(same(a.get(k), b.get(k)) for k in ("reference", "identifier"))
    )
