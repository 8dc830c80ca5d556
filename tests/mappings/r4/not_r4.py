"""Resources that are R4, and some that are not: each has one broken thing, and the place and code of its refusal."""

from __future__ import annotations

import copy
from typing import Any

from mappings.r4.exact_json import loads
from mappings.values import Json

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">text</div>'
EXTENDED = {"extension": [{"url": "urn:e", "valueCode": "c"}]}

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p-1.0",
    "meta": {"lastUpdated": "2026-02-28T23:59:60.123456789+14:00", "profile": ["http://example.org/p|1"]},
    "implicitRules": "http://example.org/rules",
    "text": {"status": "generated", "div": DIV},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Clinic"}],
    "extension": [
        {"url": "urn:a", "valueDecimal": 1, "id": "e"},
        {"url": "urn:b", "extension": [{"url": "c", "valueAge": {"value": 1}}]},
    ],
    "identifier": [{"system": "urn:oid:1.2.3", "value": "0001", "_value": {"id": "v"}}],
    "active": True,
    "name": [
        {"family": "F", "given": ["A", "B"], "_given": [None, EXTENDED]},
        {"given": [None, "B"], "_given": [EXTENDED, None]},
        {"_given": [EXTENDED], "_family": EXTENDED},
    ],
    "gender": "female",
    "birthDate": "2024-02-29",
    "_birthDate": {"id": "b", **EXTENDED},
    "_deceasedDateTime": EXTENDED,
    "multipleBirthInteger": -2,
    "photo": [{"contentType": "image/png", "data": "AAAA\n/+8=", "size": 5}],
    "contact": [{"relationship": [{"text": "mother of\ttwo\r\n\u00a0"}]}],
    "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
    "valueQuantity": {"value": loads("1.50"), "unit": "{score}"},
    "component": [
        {"code": {"text": "c"}, "valueTime": "23:59:59.5"},
        {"code": {"text": "c"}, "valueInteger": loads("-0")},
    ],
}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:6f0c2b0e-3f5e-5d50-9d4f-2f6d8c8a9c01",
            "resource": PATIENT,
            "request": {"method": "POST", "url": "Patient"},
        },
        {"resource": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": OBSERVATION}]}},
    ],
}
PARAMETERS: dict[str, Any] = {"resourceType": "Parameters", "parameter": [{"name": "r", "resource": PATIENT}]}
TIMING: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "#p"},
    "occurrenceTiming": {
        "event": ["2026", "2026-11", "2026-11-24T04:20:04Z"],
        "repeat": {"boundsDuration": {"value": 6}},
    },
}


GOOD = [PATIENT, OBSERVATION, BUNDLE, PARAMETERS, TIMING]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def observation(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OBSERVATION), **members}


def extended(*extensions: Any) -> dict[str, Any]:
    return patient(extension=list(extensions))


def without(resource: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != name}


BAD: dict[str, tuple[Json, str, str]] = {
    # what kind of resource
    "a list": ([], "Resource", "structure"),
    "null": (None, "Resource", "structure"),
    "a string": ("Hildegard", "Resource", "structure"),
    "no resourceType": ({"id": "a"}, "Resource.resourceType", "structure"),
    "resourceType is a number": ({"resourceType": 1}, "Resource.resourceType", "structure"),
    "resourceType in lower case": ({"resourceType": "patient"}, "Resource.resourceType", "structure"),
    "resourceType of a data type": ({"resourceType": "HumanName"}, "Resource.resourceType", "structure"),
    "resourceType of an abstract type": ({"resourceType": "DomainResource"}, "Resource.resourceType", "structure"),
    "resourceType of R5": ({"resourceType": "Transport"}, "Resource.resourceType", "structure"),
    # members
    "a member in the wrong case": (patient(birthdate="1980-01-02"), "Patient.birthdate", "structure"),
    "a member of R5": (observation(triggeredBy=[]), "Observation.triggeredBy", "structure"),
    "a member of another type": (patient(name=[{"line": ["Hildegard"]}]), "Patient.name[0].line", "structure"),
    "resourceType where there is no resource": (
        patient(name=[{"resourceType": "HumanName"}]),
        "Patient.name[0].resourceType",
        "structure",
    ),
    "a choice without its type": (observation(value=5), "Observation.value", "structure"),
    "a choice of a type it has not": (observation(valueDecimal=5), "Observation.valueDecimal", "structure"),
    "a twin of an object": (patient(_name=[EXTENDED]), "Patient.name", "structure"),
    "a twin of an id": (patient(_id=EXTENDED), "Patient.id", "structure"),
    "a twin of an extension's url": (
        extended({"url": "urn:e", "_url": EXTENDED, "valueCode": "c"}),
        "Patient.extension('urn:e').url",
        "structure",
    ),
    "a twin of a narrative": (
        patient(text={"status": "empty", "div": DIV, "_div": EXTENDED}),
        "Patient.text.`div`",
        "structure",
    ),
    "modifierExtension where there is none": (
        patient(name=[{"text": "a", "modifierExtension": [{"url": "urn:e", "valueCode": "c"}]}]),
        "Patient.name[0].modifierExtension",
        "structure",
    ),
    "fhir_comments": (patient(fhir_comments=["Hildegard"]), "Patient.fhir_comments", "structure"),
    "a comparator in a SimpleQuantity": (
        {"resourceType": "Specimen", "collection": {"quantity": {"value": 1, "comparator": "<"}}},
        "Specimen.collection.quantity.comparator",
        "structure",
    ),
    # kinds
    "an object where a list stands": (patient(name={"family": "Hildegard"}), "Patient.name", "structure"),
    "a string where a list stands": (patient(name=[{"given": "Hildegard"}]), "Patient.name[0].given", "structure"),
    "a list where an object stands": (
        patient(maritalStatus=[{"text": "Hildegard"}]),
        "Patient.maritalStatus",
        "structure",
    ),
    "a list where a string stands": (patient(gender=["female"]), "Patient.gender", "structure"),
    "a string where an object stands": (patient(maritalStatus="Hildegard"), "Patient.maritalStatus", "structure"),
    "a string in a list of objects": (patient(name=["Hildegard"]), "Patient.name[0]", "structure"),
    "a list in a list": (patient(name=[[{"family": "Hildegard"}]]), "Patient.name[0]", "structure"),
    "a number in a list of strings": (patient(name=[{"given": ["A", 5]}]), "Patient.name[0].given[1]", "structure"),
    "an object for a string": (patient(gender={"value": "female"}), "Patient.gender", "structure"),
    "a string for a boolean": (patient(active="true"), "Patient.active", "structure"),
    "a number for a boolean": (patient(active=1), "Patient.active", "structure"),
    "a boolean for a number": (patient(multipleBirthInteger=True), "Patient.multipleBirth", "structure"),
    "a string for a decimal": (observation(valueQuantity={"value": "1.5"}), "Observation.value.value", "structure"),
    "a boolean for a decimal": (observation(valueQuantity={"value": True}), "Observation.value.value", "structure"),
    "a number for a date": (patient(birthDate=1980), "Patient.birthDate", "structure"),
    # nothing in it
    "a null member": (patient(active=None), "Patient.active", "structure"),
    "a null object": (patient(maritalStatus=None), "Patient.maritalStatus", "structure"),
    "a null list": (patient(name=None), "Patient.name", "structure"),
    "a null in a list of objects": (patient(name=[{"family": "F"}, None]), "Patient.name[1]", "structure"),
    "an empty object": (patient(maritalStatus={}), "Patient.maritalStatus", "structure"),
    "an object of nothing but an id": (patient(maritalStatus={"id": "m"}), "Patient.maritalStatus", "structure"),
    "an empty list": (patient(name=[]), "Patient.name", "structure"),
    "an empty list of strings": (patient(name=[{"given": []}]), "Patient.name[0].given", "structure"),
    "an empty string": (patient(name=[{"family": ""}]), "Patient.name[0].family", "value"),
    "an empty code": (patient(gender=""), "Patient.gender", "value"),
    "an empty uri": (patient(implicitRules=""), "Patient.implicitRules", "value"),
    "an empty entry": ({"resourceType": "Bundle", "type": "batch", "entry": [{}]}, "Bundle.entry[0]", "structure"),
    # how many
    "a required member missing": (without(OBSERVATION, "status"), "Observation.status", "required"),
    "a required object missing": (without(TIMING, "subject"), "ServiceRequest.subject", "required"),
    "a required member of a backbone missing": (patient(link=[{"type": "refer"}]), "Patient.link[0].other", "required"),
    "a required member of a data type missing": (patient(text={"status": "empty"}), "Patient.text.`div`", "required"),
    "a required choice missing": (
        {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "d"}},
        "MedicationRequest.medication",
        "required",
    ),
    "a required list missing": (
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": {"display": "d"},
            "activity": [{"detail": {"description": "d"}}],
        },
        "CarePlan.activity[0].detail.status",
        "required",
    ),
    "two types of a choice": (patient(deceasedBoolean=True, deceasedDateTime="2020"), "Patient.deceased", "structure"),
    "two types of a choice, one by its twin": (
        patient(deceasedBoolean=True, _deceasedDateTime=EXTENDED),
        "Patient.deceased",
        "structure",
    ),
    # primitives
    "a day that does not exist": (patient(birthDate="2026-02-30"), "Patient.birthDate", "value"),
    "the 29th of February of another year": (patient(birthDate="2026-02-29"), "Patient.birthDate", "value"),
    "the 31st of April": (patient(deceasedDateTime="2026-04-31T10:00:00Z"), "Patient.deceased", "value"),
    "a 13th month": (patient(birthDate="2026-13"), "Patient.birthDate", "value"),
    "the year nought": (patient(birthDate="0000"), "Patient.birthDate", "value"),
    "a date as people write it": (patient(birthDate="24/11/1980"), "Patient.birthDate", "value"),
    "a date with a line feed": (patient(birthDate="1980-01-01\n"), "Patient.birthDate", "value"),
    "a date in other digits": (patient(birthDate="198\u0660-01-01"), "Patient.birthDate", "value"),
    "a time in a date": (patient(birthDate="1980-01-01T10:00:00Z"), "Patient.birthDate", "value"),
    "a dateTime without zone": (patient(deceasedDateTime="1980-01-01T10:00:00"), "Patient.deceased", "value"),
    "a dateTime without seconds": (patient(deceasedDateTime="1980-01-01T10:00Z"), "Patient.deceased", "value"),
    "the 24th hour": (patient(deceasedDateTime="1980-01-01T24:00:00Z"), "Patient.deceased", "value"),
    "a zone beyond 14 hours": (patient(deceasedDateTime="1980-01-01T10:00:00+14:30"), "Patient.deceased", "value"),
    "an instant that is a day": (patient(meta={"lastUpdated": "2026-11-24"}), "Patient.meta.lastUpdated", "value"),
    "an instant of no day": (
        patient(meta={"lastUpdated": "2026-11-31T10:00:00Z"}),
        "Patient.meta.lastUpdated",
        "value",
    ),
    "a time with a zone": (
        observation(component=[{"code": {"text": "c"}, "valueTime": "10:00:00Z"}]),
        "Observation.component[0].value",
        "value",
    ),
    "an integer with decimals": (patient(multipleBirthInteger=loads("1.0")), "Patient.multipleBirth", "value"),
    "an integer with an exponent": (patient(multipleBirthInteger=loads("1e2")), "Patient.multipleBirth", "value"),
    "an integer beyond 32 bits": (patient(multipleBirthInteger=2**31), "Patient.multipleBirth", "value"),
    "an integer far beyond": (patient(multipleBirthInteger=loads("9" * 40)), "Patient.multipleBirth", "value"),
    "a negative unsignedInt": (patient(photo=[{"size": -1}]), "Patient.photo[0].size", "value"),
    "a negative nought": (patient(photo=[{"size": loads("-0")}]), "Patient.photo[0].size", "value"),
    "nought as a positiveInt": (patient(telecom=[{"rank": 0}]), "Patient.telecom[0].rank", "value"),
    "a code with white space around": (patient(gender="female "), "Patient.gender", "value"),
    "a code with two spaces": (patient(gender="fe  male"), "Patient.gender", "value"),
    "a uri with a space": (patient(implicitRules="http://example.org/a b"), "Patient.implicitRules", "value"),
    "a canonical with a line feed": (
        patient(meta={"profile": ["http://example.org/a\n"]}),
        "Patient.meta.profile[0]",
        "value",
    ),
    "an id with an underscore": (patient(id="Hilde_gard"), "Patient.id", "value"),
    "an id of 65 characters": (patient(id="a" * 65), "Patient.id", "value"),
    "base64 without padding": (patient(photo=[{"data": "AAA"}]), "Patient.photo[0].data", "value"),
    "base64 for URLs": (patient(photo=[{"data": "AA-_"}]), "Patient.photo[0].data", "value"),
    "base64 padded within": (patient(photo=[{"data": "AA==AAAA"}]), "Patient.photo[0].data", "value"),
    "base64 of white space": (patient(photo=[{"data": "\n"}]), "Patient.photo[0].data", "value"),
    "an oid without its prefix": (
        extended({"url": "urn:e", "valueOid": "2.16.840.1"}),
        "Patient.extension('urn:e').value",
        "value",
    ),
    "a uuid without its prefix": (
        extended({"url": "urn:e", "valueUuid": "6f0c2b0e-3f5e-5d50-9d4f-2f6d8c8a9c01"}),
        "Patient.extension('urn:e').value",
        "value",
    ),
    "a control character": (patient(name=[{"family": "Hilde\u0000gard"}]), "Patient.name[0].family", "value"),
    "a control character in a code": (patient(gender="fe\u0001male"), "Patient.gender", "value"),
    "a string over 1 MB": (patient(name=[{"family": "a" * (1024 * 1024 + 1)}]), "Patient.name[0].family", "too-long"),
    "a narrative without div": (patient(text={"status": "empty", "div": "Hildegard"}), "Patient.text.`div`", "value"),
    "a narrative that starts like one": (
        patient(text={"status": "empty", "div": "<divider/>"}),
        "Patient.text.`div`",
        "value",
    ),
    # primitives and their twins
    "a twin without value or extension": (patient(_birthDate={"id": "b"}), "Patient.birthDate", "structure"),
    "an empty twin": (patient(birthDate="1980", _birthDate={}), "Patient.birthDate", "structure"),
    "a null twin": (patient(birthDate="1980", _birthDate=None), "Patient.birthDate", "structure"),
    "a twin with a value": (patient(_birthDate={"value": "1980"}), "Patient.birthDate.value", "structure"),
    "a list as the twin of one": (patient(_birthDate=[EXTENDED]), "Patient.birthDate", "structure"),
    "one as the twin of a list": (
        patient(name=[{"given": ["A"], "_given": EXTENDED}]),
        "Patient.name[0].given",
        "structure",
    ),
    "a shorter twin": (
        patient(name=[{"given": ["A", "B"], "_given": [EXTENDED]}]),
        "Patient.name[0].given",
        "structure",
    ),
    "a longer twin": (
        patient(name=[{"given": ["A"], "_given": [None, EXTENDED]}]),
        "Patient.name[0].given",
        "structure",
    ),
    "a null in a list of strings": (patient(name=[{"given": ["A", None]}]), "Patient.name[0].given[1]", "structure"),
    "a null beside an id only": (
        patient(name=[{"given": ["A", None], "_given": [None, {"id": "b"}]}]),
        "Patient.name[0].given[1]",
        "structure",
    ),
    "a null in a twin that is alone": (
        patient(name=[{"_given": [EXTENDED, None]}]),
        "Patient.name[0].given[1]",
        "structure",
    ),
    # extensions
    "an extension without url": (extended({"valueCode": "c"}), "Patient.extension[0].url", "required"),
    "an extension with nothing": (extended({"url": "urn:e"}), "Patient.extension('urn:e')", "structure"),
    "an extension with a value and extensions": (
        extended({"url": "urn:e", "valueCode": "c", **EXTENDED}),
        "Patient.extension('urn:e')",
        "structure",
    ),
    "an extension with two values": (
        extended({"url": "urn:e", "valueCode": "c", "valueString": "s"}),
        "Patient.extension('urn:e').value",
        "structure",
    ),
    "an extension with a value of R5": (
        extended({"url": "urn:e", "valueCodeableReference": {"concept": {"text": "t"}}}),
        "Patient.extension('urn:e').valueCodeableReference",
        "structure",
    ),
    "a fault in an extension of an extension": (
        extended({"url": "urn:a", "extension": [{"url": "b", "valueDate": "2026-02-30"}]}),
        "Patient.extension('urn:a').extension('b').value",
        "value",
    ),
    "a fault in a primitive's extension": (
        patient(_birthDate={"extension": [{"url": "urn:e", "valueCode": ""}]}),
        "Patient.birthDate.extension('urn:e').value",
        "value",
    ),
    # resources in resources
    "contained in contained": (
        patient(
            contained=[{"resourceType": "Patient", "id": "c", "contained": [{"resourceType": "Patient", "id": "d"}]}]
        ),
        "Patient.contained[0].contained",
        "structure",
    ),
    "contained without id": (
        patient(contained=[{"resourceType": "Patient", "active": True}]),
        "Patient.contained[0].id",
        "required",
    ),
    "contained without resourceType": (
        patient(contained=[{"id": "c"}]),
        "Patient.contained[0].resourceType",
        "structure",
    ),
    "contained is no list": (
        patient(contained={"resourceType": "Patient", "id": "c"}),
        "Patient.contained",
        "structure",
    ),
    "a fault in what is contained": (
        patient(contained=[{"resourceType": "Patient", "id": "c", "gender": " "}]),
        "Patient.contained[0].gender",
        "value",
    ),
    "a fault in an entry": (
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"resource": PATIENT}, {"resource": patient(deceasedDateTime="x")}],
        },
        "Bundle.entry[1].resource.deceased",
        "value",
    ),
    "an entry of no resource": (
        {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": "Hildegard"}]},
        "Bundle.entry[0].resource",
        "structure",
    ),
    "an entry of no known resource": (
        {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Pat"}}]},
        "Bundle.entry[0].resource.resourceType",
        "structure",
    ),
    "a fault in a parameter": (
        {"resourceType": "Parameters", "parameter": [{"name": "r", "resource": patient(active="no")}]},
        "Parameters.parameter[0].resource.active",
        "structure",
    ),
}
