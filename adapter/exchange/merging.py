"""Three records become one: as the referral was received, as its sender says it now, and as the clinic has it.

What only one side changed is taken; what both changed, each in its way, stays as the clinic has it and is told.  A
field is taken whole: half of one side's diagnosis and half of the other's would be nobody's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from adapter.exchange.translation import PARTS, SENDERS_WORD, Record
from mappings.values import same


@dataclass(frozen=True)
class Contested:
    """A field that both sides changed."""

    field: str
    sides: dict[str, Any]
    """`before`, `theirs` and `ours`; a side that says nothing is left out."""


def merged(
    before: Record, theirs: Record, ours: Record, *, senders_word: Collection[str] = SENDERS_WORD
) -> tuple[Record, list[Contested]]:
    """The record with both sides' changes, and what is to be decided; senders_word: fields that only they can say."""
    return _Merging(senders_word).merged(before, theirs, ours, "")


def with_field(record: Record, field: str, sides: dict[str, Any], taken: str) -> Record:
    """The record with one side's value of a field."""
    name, dot, rest = field.partition(".")
    if dot and isinstance(record.get(name), dict):
        return record | {name: with_field(record[name], rest, sides, taken)}
    kept = {one: value for one, value in record.items() if one != name}
    return kept | {name: sides[taken]} if taken in sides else kept


@dataclass(frozen=True)
class _Merging:
    senders_word: Collection[str]

    def merged(self, before: Record, theirs: Record, ours: Record, path: str) -> tuple[Record, list[Contested]]:
        result: Record = {}
        contested: list[Contested] = []
        for name in dict.fromkeys((*ours, *theirs)):
            sides = {
                side: record[name]
                for side, record in (("before", before), ("theirs", theirs), ("ours", ours))
                if name in record
            }
            field = f"{path}{name}"
            if (
                name in PARTS
                and not path
                and all(isinstance(sides.get(one), dict) for one in ("before", "theirs", "ours"))
            ):
                result[name], inner = self.merged(sides["before"], sides["theirs"], sides["ours"], f"{name}.")
                contested += inner
                continue
            if field in self.senders_word or _alike(sides, "ours", "before"):
                taken = "theirs"
            elif _alike(sides, "theirs", "before") or _alike(sides, "theirs", "ours"):
                taken = "ours"
            else:
                taken = "ours"
                contested.append(Contested(field, sides))
            if taken in sides:
                result[name] = sides[taken]
        return result, contested


def _alike(sides: dict[str, Any], one: str, other: str) -> bool:
    if one not in sides or other not in sides:
        return (one in sides) == (other in sides)
    return same(sides[one], sides[other])
