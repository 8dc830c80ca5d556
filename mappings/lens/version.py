"""Which mapping this is: a hash over everything that decides what it makes of an input."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Iterable
from typing import Any

from mappings.lens.records import RecordShape
from mappings.lens.rules import Rule
from mappings.lens.shapes import Again, resolved

_NOT_MEANT = frozenset({"where", "rank", "steps", "plan", "twin", "own", "holder", "members", "each", "declared"})
"""What binding adds, and where the declaration stands in its file."""


def fingerprint(*shapes: RecordShape, also: Iterable[str] = ()) -> str:
    """Twelve characters that change when a rule, a table or a description does, or what else decides."""
    seen: dict[int, int] = {}
    text: list[str] = list(also)
    for shape in shapes:
        _tell(shape, seen, text)
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:12]


def _tell(value: Any, seen: dict[int, int], text: list[str]) -> None:
    if isinstance(value, Again):
        value = resolved(value)
    if dataclasses.is_dataclass(value):
        if id(value) in seen and not isinstance(value, Rule):
            text.append(f"again {seen[id(value)]}")
            return
        seen[id(value)] = len(seen)
        text.append(type(value).__name__)
        for part in dataclasses.fields(value):
            if part.name not in _NOT_MEANT:
                _tell(getattr(value, part.name), seen, text)
    elif isinstance(value, dict):
        for name, member in value.items():
            text.append(name)
            _tell(member, seen, text)
    elif isinstance(value, tuple):
        for item in value:
            _tell(item, seen, text)
    else:
        text.append(f"{value.__module__}.{value.__qualname__}" if inspect.isfunction(value) else repr(value))
