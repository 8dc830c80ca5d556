"""A bare code told in the clinic's own word: the shape of an element that has no room for anything beside the code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mappings.lens.making import WriteScope
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Scope
from mappings.lens.shapes import Leaf, Unreadable
from mappings.lens.tables import Table
from mappings.r4.bindings import binding
from mappings.r4.definitions import Element


@dataclass(frozen=True, eq=False, repr=False)
class Code(Leaf):
    """A code told in the clinic's own word: a word for each code, and back."""

    table: Table
    type: str = "code"

    @property
    def name(self) -> str:
        return self.table.name

    @cached_property
    def words(self) -> dict[str, str]:
        """The code that each word is written as."""
        return {word: row.code for word, row in self.table.outward.items()}

    @cached_property
    def codes(self) -> dict[str, str]:
        """The word that each code is read as."""
        return {code: row.word for (_, code), row in self.table.inward.items()}

    def check_on(self, element: Element, where: str) -> None:
        """Where R4 demands a code of its own, the table has a word for each of them, and for no other."""
        demanded = binding(element.binding) if element.binding else None
        if demanded is None or not demanded.codes:
            return
        missing, strange = sorted(demanded.codes - self.codes.keys()), sorted(self.codes.keys() - demanded.codes)
        if missing or strange:
            wrong = [f"no word for {', '.join(missing)}"] if missing else []
            wrong += [f"{', '.join(strange)} is no code of it"] if strange else []
            place = self.table.where or where
            raise DeclarationError(f"{place}: {element.name} takes exactly {demanded.url}: {'; '.join(wrong)}")

    def from_fhir(self, raw: Any, scope: Scope) -> Any:
        if not isinstance(raw, str) or raw not in self.codes:
            raise Unreadable("code-invalid", f"{no_word_in(self.table)} Kept as it came.")
        return self.codes[raw]

    def nearness(self, raw: Any) -> str:
        """What there is to say of a code that is not exactly the word it is read as."""
        return next((row.nearness for (_, code), row in self.table.inward.items() if code == raw), "")

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any:
        if not isinstance(value, str) or value not in self.words:
            scope.refuse(f"Say one of: {self.table.choices(value)}.", "code-invalid")
        if near := self.table.outward[value].nearness:
            scope.note("informational", near)
        return self.words[value]


def no_word_in(*tables: Table) -> str:
    """The sentence for a code that no word stands for, with the file to mend."""
    named = " and ".join(f"table {table.name}" for table in tables)
    files = " or ".join(f"terminology/{table.name}.json" for table in tables)
    return f"No word of the clinic's for this code, in {named}: a row in {files} of the site would give it one."
