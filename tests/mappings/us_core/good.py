"""For each profile a resource that meets it, with all in it that the profile has a say in; and what breaks it."""

from __future__ import annotations

from typing import Any

from mappings.us_core import BASE

Json = dict[str, Any]

THO = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
NPI = "http://hl7.org/fhir/sid/us-npi"
PATIENT = {"reference": "Patient/1"}
DOCTOR = {"reference": "Practitioner/1"}


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def extension(name: str, **value: Any) -> Json:
    return {"url": BASE + name, **value}


def parts(**values: Json) -> list[Json]:
    return [{"url": url, **value} for url, value in values.items()]


RACE = extension(
    "us-core-race",
    extension=parts(
        ombCategory={"valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}},
        detailed={"valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2108-9"}},
        text={"valueString": "White"},
    ),
)
ETHNICITY = extension(
    "us-core-ethnicity",
    extension=parts(
        ombCategory={"valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2186-5"}},
        detailed={"valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2186-5"}},
        text={"valueString": "Not Hispanic or Latino"},
    ),
)
TRIBE = extension(
    "us-core-tribal-affiliation",
    extension=parts(
        tribalAffiliation={"valueCodeableConcept": {"text": "Shawnee Tribe"}}, isEnrolled={"valueBoolean": True}
    ),
)
ADHERENCE = extension(
    "us-core-medication-adherence",
    extension=parts(
        medicationAdherence={"valueCodeableConcept": {"text": "as prescribed"}},
        dateAsserted={"valueDateTime": "2026-01-01"},
        informationSource={"valueCodeableConcept": {"text": "the patient"}},
    ),
)
INTERPRETER = extension(
    "us-core-interpreter-needed", valueCoding={"system": "http://snomed.info/sct", "code": "373066001"}
)
ASSERTED = {"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": "2026-01-01"}
ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}


def condition(*categories: Json) -> Json:
    return {
        "resourceType": "Condition",
        "extension": [ASSERTED],
        "clinicalStatus": concept(f"{THO}/condition-clinical", "active"),
        "category": list(categories),
        "code": {"text": "Sciatica"},
        "subject": PATIENT,
        "encounter": {"reference": "Encounter/1"},
        "recorder": DOCTOR,
    }


def observation(category: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [concept(f"{THO}/observation-category", category)],
        "code": concept(LOINC, "72514-3"),
        "subject": PATIENT,
        "encounter": {"reference": "Encounter/1"},
        "effectiveDateTime": "2026-01-01",
        "performer": [DOCTOR],
        "valueQuantity": {"value": 6, "system": UCUM, "code": "{score}"},
        "hasMember": [{"reference": "Observation/2"}],
        "derivedFrom": [{"reference": "QuestionnaireResponse/1"}],
    }


GOOD: dict[str, Json] = {
    "us-core-patient": {
        "resourceType": "Patient",
        "extension": [
            RACE,
            ETHNICITY,
            TRIBE,
            extension("us-core-sex", valueCoding={"system": "http://snomed.info/sct", "code": "248152002"}),
            INTERPRETER,
        ],
        "identifier": [{"system": "https://clinic.example/patient", "value": "1"}],
        "name": [{"family": "Doe", "given": ["Jane"]}, {"extension": [ABSENT]}],
        "telecom": [{"system": "phone", "value": "555"}],
        "gender": "female",
    },
    "us-core-practitioner": {
        "resourceType": "Practitioner",
        "identifier": [{"system": NPI, "value": "1999999976"}],
        "name": [{"family": "Vance", "given": ["Amara"]}],
        "address": [{"line": ["1", "2", "3", "4"]}],
    },
    "us-core-practitionerrole": {
        "resourceType": "PractitionerRole",
        "practitioner": DOCTOR,
        "organization": {"reference": "Organization/1"},
        "location": [{"reference": "Location/1"}],
        "telecom": [{"system": "phone", "value": "555"}],
    },
    "us-core-organization": {
        "resourceType": "Organization",
        "identifier": [
            {"system": NPI, "value": "1999999976"},
            {"system": "urn:oid:2.16.840.1.113883.4.7", "value": "12D4567890"},
            {"system": "urn:oid:2.16.840.1.113883.6.300", "value": "12345"},
        ],
        "active": True,
        "name": "Lakeside Pain Clinic",
        "address": [{"line": ["1", "2", "3", "4"]}],
    },
    "us-core-relatedperson": {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": PATIENT,
        "name": [{"text": "Her son"}],
    },
    "us-core-location": {
        "resourceType": "Location",
        "name": "Room 1",
        "type": [{"coding": [{"system": f"{THO}/v3-RoleCode", "code": "PAINCL"}], "text": "Pain clinic"}],
        "managingOrganization": {"reference": "Organization/1"},
    },
    "us-core-medication": {"resourceType": "Medication", "code": {"text": "Naproxen"}, "status": "active"},
    "us-core-encounter": {
        "resourceType": "Encounter",
        "extension": [INTERPRETER],
        "identifier": [{"system": "https://clinic.example/visit", "value": "1"}],
        "status": "finished",
        "class": {"system": f"{THO}/v3-ActCode", "code": "AMB"},
        "type": [{"text": "Visit"}],
        "subject": PATIENT,
        "participant": [{"individual": DOCTOR}],
        "reasonReference": [{"reference": "Condition/1"}],
        "location": [{"location": {"reference": "Location/1"}}],
        "serviceProvider": {"reference": "Organization/1"},
    },
    "us-core-careplan": {
        "resourceType": "CarePlan",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Walk</div>'},
        "status": "active",
        "intent": "plan",
        "category": [concept("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")],
        "subject": PATIENT,
        "contributor": [DOCTOR],
    },
    "us-core-careteam": {
        "resourceType": "CareTeam",
        "subject": PATIENT,
        "participant": [{"role": [{"text": "Doctor"}], "member": DOCTOR}],
    },
    "us-core-goal": {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": PATIENT,
        "expressedBy": DOCTOR,
    },
    "us-core-condition-encounter-diagnosis": condition(concept(f"{THO}/condition-category", "encounter-diagnosis")),
    "us-core-condition-problems-health-concerns": condition(concept(f"{THO}/condition-category", "problem-list-item")),
    "us-core-documentreference": {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": concept(LOINC, "11488-4"),
        "category": [
            concept("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note")
        ],
        "subject": PATIENT,
        "author": [DOCTOR],
        "content": [{"attachment": {"contentType": "text/plain", "url": "https://clinic.example/note"}}],
        "context": {"encounter": [{"reference": "Encounter/1"}]},
    },
    "us-core-medicationrequest": {
        "resourceType": "MedicationRequest",
        "extension": [ADHERENCE],
        "status": "active",
        "intent": "order",
        "category": [concept(f"{THO}/medicationrequest-category", "outpatient")],
        "reportedReference": {**PATIENT},
        "medicationReference": {"reference": "Medication/1"},
        "subject": PATIENT,
        "encounter": {"reference": "Encounter/1"},
        "requester": DOCTOR,
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "system": UCUM, "code": "{tbl}"}}]}],
    },
    "us-core-procedure": {
        "resourceType": "Procedure",
        "basedOn": [{"reference": "ServiceRequest/1"}],
        "status": "completed",
        "code": {"text": "Facet injection"},
        "subject": PATIENT,
        "encounter": {"reference": "Encounter/1"},
        "performedDateTime": "2026-01-01",
        "performer": [{"actor": DOCTOR}],
    },
    "us-core-servicerequest": {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "category": [concept("http://snomed.info/sct", "386053000")],
        "code": {"text": "Physiotherapy"},
        "subject": PATIENT,
        "encounter": {"reference": "Encounter/1"},
        "requester": DOCTOR,
    },
    "us-core-observation-screening-assessment": observation("survey"),
    "us-core-observation-clinical-result": observation("exam"),
    "us-core-simple-observation": observation("survey"),
    "us-core-questionnaireresponse": {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "https://clinic.example/Questionnaire/peg",
        "_questionnaire": {
            "extension": [extension("us-core-extension-questionnaire-uri", valueUri="https://clinic.example/peg.pdf")]
        },
        "status": "completed",
        "subject": PATIENT,
        "authored": "2026-01-01",
        "author": DOCTOR,
        "item": [{"linkId": "1", "answer": [{"valueInteger": 3}]}],
    },
    "us-core-provenance": {
        "resourceType": "Provenance",
        "target": [{"reference": "CarePlan/1"}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [
            {
                "type": concept(f"{THO}/provenance-participant-type", "author"),
                "who": DOCTOR,
                "onBehalfOf": {"reference": "Organization/1"},
            }
        ],
    },
}

LACKING: dict[str, Json] = {
    "CarePlan": {"status": "active", "intent": "plan", "subject": PATIENT},
    "CareTeam": {"status": "active"},
    "Condition": {"subject": PATIENT},
    "DocumentReference": {"status": "current", "content": [{"attachment": {"title": "a"}}]},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}},
    "Location": {"status": "active"},
    "Medication": {"status": "active"},
    "Observation": {"status": "final", "code": {"text": "a"}},
    "Organization": {"name": "a"},
    "Patient": {"active": True},
    "Practitioner": {"active": True},
    "PractitionerRole": {"active": True},
    "Procedure": {"status": "completed", "subject": PATIENT},
    "QuestionnaireResponse": {"status": "completed"},
    "RelatedPerson": {"patient": PATIENT},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": PATIENT},
}
"""Valid R4 that meets no profile."""

DOCTOR_INSIDE = {**GOOD["us-core-practitioner"], "id": "d"}

BROKEN: dict[str, tuple[str, Json]] = {
    "pd-1": ("us-core-practitionerrole", {"telecom": None}),
    "provenance-1": (
        "us-core-provenance",
        {"contained": [DOCTOR_INSIDE], "agent": [{"who": {"reference": "#d"}}]},
    ),
    "sdcqr-2": (
        "us-core-questionnaireresponse",
        {"item": [{"linkId": "1", "answer": [{"valueInteger": n}]} for n in (1, 2)]},
    ),
    "us-core-1": ("us-core-observation-screening-assessment", {"effectiveDateTime": "2026-01"}),
    "us-core-13": (
        "us-core-practitionerrole",
        {"practitioner": None, "organization": None, "location": None, "active": True},
    ),
    "us-core-14": ("us-core-relatedperson", {"name": None}),
    "us-core-16": ("us-core-practitioner", {"identifier": [{"system": NPI, "value": "199999997"}]}),
    "us-core-17": ("us-core-practitioner", {"identifier": [{"system": NPI, "value": "1999999977"}]}),
    "us-core-18": (
        "us-core-organization",
        {"identifier": [{"system": "urn:oid:2.16.840.1.113883.4.7", "value": "12"}]},
    ),
    "us-core-19": (
        "us-core-organization",
        {"identifier": [{"system": "urn:oid:2.16.840.1.113883.6.300", "value": "12"}]},
    ),
    "us-core-2": ("us-core-observation-screening-assessment", {"valueQuantity": None, "hasMember": None}),
    "us-core-21": ("us-core-medicationrequest", {"requester": None}),
    "us-core-23": (
        "us-core-patient",
        {
            "extension": [
                extension(
                    "us-core-race",
                    extension=[
                        {"url": "ombCategory", "valueCoding": {"system": f"{THO}/v3-NullFlavor", "code": "UNK"}},
                        *RACE["extension"],
                    ],
                )
            ]
        },
    ),
    "us-core-3": (
        "us-core-observation-screening-assessment",
        {"valueQuantity": {"value": 6, "system": "urn:x", "code": "a"}},
    ),
    "us-core-6 of DocumentReference.content.attachment": (
        "us-core-documentreference",
        {"content": [{"attachment": {"title": "a"}}]},
    ),
    "us-core-6 of Patient.name": ("us-core-patient", {"name": [{"text": "Jane Doe"}]}),
    "us-core-7": ("us-core-procedure", {"performedDateTime": None}),
}
"""What breaks each invariant: members that the good resource then has, or has no more."""


def broken(name: str) -> Json:
    profile, members = BROKEN[name]
    made = {**GOOD[profile], **members}
    return {member: value for member, value in made.items() if value is not None}
