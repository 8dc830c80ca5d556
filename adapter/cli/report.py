"""What a command says about its inputs, apart from the data: refusals, what a record does not carry, and totals.

The report goes to standard error or to a file, as text for a person or, with --json, as one document a line.  What was
refused, and what must not be acted on, is told on standard error whatever becomes of the report.  Values are a
patient's: told only with --show-values.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.progress import CLEAR
from adapter.output import writing_to
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

NOT_ACTIONABLE = "not-actionable"

NAMED = 8
"""How many places a report names that was not asked for."""


@dataclass
class Report:
    """Where a command reports to."""

    to: TextIO
    name: str
    as_json: bool
    show_values: bool
    whole: bool  # a report that was asked for tells all; standard error only what a person should know
    refused: int = 0
    not_actionable: int = 0
    told: int = field(default=0, init=False)

    def exit_code(self) -> int:
        return 1 if self.refused or self.not_actionable else 0

    def row(self, row: dict[str, Any]) -> None:
        """One line of the report as JSON."""
        self._write(dumps(row).decode())

    def line(self, text: str) -> None:
        self.told += 1
        clear = CLEAR if self.to.isatty() else ""
        self._write(f"{clear}{text}")

    def _write(self, text: str) -> None:
        with writing_to(self.to, self.name):
            self.to.write(text + "\n")

    def refuse(self, document: Document, issues: Iterable[Issue], **known: Any) -> None:
        """An input that is not taken; the others go on."""
        issues = tuple(issues)
        self.refused += 1
        if self.as_json:
            self.row({"file": document.name, **known, "outcome": "refused", "issues": rows(issues)})
        self._complain(document, issues)
        if self.whole and not self.as_json:
            self.line(f"{document.name}: refused")
            self._list(issues)

    def tell(self, document: Document, what: str, notes: Notes) -> None:
        """An input that was taken, with what there is to know about it."""
        self.not_actionable += bool(notes.gates)
        if self.as_json:
            self.row(self._row(document, what, notes))
        elif self.whole or notes.unmapped or notes.issues:
            gated = ", which must not be acted on" if notes.gates else ""
            counted = "" if notes.ledger is None else f"; {leaves(notes.ledger)}"
            self.line(f"{document.name}: {what}{gated}{counted}")
            shown = notes.unmapped if self.whole else notes.unmapped[:NAMED]
            for path in shown:
                value = f" = {notes.values[path]}" if path in notes.values else ""
                self.line(f"     kept, not understood: {path}{value}")
            if more := len(notes.unmapped) - len(shown):
                self.line(f"     ... and {more} more: --report FILE names them all")
            self._list([*(notes.gates if self.whole else ()), *notes.issues])
        self._complain(document, notes.gates)

    def _row(self, document: Document, what: str, notes: Notes) -> dict[str, Any]:
        row: dict[str, Any] = {"file": document.name, "outcome": what}
        if notes.gates:
            row |= {"outcome": NOT_ACTIONABLE, "made": what}
        if notes.ledger is not None:
            row |= {"ledger": notes.ledger, "unmapped": notes.unmapped}
        if self.show_values:
            row["values"] = notes.values
        return row | {"issues": rows([*notes.gates, *notes.issues])}

    def _list(self, issues: Iterable[Issue]) -> None:
        for issue in issues:
            self.line(f"     {issue}")

    def _complain(self, document: Document, issues: Iterable[Issue]) -> None:
        """On standard error, unless that is where the JSON goes."""
        if not self.as_json or self.to is not sys.stderr:
            for issue in issues:
                complain(document.name, issue)

    def total(self, made: str) -> None:
        """The last line, where there is anything to sum up."""
        if not self.as_json and (self.whole or self.told or self.exit_code()):
            gated = f", {self.not_actionable} of the inputs must not be acted on" if self.not_actionable else ""
            self.line(f"{made}{gated}; {self.refused} inputs refused")


@dataclass(frozen=True)
class Notes:
    """What a conversion has to say: the mapping's report, and values where they were asked for."""

    ledger: Mapping[str, int] | None
    """What became of the leaves; None where nobody counted them."""
    unmapped: list[str]
    issues: tuple[Issue, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    gates: tuple[Issue, ...] = ()
    """Why what was made must not be acted on."""


@contextmanager
def reporting(arguments: argparse.Namespace, *, as_json: bool | None = None) -> Iterator[Report]:
    """The report that the arguments ask for."""
    as_json = arguments.json if as_json is None else as_json
    if arguments.report is None:
        yield Report(sys.stderr, "Standard error", as_json, arguments.show_values, whole=False)
        return
    name = f"--report {arguments.report}"
    with _opened(arguments.report, arguments.parser) as stream:
        yield Report(stream, name, as_json, arguments.show_values, whole=True)
        with writing_to(stream, name):
            stream.flush()


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
