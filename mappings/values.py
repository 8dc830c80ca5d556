"""JSON values with nothing rounded off: numbers keep the text they were written with, and equality is equality of
text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = Any
"""A JSON value as the exact reader gives it: dict, list, str, bool, None, int, or Number."""


class Number(Decimal):
    """A JSON number that Python's int would not write back as it was: 1.50, 1e2, -0.  Calculates as a Decimal."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return Number, (self.text,)

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Number:
        return self


def canonical_text(value: Json) -> str:
    """The text that equal values share, whatever the order of their members."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{canonical_text(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_text, value)) + "]"
    return value.text if isinstance(value, Number) else repr(value)


def same(a: Json, b: Json) -> bool:
    """Equality of JSON as text: True is not 1, 1 is not 1.0, 1.50 is not 1.5.  Order of members does not count."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is dict:
        return len(a) == len(b) and all(key in b and same(value, b[key]) for key, value in a.items())
    if kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    if kind is Number:
        return bool(a.text == b.text)
    return bool(a == b)
