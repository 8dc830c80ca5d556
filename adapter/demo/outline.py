"""A clinic record as a person reads it: one line for what fits on one, more and indented ones for what does not."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 104
UNSAID = ("actionable", "kind", "record")


def outline(record: dict[str, Any], indent: int) -> Iterator[str]:
    """The lines of a record, its names in a column."""
    names = [name for name in record if name not in UNSAID]
    column = max(map(len, names), default=0) + 2
    for name in names:
        value = record[name]
        start = f"{' ' * indent}{name.replace('_', ' '):<{column}}"
        room = WIDTH - len(start)
        words = brief(value)
        if isinstance(value, dict) and len(words) > room:
            yield start.rstrip()
            yield from outline(value, indent + 4)
            continue
        for item in value if isinstance(value, list) and len(words) > room else [words]:
            for line in wrap(brief(item), room, subsequent_indent="  ", max_lines=2, placeholder=" …"):
                yield start + line
                start = " " * len(start)


def brief(value: Any) -> str:
    """A value in few words: a coded value by its text, then its code; a name as it is said."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(brief, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, dict):
        return str(value)
    if "family" in value:
        return " ".join([*value.get("prefix", []), *value.get("given", []), value["family"]])
    words = value.get("text") or value.get("display") or value.get("word") or value.get("shown_as")
    if "code" in value and "value" not in value:
        return f"{words} ({value['code']})" if words else str(value["code"])
    if words and not {"kind", "ref"} & value.keys():
        return str(words)
    if "value" in value:
        return " ".join(str(value[name]).strip("{}") for name in ("value", "unit") if name in value)
    told = ((name, brief(item)) for name, item in value.items() if name not in ("id", "ref", "system", *UNSAID))
    return ", ".join(f"{name.replace('_', ' ')} {said}" for name, said in told if said)
