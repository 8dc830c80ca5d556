"""How an invariant reads a node: an element exists by its value or by its extensions, as in FHIRPath.

The order of dates and of numbers is here too.  Nothing here judges shapes: structure.py does, and an invariant that
falls over a broken shape is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from mappings.values import Json, canonical_text

Node = dict[str, Json]
Test = Callable[[Any], bool]
"""Whether an invariant holds for the value that it is of."""

RULES: dict[str, tuple[str, Test]] = {}


def invariant(name: str, mend: str) -> Callable[[Test], Test]:
    """Declares a function as the invariant of that name, with the sentence that says how to mend what breaks it."""

    def declare(test: Test) -> Test:
        assert name not in RULES, f"{name} is declared twice"
        RULES[name] = mend, test
        return test

    return declare


def has(node: Node, *names: str) -> bool:
    """Whether any of these elements exists."""
    return any(name in node or f"_{name}" in node for name in names)


def has_choice(node: Node, name: str) -> bool:
    """Whether value[x] exists in any of its types."""
    at = len(name)
    return any(key.startswith(name) and key[at : at + 1].isupper() for key in (key.lstrip("_") for key in node))


def how_many(node: Node, name: str) -> int:
    """How often an element stands in a node."""
    longest = 0
    for key in (name, f"_{name}"):
        value = node.get(key)
        longest = max(longest, len(value) if isinstance(value, list) else key in node)
    return longest


def each(node: Node, *path: str) -> Iterator[Any]:
    """Every object or value that a path leads to."""
    found: Iterable[Any] = (node,)
    for name in path:
        found = [item for parent in found if isinstance(parent, dict) for item in _items(parent.get(name))]
    yield from found


def _items(value: Json) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if item is not None]


def is_coded(node: Node, name: str, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept has one of these codes."""
    return any(coding.get("system") == system and coding.get("code") in codes for coding in each(node, name, "coding"))


def distinct(values: Iterable[Json]) -> bool:
    """Whether no value stands twice."""
    texts = [canonical_text(value) for value in values]
    return len(set(texts)) == len(texts)


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))")


def not_after(start: str, end: str) -> bool:
    """Whether a date or time is not after another; what is known less precisely is compared as far as it is known."""
    first, last = _moment(start), _moment(end)
    if first is not None and last is not None:
        return first <= last
    known = min(len(start), len(end), len("YYYY-MM-DD"))
    return start[:known] <= end[:known]


def _moment(text: str) -> tuple[int, str] | None:
    """Seconds in UTC and the digits of the fraction, which sort as text."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    seconds = (date(year, month, day).toordinal() * 24 + hour) * 3600 + minute * 60 + second
    if match[8]:
        zone = int(match[9]) * 3600 + int(match[10]) * 60
        seconds += zone if match[8] == "-" else -zone
    return seconds, (match[7] or "").rstrip("0")
