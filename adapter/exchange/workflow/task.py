"""The Task that says where a referral stands, as the referrer reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapter.exchange.identifiers import V2_0203, is_typed
from adapter.exchange.references import Node
from adapter.exchange.workflow.states import STATES
from adapter.settings import Settings
from adapter.store.referrals import Status

BUSINESS_STATUS = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
TASK_STATUS = "http://hl7.org/fhir/task-status"
STATE = ("status", "statusReason", "businessStatus")
"""The elements that say where it stands."""


@dataclass(frozen=True)
class Additions:
    """What a move adds to a Task."""

    outputs: Sequence[tuple[str, str]] = ()
    """What it is called, and where it is."""
    elements: Mapping[str, list[Node]] = field(default_factory=dict)
    """Items for note, input and contained, as the sender wrote them."""


def new_task(settings: Settings, service_request: Node, number: str, patient: str, at: str) -> Node:
    """The Task of a ServiceRequest as it begins: received, with our number beside the placer's."""
    said = {
        "resourceType": "Task",
        "identifier": [*_placers(service_request), _filler(settings, number)],
        **_state({}, "received", None),
        "intent": "order",
        "code": {"coding": [{"system": TASK_CODE, "code": "fulfill"}]},
        "focus": {"reference": f"ServiceRequest/{service_request['id']}"},
        "for": _for(settings, service_request, patient),
        "authoredOn": at,
        "lastModified": at,
        "requester": _seen_from_outside(service_request, service_request.get("requester")),
        "owner": _owner(settings),
    }
    return {name: value for name, value in said.items() if value is not None}


def moved(task: Node, status: Status, reason: Node | None, at: str, more: Additions) -> Node:
    """What a Task says from now on; `reason` is its statusReason."""
    kept = {name: value for name, value in task.items() if name not in STATE}
    kept["lastModified"] = at
    for name, items in more.elements.items():
        kept[name] = [*kept.get(name, []), *items]
    for called, where in more.outputs:
        output = {"type": {"text": called}, "valueReference": {"reference": where}}
        if output not in kept.get("output", []):
            kept["output"] = [*kept.get("output", []), output]
    return kept | _state(task, status, reason)


def _state(before: Node, status: Status, reason: Node | None) -> Node:
    step = STATES[status]
    state: Node = {"status": step.task_status}
    if reason is not None:
        state["statusReason"] = reason
    if step.business_status == "kept":
        state["businessStatus"] = before["businessStatus"]
    elif step.business_status is not None:
        code, display = step.business_status
        state["businessStatus"] = {"coding": [{"system": BUSINESS_STATUS, "code": code, "display": display}]}
    return state


def _placers(service_request: Node) -> list[Node]:
    return [one for one in service_request.get("identifier", []) if is_typed(one, "PLAC")]


def _filler(settings: Settings, number: str) -> Node:
    filler: Node = {
        "type": {"coding": [{"system": V2_0203, "code": "FILL", "display": "Filler Identifier"}]},
        "system": settings.system("referral"),
        "value": number,
        "assigner": {"display": settings.clinic_name},
    }
    return filler


def _for(settings: Settings, service_request: Node, patient: str) -> Node:
    """The patient: as the ServiceRequest names it, else by the number that we gave."""
    named = _seen_from_outside(service_request, service_request["subject"]) or {}
    if "reference" in named or "identifier" in named:
        return named
    return {"type": "Patient", "identifier": {"system": settings.system("patient"), "value": patient}, **named}


def _seen_from_outside(service_request: Node, reference: Any) -> Node | None:
    """A reference as another resource may hold it: what is contained can be named from outside only by its number."""
    if not isinstance(reference, dict):
        return None
    if not reference.get("reference", "").startswith("#"):
        return reference
    kept: Node = {name: value for name, value in reference.items() if name not in ("reference", "id")}
    name = reference["reference"][1:]
    inside: Node = next((one for one in service_request.get("contained", []) if one.get("id") == name), {})
    if inside:
        kept.setdefault("type", inside["resourceType"])
    if inside.get("identifier"):
        held = inside["identifier"]
        kept.setdefault("identifier", held[0] if isinstance(held, list) else held)
    return kept if kept.keys() - {"type"} else None


def _owner(settings: Settings) -> Node:
    owner: Node = {"type": "Organization", "display": settings.clinic_name}
    if settings.organization:
        system, _, value = settings.organization.partition("|")
        owner["identifier"] = {"system": system, "value": value}
    return owner
