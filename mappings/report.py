"""What became of every leaf of a document, and what there is to say about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mappings.issues import Issue
from mappings.lens.document import Node
from mappings.lens.making import record_path
from mappings.lens.reading import Mark, Reading
from mappings.r4.fhirpath import leaves

FATES = ("carried", "stated", "derived", "dropped", "unmapped")

ENVELOPE = "the envelope belongs to the exchange, not to the record"


class Line(NamedTuple):
    """One leaf of the input: its FHIRPath, what became of it, by which rule, and where in the record it went."""

    expression: str
    fate: str
    rule: str
    record: str


@dataclass(frozen=True)
class Report:
    """What there is to say about one conversion.  Values are not in it."""

    issues: tuple[Issue, ...] = ()
    lineage: tuple[Line, ...] = ()

    @cached_property
    def ledger(self) -> dict[str, int]:
        """How many leaves were carried, stated, derived, dropped and unmapped; together they are all leaves."""
        found = Counter(line.fate for line in self.lineage)
        return {fate: found[fate] for fate in FATES}

    @property
    def unmapped(self) -> list[str]:
        """The FHIRPath of every leaf that no record carries."""
        return [line.expression for line in self.lineage if line.fate == "unmapped"]


def report_on(document: Node, passes: list[Reading]) -> Report:
    """The account of a document that was read, once for each record that was found in it."""
    marks = _envelope(document, passes)
    for done in passes:
        for place, mark in done.marks.items():
            marks.setdefault(place, mark)
    fates: dict[tuple[int, str | int], Mark] = {}
    _spread(document, marks, None, fates)
    lines: list[Line] = []
    places: dict[tuple[int, str | int], str] = {}
    for container, key, _, expression in leaves(document):
        place = (id(container), key)
        places[place] = expression
        mark = fates.get(place, Mark("unmapped", ""))
        lines.append(Line(expression, mark.fate, mark.rule, record_path(mark.trail)))
    issues = [
        Issue(
            note.severity,
            note.code,
            places.get((id(note.container), note.key or 0), str(document.get("resourceType"))),
            note.text,
            note.rule,
        )
        for done in passes
        for note in done.notes
    ]
    return Report(tuple(dict.fromkeys(issues)), tuple(lines))


def _spread(
    node: Any, marks: dict[tuple[int, str | int], Mark], above: Mark | None, out: dict[tuple[int, str | int], Mark]
) -> None:
    """What was marked as a whole holds for every leaf in it."""
    pairs: Any = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        mark = marks.get((id(node), key), above)
        if isinstance(value, dict | list):
            _spread(value, marks, mark, out)
        elif mark is not None:
            out[id(node), key] = mark


def _envelope(document: Node, passes: list[Reading]) -> dict[tuple[int, str | int], Mark]:
    """What a Bundle says about the exchange: where things stand is derived, how they were sent is dropped."""
    marks: dict[tuple[int, str | int], Mark] = {}
    if document.get("resourceType") != "Bundle":
        return marks
    marks[id(document), "resourceType"] = Mark("stated", "envelope")
    marks[id(document), "type"] = Mark("dropped", ENVELOPE)
    reached = {key for done in passes for key in done.told} | {place[0] for done in passes for place in done.marks}
    for entry in document.get("entry", []):
        if id(entry.get("resource")) in reached:
            marks[id(entry), "fullUrl"] = Mark("derived", "envelope")
        for name in ("request", "response", "search", "link"):
            marks[id(entry), name] = Mark("dropped", ENVELOPE)
    return marks
