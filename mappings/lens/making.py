"""What is known while a record is written: what the document says already, and what takes its place.

Nodes are never changed: every write gives a new one.  Linked resources are collected here and put in their places
at the end.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NoReturn

from mappings.issues import Issue, Refused
from mappings.lens.document import Document, Node
from mappings.lens.reading import Reading, Scope, Trail
from mappings.values import same

Rendering = Literal["contained", "bundle"]


@dataclass
class Making:
    """One pass that writes one record."""

    document: Document
    root: Node
    rendering: Rendering
    basis: str
    rewritten: dict[int, Node] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    items: dict[int, Any] = field(default_factory=dict)
    """The list items that were written in this pass: whose they are is known, wherever they led before."""
    there: dict[int, Node] = field(default_factory=dict)
    """The resource that each part of the record as it was is told of."""
    added: list[tuple[str, Node]] = field(default_factory=list)
    told: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    pointers: list[tuple[str, str]] = field(default_factory=list)
    root_now: Node = field(default_factory=dict)
    notes: list[Issue] = field(default_factory=list)

    @cached_property
    def growing(self) -> Document:
        """The document with what has been written so far: whose a list item is depends on what it leads to."""
        return self.document.growing()


@dataclass(frozen=True)
class WriteScope:
    """Where a rule stands while writing."""

    making: Making
    home: Node
    trail: Trail = ()
    new: bool = False

    def into(self, *names: str | int) -> WriteScope:
        return replace(self, trail=(*self.trail, *names))

    def within(self, resource: Node) -> WriteScope:
        return replace(self, home=self.making.document.home(resource))

    def look(self) -> Scope:
        """The same place, for reading what stands there already."""
        return Scope(Reading(self.making.growing), self.making.root, self.home)

    def look_back(self) -> Scope:
        """The same place as it was before anything was written."""
        return Scope(Reading(self.making.document), self.making.root, self.home)

    def moved(self, depends: Iterable[str]) -> bool:
        """Whether the root changed an element that something in a shape is the same as."""
        making = self.making
        return any(not same(making.root.get(of), making.root_now.get(of)) for of in depends)

    def refuse(self, text: str, code: str = "invalid") -> NoReturn:
        raise Refused([Issue("error", code, record_path(self.trail), text)])

    def note(self, code: str, text: str) -> None:
        self.making.notes.append(Issue("warning", code, record_path(self.trail), text))

    def check_names(self, given: Iterable[str], known: Iterable[str]) -> None:
        """Refuses a field that no rule speaks for."""
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f'; did you mean "{near[0]}"?' if near else f"; it has {', '.join(sorted(known)[:12])} ..."
                self.into(name[:40]).refuse(f"This record has no such field{meant}", "structure")


def record_path(trail: Trail) -> str:
    """A place in a record as people write it: reasons[0].code."""
    text = ""
    for step in trail:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
