"""One referral in the dress of every door: what an EHR puts around the same resources."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from tests.adapter.speaking import Node

MESSAGES = "/fhir/$process-message"
I12 = {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"}
BSER = "http://hl7.org/fhir/us/bser/StructureDefinition"
GRAVITY = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition"
SERVER = "https://hospital.example/fhir"

Resources = dict[str, Node]
"""The resources of a referral by id, the ServiceRequest as "request"; references between them are "@id"."""
Door = tuple[str, Node]
"""Where a document is sent, and the document."""
Dress = Callable[[Resources], Door]


def alone(resources: Resources) -> Door:
    """A ServiceRequest that contains the rest."""
    told = referring(resources, lambda one: f"#{one['id']}")
    root = told.pop("request")
    root.pop("id")
    return "/fhir/ServiceRequest", root | {"contained": list(told.values())}


def in_batch(resources: Resources) -> Door:
    _, root = alone(resources)
    sent = {"resource": root, "request": {"method": "POST", "url": "ServiceRequest"}}
    return "/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [sent]}


def transaction(resources: Resources) -> Door:
    told = referring(resources, urn)
    return "/fhir", _bundle("transaction", [_posted(urn(one), one) for one in told.values()])


def backwards(resources: Resources) -> Door:
    """The ServiceRequest last, and absolute addresses."""
    told = referring(resources, lambda one: f"{one['resourceType']}/{one['id']}")
    return "/fhir", _bundle("transaction", [_posted(address(one), one) for one in told.values()][::-1])


def nameless(resources: Resources) -> Door:
    """No fullUrl: ids are all there is."""
    told = referring(resources, lambda one: f"{one['resourceType']}/{one['id']}")
    return "/fhir", _bundle("transaction", [_posted(None, one) for one in told.values()])


def gravity(resources: Resources) -> Door:
    """With the sender's Task, which leads to the ServiceRequest."""
    path, bundle = transaction(resources)
    task = gravity_task(bundle["entry"][0]["fullUrl"])
    bundle["entry"].append(_posted("urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-0000000000ff", task))
    return path, bundle


def gravity_task(reference: str) -> Node:
    """The sender's Task of a ServiceRequest."""
    return sender_task({"reference": reference}, GRAVITY, "SDOHCC-TaskForReferralManagement")


def message(resources: Resources) -> Door:
    """Plain: the focus is the ServiceRequest."""
    told = referring(resources, urn)
    entries = [{"fullUrl": urn(one), "resource": one} for one in told.values()]
    return MESSAGES, _message(header([{"reference": urn(told["request"])}]), entries)


def unfocused(resources: Resources) -> Door:
    """A message without focus, its event told as a uri, its addresses relative."""
    told = referring(resources, lambda one: f"{one['resourceType']}/{one['id']}")
    entries = [{"fullUrl": f"{one['resourceType']}/{one['id']}", "resource": one} for one in told.values()]
    head = header([], "m-2")
    del head["focus"], head["eventCoding"]
    return MESSAGES, _message(head | {"eventUri": f"{I12['system']}#I12"}, entries)


def bser(resources: Resources) -> Door:
    """HL7 BSeR: the focus is a Task, whose focus is the ServiceRequest."""
    told = referring(resources, lambda one: f"{one['resourceType']}/{one['id']}")
    task = sender_task({"reference": "ServiceRequest/request"}, BSER, "BSeR-ReferralTask") | {"id": "task"}
    entries = [{"fullUrl": address(one), "resource": one} for one in [*told.values(), task]]
    head = header([{"reference": "Task/task"}], "m-3") | {"meta": {"profile": [f"{BSER}/BSeR-ReferralMessageHeader"]}}
    return MESSAGES, _message(head, entries)


EVERY: dict[str, Dress] = {
    door.__name__: door
    for door in (alone, in_batch, transaction, backwards, nameless, gravity, message, unfocused, bser)
}


def header(focus: list[Node], id_: str = "m-1") -> Node:
    return {
        "resourceType": "MessageHeader",
        "id": id_,
        "eventCoding": I12,
        "destination": [{"endpoint": "https://clinic.example/fhir/$process-message"}],
        "source": {"name": "Hospital", "endpoint": f"{SERVER}/$process-message"},
        "focus": focus,
    }


def sender_task(focus: Node, guide: str, profile: str) -> Node:
    return {
        "resourceType": "Task",
        "meta": {"profile": [f"{guide}/{profile}"]},
        "identifier": [{"system": "urn:oid:1.2.36.9", "value": "task-1"}],
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": focus,
    }


def urn(resource: Node) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_OID, resource['id'])}"


def address(resource: Node) -> str:
    return f"{SERVER}/{resource['resourceType']}/{resource['id']}"


def referring(resources: Resources, name: Callable[[Node], str]) -> Resources:
    """A copy whose references are as a door writes them."""
    named = {key: one | {"id": key} for key, one in deepcopy(resources).items()}

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: told(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [told(one) for one in value]
        if isinstance(value, str) and value.startswith("@"):
            return name(named[value[1:]])
        return value

    return {key: told(one) for key, one in named.items()}


def _posted(url: str | None, resource: Node) -> Node:
    said = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
    return said | ({"fullUrl": url} if url else {})


def _bundle(type_: str, entries: list[Node]) -> Node:
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def _message(head: Node, entries: list[Node]) -> Node:
    first = {"fullUrl": "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-0000000000aa", "resource": head}
    if not any(str(one.get("fullUrl")).startswith("urn:") for one in entries):
        first["fullUrl"] = f"{SERVER}/MessageHeader/{head['id']}"
    return _bundle("message", [first, *entries])
