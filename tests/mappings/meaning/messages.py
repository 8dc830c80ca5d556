"""Messages as partners send them, in short forms; and the laws that each of them is held to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from mappings import from_fhir, to_fhir
from mappings.conversion import rendered_again
from mappings.r4.fhirpath import leaves
from mappings.values import same

Json = dict[str, Any]

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ANN = {"reference": "Patient/ann"}
NRS = {"coding": [{"system": LOINC, "code": "72514-3"}]}
ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
MODIFIER = {"url": "urn:x:not-really", "valueBoolean": True}

NEEDED: dict[str, Json] = {
    "ServiceRequest": {"status": "active", "intent": "order", "subject": ANN},
    "CarePlan": {"status": "active", "intent": "plan", "subject": ANN},
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "morphine"},
        "subject": ANN,
    },
    "MedicationStatement": {"status": "active", "medicationCodeableConcept": {"text": "morphine"}, "subject": ANN},
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": {"text": "lidocaine"},
        "subject": ANN,
        "effectiveDateTime": "2026-11-20",
    },
    "Procedure": {"status": "completed", "subject": ANN, "code": {"text": "nerve block"}},
    "Observation": {"status": "final", "code": NRS, "subject": ANN, "valueInteger": 7},
    "Condition": {"subject": ANN, "code": {"text": "low back pain"}},
    "AllergyIntolerance": {"clinicalStatus": ACTIVE, "patient": ANN, "code": {"text": "penicillin"}},
    "QuestionnaireResponse": {"status": "completed", "subject": ANN},
    "ClinicalImpression": {"status": "completed", "subject": ANN},
    "DocumentReference": {
        "status": "current",
        "subject": ANN,
        "content": [{"attachment": {"contentType": "text/plain", "data": "cGFpbg=="}}],
    },
    "DiagnosticReport": {"status": "final", "code": {"text": "MRI lumbar spine"}, "subject": ANN},
    "Consent": {
        "status": "active",
        "scope": {"text": "treatment"},
        "category": [{"text": "treatment"}],
        "patient": ANN,
        "policyRule": {"text": "opt in"},
    },
    "Encounter": {"status": "finished", "class": {"code": "AMB"}, "subject": ANN},
    "Appointment": {
        "status": "booked",
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T09:30:00Z",
        "participant": [{"actor": ANN, "status": "accepted"}],
    },
    "Patient": {},
    "Goal": {"lifecycleStatus": "active", "description": {"text": "walk"}, "subject": ANN},
    "CareTeam": {},
    "Communication": {"status": "completed", "subject": ANN},
    "CommunicationRequest": {"status": "active", "subject": ANN},
    "Coverage": {"status": "active", "beneficiary": ANN, "payor": [{"display": "insurer"}]},
    "Device": {"type": {"text": "neurostimulator"}},
    "Medication": {"code": {"text": "morphine"}},
    "Location": {"name": "room 2"},
    "Organization": {"name": "clinic"},
    "Practitioner": {"name": [{"family": "Gray"}]},
    "PractitionerRole": {"code": [{"text": "GP"}]},
    "Specimen": {"subject": ANN},
    "Substance": {"code": {"text": "latex"}},
}
"""The least that R4 asks of each type."""


def make(type_: str, id_: str, **more: Any) -> Json:
    return {"resourceType": type_, "id": id_, **copy.deepcopy(NEEDED.get(type_, {})), **more}


def holding(root: Json, **elements: list[Json]) -> Json:
    """A root that contains what its elements lead to."""
    inside = [resource for resources in elements.values() for resource in resources]
    links = {name: [{"reference": f"#{one['id']}"} for one in resources] for name, resources in elements.items()}
    return {**root, "contained": inside, **links}


def url(resource: Json, base: str = "https://a.example") -> str:
    return f"{base}/{resource['resourceType']}/{resource['id']}"


def bundle(*resources: Json, base: str = "https://a.example", type_: str = "collection") -> Json:
    return {
        "resourceType": "Bundle",
        "type": type_,
        "entry": [{"fullUrl": url(resource, base), "resource": resource} for resource in resources],
    }


def records(document: Json) -> list[Json]:
    return [one.record for one in from_fhir(document).conversions]


def record_of(document: Json, kind: str | None = None) -> Json:
    (record,) = [one for one in records(document) if kind in (None, one["record"])]
    return record


def walk(node: Any) -> Iterator[Any]:
    yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(value)


def assert_lawful(document: Json) -> None:
    """GetPut for each root, the ledger adds up, and the same record is read from a fresh rendering."""
    before = copy.deepcopy(document)
    reading = from_fhir(document)
    assert sum(reading.report.ledger.values()) == len(list(leaves(document)))
    for one in reading.conversions:
        assert same(to_fhir(one.record, onto=document).resource, document)
        fresh = [again.record for again in from_fhir(rendered_again(one.record, document)).conversions]
        assert any(same(record, one.record) for record in fresh)
    assert same(document, before)


def put(document: Json, edit: Callable[[Json], Any], kind: str | None = None) -> Json:
    """The document after an edit of its record; what is read from it is what was written."""
    record = copy.deepcopy(record_of(document, kind))
    edit(record)
    after = to_fhir(record, onto=document).resource
    assert any(same(one, record) for one in records(after))
    return after


def changed_entries(document: Json, after: Json) -> list[int]:
    assert len(after["entry"]) >= len(document["entry"])
    pairs = enumerate(zip(document["entry"], after["entry"], strict=False))
    new = range(len(document["entry"]), len(after["entry"]))
    return [n for n, (one, other) in pairs if not same(one, other)] + list(new)
