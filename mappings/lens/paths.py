"""Where a rule applies: JSON names with FHIRPath's own where(), first(), exists() and extension().

    code.text
    identifier.where(system='urn:x').value
    component.where(code.coding.exists(system='http://loinc.org' and code='8480-6')).valueQuantity
    _birthDate.extension('http://hl7.org/fhir/StructureDefinition/patient-birthTime').valueDateTime

A condition becomes a *seed*: the JSON that the wanted list item contains.  The same seed finds the item when
reading and starts it when writing.  Anything else that FHIRPath could say is refused where it is declared.
"""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any, NamedTuple

Seed = dict[str, Any]


class DeclarationError(Exception):
    """A mapping that cannot be right, found before any data: the message names the rule, its file and its line."""


class Step(NamedTuple):
    """One name of a path.  seed: None for the element itself, {} for the first of a list, else what the item
    contains."""

    name: str
    seed: Seed | None = None


_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)|'(?P<text>(?:[^'\\]|\\.)*)'|(?P<sign>[.()=]))")


class _Parser:
    """Recursive descent over the few forms that are allowed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(path.rstrip()):
            found = _TOKEN.match(path, at)
            if found is None:
                raise DeclarationError(f"not a path: {path}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0

    def take(self, kind: str, value: str | None = None) -> str:
        if self.at < len(self.tokens):
            found_kind, found = self.tokens[self.at]
            if found_kind == kind and value in (None, found):
                self.at += 1
                return found
        raise DeclarationError(f"not a path: {self.path}")

    def next_is(self, kind: str, value: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] == (kind, value)

    def steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while True:
            name = self.take("name")
            if not self.next_is("sign", "("):
                steps.append(Step(name))
            elif name == "extension":
                self.take("sign", "(")
                steps.append(Step("extension", {"url": self.take("text")}))
                self.take("sign", ")")
            elif name in ("where", "first") and steps and steps[-1].seed is None:
                self.take("sign", "(")
                seed = self.conditions() if name == "where" else {}
                self.take("sign", ")")
                steps[-1] = Step(steps[-1].name, seed)
            else:
                raise DeclarationError(f"{name}() is not a word of paths here: {self.path}")
            if self.at == len(self.tokens):
                return tuple(steps)
            self.take("sign", ".")

    def conditions(self) -> Seed:
        seed: Seed = {}
        while True:
            names = [self.take("name")]
            listed = False
            while self.next_is("sign", "."):
                self.take("sign", ".")
                names.append(self.take("name"))
            if names[-1] == "exists" and len(names) > 1 and self.next_is("sign", "("):
                names.pop()
                listed = True
                self.take("sign", "(")
                value: Any = [self.conditions()]
                self.take("sign", ")")
            else:
                self.take("sign", "=")
                value = self.take("text")
            place = seed
            for name in names[:-1]:
                place = place.setdefault(name, {})
            if listed and names[-1] in place:
                place[names[-1]] += value
            else:
                place[names[-1]] = value
            if not self.next_is("name", "and"):
                return seed
            self.take("name", "and")


@cache
def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path; DeclarationError if it says more than the words above."""
    return _Parser(path).steps()


def contains(whole: Any, part: Any) -> bool:
    """Whether an item is the one that a seed describes."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(item, wanted) for item in whole) for wanted in part)
    return type(whole) is type(part) and bool(whole == part)


def grown(seed: Seed) -> Seed:
    """A new item that holds nothing but its seed."""
    return copy.deepcopy(seed)
