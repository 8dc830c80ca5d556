"""For invariants that damage to official examples does not break: the smallest node that does."""

from __future__ import annotations

from typing import Any

_HL7 = "http://terminology.hl7.org/CodeSystem"
_IN_ERROR = [{"code": "entered-in-error"}]


def _in_error(system: str) -> dict[str, Any]:
    coding = {"system": f"{_HL7}/{system}", "code": "entered-in-error"}
    return {"verificationStatus": {"coding": [coding]}, "clinicalStatus": {"text": "active"}}


def _scope(code: str) -> dict[str, Any]:
    return {"resourceType": "Consent", "scope": {"coding": [{"system": "something", "code": code}]}}


BROKEN: dict[str, Any] = {
    "ait-2": {"resourceType": "AllergyIntolerance", **_in_error("allergyintolerance-verification")},
    "app-4": {"resourceType": "Appointment", "status": "booked", "cancelationReason": {"text": "snow"}},
    "bdl-7": {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:a"}, {"fullUrl": "urn:a"}]},
    "bdl-8": {"fullUrl": "http://a.example/Patient/1/_history/2"},
    "bdl-9": {"resourceType": "Bundle", "type": "document", "identifier": {"system": "urn:a"}},
    "bdl-10": {"resourceType": "Bundle", "type": "document"},
    "bdl-11": {"resourceType": "Bundle", "type": "document", "entry": [{"resource": {"resourceType": "Patient"}}]},
    "bdl-12": {"resourceType": "Bundle", "type": "message", "entry": [{"resource": {"resourceType": "Patient"}}]},
    "cmd-1": {"equivalence": "narrower"},
    "cmd-2": {"mode": "fixed"},
    "cmd-3": {"mode": "other-map"},
    "cnt-3": {"value": 2, "code": "{spoon}", "system": "http://unitsofmeasure.org"},
    "con-5": {"resourceType": "Condition", **_in_error("condition-ver-status")},
    "cpb-2": {"resourceType": "CapabilityStatement"},
    "cpb-3": {
        "resourceType": "CapabilityStatement",
        "kind": "capability",
        "messaging": [{"endpoint": [{"address": "http://a.example"}]}],
    },
    "cpb-7": {"resourceType": "CapabilityStatement", "document": [{"profile": "a", "mode": "producer"}] * 2},
    "cpb-9": {"resource": [{"type": "Patient"}, {"type": "Patient"}]},
    "cpb-12": {"searchParam": [{"name": "_id"}, {"name": "_id"}]},
    "cpb-16": {"resourceType": "CapabilityStatement", "kind": "requirements", "software": {"name": "a"}},
    "csd-1": {"resourceType": "CodeSystem", "concept": [{"code": "a", "concept": [{"code": "a"}]}]},
    "dis-1": {"value": 3},
    "dom-4": {"resourceType": "Patient", "contained": [{"resourceType": "Basic", "meta": {"versionId": "1"}}]},
    "dom-5": {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Basic", "meta": {"security": [{"code": "R"}]}}],
    },
    "drq-2": {"path": "date", "searchParam": "date"},
    "fhs-1": {"resourceType": "FamilyMemberHistory", "ageString": "old", "bornString": "long ago"},
    "fhs-2": {"resourceType": "FamilyMemberHistory", "estimatedAge": True},
    "lst-3": {"resourceType": "List", "mode": "snapshot", "entry": [{"date": "2026"}]},
    "md-1": {"max": "0"},
    "mdd-1": {
        "resourceType": "MedicationDispense",
        "whenPrepared": "2026-01-02T10:00:00Z",
        "whenHandedOver": "2026-01-02T11:30:00+02:00",
    },
    "mea-1": {"resourceType": "Measure", "group": [{"stratifier": [{"id": "s"}]}]},
    "mqty-1": {"value": 3, "code": "EUR", "system": "urn:a"},
    "mrp-1": {"resourceType": "MeasureReport", "type": "data-collection", "group": [{"id": "g"}]},
    "mrp-2": {"resourceType": "MeasureReport", "group": [{"stratifier": [{"stratum": [{"id": "s"}]}]}]},
    "msq-3": {"resourceType": "MolecularSequence", "coordinateSystem": 2},
    "nsd-1": {"resourceType": "NamingSystem", "kind": "root", "uniqueId": [{"type": "uuid"}]},
    "nsd-2": {"resourceType": "NamingSystem", "uniqueId": [{"type": "oid", "preferred": True}] * 2},
    "obs-7": {
        "resourceType": "Observation",
        "valueInteger": 3,
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]}}],
    },
    "opd-1": {"name": "a"},
    "opd-2": {"searchType": "token", "type": "code"},
    "opd-3": {"targetProfile": ["urn:a"], "type": "string"},
    "org-2": {"use": "home"},
    "ppc-2": _scope("patient-privacy"),
    "ppc-3": _scope("research"),
    "ppc-4": _scope("adr"),
    "ppc-5": _scope("treatment"),
    "prr-1": {"resourceType": "ServiceRequest", "orderDetail": [{"text": "left"}]},
    "que-2": {"resourceType": "Questionnaire", "item": [{"linkId": "1", "item": [{"linkId": "1"}]}]},
    "que-3": {"type": "display", "code": [{"code": "a"}]},
    "que-6": {"type": "display", "required": True},
    "que-8": {"type": "group", "initial": [{"valueString": "a"}]},
    "que-9": {"type": "display", "readOnly": True},
    "que-10": {"type": "date", "maxLength": 3},
    "que-11": {"answerOption": [{"valueString": "a"}], "initial": [{"valueString": "a"}]},
    "que-12": {"enableWhen": [{"question": "1"}, {"question": "2"}, {"question": "3"}]},
    "que-13": {"repeats": False, "initial": [{"valueString": "a"}, {"valueString": "b"}]},
    "ras-1": {"low": {"value": 3, "code": "%", "system": "urn:a"}},
    "ras-2": {"probabilityDecimal": 101},
    "sev-1": {"name": "a", "query": "AAAA"},
    "spd-2": {"resourceType": "SearchParameter", "type": "token", "chain": ["a"]},
    "tcp-1": {"version": [{"code": "1"}, {"isDefault": True}]},
    "tcp-2": {"resourceType": "TerminologyCapabilities"},
    "tcp-4": {"resourceType": "TerminologyCapabilities", "kind": "capability"},
    "tcp-5": {"resourceType": "TerminologyCapabilities", "kind": "requirements", "software": {"name": "a"}},
    "tim-4": {"duration": -1},
    "tim-5": {"period": -1},
    "tim-10": {"timeOfDay": ["10:00:00"], "when": ["MORN"]},
    "trd-1": {"data": [{"type": "Patient"}], "timingDate": "2026"},
    "vsd-6": {"system": "urn:a"},
    "vsd-9": {"display": "a", "abstract": False},
    "vsd-10": {"code": "a"},
}
