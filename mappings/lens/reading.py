"""What is known while one document is read: where references lead, what became of each leaf, and what there is to say.

The ledger counts by consumption: a rule marks the place it reads.  A place is (container, key); the containers are
never changed while they are read, so their identity is their address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from mappings.issues import Severity
from mappings.lens.document import Document, Node

Fate = Literal["carried", "stated", "derived", "dropped", "unmapped"]
Trail = tuple[str | int, ...]


class Mark(NamedTuple):
    """What became of one leaf: carried to `trail` of the record by `rule`, stated by the mapping, derived, or
    dropped."""

    fate: Fate
    rule: str
    trail: Trail = ()


class Note(NamedTuple):
    """Something to say about a place; its FHIRPath is worked out when somebody asks."""

    severity: Severity
    code: str
    container: Any
    key: str | int | None
    text: str
    rule: str


@dataclass
class Told:
    """A linked resource that was told in the record, with the sub-record it became."""

    resource: Node
    record: dict[str, Any]
    trail: Trail


@dataclass
class Pointed:
    """A pointer that was told: to which resource, as which text."""

    record: dict[str, Any]
    resource: Node
    container: Node


@dataclass
class Reading:
    """One pass over one document for one root."""

    document: Document
    marks: dict[tuple[int, str | int], Mark] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    told: dict[int, Told] = field(default_factory=dict)
    pointed: list[Pointed] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    """Why nothing may be done on the record: what must be said could not be understood."""


@dataclass(frozen=True)
class Scope:
    """Where a rule stands while reading: in which resource, at which place of the record, under which root."""

    reading: Reading
    root: Node
    home: Node
    trail: Trail = ()

    def into(self, *names: str | int) -> Scope:
        return Scope(self.reading, self.root, self.home, (*self.trail, *names))

    def within(self, resource: Node) -> Scope:
        return Scope(self.reading, self.root, self.reading.document.home(resource), self.trail)

    def apart(self) -> Scope:
        """The same place, for a look that leaves no trace."""
        mine = self.reading
        return Scope(Reading(mine.document, told=dict(mine.told)), self.root, self.home, self.trail)

    def mark(self, container: Any, key: str | int, fate: Fate, rule: str) -> None:
        self.reading.marks.setdefault((id(container), key), Mark(fate, rule, self.trail))

    def note(self, severity: Severity, code: str, container: Any, key: str | int | None, text: str, rule: str) -> None:
        self.reading.notes.append(Note(severity, code, container, key, text, rule))

    def gate(self, name: str, why: str) -> None:
        place = ".".join(str(step) for step in (*self.trail, name))
        self.reading.gates.append(f"{place}: {why}")

    def resolve(self, reference: Any) -> Node | None:
        return self.reading.document.resolve(reference, self.home)
