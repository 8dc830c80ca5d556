"""From whole FHIR documents to clinic records and back, with the report on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mappings import faults, us_core
from mappings.issues import Issue, Refused
from mappings.lens.document import Document, Node
from mappings.lens.making import Rendering
from mappings.lens.mapping import SAID_BY_US, Mapping
from mappings.lens.normal import normal
from mappings.r4 import models, structure
from mappings.r4.model_reading import exact
from mappings.report import Line, Report, report_on
from mappings.roots import mapping, not_told_by_others, root_for, roots, roots_in
from mappings.sites import AS_SHIPPED, Site
from mappings.terminology import doubts
from mappings.tolerance import repaired

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel


@dataclass(frozen=True)
class Conversion:
    """One record and the root that it came from; entry is the root's place in its Bundle."""

    kind: str
    record: dict[str, Any]
    root: Node
    entry: int | None = None


@dataclass(frozen=True)
class Reading:
    """What from_fhir found."""

    conversions: list[Conversion]
    report: Report
    document: Node
    """What was read: the document as it was given, or what it is with what was repaired."""


@dataclass(frozen=True)
class Writing:
    """What to_fhir made: the exact JSON, and on request a model of fhir.resources.R4B."""

    resource: Node
    report: Report = field(default_factory=Report)

    @property
    def model(self) -> FHIRAbstractModel:
        """The model of the resource, a new one for each Writing; Refused where a model cannot hold it."""
        return self._held.model

    @property
    def model_issues(self) -> tuple[Issue, ...]:
        """Where the model, as it was made, says it otherwise than the resource: a warning for each place."""
        return self._held.issues

    @cached_property
    def _held(self) -> models.Held:
        return models.as_model(self.resource)


def _contradictions(record: dict[str, Any], lineage: Callable[[], Iterable[Line]] = tuple) -> list[Issue]:
    """Where scores and answers in a record do not agree; the places as FHIRPath, where the lineage knows them."""
    from mappings import instruments

    patient = record.get("patient")
    sex = patient.get("sex") if isinstance(patient, dict) else None
    found = instruments.contradictions(instruments.found_in(record), sex=sex)
    places = [(f"{line.record}.", line.expression) for line in lineage() if line.record] if found else []

    def in_fhir(place: str) -> str:
        there = (expression for name, expression in places if name.startswith((f"{place}.", f"{place}[")))
        return faults.common(there) or place

    return [replace(issue, expression=in_fhir(issue.expression)) for issue in found]


def from_fhir(
    given: Node | FHIRAbstractModel,
    *,
    strict: bool = False,
    kinds: tuple[str, ...] | None = None,
    site: Site = AS_SHIPPED,
) -> Reading:
    document, repairs = repaired(exact(given))
    invalid = faults.of_sender(document)
    whole = Document(document)
    kinds = tuple(roots(site)) if kinds is None else kinds
    found = not_told_by_others([(lens, root, *lens.read(whole, root)) for lens, root in roots_in(whole, kinds, site)])
    conversions = [
        Conversion(lens.kind, record, root, whole.place_of(root) if whole.is_bundle else None)
        for lens, root, record, _ in found
    ]
    passes = [done for *_, done in found]
    report = report_on(document, passes)
    contradicted = [
        issue
        for _, _, record, done in found
        for issue in _contradictions(record, lambda done=done: report_on(document, [done]).lineage)  # type: ignore[misc]
    ]
    said = (*repairs, *report.issues, *contradicted, *doubts(document), *us_core.false_claims(document))
    told = {(issue.code, issue.expression) for issue in said}
    untold = [issue for issue in invalid if (issue.code, issue.expression) not in told]
    report = replace(report, issues=tuple(dict.fromkeys((*said, *untold))))
    if not conversions:
        what = "Bundle" if whole.is_bundle else str(document.get("resourceType"))
        text = f"No record is made of this: there is no {_root_types(kinds, site)} in it."
        raise Refused([Issue("error", "not-supported", what, text)])
    if strict and report.unmapped:
        raise Refused(
            Issue("error", "incomplete", place, "No record carries this element.") for place in report.unmapped
        )
    return Reading(conversions, report, document)


def to_fhir(
    record: Node, onto: Node | FHIRAbstractModel | None = None, *, entry: int | None = None, site: Site = AS_SHIPPED
) -> Writing:
    return _write(record, exact(onto), entry, "contained", site)


def to_bundle(record: Node, *, site: Site = AS_SHIPPED) -> Writing:
    return _write(record, None, None, "bundle", site)


def _opened(record: Node, site: Site) -> tuple[Mapping, Node]:
    """A record's mapping, and what it says beside which it is."""
    content = {name: value for name, value in record.items() if name not in ("record", "kind")}
    return mapping(str(record.get("record")), str(record.get("kind", "")), site), content


def _write(record: Node, onto: Node | None, entry: int | None, rendering: Rendering, site: Site) -> Writing:
    lens, content = _opened(record, site)
    if onto is None:
        made, notes = _rendered(lens, record, content, rendering, site)
        _refuse_ours(lens, made, None, 0)
        return Writing(made, Report((*notes, *_contradictions(record))))
    basis, repairs = repaired(onto)
    faults.refuse(structure.check(basis))
    whole = Document(basis)
    root = root_for(lens, normal(lens.shape, content), whole, entry)
    made, notes = lens.write(content, whole, root, "bundle" if whole.is_bundle else rendering)
    if made is basis:
        return Writing(onto, Report(tuple(_contradictions(record))))
    _refuse_ours(lens, made, basis, whole.place_of(root) if whole.is_bundle else 0)
    return Writing(made, Report((*repairs, *notes, *_contradictions(record))))


def _rendered(lens: Mapping, record: Node, content: Node, rendering: Rendering, site: Site) -> tuple[Node, list[Issue]]:
    """A fresh rendering; where only what follows from the rest is refused, the fault in the rest is told instead."""
    try:
        return lens.write(content, None, None, rendering)
    except Refused as refused:
        if {issue.expression.partition("[")[0] for issue in refused.issues} <= set(SAID_BY_US):
            from mappings import records

            wrong = [issue for issue in records.check(record, site) if issue.expression not in SAID_BY_US]
            faults.refuse(wrong)
        raise


def rendered_again(record: Node, document: Node, *, site: Site = AS_SHIPPED) -> Node:
    """A fresh rendering of a record that was read from this document, to compare the two; not to be sent.

    What is not valid R4 in the document itself is let pass.
    """
    lens, content = _opened(record, site)
    made, _ = lens.write(content, None, None, "contained")
    faults.refuse(faults.of_ours(made, repaired(document)[0], anywhere=True))
    return made


def _refuse_ours(lens: Mapping, made: Node, basis: Node | None, place: int) -> None:
    if found := faults.of_ours(made, basis):
        raise Refused(faults.told_in_record(found, _lines(lens, made, place)))


def _lines(lens: Mapping, made: Node, place: int) -> list[tuple[str, str]]:
    """Where each leaf of what was made stands in the record that it was made of."""
    document = Document(made)
    _, done = lens.read(document, document.entries[place] if document.is_bundle else made)
    return [(line.expression, line.record) for line in report_on(made, [done]).lineage]


def _root_types(kinds: tuple[str, ...], site: Site) -> str:
    return ", ".join(dict.fromkeys(type_ for kind in kinds for type_ in roots(site)[kind].values()))
