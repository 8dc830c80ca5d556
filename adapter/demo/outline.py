"""A clinic record as a person reads it: one line for what fits on one, indented lines for what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100


def outline(record: dict[str, Any], indent: int) -> Iterator[str]:
    """The lines of a record, its names in a column."""
    room = WIDTH - indent
    names = [name for name in record if name != "record"]
    column = min(max(map(len, names), default=0), 18)
    for name in names:
        value = record[name]
        start = f"{' ' * indent}{name.replace('_', ' '):<{column}}  "
        words = brief(value)
        if len(words) + column + 2 <= room:
            yield start + words
        elif isinstance(value, dict):
            yield start.rstrip()
            yield from outline(value, indent + 4)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                head = start if index == 0 else " " * len(start)
                yield head + _cut(brief(item), room - column - 2)
        else:
            yield start + _cut(words, room - column - 2)


def brief(value: Any) -> str:
    """A value in few words: a coded value by its text, then its code; a name as it is said."""
    if isinstance(value, list):
        return "; ".join(map(brief, value))
    if not isinstance(value, dict):
        return str(value)
    if "family" in value:
        return " ".join([*value.get("given", []), value["family"]])
    words = value.get("text") or value.get("display") or value.get("shown_as")
    if "code" in value and "unit" not in value:
        return f"{words} ({value['code']})" if words else str(value["code"])
    if words and not {"kind", "ref"} & value.keys():
        return str(words)
    if "value" in value and value.keys() <= {"value", "unit", "system", "code", "type", "assigner", "use"}:
        return " ".join(str(value[name]) for name in ("value", "unit") if name in value)
    told = ((name, item) for name, item in value.items() if name not in ("kind", "id", "ref", "system"))
    return ", ".join(f"{name.replace('_', ' ')} {brief(item)}" for name, item in told)


def _cut(words: str, room: int) -> str:
    return words if len(words) <= room else words[: room - 1].rstrip() + "…"
