"""The roots that a record may have: the mapping of each, and which of them a document holds."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

from mappings import us_core
from mappings.issues import Issue, Refused
from mappings.lens.document import Document, Node
from mappings.lens.mapping import SAID_BY_US, Mapping
from mappings.lens.reading import Reading
from mappings.lens.version import fingerprint
from mappings.sites import AS_SHIPPED, Site
from mappings.values import same

ROOTS: dict[str, dict[str, str]] = {
    "care_plan": {"": "CarePlan"},
    "referral": {"": "ServiceRequest"},
    "consult_note": {"document": "DocumentReference", "report": "DiagnosticReport"},
    "follow_up": {"visit": "Encounter", "appointment": "Appointment"},
    "assessment": {
        "impression": "ClinicalImpression",
        "answered_form": "QuestionnaireResponse",
        "observation": "Observation",
    },
    "procedure": {"": "Procedure"},
    "medication_request": {"": "MedicationRequest"},
    "patient": {"": "Patient"},
}
"""The records there are, in the order in which their roots are looked for in a Bundle, each with the resource that is
its root; where there are several, by the `kind` that the record says."""


def roots(site: Site = AS_SHIPPED) -> dict[str, dict[str, str]]:
    """The records there are, a site's own come first, as they are the more particular ones."""
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


def roots_in(document: Document, kinds: tuple[str, ...], site: Site) -> Iterator[tuple[Mapping, Node]]:
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


def root_for(lens: Mapping, content: Node, document: Document, entry: int | None) -> Node:
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


Found = tuple[Mapping, Node, dict[str, Any], Reading]


def not_told_by_others(found: list[Found]) -> list[Found]:
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
