"""Three records become one: as the referral was received, as its sender says it now, and as the clinic has it.

What only one side changed is taken; what both changed, each in its way, stays as the clinic has it and is told.  A
field is taken whole: half of one side's diagnosis and half of the other's would be nobody's.  Where that is wished, a
list that both changed is taken item by item: each is one of those records again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from adapter.exchange.translation import PARTS, SENDERS_WORD, Record
from mappings.lens.document import objects
from mappings.values import canonical_text, same

HOLDS_IT = ("detail", "order")
"""The fields of an activity that hold what is to be done."""
SAYS_WHAT = ("what", "service", "drug", "description", "who")
"""The fields that say what an activity, an order, a prescription or a goal is, or who a member is."""
WORDS = ("text", "word", "code", "shown_as", "ref")


@dataclass(frozen=True)
class Contested:
    """A field that both sides changed."""

    field: str
    sides: dict[str, Any]
    """`before`, `theirs` and `ours`; a side that says nothing is left out."""


def merged(
    before: Record, theirs: Record, ours: Record, *, senders_word: Collection[str] = SENDERS_WORD,
    item_by_item: bool = False,
) -> tuple[Record, list[Contested]]:  # fmt: skip
    """The record with both sides' changes, and what is to be decided.

    senders_word: fields that only they can say; item_by_item: of a list that both changed, what each did to it."""
    return _Merging(senders_word, item_by_item).merged(before, theirs, ours, "")


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
    item_by_item: bool

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
            elif self.item_by_item and (several := _by_name(sides)) is not None:
                items, inner = self._each(several, field)
                result |= {name: items} if items else {}
                contested += inner
                continue
            else:
                taken = "ours"
                contested.append(Contested(field, sides))
            if taken in sides:
                result[name] = sides[taken]
        return result, contested

    def _each(self, sides: list[dict[Any, Any]], field: str) -> tuple[list[Any], list[Contested]]:
        """The clinic's in its order, then what is only theirs; what one side took out is out, if the other left it."""
        before, theirs, ours = sides
        result: list[Any] = []
        contested: list[Contested] = []
        for name in dict.fromkeys((*ours, *theirs)):
            was, their, our = before.get(name), theirs.get(name), ours.get(name)
            if isinstance(their, dict) and isinstance(our, dict):
                one, inner = self.merged(was if isinstance(was, dict) else {}, their, our, f"{field}.")
                result.append(one)
                contested += inner
            elif was is None or (our is not None and (their is not None or not same(our, was))):
                result.append(their if our is None else our)
        return result, contested


def _by_name(sides: dict[str, Any]) -> list[dict[Any, Any]] | None:
    """Each side's items by what they are; None where one is no list, or calls two the same."""
    named = []
    for side in ("before", "theirs", "ours"):
        items = sides.get(side, [])
        if not isinstance(items, list):
            return None
        alike: Counter[str] = Counter()
        called: dict[Any, Any] = {}
        for one in items:
            name = one.get("id") if isinstance(one, dict) else None
            if not isinstance(name, str):
                what = _what(one)
                alike[what] += 1
                name = (what, alike[what])
            called[name] = one
        if len(called) < len(items):
            return None
        named.append(called)
    return named


def _what(one: Any) -> str:
    """What an item without a name is: its number, else its words or code, whatever else is said of it; else all of it.
    Of several that are alike the place tells them apart."""
    if not isinstance(one, dict):
        return canonical_text(one)
    number = next((each.get("value") for each in objects(one.get("identifiers"))), None)
    if isinstance(number, str):
        return number
    for member in HOLDS_IT:
        if isinstance(one.get(member), dict):
            return _what(one[member])
    said = next((one[member] for member in SAYS_WHAT if isinstance(one.get(member), (str, dict))), one)
    words = said if isinstance(said, str) else next((text for name in WORDS if (text := said.get(name))), None)
    return words if isinstance(words, str) else canonical_text(one)


def _alike(sides: dict[str, Any], one: str, other: str) -> bool:
    if one not in sides or other not in sides:
        return (one in sides) == (other in sides)
    return same(sides[one], sides[other])
