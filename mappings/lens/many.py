"""Rules for lists: every item that nobody else takes, and the one item that is told first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mappings.lens.binding import Binder, bound_shape, check_seed
from mappings.lens.lists import Bound, ListPlan, look, merged, paired, put
from mappings.lens.making import WriteScope
from mappings.lens.paths import Seed, contains
from mappings.lens.reading import Scope
from mappings.lens.rules import Field, Node, Record, Rule
from mappings.lens.shapes import Shape, Unreadable, Verbatim
from mappings.r4.definitions import Element, alike
from mappings.values import same


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Each(Rule):
    """A list: every item that no neighbouring rule takes."""

    name: str
    about: str
    fhir: str
    shape: Shape = None  # type: ignore[assignment]  # set when bound
    steps: tuple[Bound, ...] = ()
    plan: ListPlan = field(default_factory=ListPlan, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def element(self) -> Element:
        return self.steps[-1].element

    def bound(self, binder: Binder) -> Each:
        binder.rank += 1
        steps, plan = binder.bind(self.fhir, self.where, whole_list=True)
        assert plan is not None
        mine = replace(
            self, steps=steps, plan=plan, rank=binder.rank, shape=bound_shape(self.shape, steps[-1].element, self.where)
        )
        plan.takers.append((mine.rank, mine))
        return mine

    @property
    def reads(self) -> frozenset[str] | None:
        return frozenset((self.steps[0].name,))

    @property
    def takes_the_rest(self) -> bool:
        return bool(self.plan.slices)

    def parts(self) -> Iterator[Field | Each]:
        yield self

    def takes(self, item: Any, scope: Scope, selective: bool) -> bool:
        return self.shape.takes(item, scope, selective)

    def items(self, node: Node, scope: Scope) -> tuple[list[Any], list[int], list[Any]]:
        """The list, the indexes of our items in it, and what each of them tells."""
        items = look(node, self.steps)
        if not isinstance(items, list):
            return [], [], []
        told: list[Any] = []
        ours: list[int] = []
        for i, owner in enumerate(self.plan.owners(items, scope.apart())):
            if owner != self.rank:
                continue
            inner = scope.into(self.name, len(told))
            try:
                value = self.shape.from_fhir(items[i], inner)
            except Unreadable as problem:
                scope.note("warning", problem.code, items, i, problem.text, f"{self.name}, {self.where}")
                continue
            if value is not None:
                ours.append(i)
                told.append(value)
                if self.shape.leaf:
                    inner.mark(items, i, "carried", self.where)
        return items, ours, told

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        _, _, told = self.items(node, scope)
        return {self.name: told} if told else {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        wanted, known = listed(record.get(self.name), self.name, scope), before.get(self.name) or []
        return self.write(wanted, known, None, node, scope.into(self.name))

    def write(
        self, wanted: list[Any], known: list[Any], order: list[int] | None, node: Node, scope: WriteScope
    ) -> Node:
        """The list with our items as wanted.  order: where each known item stood among ours, if not in that order."""
        if same(wanted, known) and not scope.moved(self.shape.depends):
            return node
        look_scope = scope.look()
        items, ours, _ = self.items(node, scope.look_back())
        ours = [i for i in ours if id(items[i]) not in scope.making.items]
        places = ours if order is None else [ours[n] for n in order]
        made: list[tuple[Any, int | None]] = []
        for w, (value, k) in enumerate(zip(wanted, self.pairs(wanted, known), strict=True)):
            inner = scope.into(w)
            if k is None:
                made.append((self.shape.to_fhir(value, None, None, inner), None))
            elif same(value, known[k]) and not scope.moved(self.shape.depends):
                made.append((items[places[k]], places[k]))
            else:
                made.append((self.shape.to_fhir(value, known[k], items[places[k]], inner), places[k]))
        scope.making.items |= {id(item): item for item, _ in made if isinstance(item, dict)}
        if order is not None:
            made = in_place(made, places[0])
        if ours:
            after = merged(items, ours, made)
        else:
            room = max(self.plan.room_for(self.rank, items, look_scope), self.plan.room_behind(items, made))
            after = [(items[i], i) for i in range(room)] + made + [(items[i], i) for i in range(room, len(items))]
        written = put(node, self.steps, lambda raw: [item for item, _ in after], look_scope)
        return self.with_twins(written, node, [index for _, index in after])

    def pairs(self, wanted: list[Any], known: list[Any]) -> list[int | None]:
        return paired(wanted, known, self.shape.same_thing if self.shape.keyed else None)

    def with_twins(self, written: Node, before: Node, origins: list[int | None]) -> Node:
        """_given goes with given: what stands beside a primitive follows it."""
        if not self.shape.leaf or isinstance(self.shape, Verbatim):
            return written
        *above, last = self.steps
        twin = (*above, Bound(f"_{last.name}", None, last.element))
        old = look(before, twin)
        if not isinstance(old, list):
            return written
        moved = [old[i] if i is not None and i < len(old) else None for i in origins]
        return put(written, twin, lambda raw: moved if any(m is not None for m in moved) else None, None)


def in_place(made: list[tuple[Any, int | None]], first: int) -> list[tuple[Any, int | None]]:
    """Where the item that is told first does not stand first: it, or what takes its place, stays where it stood."""
    head, *others = made
    if head[1] is None and first not in [index for _, index in others]:
        head = (head[0], first)
    runs: list[list[tuple[Any, int | None]]] = []
    for one in (head, *others):
        if one[1] is not None or not runs:
            runs.append([])
        runs[-1].append(one)
    starts = [run[0][1] for run in runs[1:]]
    known = [start for start in starts if start is not None]
    if len(known) < len(starts) or known != sorted(known) or head[1] is None:
        return made
    return [one for run in sorted(runs, key=lambda run: run[0][1] or 0) for one in run]


def listed(value: Any, name: str, scope: WriteScope) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        scope.into(name).refuse("This must be a list.", "structure")
    return value


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Main(Rule):
    """A list of which one item is told first: flat, or under a name; the others under another name.

    prefer, never: seeds of the item that is wanted, best first, and of those that are never it.  An ended one
    (period.end) is taken only when nothing else is there.
    """

    fhir: str
    others: str
    others_about: str
    name: str = ""
    about: str = ""
    shape: Any = None
    prefer: tuple[Seed, ...] = ()
    never: tuple[Seed, ...] = ()
    each: Each = None  # type: ignore[assignment]  # set when bound

    @property
    def names(self) -> tuple[str, ...]:
        return ((self.name,) if self.name else tuple(self.shape.names)) + (self.others,)

    def bound(self, binder: Binder) -> Main:
        each = Each(
            where=self.where, name=self.others, about=self.others_about, fhir=self.fhir, shape=self.shape
        ).bound(binder)
        mine = replace(self, rank=each.rank, each=each)
        for seed in (*mine.prefer, *mine.never):
            check_seed(alike(each.element.type), seed, self.where)
        return mine

    def parts(self) -> Iterator[Field | Each]:
        yield self.each

    @property
    def reads(self) -> frozenset[str] | None:
        return self.each.reads

    def main(self, items: list[Any]) -> int | None:
        """Which of our items is told first."""

        def worth(item: Any) -> tuple[bool, int]:
            ended = bool(isinstance(item.get("period"), dict) and item["period"].get("end"))
            liked = next((n for n, seed in enumerate(self.prefer) if contains(item, seed)), len(self.prefer))
            return ended, liked

        able = [i for i, item in enumerate(items) if not any(contains(item, seed) for seed in self.never)]
        return (
            min(able, key=lambda i: (worth(items[i]), i), default=None)
            if self.prefer or self.never
            else (0 if items else None)
        )

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        items, ours, _ = self.each.items(node, scope.apart())
        chosen = self.main([items[i] for i in ours])
        record: Record = {}
        others: list[Any] = []
        for n, i in enumerate(ours):
            if n == chosen:
                inner = scope.into(self.name) if self.name else scope
                value = self.shape.from_fhir(items[i], inner)
                record |= {self.name: value} if self.name else value
            else:
                others.append(self.shape.from_fhir(items[i], scope.into(self.others, len(others))))
        return record | ({self.others: others} if others else {})

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        wanted, known = self.joined(record, scope), self.joined(before, scope)
        if same(wanted, known) and not scope.moved(self.shape.depends):
            return node
        items, ours, _ = self.each.items(node, scope.look())
        chosen = self.main([items[i] for i in ours])
        order = None
        if chosen:
            order = [chosen, *(n for n in range(len(ours)) if n != chosen)]
        return self.each.write(wanted, known, order, node, scope.into(self.name or self.others))

    def joined(self, record: Record, scope: WriteScope) -> list[Any]:
        others = listed(record.get(self.others), self.others, scope)
        if self.name:
            return ([record[self.name]] if self.name in record else []) + others
        head = {name: record[name] for name in self.shape.names if name in record}
        if others and not head:
            scope.into(self.others).refuse("There are others, but no first one beside them.")
        return [head, *others] if head else []
