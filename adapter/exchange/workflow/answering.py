"""What is told with a move: an appointment or a consult note of the clinic's, or what a sender adds.

The clinic's records are kept in the clinic's words, and rendered as a resource that the sender can read: about the
patient as the sender names it, and tied to the sender's request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

import mappings
from adapter.exchange import keeping
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal
from adapter.exchange.translation import Record, not_actionable
from adapter.exchange.workflow.records import FOLLOW_UP, INFORMATION
from adapter.store import answers, resources, transitions
from adapter.store.answers import Answer
from adapter.store.resources import Stored
from mappings import Issue, Refused
from mappings.issues import errors
from mappings.r4 import exact_json, validity
from mappings.r4.fhirpath import leaves
from mappings.sites import Site

CALLED = {
    "Appointment": "Appointment",
    "DocumentReference": "Consultation note",
    "DiagnosticReport": "Consultation report",
}
"""Task.output.type.text; that an appointment is an output as the note is: 360X-COW crosswalk, PCC-60
(github.com/lp-digitalhealth/ode-360x-adapter, spec/mapping)."""

_TIED = {"Appointment": ("basedOn",), "DiagnosticReport": ("basedOn",), "DocumentReference": ("context", "related")}
"""Where a resource names the request that it answers."""


@dataclass(frozen=True)
class Prepared:
    """An answer that was found sound."""

    kind: str
    record: Record
    type: str | None = None
    resource: Node | None = None
    """As the sender reads it; its id and version are still to be given."""
    mapping_version: str | None = None

    @property
    def called(self) -> str:
        return CALLED[self.type or ""]


def information(record: Record) -> Prepared:
    """What a sender adds: it lies in the Task as it came."""
    return Prepared(INFORMATION, record)


def prepare(connection: Connection, record: Record, ours: Node, task: Stored, site: Site) -> Prepared:
    """A record of the clinic's for the sender of a Task; `ours` is the identifier that the patient has here.

    Refusal for what is not sound, must not be acted upon, or leads where the sender cannot read.
    """
    found = errors(mappings.check_record(record, site=site))
    if found:
        raise Refusal("unprocessable", found)
    if reasons := not_actionable(record):
        text = "What may not be acted upon is not told to the sender"
        raise Refusal("conflict", [Issue("error", "business-rule", "actionable", f"{text}: {one}") for one in reasons])
    said = exact_json.loads(task.json)
    rendered = _rendered(record, site)
    refuse_dead_links(connection, rendered, task.partner)
    resource = _tied(about(rendered, ours, said["for"]), said["focus"])
    refuse_invalid(resource)
    kind = str(record["record"])
    return Prepared(kind, record, resource["resourceType"], resource, mappings.version(kind, site=site))


def keep(
    connection: Connection, referral_id: str, prepared: Prepared, before: Answer | None, partner: str, at: str
) -> tuple[str, int]:
    """Stores an answer, as the next version of `before` where that is given: its id and version."""
    id_, version = (before.id, before.version + 1) if before else (str(uuid4()), 1)
    made_by = prepared.mapping_version
    new = Answer(id_, version, referral_id, prepared.kind, prepared.type, prepared.record, made_by, at)
    answers.add(connection, new)
    if prepared.resource is not None:
        resources.add(connection, keeping.kept(keeping.version_of(prepared.resource, id_, version, at), partner))
    return id_, version


def booked(connection: Connection, referral_id: str) -> Answer | None:
    """The appointment that is still to come."""
    made = transitions.last_of(connection, referral_id, "schedule")
    held = answers.current(connection, made.answer_id) if made and made.answer_id else None
    return held if held and held.kind == FOLLOW_UP and held.record.get("status") == "booked" else None


def settle(connection: Connection, appointment: Answer, status: str, reason: str | None, partner: str, at: str) -> None:
    """The next version of an appointment, which says what became of it."""
    because = {"cancelled_because": {"text": reason}} if reason is not None else {}
    record = {**appointment.record, "status": status, **because}
    held = resources.current(connection, "Appointment", appointment.id)
    if held is None:
        raise LookupError("an appointment is not stored")
    resource = {**exact_json.loads(held.json), "status": status}
    if reason is not None:
        resource["cancelationReason"] = {"text": reason}
    version = appointment.version + 1
    made_by = appointment.mapping_version
    new = Answer(appointment.id, version, appointment.referral_id, FOLLOW_UP, "Appointment", record, made_by, at)
    answers.add(connection, new)
    resources.add(connection, keeping.kept(keeping.version_of(resource, appointment.id, version, at), partner))


def refuse_invalid(resource: Node) -> None:
    """Refuses what is not valid R4."""
    found = errors(validity.check(resource))
    if found:
        raise Refusal("unprocessable", found)


def refuse_dead_links(connection: Connection, resource: Node, partner: str, places: tuple[str, ...] = ("",)) -> None:
    """Refuses references, at places that begin so, to what whoever reads this cannot read here."""
    found = [
        Issue("error", "not-found", place, "This leads to nothing here: name it by its identifier, or in words.")
        for reference, place in _links(resource)
        if place.startswith(places) and not _leads_on(connection, reference, partner)
    ]
    if found:
        raise Refusal("unprocessable", found)


def _links(resource: Node) -> Iterator[tuple[str, str]]:
    for _, key, value, place in leaves(resource):
        if key == "reference" and isinstance(value, str):
            yield value, place


def _leads_on(connection: Connection, reference: str, partner: str) -> bool:
    if reference.startswith(("#", "http://", "https://")):
        return True
    type_, _, id_ = reference.partition("/_history/")[0].partition("/")
    held = resources.current(connection, type_, id_)
    return held is not None and held.partner == partner


def _rendered(record: Record, site: Site) -> Node:
    try:
        return mappings.to_fhir(record, site=site).resource
    except Refused as refused:
        raise Refusal("unprocessable", refused.issues) from None


def about(node: Any, ours: Node, patient: Node) -> Any:
    """A copy in which whoever has this number here is named as the sender names the patient."""
    if isinstance(node, list):
        return [about(item, ours, patient) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("identifier") == ours and "resourceType" not in node:
        return {**patient, **{name: value for name, value in node.items() if name == "display"}}
    return {name: about(value, ours, patient) for name, value in node.items()}


def _tied(resource: Node, request: Node) -> Node:
    *above, last = _TIED[resource["resourceType"]]
    copy = dict(resource)
    node = copy
    for name in above:
        node[name] = dict(node.get(name, {}))
        node = node[name]
    held = node.get(last, [])
    if not any(one.get("reference") == request["reference"] for one in held):
        node[last] = [*held, {"reference": request["reference"]}]
    return copy
