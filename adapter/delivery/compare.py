"""What we sent beside what the partner holds: every difference by its place, and whether a server may make it.

A server may give an id, metadata and a narrative of its own, rewrite the Bundle's urn:uuid references to where it put
the resource, and write a number in other digits of the same value.  Anything else means that it holds something else.
What is contained is compared by its id, whatever the order, and told by its own type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mappings.values import Json, same

_ITS_OWN = ("id", "meta", "text")


@dataclass(frozen=True)
class Difference:
    """One place that is not as it was sent; `allowed` says in words why a server may do that, and is empty if not."""

    path: str
    allowed: str = ""
    added: bool = False
    """Whether the server has it and nothing of it was sent."""


def differences(sent: Json, held: Json) -> list[Difference]:
    """Every difference between a resource as sent and as held."""
    if not isinstance(sent, dict) or not isinstance(held, dict):
        return [] if same(sent, held) else [Difference("$this")]
    return list(_resource(sent, held, str(sent.get("resourceType", "$this"))))


def holds(sent: Json, held: Json) -> bool:
    """Whether the partner already has what we would send."""
    return all(difference.allowed for difference in differences(sent, held))


def unkept(sent: Json, held: Json) -> tuple[str, ...]:
    """The elements that a server dropped or changed, as paths without indices."""
    lost = (one.path for one in differences(sent, held) if not one.allowed and not one.added)
    return tuple(dict.fromkeys(re.sub(r"\[\d+\]", "", path) for path in lost))


def _resource(sent: dict[str, Json], held: dict[str, Json], path: str) -> Iterator[Difference]:
    for name in _ITS_OWN:
        if not same(sent.get(name), held.get(name)):
            yield Difference(f"{path}.{name}", "the server's own")
    yield from _members(
        {name: value for name, value in sent.items() if name not in _ITS_OWN},
        {name: value for name, value in held.items() if name not in _ITS_OWN},
        path,
    )


def _members(sent: dict[str, Json], held: dict[str, Json], path: str) -> Iterator[Difference]:
    for name in dict.fromkeys((*sent, *held)):
        here = f"{path}.{name}"
        if name == "contained":
            yield from _contained(_by_id(sent.get(name)), _by_id(held.get(name)))
        elif name not in sent or name not in held:
            yield Difference(here, added=name not in sent)
        elif name == "reference" and str(sent[name]).startswith("urn:uuid:"):
            if sent[name] != held[name]:
                yield Difference(here, "where the server put it" if _literal(held[name]) else "")
        else:
            yield from _values(sent[name], held[name], here)


def _contained(sent: dict[str, dict[str, Json]], held: dict[str, dict[str, Json]]) -> Iterator[Difference]:
    for id_ in dict.fromkeys((*sent, *held)):
        one = sent[id_] if id_ in sent else held[id_]
        if id_ not in sent or id_ not in held:
            yield Difference(str(one.get("resourceType")), added=id_ not in sent)
        else:
            yield from _resource(one, held[id_], str(one.get("resourceType")))


def _by_id(contained: Json) -> dict[str, dict[str, Json]]:
    found = [one for one in contained if isinstance(one, dict)] if isinstance(contained, list) else []
    return {str(one.get("id")): one for one in found}


def _values(sent: Json, held: Json, path: str) -> Iterator[Difference]:
    if isinstance(sent, dict) and isinstance(held, dict):
        yield from _members(sent, held, path)
    elif isinstance(sent, list) and isinstance(held, list) and len(sent) == len(held):
        for index, (one, other) in enumerate(zip(sent, held, strict=True)):
            yield from _values(one, other, f"{path}[{index}]")
    elif not same(sent, held):
        yield Difference(path, "the same number in other digits" if _equal_numbers(sent, held) else "")


def _literal(reference: Json) -> bool:
    return isinstance(reference, str) and "/" in reference and not reference.startswith(("urn:", "#"))


def _equal_numbers(sent: Json, held: Json) -> bool:
    numbers = all(isinstance(value, (int, Decimal)) and not isinstance(value, bool) for value in (sent, held))
    return numbers and Decimal(sent) == Decimal(held)
