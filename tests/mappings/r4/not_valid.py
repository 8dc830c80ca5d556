"""Resources that are not valid R4, one broken thing each, of the kinds of which other tools refuse 39 to 87 of 99.

A case is a name of its kind and thing, the resource, and the place and code of its refusal.  What only structure.py
looks at has more cases in not_r4.py.
"""

from __future__ import annotations

from typing import Any

from mappings.r4.exact_json import loads

UUID = "urn:uuid:6f0c2b0e-3f5e-5d50-9d4f-2f6d8c8a9c0"
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/p"}
Case = tuple[dict[str, Any], str, str]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "pain"}, **members}


def request(**members: Any) -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": SUBJECT, **members}


def prescription(**members: Any) -> dict[str, Any]:
    drug = {"text": "gabapentin"}
    kind = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": SUBJECT}
    return {**kind, **({} if "medicationReference" in members else {"medicationCodeableConcept": drug}), **members}


def repeat(**members: Any) -> dict[str, Any]:
    return prescription(dosageInstruction=[{"timing": {"repeat": members}}])


def plan(**members: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": SUBJECT, **members}


def condition(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": SUBJECT, **members}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


def answers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": list(items)}


def bundle(type_: str, *entries: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries), **members}


def post(resource: dict[str, Any], number: int | None = None, **members: Any) -> dict[str, Any]:
    url = {} if number is None else {"fullUrl": f"{UUID}{number}"}
    return {**url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}, **members}


def put(resource: dict[str, Any], url: str) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


COMPOSITION = {
    "resourceType": "Composition",
    "status": "final",
    "type": {"text": "note"},
    "date": "2026",
    "author": [{"display": "a"}],
    "title": "Note",
}
IDENTIFIER = {"system": "urn:a", "value": "1"}
STAMP = "2026-11-25T10:00:00Z"
ON = "MedicationRequest.dosageInstruction[0].timing.repeat"

SHAPE: dict[str, Case] = {
    "an element that R4 has not": (patient(favourite=1), "Patient.favourite", "structure"),
    "an element in the wrong case": (patient(birthdate="1980"), "Patient.birthdate", "structure"),
    "an element of R5": (observation(triggeredBy=[{}]), "Observation.triggeredBy", "structure"),
    "a resource that R4 has not": ({"resourceType": "Patiant"}, "Resource.resourceType", "structure"),
    "an object instead of a list": (patient(name={"family": "A"}), "Patient.name", "structure"),
    "a list instead of an object": (patient(maritalStatus=[{"text": "a"}]), "Patient.maritalStatus", "structure"),
    "a string instead of an object": (patient(maritalStatus="married"), "Patient.maritalStatus", "structure"),
    "an empty list": (patient(name=[]), "Patient.name", "structure"),
    "an empty list where one is wanted": (
        {**COMPOSITION, "author": []},
        "Composition.author",
        "structure",
    ),
    "an empty object": (patient(name=[{}]), "Patient.name[0]", "structure"),
    "a null": (patient(gender=None), "Patient.gender", "structure"),
    "a null in a list": (patient(name=[{"given": ["A", None]}]), "Patient.name[0].given[1]", "structure"),
    "a list and a twin of other lengths": (
        patient(name=[{"given": ["A", "B"], "_given": [{"extension": [{"url": "urn:e", "valueCode": "c"}]}]}]),
        "Patient.name[0].given",
        "structure",
    ),
    "a required element missing": (
        {"resourceType": "Observation", "code": {"text": "a"}},
        "Observation.status",
        "required",
    ),
    "a required element of a backbone missing": (
        patient(link=[{"type": "refer"}]),
        "Patient.link[0].other",
        "required",
    ),
    "two types of a choice": (
        observation(valueString="a", valueInteger=1),
        "Observation.value",
        "structure",
    ),
    "a type that a choice has not": (observation(valueDecimal=1), "Observation.valueDecimal", "structure"),
    "an extension with nothing": (patient(extension=[{"url": "urn:e"}]), "Patient.extension('urn:e')", "structure"),
    "an extension with value and extensions": (
        patient(extension=[{"url": "urn:e", "valueCode": "c", "extension": [{"url": "f", "valueCode": "c"}]}]),
        "Patient.extension('urn:e')",
        "structure",
    ),
    "an extension without url": (patient(extension=[{"valueCode": "c"}]), "Patient.extension[0].url", "required"),
}
PRIMITIVES: dict[str, Case] = {
    "a boolean as a string": (patient(active="true"), "Patient.active", "structure"),
    "a boolean as a number": (patient(active=1), "Patient.active", "structure"),
    "an integer as a string": (patient(multipleBirthInteger="1"), "Patient.multipleBirth", "structure"),
    "a decimal as a string": (observation(valueQuantity={"value": "1.5"}), "Observation.value.value", "structure"),
    "a date as seconds since 1970": (patient(birthDate=315532800), "Patient.birthDate", "structure"),
    "a day that does not exist": (patient(birthDate="2026-02-30"), "Patient.birthDate", "value"),
    "a date as people write it": (patient(birthDate="25.11.1980"), "Patient.birthDate", "value"),
    "a time without zone": (observation(effectiveDateTime="2026-11-25T10:00:00"), "Observation.effective", "value"),
    "an instant without time": (observation(issued="2026-11-25"), "Observation.issued", "value"),
    "a time without seconds": (observation(valueTime="10:00"), "Observation.value", "value"),
    "an id of 65 characters": (patient(id="a" * 65), "Patient.id", "value"),
    "an id with an underscore": (patient(id="a_b"), "Patient.id", "value"),
    "a code with white space": (patient(gender=" male"), "Patient.gender", "value"),
    "a uri with a space": (patient(identifier=[{"system": "urn: a"}]), "Patient.identifier[0].system", "value"),
    "an empty string": (patient(name=[{"family": ""}]), "Patient.name[0].family", "value"),
    "base64 that is none": (patient(photo=[{"contentType": "a/b", "data": "AA="}]), "Patient.photo[0].data", "value"),
    "a negative unsignedInt": (
        patient(photo=[{"contentType": "a/b", "size": -1}]),
        "Patient.photo[0].size",
        "value",
    ),
    "nought as a positiveInt": (patient(telecom=[{"rank": 0}]), "Patient.telecom[0].rank", "value"),
    "an integer beyond 32 bits": (observation(valueInteger=2**31), "Observation.value", "value"),
    "an integer with decimals": (observation(valueInteger=loads("1.0")), "Observation.value", "value"),
    "a control character": (patient(name=[{"family": "A\u0000"}]), "Patient.name[0].family", "value"),
    "a narrative with a script": (
        patient(text={"status": "generated", "div": "<div><script>a()</script>a</div>"}),
        "Patient.text.`div`",
        "invariant",
    ),
    "a narrative that is not well-formed": (
        patient(text={"status": "generated", "div": "<div><p>a</div>"}),
        "Patient.text.`div`",
        "invariant",
    ),
    "a narrative of white space": (
        patient(text={"status": "generated", "div": "<div> </div>"}),
        "Patient.text.`div`",
        "invariant",
    ),
}
BINDINGS: dict[str, Case] = {
    "a code that the value set has not": (patient(gender="woman"), "Patient.gender", "code-invalid"),
    "a code in the wrong case": (observation(status="Final"), "Observation.status", "code-invalid"),
    "a code of another value set": (request(priority="high"), "ServiceRequest.priority", "code-invalid"),
    "a code of R5": (request(intent="solution"), "ServiceRequest.intent", "code-invalid"),
    "a display instead of a code": (prescription(status="On Hold"), "MedicationRequest.status", "code-invalid"),
    "a code in a backbone": (
        plan(activity=[{"detail": {"status": "planned"}}]),
        "CarePlan.activity[0].detail.status",
        "code-invalid",
    ),
    "a code in a data type": (patient(name=[{"use": "birth"}]), "Patient.name[0].use", "code-invalid"),
    "a code in a list": (repeat(dayOfWeek=["mon", "tuesday"]), f"{ON}.dayOfWeek[1]", "code-invalid"),
    "a unit of time that is a word": (repeat(period=1, periodUnit="day"), f"{ON}.periodUnit", "code-invalid"),
    "a comparator": (
        observation(valueQuantity={"value": 1, "comparator": "=<"}),
        "Observation.value.comparator",
        "code-invalid",
    ),
    "a concept of the wrong code": (
        condition(clinicalStatus=concept("condition-clinical", "ended")),
        "Condition.clinicalStatus.coding",
        "code-invalid",
    ),
    "a concept of the wrong system": (
        condition(verificationStatus={"coding": [{"system": "urn:a", "code": "confirmed"}]}),
        "Condition.verificationStatus.coding",
        "code-invalid",
    ),
    "a concept that is text only": (
        condition(clinicalStatus={"text": "active"}),
        "Condition.clinicalStatus.coding",
        "code-invalid",
    ),
    "a type of resource": (
        plan(activity=[{"detail": {"status": "scheduled", "kind": "Walk"}}]),
        "CarePlan.activity[0].detail.kind",
        "code-invalid",
    ),
    "a code in what is contained": (
        patient(
            contained=[observation(id="o", status="done")],
            extension=[{"url": "urn:e", "valueReference": {"reference": "#o"}}],
        ),
        "Patient.contained[0].status",
        "code-invalid",
    ),
    "a MIME type": (patient(photo=[{"contentType": "jpeg"}]), "Patient.photo[0].contentType", "code-invalid"),
    "a language": (patient(language="english_UK"), "Patient.language", "code-invalid"),
    "a currency": (
        observation(extension=[{"url": "urn:e", "valueMoney": {"value": 3, "currency": "euro"}}]),
        "Observation.extension('urn:e').value.currency",
        "code-invalid",
    ),
}
REFERENCES: dict[str, Case] = {
    "to a type that may not stand there": (
        request(subject={"reference": "Practitioner/1"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "to a type that may not stand there, by URL": (
        request(subject={"reference": "https://a.example/fhir/Organization/1"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "to a contained resource of a wrong type": (
        prescription(contained=[{"resourceType": "Device", "id": "m"}], medicationReference={"reference": "#m"}),
        "MedicationRequest.medication.reference",
        "value",
    ),
    "to an entry of a wrong type": (
        bundle(
            "transaction",
            post({"resourceType": "Organization", "name": "a"}, 1),
            post(request(subject={"reference": f"{UUID}1"}), 2),
        ),
        "Bundle.entry[1].resource.subject.reference",
        "value",
    ),
    "whose type is another": (
        request(requester={"reference": "Practitioner/1", "type": "Patient"}),
        "ServiceRequest.requester.type",
        "value",
    ),
    "by identifier, of a type that may not stand there": (
        request(requester={"identifier": {"value": "1"}, "type": "Medication"}),
        "ServiceRequest.requester.type",
        "value",
    ),
    "whose type is none of R4": (
        request(requester={"display": "a", "type": "Doctor"}),
        "ServiceRequest.requester.type",
        "code-invalid",
    ),
    "to a type that R4 has not": (
        request(subject={"reference": "Person2/1"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "that is an id only": (request(subject={"reference": "p"}), "ServiceRequest.subject.reference", "value"),
    "that is a search outside a transaction": (
        request(subject={"reference": "Patient?identifier=1"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "with an id that is none": (
        request(subject={"reference": "Patient/a b"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "to nothing contained": (request(subject={"reference": "#p"}), "ServiceRequest.subject.reference", "not-found"),
    "from inside to nothing contained": (
        prescription(
            contained=[{"resourceType": "Medication", "id": "m", "manufacturer": {"reference": "#o"}}],
            medicationReference={"reference": "#m"},
        ),
        "MedicationRequest.contained[0].manufacturer.reference",
        "not-found",
    ),
    "to a form that is not contained": (
        {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "#q"},
        "QuestionnaireResponse.questionnaire",
        "not-found",
    ),
    "to an entry that a transaction has not": (
        bundle("transaction", post(request(subject={"reference": f"{UUID}9"}), 1)),
        "Bundle.entry[0].resource.subject.reference",
        "not-found",
    ),
    "to an OID that is none": (
        request(subject={"reference": "urn:oid:patient"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
    "to a UUID that is none": (
        request(subject={"reference": "urn:uuid:patient-1"}),
        "ServiceRequest.subject.reference",
        "value",
    ),
}
CONTAINED: dict[str, Case] = {
    "without id": (
        patient(contained=[{"resourceType": "Organization", "name": "a"}]),
        "Patient.contained[0].id",
        "required",
    ),
    "that nothing refers to": (
        patient(contained=[{"resourceType": "Organization", "id": "o", "name": "a"}]),
        "Patient.contained[0]",
        "invariant",
    ),
    "in what is contained": (
        patient(
            contained=[{"resourceType": "Organization", "id": "o", "name": "a", "contained": [patient(id="x")]}],
            managingOrganization={"reference": "#o"},
        ),
        "Patient.contained[0].contained",
        "structure",
    ),
    "with a version": (
        patient(
            contained=[{"resourceType": "Organization", "id": "o", "name": "a", "meta": {"versionId": "1"}}],
            managingOrganization={"reference": "#o"},
        ),
        "Patient",
        "invariant",
    ),
    "with a security label": (
        patient(
            contained=[{"resourceType": "Organization", "id": "o", "name": "a", "meta": {"security": [{"code": "R"}]}}],
            managingOrganization={"reference": "#o"},
        ),
        "Patient",
        "invariant",
    ),
    "twice with one id": (
        patient(
            contained=[{"resourceType": "Organization", "id": "o", "name": name} for name in "ab"],
            managingOrganization={"reference": "#o"},
        ),
        "Patient.contained[1].id",
        "duplicate",
    ),
}
BUNDLES: dict[str, Case] = {
    "an entry without request in a transaction": (
        bundle("transaction", {"resource": patient(active=True)}),
        "Bundle",
        "invariant",
    ),
    "an entry with request in a collection": (bundle("collection", post(patient(active=True))), "Bundle", "invariant"),
    "an answer without response": (
        bundle("transaction-response", {"resource": patient(active=True)}),
        "Bundle",
        "invariant",
    ),
    "a total in a collection": (
        bundle("collection", {"resource": patient(active=True)}, total=1),
        "Bundle",
        "invariant",
    ),
    "a score of a search in a collection": (
        bundle("collection", {"resource": patient(active=True), "search": {"mode": "match"}}),
        "Bundle",
        "invariant",
    ),
    "an entry of nothing": (bundle("collection", {"fullUrl": f"{UUID}1"}), "Bundle.entry[0]", "invariant"),
    "one fullUrl for two": (bundle("transaction", post(patient(), 1), post(patient(), 1)), "Bundle", "invariant"),
    "a fullUrl with a version": (
        bundle("collection", {"fullUrl": "http://a.example/Patient/1/_history/1", "resource": patient(id="1")}),
        "Bundle.entry[0]",
        "invariant",
    ),
    "a fullUrl that is relative": (
        bundle("collection", {"fullUrl": "Patient/1", "resource": patient(id="1")}),
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "a fullUrl with another id": (
        bundle("collection", {"fullUrl": "http://a.example/Patient/2", "resource": patient(id="1")}),
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "a fullUrl of another type": (
        bundle("collection", {"fullUrl": "http://a.example/Practitioner/1", "resource": patient(id="1")}),
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "a fullUrl that is no UUID": (
        bundle("transaction", {**post(patient()), "fullUrl": "urn:uuid:1"}),
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "a document without Composition": (
        bundle("document", {"fullUrl": f"{UUID}1", "resource": patient()}, identifier=IDENTIFIER, timestamp=STAMP),
        "Bundle",
        "invariant",
    ),
    "a document without date": (
        bundle("document", {"fullUrl": f"{UUID}1", "resource": COMPOSITION}, identifier=IDENTIFIER),
        "Bundle",
        "invariant",
    ),
    "a document without identifier": (
        bundle("document", {"fullUrl": f"{UUID}1", "resource": COMPOSITION}, timestamp=STAMP),
        "Bundle",
        "invariant",
    ),
    "a message without MessageHeader": (
        bundle("message", {"fullUrl": f"{UUID}1", "resource": patient()}),
        "Bundle",
        "invariant",
    ),
    "a POST of nothing": (
        bundle("transaction", {"request": {"method": "POST", "url": "Patient"}}),
        "Bundle.entry[0].resource",
        "required",
    ),
    "a POST to another type": (
        bundle("transaction", {"resource": patient(), "request": {"method": "POST", "url": "Observation"}}),
        "Bundle.entry[0].request.url",
        "value",
    ),
    "a PUT to another id": (
        bundle("transaction", put(patient(id="1"), "Patient/2")),
        "Bundle.entry[0].request.url",
        "value",
    ),
    "one resource written twice": (
        bundle("transaction", put(patient(id="1"), "Patient/1"), put(patient(id="1", active=True), "Patient/1")),
        "Bundle.entry[1].request.url",
        "duplicate",
    ),
}
INVARIANTS: dict[str, Case] = {
    "per-1": (patient(name=[{"period": {"start": "2026", "end": "2025"}}]), "Patient.name[0].period", "invariant"),
    "rng-2": (
        observation(valueRange={"low": {"value": 5, "unit": "h"}, "high": {"value": 3, "unit": "h"}}),
        "Observation.value",
        "invariant",
    ),
    "rat-1": (observation(valueRatio={"numerator": {"value": 1}}), "Observation.value", "invariant"),
    "qty-3": (observation(valueQuantity={"value": 1, "code": "mg"}), "Observation.value", "invariant"),
    "sqty-1": (
        prescription(dispenseRequest={"quantity": {"value": 1, "comparator": "<"}}),
        "MedicationRequest.dispenseRequest.quantity.comparator",
        "structure",
    ),
    "age-1": (condition(onsetAge={"value": 50, "unit": "years"}), "Condition.onset", "invariant"),
    "drt-1": (repeat(boundsDuration={"code": "d", "system": UCUM}), f"{ON}.bounds", "invariant"),
    "att-1": (patient(photo=[{"data": "AAAA"}]), "Patient.photo[0]", "invariant"),
    "cpt-2": (patient(telecom=[{"value": "555"}]), "Patient.telecom[0]", "invariant"),
    "tim-1": (repeat(duration=1), ON, "invariant"),
    "tim-2": (repeat(frequency=1, period=1), ON, "invariant"),
    "tim-4": (repeat(duration=loads("-1"), durationUnit="h"), ON, "invariant"),
    "tim-5": (repeat(period=loads("-1"), periodUnit="d"), ON, "invariant"),
    "tim-6": (repeat(periodMax=2, periodUnit="d"), ON, "invariant"),
    "tim-7": (repeat(durationMax=2, durationUnit="h"), ON, "invariant"),
    "tim-8": (repeat(countMax=2), ON, "invariant"),
    "tim-9": (repeat(offset=30), ON, "invariant"),
    "tim-10": (repeat(timeOfDay=["10:00:00"], when=["MORN"]), ON, "invariant"),
    "pat-1": (patient(contact=[{"gender": "male"}]), "Patient.contact[0]", "invariant"),
    "obs-3": (
        observation(referenceRange=[{"age": {"low": {"value": 1}}}]),
        "Observation.referenceRange[0]",
        "invariant",
    ),
    "obs-6": (observation(valueInteger=1, dataAbsentReason={"text": "a"}), "Observation", "invariant"),
    "con-4": (
        condition(clinicalStatus=concept("condition-clinical", "active"), abatementString="a"),
        "Condition",
        "invariant",
    ),
    "con-5": (
        condition(
            clinicalStatus=concept("condition-clinical", "active"),
            verificationStatus=concept("condition-ver-status", "entered-in-error"),
        ),
        "Condition",
        "invariant",
    ),
    "cpl-3": (
        plan(activity=[{"detail": {"status": "scheduled"}, "reference": {"reference": "Task/1"}}]),
        "CarePlan.activity[0]",
        "invariant",
    ),
    "prr-1": (request(orderDetail=[{"text": "left"}]), "ServiceRequest", "invariant"),
    "qrs-1": (
        answers({"linkId": "1", "answer": [{"valueString": "a"}], "item": [{"linkId": "2"}]}),
        "QuestionnaireResponse.item[0]",
        "invariant",
    ),
    "gol-1": (
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "a"},
            "subject": SUBJECT,
            "target": [{"detailInteger": 3}],
        },
        "Goal.target[0]",
        "invariant",
    ),
    "org-1": ({"resourceType": "Organization", "active": True}, "Organization", "invariant"),
    "org-3": (
        {"resourceType": "Organization", "name": "a", "telecom": [{"system": "phone", "value": "1", "use": "home"}]},
        "Organization.telecom[0]",
        "invariant",
    ),
    "ait-1": ({"resourceType": "AllergyIntolerance", "patient": SUBJECT}, "AllergyIntolerance", "invariant"),
    "app-1": (
        {"resourceType": "Appointment", "status": "proposed", "participant": [{"status": "accepted"}]},
        "Appointment.participant[0]",
        "invariant",
    ),
    "app-3": (
        {"resourceType": "Appointment", "status": "booked", "participant": [{"status": "accepted", "actor": SUBJECT}]},
        "Appointment",
        "invariant",
    ),
    "mad-1": (
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "medicationCodeableConcept": {"text": "a"},
            "subject": SUBJECT,
            "effectiveDateTime": "2026",
            "dosage": {"text": "a"},
        },
        "MedicationAdministration.dosage",
        "invariant",
    ),
    "ppc-1": (
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"text": "a"},
            "category": [{"text": "a"}],
            "patient": SUBJECT,
        },
        "Consent",
        "invariant",
    ),
    "inv-1": (
        {"resourceType": "Parameters", "parameter": [{"name": "a"}]},
        "Parameters.parameter[0]",
        "invariant",
    ),
}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def narrated(div: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": div})


def sampled(data: str, dimensions: int = 1) -> dict[str, Any]:
    return observation(valueSampledData={"origin": {"value": 0}, "period": 1, "dimensions": dimensions, "data": data})


WORDS: dict[str, Case] = {
    "a canonical that is relative": (
        {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "Questionnaire/1"},
        "QuestionnaireResponse.questionnaire",
        "value",
    ),
    "a profile that is a name": (
        patient(active=True, meta={"profile": ["us-core-patient"]}),
        "Patient.meta.profile[0]",
        "value",
    ),
    "a hash of other data": (
        patient(photo=[{"contentType": "a/b", "data": "AAAA", "hash": "AAAA"}]),
        "Patient.photo[0].hash",
        "value",
    ),
    "a size of other data": (
        patient(photo=[{"contentType": "a/b", "data": "AAAA", "size": 4}]),
        "Patient.photo[0].size",
        "value",
    ),
    "a URI that is none, by its system": (
        patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "1.2.3"}]),
        "Patient.identifier[0].value",
        "value",
    ),
    "a system that is a word": (
        patient(identifier=[{"system": "mrn", "value": "1"}]),
        "Patient.identifier[0].system",
        "value",
    ),
    "a code system that is a word": (
        observation(code={"coding": [{"system": "LOINC", "code": "72514-3"}]}),
        "Observation.code.coding[0].system",
        "value",
    ),
    "a code system that is a resource": (
        observation(code={"coding": [{"system": "CodeSystem/pain", "code": "a"}]}),
        "Observation.code.coding[0].system",
        "value",
    ),
    "a system of units that is a word": (
        observation(valueQuantity={"value": 1, "system": "UCUM", "code": "mg"}),
        "Observation.value.system",
        "value",
    ),
    "a dose's system of units that is a word": (
        prescription(dosageInstruction=[{"maxDosePerAdministration": {"value": 1, "system": "UCUM", "code": "mg"}}]),
        "MedicationRequest.dosageInstruction[0].maxDosePerAdministration.system",
        "value",
    ),
    "a system that is a UUID and is none": (
        patient(identifier=[{"system": "urn:uuid:1", "value": "1"}]),
        "Patient.identifier[0].system",
        "value",
    ),
    "a system that is a UUID in capital letters": (
        patient(identifier=[{"system": f"{UUID}1".upper().replace("URN:UUID", "urn:uuid"), "value": "1"}]),
        "Patient.identifier[0].system",
        "value",
    ),
    "a system that is an OID and is none": (
        observation(code={"coding": [{"system": "urn:oid:LOINC", "code": "a"}]}),
        "Observation.code.coding[0].system",
        "value",
    ),
    "an OID without urn": (
        observation(code={"coding": [{"system": "oid:2.16.840.1", "code": "a"}]}),
        "Observation.code.coding[0].system",
        "value",
    ),
    "a UUID without urn": (
        patient(active=True, implicitRules="uuid:6f0c2b0e-3f5e-5d50-9d4f-2f6d8c8a9c01"),
        "Patient.implicitRules",
        "value",
    ),
    "two elements of one id": (
        patient(name=[{"id": "n", "text": "a"}, {"id": "n", "text": "b"}]),
        "Patient.name[1].id",
        "duplicate",
    ),
    "an element and a value of one id": (
        patient(name=[{"id": "n", "text": "a"}], birthDate="1980", _birthDate={"id": "n"}),
        "Patient.birthDate.id",
        "duplicate",
    ),
    "an id of an element with a space": (patient(name=[{"id": "a b", "text": "a"}]), "Patient.name[0].id", "value"),
    "an extension that is known by a name": (
        patient(extension=[{"url": "race", "valueCode": "c"}]),
        "Patient.extension('race').url",
        "value",
    ),
    "an extension of a value that is known by a name": (
        patient(birthDate="1980", _birthDate={"extension": [{"url": "time", "valueCode": "c"}]}),
        "Patient.birthDate.extension('time').url",
        "value",
    ),
    "a modifier that is known by a name": (
        patient(modifierExtension=[{"url": "not", "valueCode": "c"}]),
        "Patient.modifierExtension[0].url",
        "value",
    ),
    "a narrative of no namespace": (narrated("<div>a</div>"), "Patient.text.`div`", "value"),
    "a narrative of another namespace": (narrated('<div xmlns="urn:html">a</div>'), "Patient.text.`div`", "value"),
    "an entity of HTML": (narrated(DIV.format("a&nbsp;b")), "Patient.text.`div`", "value"),
    "samples with commas": (sampled("1,2,3"), "Observation.value.data", "value"),
    "samples with two spaces": (sampled("1  2"), "Observation.value.data", "value"),
    "samples of words": (sampled("1 high 3"), "Observation.value.data", "value"),
    "samples that the dimensions do not divide": (sampled("1 2 E", 2), "Observation.value.data", "value"),
    "a resource of a collection without fullUrl": (
        bundle("collection", {"resource": patient(id="p")}),
        "Bundle.entry[0].fullUrl",
        "required",
    ),
    "a match without fullUrl": (
        bundle("searchset", {"resource": patient(id="p"), "search": {"mode": "match"}}),
        "Bundle.entry[0].fullUrl",
        "required",
    ),
    "a request to another server": (
        bundle("transaction", {**post(patient()), "request": {"method": "POST", "url": "https://a.example/Patient"}}),
        "Bundle.entry[0].request.url",
        "value",
    ),
    "an answer without the digits of HTTP": (
        bundle("batch-response", {"response": {"status": "Created"}}),
        "Bundle.entry[0].response.status",
        "value",
    ),
}
KINDS = {
    "shape": SHAPE,
    "primitive": PRIMITIVES,
    "binding": BINDINGS,
    "reference": REFERENCES,
    "contained": CONTAINED,
    "bundle": BUNDLES,
    "invariant": INVARIANTS,
    "words": WORDS,
}
NOT_VALID = {f"{kind}: {name}": case for kind, cases in KINDS.items() for name, case in cases.items()}

NOT_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a unit of UCUM that is none": (
        observation(valueQuantity={"value": 1, "system": UCUM, "code": "milligram"}),
        "R4 binds Quantity.code to no value set, and HL7's own examples have such units: a warning",
    ),
    "a code of LOINC that is none": (
        observation(code={"coding": [{"system": "http://loinc.org", "code": "0-0"}]}),
        "LOINC is not in the official package",
    ),
    "a profile that is not kept": (
        patient(meta={"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]}),
        "validity is of R4 itself; profiles are a partner's",
    ),
    "an extension with a value of another type than its definition says": (
        patient(extension=[{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueInteger": 1}]),
        "extensions are defined outside R4's types",
    ),
    "answers that the form does not let stand": (
        answers({"linkId": "of no form", "answer": [{"valueString": "a"}]}),
        "the form is another resource: mappings.instruments has ours",
    ),
}
"""What other validators refuse and this one does not, with the reason."""
