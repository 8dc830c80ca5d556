"""`paingate map`: FHIR to clinic records and clinic records to FHIR, one JSON document a line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import mappings
from adapter.cli.inputs import Document, Inputs
from adapter.cli.progress import watched
from adapter.cli.report import Notes, Report, reporting
from adapter.cli.site import site_of
from adapter.output import say
from mappings import Issue, Refused, faults
from mappings.r4 import structure
from mappings.r4.exact_json import dumps
from mappings.r4.fhirpath import leaves
from mappings.tolerance import repaired

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence


def from_fhir(arguments: argparse.Namespace) -> int:
    """FHIR on the way in: each record on a line of its own."""
    records, site = 0, site_of(arguments)
    with reporting(arguments) as report:
        for document in watched(Inputs(arguments.files)):
            try:
                reading = mappings.from_fhir(resource_of(document), strict=arguments.strict, site=site)
            except Refused as refused:
                report.refuse(document, refused.issues)
                continue
            for conversion in reading.conversions:
                write(conversion.record)
                records += 1
            kinds = ", ".join(conversion.kind for conversion in reading.conversions)
            told = reading.report
            gates = [gate for conversion in reading.conversions for gate in _gates(conversion.record)]
            as_read = replace(document, json=reading.document)
            report.tell(document, kinds, notes_on(told.ledger, told.unmapped, told.issues, as_read, report, gates))
        report.total(f"{records} records")
    return report.exit_code()


def to_fhir(arguments: argparse.Namespace) -> int:
    """Clinic records on the way out: a fresh resource, a Bundle, or the resources of `--onto` changed."""
    written, site = 0, site_of(arguments)
    with reporting(arguments) as report:
        onto = _onto(arguments, report)
        if report.refused:
            return 1
        for document in watched(Inputs(arguments.files)):
            try:
                if onto is not None and written:
                    raise Refused(
                        [Issue("error", "invalid", "", "--onto takes one record. Give each its own command.")]
                    )
                record = record_of(document)
                if arguments.bundle:
                    writing = mappings.to_bundle(record, site=site)
                else:
                    writing = mappings.to_fhir(record, onto=onto, site=site)
            except Refused as refused:
                report.refuse(document, refused.issues)
                continue
            write(writing.resource)
            written += 1
            told = writing.report
            ledger = told.ledger if told.lineage else None  # on the way out leaves are not counted
            notes = notes_on(ledger, told.unmapped, told.issues, document, report, _gates(record))
            report.tell(document, writing.resource["resourceType"], notes)
        report.total(f"{written} resources")
    return report.exit_code()


def resource_of(document: Document) -> dict[str, Any]:
    """The FHIR of a document; refused where there is none."""
    if document.json is None:
        raise Refused(document.issues)
    if "resourceType" not in document.json and "record" in document.json:
        text = "This is a clinic record, not FHIR: use `paingate map to-fhir`."
        raise Refused([Issue("error", "invalid", "", text)])
    return document.json


def record_of(document: Document) -> dict[str, Any]:
    """The clinic record of a document; refused where there is none."""
    if document.json is None:
        raise Refused(document.issues)
    if "resourceType" in document.json and "record" not in document.json:
        text = "This is FHIR, not a clinic record: use `paingate map from-fhir`."
        raise Refused([Issue("error", "invalid", "", text)])
    return document.json


def notes_on(
    ledger: Mapping[str, int] | None, unmapped: Sequence[str], issues: Sequence[Issue], document: Document,
    report: Report, gates: Sequence[Issue] = (),
) -> Notes:  # fmt: skip
    """What there is to say about a document, with the values of what is not carried where they were asked for."""
    values: dict[str, str] = {}
    if report.show_values and document.json is not None:
        wanted = set(unmapped)
        found = ((place, value) for *_, value, place in leaves(document.json) if place in wanted)
        values = {place: dumps(value).decode() for place, value in found}
    return Notes(ledger, list(unmapped), tuple(issues), values, tuple(gates))


def write(document: dict[str, Any]) -> None:
    """One line of data."""
    say(dumps(document).decode() + "\n")


def _gates(record: dict[str, Any]) -> list[Issue]:
    """Why a record must not be acted on.  It is printed, to be looked at, and makes the exit code 1."""
    if record.get("actionable") is not False:
        return []
    return [_gate(str(record["record"]), str(reason)) for reason in record["not_actionable_because"]]


def _gate(kind: str, reason: str) -> Issue:
    """A reason begins with its place, in the record (`patient.implicit_rules: ...`) or in FHIR (`Bundle.meta: ...`)."""
    place, colon, why = reason.partition(": ")
    if not colon:
        place, why = "not_actionable_because", reason
    expression = place if place[:1].isupper() else f"{kind}.{place}"
    return Issue("error", "business-rule", expression, f"This must not be acted on: {why}.")


def _onto(arguments: argparse.Namespace, report: Report) -> dict[str, Any] | None:
    """The FHIR that a record is to be put onto."""
    if arguments.onto is None:
        return None
    several = list(Inputs([arguments.onto]))
    if len(several) != 1:
        arguments.parser.error("--onto takes one FHIR resource or Bundle")
    try:
        resource = resource_of(several[0])
        faults.refuse(structure.check(repaired(resource)[0]))  # here, or else the record would be blamed for it
        return resource
    except Refused as refused:
        report.refuse(several[0], refused.issues)
        return None
