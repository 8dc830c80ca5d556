"""Lists that several rules share, and places inside them.

Every list has one plan per shape: which item belongs to which rule.  A where() takes the first item that fits and
nobody took before it; of the rest, each `each` takes what its shape accepts, in declared order.  What nobody takes
stays where it is, whatever is written around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from mappings.lens.paths import Seed, contains, grown
from mappings.r4.definitions import Element
from mappings.values import same

Make = Callable[[Any], Any]


class Taker(Protocol):
    """An `each` that takes items of a list."""

    def takes(self, item: Any, scope: Any, selective: bool) -> bool: ...


class ListPlan:
    """Whose the items of one list are.  Ranks are the order of declaration."""

    def __init__(self) -> None:
        self.slices: list[tuple[int, Seed]] = []
        self.takers: list[tuple[int, Taker]] = []

    def add_slice(self, rank: int, seed: Seed) -> int:
        known = next((r for r, s in self.slices if s == seed), None)
        if known is None:
            self.slices.append((rank, seed))
        return rank if known is None else known

    def chosen(self, items: Sequence[Any]) -> dict[int, int]:
        """For each rank of a where(), the index of its item."""
        found: dict[int, int] = {}
        for rank, seed in self.slices:
            index = next((i for i, item in enumerate(items) if i not in found.values() and contains(item, seed)), None)
            if index is not None:
                found[rank] = index
        return found

    def owners(self, items: Sequence[Any], scope: Any) -> list[int | None]:
        """The rank that each item belongs to."""
        owners: list[int | None] = [None] * len(items)
        for rank, index in self.chosen(items).items():
            owners[index] = rank
        for i, item in enumerate(items):
            if owners[i] is None and item is not None:
                last = len(self.takers) - 1
                owners[i] = next((r for n, (r, t) in enumerate(self.takers) if t.takes(item, scope, n < last)), None)
        return owners

    def room_for(self, rank: int, items: Sequence[Any], scope: Any) -> int:
        """Where a new item of this rank goes: before the first that was declared later, else at the end."""
        owners = self.owners(items, scope)
        return next((i for i, owner in enumerate(owners) if owner is not None and owner > rank), len(items))

    def room_behind(self, items: Sequence[Any], made: Sequence[tuple[Any, Any]]) -> int:
        """Behind each item that a where() has taken and that one of the new items would fit as well."""
        seeds = dict(self.slices)
        taken = (i for rank, i in self.chosen(items).items() if any(contains(item, seeds[rank]) for item, _ in made))
        return max(taken, default=-1) + 1


class Bound(NamedTuple):
    """One step of a path, held to what R4 says of it."""

    name: str
    seed: Seed | None
    element: Element
    plan: ListPlan | None = None
    rank: int = 0


Place = tuple[Any, str | int]


def locate(node: Any, steps: Sequence[Bound]) -> Place | None:
    """The container and the key that hold the value at a path; None where there is none."""
    spot: Place | None = None
    for step in steps:
        if not isinstance(node, dict) or step.name not in node:
            return None
        spot, node = (node, step.name), node[step.name]
        if step.plan is not None:
            if not isinstance(node, list):
                return None
            index = step.plan.chosen(node).get(step.rank)
            if index is None:
                return None
            spot, node = (node, index), node[index]
    return spot


def every(node: Any, steps: Sequence[Bound]) -> list[Any]:
    """All values at a path: of each item that fits a where(), not of the first one only."""
    if not steps:
        return [node]
    step, rest = steps[0], steps[1:]
    if not isinstance(node, dict) or step.name not in node:
        return []
    value = node[step.name]
    if step.seed is None:
        return every(value, rest)
    items = value if isinstance(value, list) else []
    return [found for item in items if contains(item, step.seed) for found in every(item, rest)]


def look(node: Any, steps: Sequence[Bound]) -> Any:
    spot = locate(node, steps)
    return None if spot is None else spot[0][spot[1]]


def gone(raw: Any) -> None:
    """What takes a value away."""


def put(node: dict[str, Any], steps: Sequence[Bound], make: Make, scope: Any) -> dict[str, Any]:
    """A node with the value at a path remade; what the remaking empties goes too.  make=gone takes it away."""
    step, rest = steps[0], steps[1:]
    old = node.get(step.name)
    remake: Make = (lambda raw: put(raw if isinstance(raw, dict) else {}, rest, make, scope)) if rest else make
    value = (
        remake(old)
        if step.plan is None or step.seed is None
        else _put_item(old, step, step.plan, step.seed, remake, make is gone, scope)
    )
    if empty(value):
        return {key: member for key, member in node.items() if key != step.name}
    return {**node, step.name: value}


def empty(value: Any) -> bool:
    """Whether nothing is left to say: an object may not hold an id alone (ele-1)."""
    return value in (None, {}, []) or (isinstance(value, dict) and value.keys() == {"id"})


def _put_item(old: Any, step: Bound, plan: ListPlan, seed: Seed, remake: Make, going: bool, scope: Any) -> list[Any]:
    items = list(old) if isinstance(old, list) else []
    index = plan.chosen(items).get(step.rank)
    before = None if index is None else items[index]
    after = remake(grown(seed) if before is None else before)
    if empty(after) or (going and same(after, seed)):
        if index is not None:
            del items[index]
        return items
    if isinstance(after, dict) and not contains(after, seed):
        after = {**grown(seed), **after}
    if index is None:
        fitting = (n for n, item in enumerate(items) if contains(item, seed))
        items.insert(min(plan.room_for(step.rank, items, scope), next(fitting, len(items))), after)
    else:
        items[index] = after
    return items


def paired(wanted: list[Any], known: list[Any], same_thing: Callable[[Any, Any], bool] | None) -> list[int | None]:
    """Which known item each wanted one is: the equal one, else the same thing by key, else the same place."""
    result: list[int | None] = [None] * len(wanted)
    free = list(range(len(known)))

    def take(fits: Callable[[int, int], bool]) -> None:
        for w in range(len(wanted)):
            if result[w] is None:
                k = next((k for k in free if fits(w, k)), None)
                if k is not None:
                    result[w] = k
                    free.remove(k)

    take(lambda w, k: w == k and same(wanted[w], known[k]))
    take(lambda w, k: same(wanted[w], known[k]))
    if same_thing is not None:
        take(lambda w, k: same_thing(wanted[w], known[k]))
    elif len(wanted) == len(known):  # one item edited where it stands: its neighbours tell which
        take(lambda w, k: w == k)
    return result


def merged(items: list[Any], ours: list[int], made: list[tuple[Any, int | None]]) -> list[tuple[Any, int | None]]:
    """Our items, as made, among those of others, each with the index it came from.

    ours: the indexes of our known items.  made: our items in the wanted order with the index each had, None if new.
    Others keep their places: what stood between two of ours still does.
    """
    mine = set(ours)
    kept = [index for _, index in made if index is not None]
    if kept == sorted(kept):
        out: list[tuple[Any, int | None]] = []
        at = 0
        for item, index in made:
            if index is not None:
                out += [(items[i], i) for i in range(at, index) if i not in mine]
                at = index + 1
            elif not out and ours:
                out += [(items[i], i) for i in range(at, ours[0]) if i not in mine]
                at = max(at, ours[0])
            out.append((item, index))
        return out + [(items[i], i) for i in range(at, len(items)) if i not in mine]
    first = ours[0] if ours else len(items)
    lead = [(items[i], i) for i in range(first) if i not in mine]
    return lead + made + [(items[i], i) for i in range(first, len(items)) if i not in mine]
