"""A change told in a message: a Bundle with the Task as its focus, to the sender's `$process-message`.

A receiver of messages can be asked for nothing, so one whose answer was lost is sent again as it was, byte for byte:
its ids derive from what it tells, and who received it already knows it by them.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapter.client import Answer, FhirClient, WillAnswerTheSame, WorthAnotherTry, issue_codes
from adapter.delivery.answering.telling import Telling
from adapter.delivery.transaction import Delivered, Resource, accepted, urn
from adapter.settings import Settings
from mappings.faults import refuse
from mappings.r4 import validity

I12: Resource = {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"}
"""REF/RRI, patient referral: BSeR has it in both directions."""


def tell_by_message(client: FhirClient, telling: Telling, settings: Settings) -> Delivered:
    """Delivers, or raises what stands in the way."""
    try:
        answer = client.process_message(message(telling, settings))
    except WorthAnotherTry as accepted:
        if accepted.status != 202:  # taken; whoever processes messages later says nothing more now
            raise
    else:
        _must_have_been_taken(answer)
    return Delivered(None, None, sent=True)


def message(telling: Telling, settings: Settings) -> Resource:
    """The message: its header, the Task, and what the Task's outputs lead to.  Refused where it is not valid R4."""
    names = {one.name: urn(one.type, one.known_by) for one in telling.outputs}

    def placed(name: str) -> str | None:
        there = telling.theirs.get(name)
        return names.get(name) or (f"{telling.partner.base_url}/{there}" if there else None)

    said = {"Task": telling.outside(telling.task, placed)}
    said |= {one.name: telling.outside(one.resource, placed) for one in telling.outputs}
    for resource in said.values():
        refuse(validity.check(resource))
    task = urn("Task", telling.filler)
    version = f"{telling.filler.token()}/{telling.task['meta']['versionId']}"
    ids = {part: str(uuid5(NAMESPACE_URL, f"{part} {version}")) for part in ("Bundle", "MessageHeader")}
    header: Resource = {
        "resourceType": "MessageHeader",
        "id": ids["MessageHeader"],
        **_event(telling.header),
        "destination": [_destination(telling)],
        "source": {
            "name": settings.clinic_name,
            "software": "paingate",
            "endpoint": f"{settings.audience.rstrip('/') or settings.identifier_base}/$process-message",
        },
        "focus": [{"reference": task}],
    }
    if telling.header:
        header["response"] = {"identifier": telling.answers_to, "code": "ok"}
    entries = [(f"urn:uuid:{ids['MessageHeader']}", header), (task, said.pop("Task"))]
    entries += [(names[name], resource) for name, resource in said.items()]
    return {
        "resourceType": "Bundle",
        "id": ids["Bundle"],
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ids['Bundle']}"},
        "type": "message",
        "timestamp": telling.task["meta"]["lastUpdated"],
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def _event(header: Resource) -> Resource:
    """The sender's own spelling of the event, where it sent one."""
    told: Resource = {name: header[name] for name in ("eventCoding", "eventUri") if name in header}
    return told or {"eventCoding": I12}


def _destination(telling: Telling) -> Resource:
    source: dict[str, Any] = telling.header.get("source", {})
    told: Resource = {name: source[name] for name in ("name", "endpoint") if name in source}
    return told or {"endpoint": f"{telling.partner.base_url}/$process-message"}


def _must_have_been_taken(answer: Answer) -> None:
    """Some say no inside an accepting answer: an OperationOutcome, or a message that answers with an error."""
    inside = [one.get("resource") for one in accepted(answer).get("entry") or [] if isinstance(one, dict)]
    found = [one for one in inside if isinstance(one, dict)]
    header = next((one for one in found if one.get("resourceType") == "MessageHeader"), {})
    response = header.get("response")
    code = response.get("code") if isinstance(response, dict) else None
    codes = tuple(code for one in found for code in issue_codes(one))
    if code == "transient-error":
        raise WorthAnotherTry("the message was answered with a transient error", status=answer.status, codes=codes)
    if code == "fatal-error":
        raise WillAnswerTheSame("the message was answered with an error", status=answer.status, codes=codes)
