"""Items of a list that follow from the rest: nobody tells them, and nobody has to say them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from mappings.lens.binding import Binder
from mappings.lens.lists import Bound, ListPlan, look
from mappings.lens.making import WriteScope
from mappings.lens.many import listed
from mappings.lens.reading import Scope
from mappings.lens.rules import Node, Record, Rule


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Derived(Rule):
    """What of a list is not told; `of` is the field that tells the others.  It stays, whatever is written around it."""

    fhir: str
    of: str
    when: Callable[[Any], bool]
    because: str
    steps: tuple[Bound, ...] = ()
    plan: ListPlan = field(default_factory=ListPlan, compare=False)

    def bound(self, binder: Binder) -> Derived:
        binder.rank += 1
        steps, plan = binder.bind(self.fhir, self.where, whole_list=True)
        assert plan is not None
        mine = replace(self, steps=steps, plan=plan, rank=binder.rank)
        plan.takers.append((mine.rank, mine))
        return mine

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset((self.steps[0].name,))

    def takes(self, item: Any, scope: Scope, selective: bool) -> bool:
        return self.when(item)

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        items = look(node, self.steps)
        for i, owner in enumerate(self.plan.owners(items, scope.apart()) if isinstance(items, list) else ()):
            if owner == self.rank:
                scope.mark(items, i, "derived", f"{self.where}: {self.because}")
        return {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        for n, value in enumerate(listed(record.get(self.of), self.of, scope)):
            if self.when(value):
                scope.into(self.of, n).refuse("This follows from the rest: leave it out.", "business-rule")
        return node
