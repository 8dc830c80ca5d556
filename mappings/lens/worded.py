"""A concept in the clinic's own word: the code that the word is written as goes without saying.

    {"word": "low back pain"}                                   that code, with the display of its system
    {"word": "low back pain", "code": "M54.50", "system": ...}  another code that is read as the word: nothing is lost
    {"code": "LBP2", "system": ...}                             no table knows it: carried as it came, and reported

`said` and `in_codes` are the two directions between what a record says and the codes alone; what can be said in a word
is said so, and no other form comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mappings.lens.binding import Binder
from mappings.lens.codes import no_word_in
from mappings.lens.making import WriteScope
from mappings.lens.many import Main
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Scope
from mappings.lens.rules import Node, Record
from mappings.lens.tables import EXACT, Row, Table
from mappings.values import same

WORD = "word"
DERIVED = ("system", "code", "display")
"""What follows from a word."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Worded(Main):
    """The codings of a concept; the first one that a table knows gives the word."""

    tables: tuple[Table, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (WORD, *super().names)

    @property
    def about_word(self) -> str:
        return f"What it is, in the clinic's own word ({' or '.join(table.name for table in self.tables)})."

    def bound(self, binder: Binder) -> Main:
        seen: dict[str, Table] = {}
        for table in self.tables:
            if both := sorted(table.outward.keys() & seen.keys()):
                other = seen[both[0]]
                raise DeclarationError(f"{table.where or self.where}: the table {other.name} has {both[0]} too")
            seen |= dict.fromkeys(table.outward, table)
        return super().bound(binder)

    @property
    def words(self) -> list[str]:
        """Every word that may be said."""
        return [word for table in self.tables for word in table.outward]

    def row(self, codings: Iterable[Any]) -> Row | None:
        """The row of the first coding that is exactly a word of ours, else of the first one that is near one."""
        found = [row for coding in codings if (row := self._row_of(coding)) is not None]
        return next((row for row in found if row.equivalence in EXACT), found[0] if found else None)

    def _row_of(self, coding: Any) -> Row | None:
        system, code = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if not isinstance(system, str) or not isinstance(code, str):
            return None
        return next((table.inward[system, code] for table in self.tables if (system, code) in table.inward), None)

    def outward(self, word: Any) -> Row | None:
        known = (table.outward.get(word) for table in self.tables) if isinstance(word, str) else ()
        return next((row for row in known if row is not None), None)

    def codings(self, record: Record) -> Iterator[Any]:
        yield record
        others = record.get(self.others)
        yield from others if isinstance(others, list) else ()

    def said(self, record: Record) -> Record:
        """A record of codes alone, in a word where there is one; what the word does not say stays beside it."""
        row = self.row(self.codings(record))
        if row is None:
            return record
        if row.equivalence in EXACT and self.outward(row.word) == row and _coding(row) == _of_first(record):
            record = {name: value for name, value in record.items() if name not in DERIVED}
        return {WORD: row.word, **record}

    def in_codes(self, record: Record) -> Record:
        """A record with the code in the place of a word that stands alone; one that cannot be right stays as it is."""
        rest = {name: value for name, value in record.items() if name != WORD}
        if WORD not in record:
            return record
        if _of_first(record):
            rows = map(self._row_of, self.codings(record))
            return rest if any(row is not None and same(row.word, record[WORD]) for row in rows) else record
        row = self.outward(record[WORD])
        return record if row is None else {**_coding(row), **rest}

    def normal(self, record: Record) -> Record:
        """The record as it is read back: a code that a word stands for is said in that word."""
        codes = self.in_codes(record)
        return record if WORD in codes else self.said(codes)

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        codes = super().from_fhir(node, scope.apart())
        told = self.said(codes)
        items, ours, _ = self.each.items(node, scope.apart())
        found = [items[i] for i in ours]
        if WORD in told and "code" not in told and "code" in codes:
            for name in DERIVED:
                if name in found[0]:
                    scope.into(WORD).mark(found[0], name, "carried" if name == "code" else "derived", self._through)
        super().from_fhir(node, scope)
        self._report(found, scope)
        return told

    @property
    def _through(self) -> str:
        return f"{self.where}, {' and '.join(table.title for table in self.tables)}"

    def _report(self, found: list[Any], scope: Scope) -> None:
        """What a reader is to know of codes that are no exact word; values are not in it."""
        row = self.row(found)
        if row is not None and row.nearness:
            near = next(one for one in found if self._row_of(one) is row)
            scope.note("information", "informational", near, "code", row.nearness, self._through)
        unknown = next((one for one in found if isinstance(one.get("code"), str)), None)
        if row is None and unknown is not None:
            text = f"{no_word_in(*self.tables)} Carried as it came."
            scope.note("information", "code-invalid", unknown, "code", text, self._through)

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        wanted = self.in_codes(record)
        if WORD in wanted:
            self._refuse(wanted, scope)
        known = self.in_codes(before)
        row = self.row(self.codings(wanted))
        if row is not None and row.nearness and not same(wanted, known):
            scope.into(WORD).note("informational", row.nearness)
        return super().to_fhir(wanted, known, node, scope)

    def _refuse(self, record: Record, scope: WriteScope) -> None:
        word, place = record[WORD], scope.into(WORD)
        if self.outward(word) is None:
            choices = "; ".join(table.choices(word) for table in self.tables)
            place.refuse(
                f"This is no word of {' or '.join(t.name for t in self.tables)}: say one of {choices}.", "code-invalid"
            )
        place.refuse("The codes beside this word do not mean it: say the word alone, or the codes alone.", "conflict")


def _coding(row: Row) -> Record:
    return {name: value for name in DERIVED if (value := getattr(row, name))}


def _of_first(record: Record) -> Record:
    """What the first coding of a record says of what follows from a word."""
    return {name: record[name] for name in DERIVED if name in record}
