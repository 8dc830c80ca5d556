"""`paingate validate`: is it valid R4, or a sound clinic record, and if not, where, why, and how to mend it?

What claims a profile of US Core and does not meet it is warned of: it is valid R4 all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.cli.convert import write
from adapter.cli.inputs import Document, Inputs
from adapter.cli.progress import watched
from adapter.cli.report import complain, reporting, rows
from adapter.cli.site import site_of
from adapter.output import say
from mappings import check_record
from mappings.issues import errors

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mappings import Issue, Site


def validate(arguments: argparse.Namespace) -> int:
    """A line for each document, totals last; 1 where anything is invalid.

    What is wrong goes to the report; with --json it stands in the lines, and also in a report that was asked for.
    """
    totals, site = Totals(), site_of(arguments)
    with reporting(arguments, as_json=False) as report:
        for document in watched(Inputs(arguments.files)):
            issues = _issues(document, site)
            valid = not errors(issues)
            totals.count(valid=valid)
            if arguments.json:
                write(_row(document, issues, valid=valid))
            else:
                say(_line(document, valid=valid))
            for issue in issues:
                if report.whole:
                    report.line(f"{document.name}: {issue}")
                elif not arguments.json:
                    complain(document.name, issue)
        if arguments.json:
            write(totals.row())
        else:
            say(totals.line())
    return 1 if totals.invalid else 0


@dataclass
class Totals:
    """Every document counted by whether it is valid."""

    valid: int = 0
    invalid: int = 0

    def count(self, *, valid: bool) -> None:
        self.valid += valid
        self.invalid += not valid

    def row(self) -> dict[str, Any]:
        return {"total": self.valid + self.invalid, "valid": self.valid, "invalid": self.invalid}

    def line(self) -> str:
        return f"{self.valid + self.invalid} documents: {self.valid} valid, {self.invalid} invalid\n"


def _issues(document: Document, site: Site) -> Sequence[Issue]:
    if document.json is None:
        return document.issues
    if _is_record(document):
        return check_record(document.json, site=site)
    from mappings import us_core
    from mappings.r4 import validity

    return [*validity.check(document.json), *us_core.false_claims(document.json)]


def _is_record(document: Document) -> bool:
    return document.json is not None and "record" in document.json and "resourceType" not in document.json


def _text(document: Document, name: str) -> str | None:
    value = (document.json or {}).get(name)
    return value if isinstance(value, str) else None


def _row(document: Document, issues: Sequence[Issue], *, valid: bool) -> dict[str, Any]:
    return {
        "file": document.name,
        "resourceType": _text(document, "resourceType"),
        "id": _text(document, "id"),
        "valid": valid,
        "issues": rows(issues),
    }


def _line(document: Document, *, valid: bool) -> str:
    kind = _text(document, "record") if _is_record(document) else _text(document, "resourceType")
    what = f"{kind or '?'}/{_text(document, 'id') or '?'}"
    return f"{'valid' if valid else 'invalid':<8}  {what}  {document.name}\n"
