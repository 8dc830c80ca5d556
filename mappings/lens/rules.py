"""Where a value stands: the rules that a shape is made of.

A rule reads its part of a record from a node, and writes it into a new node.  Rules do not look at each other; what depends
on the root of the record (`same_as`) is said so.  Rules are bound to R4 when they are declared: a path that R4 does not have
never reaches any data.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mappings.lens.lists import Bound, ListPlan, look, locate, merged, paired, put
from mappings.lens.making import WriteScope
from mappings.lens.paths import DeclarationError, Seed, Step, contains, parse
from mappings.lens.reading import Scope
from mappings.lens.shapes import Primitive, Shape, Unreadable, Verbatim
from mappings.r4.definitions import Element, alike, children, is_primitive
from mappings.values import same

Node = dict[str, Any]
Record = dict[str, Any]

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def declared_at(depth: int = 2) -> str:
    """File and line of the declaration that called."""
    frame = sys._getframe(depth)
    return f"{frame.f_code.co_filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{frame.f_lineno}"


class Binder:
    """Holds the paths of one shape's rules to R4, and gathers whose the items of its lists are."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.plans: dict[str, ListPlan] = {}
        self.rank = 0

    def bind(self, path: str, where: str, whole_list: bool = False) -> tuple[tuple[Bound, ...], ListPlan | None]:
        """The steps of a path; with whole_list the last names a list, whose plan comes too."""
        context, prefix, bound = self.type, "", list[Bound]()
        steps = parse(path)
        plan: ListPlan | None = None
        for n, (name, seed) in enumerate(steps):
            element = element_of(context, name)
            if element is None:
                raise DeclarationError(f"{where}: {context} has no {name}")
            last = n == len(steps) - 1
            prefix += f".{name}"
            if element.many:
                plan = self.plans.setdefault(prefix, ListPlan())
                if seed is None and not (last and whole_list):
                    raise DeclarationError(f"{where}: {path}: {name} is a list: say each(), where() or first()")
            elif seed is not None or (last and whole_list):
                raise DeclarationError(f"{where}: {path}: {name} is no list")
            rank = self.rank
            if seed is not None:
                check_seed(alike(element.type), seed, f"{where}: {path}")
                assert plan is not None
                rank = plan.add_slice(self.rank, seed)
                prefix += f"[{seed}]"
            bound.append(Bound(name, seed, element, plan if seed is not None else None, rank))
            context = alike(element.type)
        return tuple(bound), plan if whole_list else None


def element_of(context: str, name: str) -> Element | None:
    """What R4 says of a member, `_birthDate` included."""
    found = children(context).get(name)
    if found is None and name.startswith("_"):
        base = children(context).get(name[1:])
        return base and base._replace(name=name, type="Element", min=0, choice=None, modifier=False)
    return found


def check_seed(context: str, seed: Seed, where: str) -> None:
    for name, value in seed.items():
        element = element_of(context, name)
        if element is None:
            raise DeclarationError(f"{where}: {context} has no {name}")
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                check_seed(alike(element.type), part, where)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of a declaration."""

    where: str = ""
    rank: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The record fields it speaks for."""
        return ()

    def bound(self, binder: Binder) -> Rule:
        raise NotImplementedError

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        return {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        return node

    def takes_node(self, node: Node) -> bool:
        """Whether a node is of the kind that the shape is about (require); what else a rule says does not decide it."""
        return True

    def parts(self) -> Iterator[Field | Each]:
        """The simple rules in it."""
        yield from ()


@dataclass(frozen=True, kw_only=True)
class At(Rule):
    """A rule at one path."""

    fhir: str
    steps: tuple[Bound, ...] = ()

    @property
    def element(self) -> Element:
        return self.steps[-1].element

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


def bound_shape(shape: Shape | None, element: Element, where: str) -> Shape:
    """The shape of a rule, held to the element's type; a primitive needs none."""
    if shape is None:
        if not is_primitive(element.type):
            raise DeclarationError(f"{where}: {element.type} needs a shape")
        return Primitive(element.type)
    if isinstance(shape, Verbatim) and element.type != "Extension":
        raise DeclarationError(f"{where}: only an Extension is carried as it stands, not {element.type}")
    return shape


@dataclass(frozen=True, kw_only=True)
class Field(At):
    """One record field at one path."""

    name: str
    about: str
    shape: Shape = None  # type: ignore[assignment]  # set when bound
    usual: Any = None
    twin: tuple[Bound, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def bound(self, binder: Binder) -> Rule:
        mine = super().bound(binder)
        assert isinstance(mine, Field)
        shape = bound_shape(self.shape, mine.element, self.where)
        if self.usual is not None and (mine.element.min == 0 or mine.element.name in NEVER_ASSUMED):
            raise DeclarationError(f"{self.where}: {self.name} has no usual value: it is optional or must always be said")
        *above, last = mine.steps
        beside = Bound(f"_{last.name}", None, last.element)
        return replace(mine, shape=shape, twin=(*above, beside) if shape.leaf and last.seed is None else ())

    def parts(self) -> Iterator[Field | Each]:
        yield self

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        spot = locate(node, self.steps)
        if spot is None:
            return {}
        container, key = spot
        inner = scope.into(self.name)
        try:
            value = self.shape.from_fhir(container[key], inner)
        except Unreadable as problem:
            scope.note("warning", problem.code, container, key, problem.text, f"{self.name}, {self.where}")
            return {}
        if value is None:
            return {}
        self.mark_seeds(node, inner)
        if self.usual is not None and same(value, self.usual):
            inner.mark(container, key, "stated", self.where)
            return {}
        if self.shape.leaf:
            inner.mark(container, key, "carried", self.where)
        return {self.name: value}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        value, old = record.get(self.name), before.get(self.name)
        if value is None and self.usual is not None and (scope.new or old is not None):
            value = self.usual
        elif same(value, old) and not scope.moved(self.shape.depends):
            return node
        inner = scope.into(self.name)
        if value is None:
            return put(node, self.steps, lambda raw: None, scope.look())
        after = put(node, self.steps, lambda raw: self.shape.to_fhir(value, old, raw, inner), scope.look())
        return self.without_reason_for_absence(after, inner) if self.twin else after

    def without_reason_for_absence(self, node: Node, scope: WriteScope) -> Node:
        """A value that is there makes a stated reason for its absence untrue; what else stands beside it is named."""
        beside = look(node, self.twin)
        if not isinstance(beside, dict) or not isinstance(beside.get("extension"), list):
            return node
        kept = [e for e in beside["extension"] if not (isinstance(e, dict) and e.get("url") == ABSENT)]
        if kept:
            scope.note("informational", "An extension stands beside this value, which was changed: see that it is still true.")
        remade = {**beside, "extension": kept} if kept else {k: v for k, v in beside.items() if k != "extension"}
        return put(node, self.twin, lambda raw: remade, scope.look())


NEVER_ASSUMED = frozenset({"status", "lifecycleStatus", "route", "dose", "doseQuantity", "unit", "site", "bodySite"})
"""Safety gate: elements that no mapping may assume."""


@dataclass(frozen=True, kw_only=True)
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
        mine = replace(self, steps=steps, plan=plan, rank=binder.rank, shape=bound_shape(self.shape, steps[-1].element, self.where))
        plan.takers.append((mine.rank, mine))
        return mine

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

    def write(self, wanted: list[Any], known: list[Any], order: list[int] | None, node: Node, scope: WriteScope) -> Node:
        """The list with our items as wanted.  order: where each known item stood among ours, if not in that order."""
        if same(wanted, known) and not scope.moved(self.shape.depends):
            return node
        look_scope = scope.look()
        items, ours, _ = self.items(node, look_scope)
        places = ours if order is None else [ours[n] for n in order]
        made: list[tuple[Any, int | None]] = []
        for w, (value, k) in enumerate(zip(wanted, self.pairs(wanted, known))):
            inner = scope.into(w)
            if k is None:
                made.append((self.shape.to_fhir(value, None, None, inner), None))
            elif same(value, known[k]) and not scope.moved(self.shape.depends):
                made.append((items[places[k]], places[k]))
            else:
                made.append((self.shape.to_fhir(value, known[k], items[places[k]], inner), places[k]))
        if ours:
            after = merged(items, ours, made)
        else:
            room = self.plan.room_for(self.rank, items, look_scope)
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


def listed(value: Any, name: str, scope: WriteScope) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        scope.into(name).refuse("This must be a list.", "structure")
    return value


@dataclass(frozen=True, kw_only=True)
class Main(Rule):
    """A list of which one item is told first: flat, or under a name; the others under another name.

    prefer, never: seeds of the item that is wanted, best first, and of those that are never it.  An ended one (period.end)
    is taken only when nothing else is there.
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
        each = Each(where=self.where, name=self.others, about=self.others_about, fhir=self.fhir, shape=self.shape).bound(binder)
        mine = replace(self, rank=each.rank, each=each)
        for seed in (*mine.prefer, *mine.never):
            check_seed(alike(each.element.type), seed, self.where)
        return mine

    def parts(self) -> Iterator[Field | Each]:
        yield self.each

    def main(self, items: list[Any]) -> int | None:
        """Which of our items is told first."""

        def worth(item: Any) -> tuple[bool, int]:
            ended = bool(isinstance(item.get("period"), dict) and item["period"].get("end"))
            liked = next((n for n, seed in enumerate(self.prefer) if contains(item, seed)), len(self.prefer))
            return ended, liked

        able = [i for i, item in enumerate(items) if not any(contains(item, seed) for seed in self.never)]
        return min(able, key=lambda i: (worth(items[i]), i), default=None) if self.prefer or self.never else (0 if items else None)

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


@dataclass(frozen=True, kw_only=True)
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
                        node = put(node, (*above, step), lambda raw: None, None)
        return node


@dataclass(frozen=True, kw_only=True)
class Require(At):
    """What makes a node one of ours: an element that is there, or has one of these values.  Else it is left alone."""

    values: tuple[Any, ...] = ()

    def bound(self, binder: Binder) -> Rule:
        steps = parse(self.fhir)
        if steps[-1].seed is None and _ends_in_list(binder.type, steps):
            return replace(self, steps=tuple(_loose(binder.type, self.fhir, self.where)))
        return super().bound(binder)

    def takes_node(self, node: Node) -> bool:
        value = look(node, self.steps)
        return value is not None if not self.values else any(same(value, wanted) for wanted in self.values)

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        self.mark_seeds(node, scope)
        if len(self.values) == 1 and (spot := locate(node, self.steps)):
            scope.mark(*spot, "stated", self.where)
        return {}


@dataclass(frozen=True, kw_only=True)
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
        return put(node, self.steps, lambda raw: self.value, scope.look())


@dataclass(frozen=True, kw_only=True)
class Skip(At):
    """An element that is not told on purpose, with the reason."""

    because: str

    def bound(self, binder: Binder) -> Rule:
        return replace(self, steps=tuple(_loose(binder.type, self.fhir, self.where)))

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        spot = locate(node, self.steps)
        if spot is not None:
            scope.mark(*spot, "dropped", f"{self.where}: {self.because}")
        return {}


def _ends_in_list(context: str, steps: tuple[Step, ...]) -> bool:
    element: Element | None = None
    for name, _ in steps:
        element = element_of(context, name)
        context = alike(element.type) if element else ""
        if element is None:
            return False
    return element is not None and element.many


def _loose(context: str, path: str, where: str) -> Iterator[Bound]:
    for name, _ in parse(path):
        element = element_of(context, name)
        if element is None:
            raise DeclarationError(f"{where}: {context} has no {name}")
        yield Bound(name, None, element)
        context = alike(element.type)


@dataclass(frozen=True, kw_only=True)
class SameAs(Rule):
    """A reference that is told only where it differs from the root's own.

    follows: when the root's changes, this one changes with it (a plan's goals); else that is refused (somebody's observation
    does not follow a referral to another patient).  unless: the field that says that the element is not there at all.
    """

    rule: Field
    of: str
    follows: bool = False
    unless: str = ""
    own: tuple[Bound, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.rule.names, self.unless) if self.unless else self.rule.names

    def bound(self, binder: Binder) -> SameAs:
        rule = self.rule.bound(binder)
        assert isinstance(rule, Field)
        if (rule.element.min == 0) != bool(self.unless):
            raise DeclarationError(f"{self.where}: {rule.name}: an optional element needs unless=, a required one must not have it")
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
                    scope.reading.marks.setdefault(place, apart.reading.marks[place]._replace(fate="derived", rule=self.where, trail=()))
                return {}
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
            return self.rule.to_fhir(record, before, node, scope)
        if not scope.new and not known:
            old = look(scope.making.root, self.own)
            if same(old, theirs) or look(node, self.rule.steps) is None:
                return node
            if not self.follows and not _same_target(old, theirs):
                scope.into(self.rule.name).refuse(
                    f"This was about the {self.rule.name} that the record had before, and does not follow to another: say whose it is.")
        return put(node, self.rule.steps, lambda raw: theirs, scope.look())


def _same_target(a: Any, b: Any) -> bool:
    return isinstance(a, dict) and isinstance(b, dict) and all(same(a.get(k), b.get(k)) for k in ("reference", "identifier"))
