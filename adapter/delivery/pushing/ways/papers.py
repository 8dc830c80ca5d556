"""The plan as something to read, where a partner takes no CarePlan: a document, a message to a person, a filled form.

Each version is one of its own, known by a number of its own; a document says which one it replaces.  It is about the
partner's own Patient, and none is made for it.  What a DocumentReference holds is what Oracle Health Millennium asks
for (its documentation of 2024-05): one LOINC type, docStatus final, dateTimes with a time, and an end of the period.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapter.client import FhirClient, WillAnswerTheSame
from adapter.client.searching import carries
from adapter.delivery.outgoing import with_subject
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.looking import must_be_known, patient_there
from adapter.delivery.transaction import ARRIVAL_UNKNOWN, Delivered, Held, Resource, as_held, only
from mappings.faults import refuse
from mappings.r4 import validity
from mappings.r4.exact_json import dumps

LOINC = "http://loinc.org"
PLAN_NOTE = {"system": LOINC, "code": "80764-4", "display": "Pain medicine Plan of care note"}
PDF = "application/pdf"
FHIR_JSON = "application/fhir+json"

Make = Callable[[Sending, Resource], Resource]
"""Of the pointer to the patient."""


def bring(make: Make, client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way."""
    patient = must_be_known(patient_there(client, sending))
    paper = make(sending, {"reference": f"Patient/{patient}"})
    refuse(validity.check(paper))
    del first  # each version is one of its own, whatever of the plan left before
    if not sending.fresh and (held := _there(client, sending, paper["resourceType"], patient)):
        return Delivered(held.id, held.version, sent=False, patient_there=patient)
    there = client.create(paper)
    remote, version = there.id, there.version
    if remote is None:
        held = _there(client, sending, paper["resourceType"], patient)
        remote, version = (held.id, held.version) if held else (None, None)
    return Delivered(remote, version, sent=True, resource=paper, patient_there=patient)


def _there(client: FhirClient, sending: Sending, type_: str, patient: str) -> Held | None:
    """The same version there already; refused where that cannot be found out, since it may be there."""
    of_type = sending.accepted.of(type_) if sending.accepted is not None else None
    if of_type is None or "identifier" in of_type.searched_by:
        return only(client, type_, sending.document_number, "it")
    if "patient" in of_type.searched_by and "search-type" in of_type.interactions:
        found = client.of_patient(type_, patient)
        ours = [one for one in found if carries(one, sending.document_number)]
        if ours:
            return as_held(ours[0])
        if not found or any(one.get("identifier") for one in found):
            return None
    what = "whether it arrived is not known, and the partner cannot be asked: look there, and replay it if it is not"
    raise WillAnswerTheSame(what, codes=(ARRIVAL_UNKNOWN,))


def document(sending: Sending, patient: Resource) -> Resource:
    """A DocumentReference with the plan as PDF, and as FHIR too where the partner takes more than one content."""
    contents = [_attached(PDF, sending.pdf, sending)]
    if sending.accepted is None or not sending.accepted.one_content:
        contents.append(_attached(FHIR_JSON, dumps(with_subject(sending.named, patient)), sending))
    replaces = [{"code": "replaces", "target": {"reference": f"DocumentReference/{sending.document_there}"}}]
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": sending.document_number.json(),
        "identifier": [sending.document_number.json(), sending.identifier.json()],
        "status": "current" if sending.holds_true else "entered-in-error",
        "docStatus": "final" if sending.holds_true else "entered-in-error",
        "type": {"coding": [PLAN_NOTE]},
        "subject": patient,
        "date": sending.stored_at,
        **_author("author", sending, many=True),
        **({"relatesTo": replaces} if sending.document_there else {}),
        "description": sending.title,
        "content": [{"attachment": one} for one in contents],
        "context": {"period": {"end": sending.stored_at}},
    }


def communication(sending: Sending, patient: Resource) -> Resource:
    """A Communication with the plan as PDF."""
    return {
        "resourceType": "Communication",
        "identifier": [sending.document_number.json(), sending.identifier.json()],
        "status": "completed" if sending.holds_true else "entered-in-error",
        "subject": patient,
        "topic": {"coding": [PLAN_NOTE], "text": sending.title},
        "sent": sending.stored_at,
        **_author("sender", sending, many=False),
        "payload": [{"contentString": sending.title}, {"contentAttachment": _attached(PDF, sending.pdf, sending)}],
    }


def questionnaire_response(sending: Sending, patient: Resource) -> Resource:
    """A QuestionnaireResponse whose items are the plan's sections, each line an answer."""
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": sending.document_number.json(),
        "status": "completed" if sending.holds_true else "entered-in-error",
        "subject": patient,
        "authored": sending.stored_at,
        **_author("author", sending, many=False),
        "item": [
            {"linkId": str(number), "text": title, "answer": [{"valueString": line} for line in lines]}
            for number, (title, lines) in enumerate(_sections(sending), start=1)
        ],
    }


PAPERS: Mapping[str, tuple[str, Make]] = {
    "document": ("DocumentReference", document),
    "communication": ("Communication", communication),
    "questionnaire-response": ("QuestionnaireResponse", questionnaire_response),
}
"""By the names of the ways: the type of each, and what makes one."""


def _sections(sending: Sending) -> Iterator[tuple[str, list[str]]]:
    """What the letter says, section by section."""
    words: dict[str, Any] = dict(sending.words)
    yield "Plan", [sending.title, *words["warnings"], *(f"{name}: {value}" for name, value in words["facts"])]
    if words["description"]:
        yield "About", [words["description"]]
    for one in words["lists"]:
        yield one["title"], _lines(one["items"])
    if words["goals"]:
        yield "Goals", _lines(words["goals"])
    for one in words["sections"] + words["closing"]:
        yield one["title"], _lines(one["items"])


def _lines(items: list[Any]) -> list[str]:
    return [line for line in (_line(one) for one in items) if line]


def _line(item: Any) -> str:
    if isinstance(item, dict):
        return "; ".join(line for value in item.values() if (line := _line(value)))
    if isinstance(item, (list, tuple)):
        return ", ".join(line for value in item if (line := _line(value)))
    return item if isinstance(item, str) else ""


def _attached(kind: str, data: bytes, sending: Sending) -> Resource:
    return {
        "contentType": kind,
        "data": b64encode(data).decode(),
        "size": len(data),
        "hash": b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),  # R4: SHA-1
        "title": sending.title,
        "creation": sending.stored_at,
    }


def _author(name: str, sending: Sending, *, many: bool) -> Resource:
    clinic = sending.clinic
    told: Resource = {"display": clinic.head.name} if clinic.head.name else {}
    if clinic.organization is not None:
        told = {"type": "Organization", "identifier": clinic.organization.json(), **told}
    return {name: [told] if many else told} if told else {}
