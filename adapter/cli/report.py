"""What a command says about its inputs, apart from the data: refusals, what a record does not carry, and totals.

The report goes to standard error or to a file, as text for a person or, with --json, as one document a line.  A refusal
is told on standard error whatever becomes of the report.  Values are a patient's: told only with --show-values.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.progress import CLEAR
from mappings.r4.exact_json import dumps

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from adapter.cli.inputs import Document
    from mappings import Issue

CLASSES = {
    "carried": "carried",
    "stated": "stated",
    "derived": "derived",
    "dropped": "dropped on purpose",
    "unmapped": "kept, not understood",
}

NAMED = 8
"""How many places a report names that was not asked for."""


@dataclass
class Report:
    """Where a command reports to."""

    to: TextIO
    as_json: bool
    show_values: bool
    whole: bool  # a report that was asked for tells all; standard error only what a person should know
    refused: int = 0
    told: int = field(default=0, init=False)

    def exit_code(self) -> int:
        return 1 if self.refused else 0

    def row(self, row: dict[str, Any]) -> None:
        """One line of the report as JSON."""
        self.to.write(dumps(row).decode() + "\n")

    def line(self, text: str) -> None:
        self.told += 1
        clear = CLEAR if self.to.isatty() else ""
        self.to.write(f"{clear}{text}\n")

    def refuse(self, document: Document, issues: Iterable[Issue], **known: Any) -> None:
        """An input that is not taken; the others go on."""
        issues = tuple(issues)
        self.refused += 1
        if self.as_json:
            self.row({"file": document.name, **known, "outcome": "refused", "issues": rows(issues)})
        if not self.as_json or self.to is not sys.stderr:
            for issue in issues:
                complain(document.name, issue)

    def tell(self, document: Document, what: str, notes: Notes) -> None:
        """An input that was taken, with what there is to know about it."""
        if self.as_json:
            row = {"file": document.name, "outcome": what, "ledger": notes.ledger, "unmapped": notes.unmapped}
            values = {"values": notes.values} if self.show_values else {}
            self.row({**row, **values, "issues": rows(notes.issues)})
        elif self.whole or notes.unmapped or notes.issues:
            self.line(f"{document.name}: {what}; {leaves(notes.ledger)}")
            shown = notes.unmapped if self.whole else notes.unmapped[:NAMED]
            for path in shown:
                value = f" = {notes.values[path]}" if path in notes.values else ""
                self.line(f"     kept, not understood: {path}{value}")
            if more := len(notes.unmapped) - len(shown):
                self.line(f"     ... and {more} more: --report FILE names them all")
            for issue in notes.issues:
                self.line(f"     {issue}")

    def total(self, text: str) -> None:
        """The last line, where there is anything to sum up."""
        if not self.as_json and (self.whole or self.told or self.refused):
            self.line(text)


@dataclass(frozen=True)
class Notes:
    """What a conversion has to say: the mapping's report, and values where they were asked for."""

    ledger: Mapping[str, int]
    unmapped: list[str]
    issues: tuple[Issue, ...]
    values: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def reporting(arguments: argparse.Namespace, *, as_json: bool | None = None) -> Iterator[Report]:
    """The report that the arguments ask for."""
    as_json = arguments.json if as_json is None else as_json
    if arguments.report is None:
        yield Report(sys.stderr, as_json, arguments.show_values, whole=False)
        return
    with _opened(arguments.report, arguments.parser) as stream:
        yield Report(stream, as_json, arguments.show_values, whole=True)


def _opened(name: str, parser: argparse.ArgumentParser) -> TextIO:
    try:
        return Path(name).open("w", encoding="utf-8")
    except OSError as error:
        parser.error(f"--report {name}: {error.strerror}")


def complain(name: str, issue: Issue) -> None:
    """One line on standard error: the input, the place in it, and how to mend it."""
    place = f" {issue.expression}:" if issue.expression else ""
    clear = CLEAR if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}paingate: {name}:{place} {issue.text}\n")


def rows(issues: Iterable[Issue]) -> list[dict[str, str]]:
    """Issues as JSON, in the words of an OperationOutcome."""
    return [
        {"severity": issue.severity, "code": issue.code, "expression": issue.expression, "diagnostics": issue.text}
        for issue in issues
    ]


def leaves(ledger: Mapping[str, int]) -> str:
    """The ledger in a sentence: 41 leaves = 27 carried + 4 stated + 3 derived + 7 kept, not understood."""
    parts = [f"{ledger[name]} {words}" for name, words in CLASSES.items() if ledger.get(name)]
    return f"{sum(ledger.values())} leaves = {' + '.join(parts) or 'nothing'}"
