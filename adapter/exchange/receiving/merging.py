"""Three records become one: as the referral was received, as its sender says it now, and as the clinic has it.

What only one side changed is taken; what both changed, each in its way, stays as the clinic has it and is told.  A
field is taken whole: half of one side's diagnosis and half of the other's would be nobody's.  Where the items of a list
are things of their own (a plan's goals), each is one of those records again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from adapter.exchange.translation import PARTS, SENDERS_WORD, Record
from mappings.lens.document import objects
from mappings.values import same


@dataclass(frozen=True)
class Contested:
    """A field that both sides changed."""

    field: str
    sides: dict[str, Any]
    """`before`, `theirs` and `ours`; a side that says nothing is left out."""


def merged(
    before: Record, theirs: Record, ours: Record, *, senders_word: Collection[str] = SENDERS_WORD,
    things: Collection[str] = (),
) -> tuple[Record, list[Contested]]:  # fmt: skip
    """The record with both sides' changes, and what is to be decided.

    senders_word: fields that only they can say; things: lists whose items are things of their own."""
    return _Merging(senders_word, things).merged(before, theirs, ours, "")


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
    things: Collection[str]

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
            if field in self.things and (several := _by_name(sides)) is not None:
                result[name], inner = self._each(several, field)
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

    def _each(self, sides: list[dict[Any, Record]], field: str) -> tuple[list[Record], list[Contested]]:
        """The clinic's in its order, then what is only theirs; what one side took out is out, if the other left it."""
        before, theirs, ours = sides
        result: list[Record] = []
        contested: list[Contested] = []
        for name in dict.fromkeys((*ours, *theirs)):
            was, their, our = before.get(name), theirs.get(name), ours.get(name)
            if their is not None and our is not None:
                one, inner = self.merged(was or {}, their, our, f"{field}.")
                result.append(one)
                contested += inner
            elif was is None or (our is not None and not same(our, was)):
                result += [one for one in (our, their) if one is not None]
        return result, contested


def _by_name(sides: dict[str, Any]) -> list[dict[Any, Record]] | None:
    """Each side's items by what they are; None where one is no list of records, or calls two the same."""
    named = []
    for side in ("before", "theirs", "ours"):
        items = sides.get(side, [])
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            return None
        alike: Counter[str] = Counter()
        called: dict[Any, Record] = {}
        for one in items:
            name = one.get("id")
            if name is None:
                what = _what(one)
                alike[what] += 1
                name = (what, alike[what])
            called[name] = one
        if len(called) < len(items):
            return None
        named.append(called)
    return named


def _what(one: Record) -> str:
    """What an item without a name is: its number, else its text or code, whatever else is said of it; of several that
    are alike the place tells them apart."""
    number = next((numbered.get("value") for numbered in objects(one.get("identifiers"))), None)
    said = one.get("description")
    concept = said if isinstance(said, dict) else one
    return str(number or concept.get("text") or concept.get("code") or "")


def _alike(sides: dict[str, Any], one: str, other: str) -> bool:
    if one not in sides or other not in sides:
        return (one in sides) == (other in sides)
    return same(sides[one], sides[other])
