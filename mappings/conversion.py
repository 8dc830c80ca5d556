"""From whole FHIR documents to clinic records and back: which roots there are, and the report on every leaf."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mappings import ROOTS, faults, us_core
from mappings.issues import Issue, Refused
from mappings.lens.document import Document, Node
from mappings.lens.making import Rendering, record_path
from mappings.lens.mapping import SAID_BY_US, Mapping
from mappings.lens.reading import Mark
from mappings.lens.reading import Reading as Pass
from mappings.lens.version import fingerprint
from mappings.r4 import models, structure
from mappings.r4.fhirpath import leaves
from mappings.r4.model_reading import exact
from mappings.sites import AS_SHIPPED, Site
from mappings.terminology import doubts
from mappings.tolerance import repaired
from mappings.values import same

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

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


def roots(site: Site = AS_SHIPPED) -> dict[str, dict[str, str]]:
    """The records there are, as in mappings.ROOTS; a site's own come first, as they are the more particular ones."""
    own = {kind: {sort: shape.type for sort, shape in shapes.items()} for kind, shapes in site.kinds.items()}
    return {**own, **ROOTS}


@cache
def mapping(kind: str, sort: str = "", site: Site = AS_SHIPPED) -> Mapping:
    """The mapping of a record kind, and of the root that `kind` of the record says where there are several; Refused for
    what there is not."""
    known = roots(site)
    if kind not in known:
        raise Refused(
            [Issue("error", "not-supported", "record", f"Say which record this is: one of {', '.join(known)}.")]
        )
    if sort not in known[kind]:
        text = f"Say which {kind} this is: one of {', '.join(known[kind])}."
        raise Refused([Issue("error", "not-supported", "kind", text if "" not in known[kind] else "Leave this out.")])
    if kind in site.kinds:
        return Mapping(kind, sort, site.root(site.kinds[kind][sort]), _attention, finish=_with_claims)
    module = importlib.import_module(f"mappings.{kind}")
    shape = module.RECORD[sort] if sort else module.RECORD
    shape = shape if site is AS_SHIPPED else site.root(shape)
    return Mapping(kind, sort, shape, _attention, getattr(module, "NARRATIVE", None), _with_claims)


def _attention(record: dict[str, Any]) -> list[str]:
    from mappings import instruments

    return instruments.needs_attention(instruments.found_in(record))


def _with_claims(made: Node, onto: Node | None) -> tuple[Node, list[Issue]]:
    """What is made declares what it meets of US Core; put onto another's document, it loses what it meets no more."""
    from mappings.us_core import declaring

    return (declaring.declared(made), []) if onto is None else declaring.kept(made, onto)


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


@cache
def version(kind: str, site: Site = AS_SHIPPED) -> str:
    """A hash over the rules, tables and narrative of a record kind, and over what else is said of its records."""
    sorts = roots(site).get(kind, {"": ""})
    mappings = [mapping(kind, sort, site) for sort in sorts]  # Refused for what is no kind
    from mappings.instruments import attention, comparison, scoring, table
    from mappings.r4 import bindings, systems
    from mappings.tolerance import dates, links, names, primitives, walk
    from mappings.tolerance import systems as system_names

    deciding = [attention, comparison, scoring, table, bindings, dates, links, names, primitives, system_names, walk]
    deciding += [module for one in mappings if one.narrate and (module := inspect.getmodule(one.narrate))]
    also = [*map(inspect.getsource, deciding), *us_core.sources(), repr(systems.urls())]
    return fingerprint(*(one.shape for one in mappings), also=also)


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
    found = _not_told_by_others([(lens, root, *lens.read(whole, root)) for lens, root in _roots(whole, kinds, site)])
    conversions = [
        Conversion(lens.kind, record, root, whole.place_of(root) if whole.is_bundle else None)
        for lens, root, record, _ in found
    ]
    passes = [done for *_, done in found]
    report = _report(document, passes)
    contradicted = [
        issue
        for _, _, record, done in found
        for issue in _contradictions(record, lambda done=done: _report(document, [done]).lineage)  # type: ignore[misc]
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
    root = _root_for(lens, content, whole, entry)
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
    return [(line.expression, line.record) for line in _report(made, [done]).lineage]


Found = tuple[Mapping, Node, dict[str, Any], Pass]


def _not_told_by_others(found: list[Found]) -> list[Found]:
    """The roots without those that another record tells already; of two that tell each other the first one stays."""
    places = {id(root): n for n, (_, root, _, _) in enumerate(found)}
    tells = [{places[one] for one in done.told if one in places} for *_, done in found]
    first = [
        n
        for n in range(len(found))
        if not any(n in tells[m] and (m not in tells[n] or m < n) for m in range(len(found)))
    ]
    kept = set(first)
    for n in range(len(found)):
        if not any(n in tells[m] for m in kept):
            kept.add(n)
    return [one for n, one in enumerate(found) if n in kept]


def _root_types(kinds: tuple[str, ...], site: Site) -> str:
    return ", ".join(dict.fromkeys(type_ for kind in kinds for type_ in roots(site)[kind].values()))


def _roots(document: Document, kinds: tuple[str, ...], site: Site) -> Iterator[tuple[Mapping, Node]]:
    """What a record can be made of, plans before referrals before patients; each resource is the root of one record."""
    tops = document.entries if document.is_bundle else [document.given]
    taken: set[int] = set()
    for kind, sorts in roots(site).items():
        for sort, type_ in sorts.items():
            for top in tops:
                if top.get("resourceType") != type_ or id(top) in taken or kind not in kinds:
                    continue
                if (lens := mapping(kind, sort, site)).shape.is_ours(top):
                    taken.add(id(top))
                    yield lens, top


def _root_for(lens: Mapping, content: Node, document: Document, entry: int | None) -> Node:
    """The root in `onto` that a record is about: the entry that is named, the only one of its kind, the one that says
    just this, or the one with its id or with one of its identifiers."""
    tops = document.entries if document.is_bundle else [document.given]
    fitting = candidates = [top for n, top in enumerate(tops) if lens.shape.is_ours(top) and entry in (None, n)]
    content = {name: value for name, value in content.items() if name not in SAID_BY_US}
    if len(fitting) > 1:
        told = [(top, lens.content_of(document, top)) for top in fitting]
        for alike in (same, _same_id, lens.shape.shares_key):
            fitting = [top for top, known in told if alike(content, known)]
            if len(fitting) == 1:
                return fitting[0]
    if len(fitting) != 1:
        found_how = "no" if not candidates else "more than one"
        text = f"There is {found_how} {lens.shape.type} that this {lens.kind} could be put onto: say which entry."
        raise Refused([Issue("error", "not-found", "record", text)])
    return fitting[0]


def _same_id(content: Node, known: Node) -> bool:
    return "id" in content and same(content["id"], known.get("id"))


def _report(document: Node, passes: list[Pass]) -> Report:
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


def _envelope(document: Node, passes: list[Pass]) -> dict[tuple[int, str | int], Mark]:
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
