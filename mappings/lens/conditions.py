"""What makes a node one of ours; else it is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mappings.lens.binding import Binder, ends_in_list, loose
from mappings.lens.lists import every, locate, look
from mappings.lens.paths import parse
from mappings.lens.reading import Scope
from mappings.lens.rules import At, Node, Record, Rule
from mappings.values import same


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OnlyIf(At):
    """What makes a node one of ours: an element that is there, or has one of these values.  Else it is left alone."""

    values: tuple[Any, ...] = ()
    or_absent: bool = False

    def bound(self, binder: Binder) -> Rule:
        steps = parse(self.fhir)
        if steps[-1].seed is None and ends_in_list(binder.type, steps):
            return replace(self, steps=tuple(loose(binder.type, self.fhir, self.where)))
        return super().bound(binder)

    def takes_node(self, node: Node) -> bool:
        found = every(node, self.steps)
        if not found:
            return self.or_absent
        return not self.values or any(same(value, wanted) for value in found for wanted in self.values)

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        self.mark_seeds(node, scope)
        if len(self.values) == 1 and (spot := locate(node, self.steps)):
            scope.mark(*spot, "stated", self.where)
        return {}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Says(At):
    """What a concept says, by a code of any system or in words; negated: must not say."""

    values: tuple[str, ...]
    negated: bool = False

    def takes_node(self, node: Node) -> bool:
        concept = look(node, self.steps)
        said = set(_words_of(concept)) if isinstance(concept, dict) else set()
        return said.isdisjoint({_plain(value) for value in self.values}) is self.negated


def _words_of(concept: Node) -> Iterator[str]:
    codings = concept.get("coding")
    for holder in (concept, *(codings if isinstance(codings, list) else ())):
        for name in ("code", "display", "text"):
            if isinstance(holder, dict) and isinstance(holder.get(name), str):
                yield _plain(holder[name])


def _plain(word: str) -> str:
    """Entered in Error, entered-in-error: the same word."""
    return "".join(letter for letter in word.casefold() if letter.isalpha())
