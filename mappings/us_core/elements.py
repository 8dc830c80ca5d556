"""Where the elements of a path stand in a resource, with the keys that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mappings.r4.definitions import Element, children, is_primitive
from mappings.r4.fhirpath import Key

Node = dict[str, Any]
Keys = tuple[Key, ...]


class Found(NamedTuple):
    """One occurrence of an element: its value, and what stands beside a primitive."""

    keys: Keys
    type: str
    value: Any
    beside: Any = None

    @property
    def inside(self) -> Found:
        """Where its own elements stand: in itself, or beside it where it is a primitive."""
        if not is_primitive(self.type):
            return self
        *above, last = self.keys
        if isinstance(last, int):
            return Found((*above[:-1], f"_{above[-1]}", last), "Element", self.beside)
        return Found((*above, f"_{last}"), "Element", self.beside)


def whole(resource: Node) -> Found:
    """A resource itself."""
    return Found((), str(resource["resourceType"]), resource)


def at(holder: Found, path: str) -> Iterator[tuple[Found, list[Found]]]:
    """For each place where the last element of a path may stand, what does: telecom.system, for each telecom."""
    *above, last = path.split(".")
    holders = [holder]
    for name in above:
        holders = [one for each in holders for one in standing(each, name)]
    for one in holders:
        yield one, standing(one, last)


def standing(holder: Found, name: str) -> list[Found]:
    """The occurrences of one element; of a choice (value[x]) whatever its type."""
    inner = holder.inside
    if not isinstance(inner.value, dict):
        return []
    members = [each for each in children(inner.type).values() if name in (each.name, each.choice)]
    return [one for member in members for one in _of(inner, member)]


def _of(holder: Found, member: Element) -> Iterator[Found]:
    value, beside = holder.value.get(member.name), holder.value.get(f"_{member.name}")
    keys = (*holder.keys, member.name)
    if not member.many:
        if value is not None or beside is not None:
            yield Found(keys, member.type, value, beside)
        return
    values, besides = ([] if one is None else one for one in (value, beside))
    for index in range(max(len(values), len(besides))):
        item, other = (one[index] if index < len(one) else None for one in (values, besides))
        if item is not None or other is not None:
            yield Found((*keys, index), member.type, item, other)
