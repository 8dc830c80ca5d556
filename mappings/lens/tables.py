"""Tables of words: as which code a word of the clinic's is written, and as which word a code is read.

How near the two are is said as a ConceptMap of R4 says it, of the code as seen from the word.  Equal ones translate
in silence; near ones translate too, and the report says that they are only near; unmatched and disjoint ones never
translate.  Where several codes mean one word, or several words one code, the table says which is the way back.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mappings.lens.paths import DeclarationError

EXACT = frozenset({"equal", "equivalent"})
NEAR = {
    "wider": "wider than", "subsumes": "wider than", "narrower": "narrower than", "specializes": "narrower than",
    "inexact": "not quite", "relatedto": "only related to",
}  # fmt: skip
"""What a code that is not exactly the word is to it."""
NEVER = frozenset({"unmatched", "disjoint"})

_NAMED = 12
"""A table of so many words is told whole."""


class Row(NamedTuple):
    """One word and one code.

    system and code are empty where no code stands for the word.  written: the word is written as this code, of several.
    read: the code is read as this word, of several.  place: where it stands in its file.
    """

    word: str
    system: str
    code: str
    display: str = ""
    equivalence: str = "equal"
    written: bool = False
    read: bool = False
    place: str = ""

    @property
    def translates(self) -> bool:
        return self.equivalence not in NEVER

    @property
    def nearness(self) -> str:
        """A sentence where the code is not exactly the word; empty where it is."""
        return f'The code is {NEAR[self.equivalence]} the word "{self.word}".' if self.equivalence in NEAR else ""


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """The words of one table.  DeclarationError, a line for each fault, where one has no way back."""

    name: str
    rows: tuple[Row, ...]
    where: str = ""
    """Its file."""
    version: str = ""

    def __post_init__(self) -> None:
        if faults := [f"{self.where or self.name}: {fault}" for fault in self._faults()]:
            raise DeclarationError("\n".join(faults))

    def __repr__(self) -> str:
        return f"<table {self.name}, {self.where}>"

    def _faults(self) -> Iterator[str]:
        for row in self.rows:
            if row.equivalence not in EXACT | NEAR.keys() | NEVER:
                yield f"{row.place}: {row.equivalence} is no equivalence of R4"
            elif row.translates and not row.code:
                yield f'{row.place}: "{row.word}" is {row.equivalence} to no code: name it, or say unmatched'
        yield from self._undecided(lambda row: row.word, lambda row: row.written, "written", "codes for the word")
        yield from self._undecided(
            lambda row: (row.system, row.code), lambda row: row.read, "read", "words for the code"
        )

    def _undecided(
        self, of: Callable[[Row], Any], decided: Callable[[Row], bool], flag: str, what: str
    ) -> Iterator[str]:
        for key, rows in _grouped((row for row in self.rows if row.translates and row.code), of).items():
            if len(rows) > 1 and sum(map(decided, rows)) != 1:
                said = key if isinstance(key, str) else key[1]
                yield f'{rows[1].place}: {len(rows)} {what} "{said}" leave no way back: mark one of them as {flag}'

    @property
    def title(self) -> str:
        """How a report names it."""
        return f"table {self.name}{f' v{self.version}' if self.version else ''}"

    @cached_property
    def outward(self) -> dict[str, Row]:
        """Each word with the row of the code that it is written as."""
        found = _grouped((row for row in self.rows if row.translates), lambda row: row.word)
        return {word: next((row for row in rows if row.written), rows[0]) for word, rows in found.items()}

    @cached_property
    def inward(self) -> dict[tuple[str, str], Row]:
        """Each system and code with the row of the word that it is read as."""
        found = _grouped((row for row in self.rows if row.translates), lambda row: (row.system, row.code))
        return {code: next((row for row in rows if row.read), rows[0]) for code, rows in found.items()}

    def choices(self, said: Any = "") -> str:
        """Words that may be said, the near ones first where there are too many to tell."""
        words = list(self.outward)
        if len(words) > _NAMED:
            near = difflib.get_close_matches(said, words, 5, 0.4) if isinstance(said, str) else []
            words = [*dict.fromkeys([*near, *words])][:_NAMED]
        return ", ".join(words) + (" ..." if len(words) < len(self.outward) else "")


def _grouped(rows: Iterable[Row], of: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(of(row), []).append(row)
    return found
