"""Where a value stands: the rules that a shape is made of.

A rule reads its part of a record from a node, and writes it into a new node.  Rules do not look at each other;
what depends on the root of the record (`same_as_root`, in choices.py) is said so.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mappings.lens.binding import NEVER_ASSUMED, Binder, bound_shape, loose
from mappings.lens.codes import Code
from mappings.lens.lists import Bound, every, gone, locate, look, put
from mappings.lens.making import WriteScope
from mappings.lens.paths import DeclarationError, Seed, contains
from mappings.lens.reading import Scope
from mappings.lens.shapes import Primitive, Shape, Unreadable
from mappings.r4.definitions import Element
from mappings.values import same

if TYPE_CHECKING:
    from mappings.lens.many import Each

Node = dict[str, Any]
Record = dict[str, Any]

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rule:
    """One line of a declaration."""

    where: str = ""
    rank: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The record fields it speaks for."""
        return ()

    @property
    def reads(self) -> frozenset[str] | None:
        """The members of a node of which one must be there for the rule to read anything; None: it always reads."""
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.names)}, {self.where}>"

    def bound(self, binder: Binder) -> Rule:
        raise NotImplementedError

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        return {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        return node

    def takes_node(self, node: Node) -> bool:
        """Whether a node is of the kind that the shape is about (only_if); what else a rule says does not decide it."""
        return True

    def parts(self) -> Iterator[Field | Each]:
        """The simple rules in it."""
        yield from ()

    @property
    def of_root_only(self) -> bool:
        """Whether it means something in the root of a record only."""
        return False

    @property
    def takes_the_rest(self) -> bool:
        """Whether it is for the items of a list that are left when others have taken theirs by a where()."""
        return False

    def shapes(self) -> list[Shape]:
        """The shapes of what it tells."""
        return [part.shape for part in self.parts()]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class At(Rule):
    """A rule at one path."""

    fhir: str
    steps: tuple[Bound, ...] = ()

    @property
    def element(self) -> Element:
        return self.steps[-1].element

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset((self.steps[0].name,))

    def bound(self, binder: Binder) -> Rule:
        binder.rank += 1
        steps, _ = binder.bind(self.fhir, self.where)
        return replace(self, steps=steps, rank=binder.rank)

    def mark_seeds(self, node: Node, scope: Scope) -> None:
        """What a where() asked for is stated by the mapping."""
        for n, step in enumerate(self.steps):
            if step.seed:
                _mark_seed(look(node, self.steps[: n + 1]), step.seed, scope, self.where)


def _mark_seed(item: Any, seed: Seed, scope: Scope, rule: str) -> None:
    for name, value in seed.items():
        if isinstance(value, dict):
            _mark_seed(item[name], value, scope, rule)
        elif isinstance(value, list):
            for part in value:
                _mark_seed(next(entry for entry in item[name] if contains(entry, part)), part, scope, rule)
        else:
            scope.mark(item, name, "stated", rule)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Field(At):
    """One record field at one path."""

    name: str
    about: str
    shape: Shape = None  # type: ignore[assignment]  # set when bound
    usual: Any = None
    defaulted: bool = False
    """Whether a site says the usual value, which then may also be that of an optional element."""
    twin: tuple[Bound, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset(way[0].name for way in (self.steps, self.twin) if way)

    def bound(self, binder: Binder) -> Rule:
        mine = super().bound(binder)
        assert isinstance(mine, Field)
        shape = bound_shape(self.shape, mine.element, self.where)
        optional = mine.element.min == 0 and not self.defaulted
        if self.usual is not None and (optional or mine.element.name in NEVER_ASSUMED):
            raise DeclarationError(
                f"{self.where}: {self.name} has no usual value: it is optional or must always be said"
            )
        *above, last = mine.steps
        beside = Bound(f"_{last.name}", None, last.element)
        return replace(mine, shape=shape, twin=(*above, beside) if shape.leaf and last.seed is None else ())

    def parts(self) -> Iterator[Field | Each]:
        yield self

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        spot = locate(node, self.steps)
        if spot is None:
            if self.element.modifier and look(node, self.twin) is not None:  # a negation that was withheld is one
                scope.gate(self.name, "what it says was withheld, and it may change what all the rest means")
            return {}
        container, key = spot
        if any(step.seed for step in self.steps) and len(every(node, self.steps)) > 1:
            text = "There is more than one of these, and only the first is told here: see which holds."
            scope.note("warning", "multiple-matches", container, key, text, f"{self.name}, {self.where}")
        inner = scope.into(self.name)
        try:
            value = self.shape.from_fhir(container[key], inner)
        except Unreadable as problem:
            scope.note("warning", problem.code, container, key, problem.text, f"{self.name}, {self.where}")
            if self.element.modifier or self.element.min or isinstance(self.shape, Code):
                scope.gate(self.name, "what it says is not understood, and it may change what all the rest means")
            return {}
        if value is None:
            return {}
        if self.element.modifier and self.element.type == "code" and not self.is_known(value):
            text = "R4 has no such code here, and it may change what all the rest means. Kept as it came."
            scope.note("warning", "code-invalid", container, key, text, f"{self.name}, {self.where}")
            scope.gate(self.name, "R4 has no such code here, and it may change what all the rest means")
        self.mark_seeds(node, inner)
        if self.usual is not None and same(value, self.usual):
            inner.mark(container, key, "stated", self.where)
            return {}
        if self.shape.leaf:
            self.note_nearness(container, key, scope)
            inner.mark(container, key, "carried", self.where)
        return {self.name: value}

    def note_nearness(self, container: Any, key: str | int, scope: Scope) -> None:
        """A code is never replaced by a word that is only near it without the report saying so."""
        if isinstance(self.shape, Code) and (near := self.shape.nearness(container[key])):
            scope.note("information", "informational", container, key, near, f"{self.name}, {self.where}")

    def is_known(self, value: Any) -> bool:
        """Whether a code is of the value set that R4 demands; a word through a table always is."""
        from mappings.r4.bindings import binding

        demanded = binding(self.element.binding) if self.element.binding and isinstance(self.shape, Primitive) else None
        return demanded is None or demanded.allows(value)

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        value, old = record.get(self.name), before.get(self.name)
        if value is None and self.usual is not None and (scope.new or old is not None):
            value = self.usual
        elif same(value, old) and not scope.moved(self.shape.depends):
            return node
        inner = scope.into(self.name)
        if value is None:
            return put(node, self.steps, gone, scope.look())
        after = put(node, self.steps, lambda raw: self.shape.to_fhir(value, old, raw, inner), scope.look())
        return self.without_reason_for_absence(after, inner) if self.twin else after

    def without_reason_for_absence(self, node: Node, scope: WriteScope) -> Node:
        """A value that is there makes a stated reason for its absence untrue; what else stands beside it is named."""
        beside = look(node, self.twin)
        if not isinstance(beside, dict) or not isinstance(beside.get("extension"), list):
            return node
        kept = [e for e in beside["extension"] if not (isinstance(e, dict) and e.get("url") == ABSENT)]
        if kept:
            scope.note(
                "informational", "An extension stands beside this value, which was changed: see that it is still true."
            )
        remade = {**beside, "extension": kept} if kept else {k: v for k, v in beside.items() if k != "extension"}
        return put(node, self.twin, lambda raw: remade, scope.look())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Fill(At):
    """Written into what we make; never into what others made."""

    value: Any

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        spot = locate(node, self.steps)
        if spot is not None and same(spot[0][spot[1]], self.value):
            self.mark_seeds(node, scope)
            scope.mark(*spot, "stated", self.where)
        return {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        if not scope.new or look(node, self.steps) is not None:
            return node
        return put(node, self.steps, lambda raw: copy.deepcopy(self.value), scope.look())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Skip(At):
    """An element that is not told on purpose, with the reason."""

    because: str

    def bound(self, binder: Binder) -> Rule:
        return replace(self, steps=tuple(loose(binder.type, self.fhir, self.where)))

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        spot = locate(node, self.steps)
        if spot is not None:
            scope.mark(*spot, "dropped", f"{self.where}: {self.because}")
        return {}
