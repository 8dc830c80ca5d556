"""Which mapping this is: a hash over everything that decides what it makes of an input."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from mappings.lens.records import Link, Pointer, RecordShape
from mappings.lens.rules import Rule
from mappings.lens.shapes import Again, Bare, Code, resolved

_NOT_MEANT = frozenset({"where", "rank", "steps", "plan", "twin", "own", "holder", "members", "each"})
"""What binding adds, and where the declaration stands in its file."""


def fingerprint(shape: RecordShape) -> str:
    """Twelve characters that change when a rule, a table or a description does."""
    seen: dict[int, int] = {}
    text: list[str] = []
    _tell(shape, seen, text)
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:12]


def _tell(value: Any, seen: dict[int, int], text: list[str]) -> None:
    if isinstance(value, Again):
        value = resolved(value)
    if isinstance(value, RecordShape | Link | Bare):
        if id(value) in seen:
            text.append(f"again {seen[id(value)]}")
            return
        seen[id(value)] = len(seen)
    if isinstance(value, RecordShape):
        text.append(f"{'pointer' if isinstance(value, Pointer) else 'record'} {value.type} by {value.key}")
        for rule in value.rules:
            _tell(rule, seen, text)
    elif isinstance(value, Link):
        text.append("link")
        _tell(value.pointer, seen, text)
        for kind, resource in value.kinds.items():
            text.append(kind)
            _tell(resource, seen, text)
    elif isinstance(value, Bare):
        _tell(value.inner, seen, text)
    elif isinstance(value, Code):
        text.append(f"table {value.name} {sorted(value.words.items())}")
    elif isinstance(value, Rule):
        text.append(type(value).__name__)
        for part in dataclasses.fields(value):
            if part.name not in _NOT_MEANT:
                _tell(getattr(value, part.name), seen, text)
    elif isinstance(value, tuple):
        for item in value:
            _tell(item, seen, text)
    else:
        text.append(repr(value))
