"""`paingate roundtrip`: does reading a resource and writing it back change anything, and what does its record carry?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.cli.convert import notes_on, resource_of, write
from adapter.cli.inputs import Document, Inputs
from adapter.cli.progress import watched
from adapter.cli.report import Report, leaves, reporting, rows
from adapter.cli.site import site_of
from adapter.output import say
from mappings import Refused
from mappings.report import FATES
from mappings.roundtrip import Trip
from mappings.roundtrip import roundtrip as there_and_back

if TYPE_CHECKING:
    import argparse

    from mappings import Site


def roundtrip(arguments: argparse.Namespace) -> int:
    """A line for each resource, totals last; 1 where anything changed or was refused."""
    totals, site = Totals(), site_of(arguments)
    with reporting(arguments, as_json=False) as report:
        for document in watched(Inputs(arguments.files)):
            for trip in _trips(document, site, strict=arguments.strict):
                totals.count(trip)
                if arguments.json:
                    write(_row(document.name, trip))
                else:
                    say(_line(document.name, trip))
                _tell(report, document, trip)
        if arguments.json:
            write(totals.row())
        else:
            say(totals.line())
    return 1 if totals.outcomes["changed"] or totals.outcomes["refused"] else 0


@dataclass
class Totals:
    """Every line counted by what became of it, and every leaf by what became of it."""

    outcomes: Counter[str] = field(default_factory=Counter)
    fresh_differs: int = 0
    rebuilt: int = 0
    ledger: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FATES, 0)))

    def count(self, trip: Trip) -> None:
        self.outcomes[trip.outcome] += 1
        self.fresh_differs += trip.fresh is False
        self.rebuilt += trip.rebuilt is True
        self.ledger.update(trip.ledger or {})

    def row(self) -> dict[str, Any]:
        return {
            "total": self.outcomes.total(),
            "same": self.outcomes["same"],
            "changed": self.outcomes["changed"],
            "refused": self.outcomes["refused"],
            "notCarried": self.outcomes["not-carried"],
            "freshDiffers": self.fresh_differs,
            "rebuilt": self.rebuilt,
            "ledger": dict(self.ledger),
        }

    def line(self) -> str:
        of = self.outcomes
        return (
            f"{of.total()} resources: {of['same']} same, {of['changed']} changed, {of['refused']} refused, "
            f"{of['not-carried']} not carried; {self.rebuilt} rebuilt, {self.fresh_differs} other when rendered fresh\n"
            f"{leaves(self.ledger)}\n"
        )


def _trips(document: Document, site: Site, *, strict: bool) -> list[Trip]:
    try:
        return there_and_back(resource_of(document), strict=strict, site=site)
    except Refused as refused:
        return [Trip(issues=refused.issues)]


def _row(name: str, trip: Trip) -> dict[str, Any]:
    return {
        "file": name,
        "resourceType": trip.resource_type,
        "id": trip.id,
        "record": trip.record,
        "outcome": trip.outcome,
        "changed": list(trip.changed),
        "fresh": trip.fresh,
        "rebuilt": trip.rebuilt,
        "ledger": None if trip.ledger is None else dict(trip.ledger),
        "unmapped": list(trip.unmapped),
        "issues": rows(trip.issues),
    }


def _line(name: str, trip: Trip) -> str:
    what = f"{trip.resource_type or '?'}/{trip.id or '?'}"
    count = sum((trip.ledger or {}).values())
    share = f"{(trip.ledger or {})['carried'] / count:4.0%} carried" if count else ""
    amiss = ["fresh differs"] * (trip.fresh is False) + ["not rebuilt"] * (trip.rebuilt is False)
    told = "  ".join((f"{trip.outcome:<11}", what, *([share] if share else []), *amiss, name))
    return "".join(f"{line}\n" for line in (told, *(f"     {place}" for place in trip.changed)))


def _tell(report: Report, document: Document, trip: Trip) -> None:
    """What the lines do not say: why something was refused, and what no record carries."""
    if trip.outcome == "refused":
        report.refuse(document, trip.issues)
    elif trip.outcome != "not-carried" and trip.ledger is not None:
        report.tell(document, str(trip.record), notes_on(trip.ledger, trip.unmapped, trip.issues, document, report))
