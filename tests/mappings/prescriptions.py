"""Prescriptions to count opioids in: short ways to write them."""

from __future__ import annotations

from typing import Any

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
GTS = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
ORAL = {"system": "http://snomed.info/sct", "code": "26643006"}
PATCH_ROUTE = {"system": "http://snomed.info/sct", "code": "45890007"}

# by RxNorm code: ingredients, then products
HYDROCODONE, OXYCODONE, MORPHINE, FENTANYL, BUPRENORPHINE, IBUPROFEN = "5489", "7804", "7052", "4337", "1819", "5640"
HYDROCODONE_5_WITH_ACETAMINOPHEN = "857002"
OXYCODONE_10_ER = "1049502"
OXYCODONE_5 = "1049621"
MORPHINE_SOLUTION_2 = "892589"
FENTANYL_PATCH_25 = "245134"

Json = dict[str, Any]


def of(value: Any, code: str) -> Json:
    return {"value": value, "system": UCUM, "code": code}


def mg(value: Any) -> Json:
    return of(value, "mg")


TABLET = {"value": 1, "unit": "tablet", "system": UCUM, "code": "{tbl}"}
PATCH = {"value": 1, "unit": "patch"}


def every(period: Any, unit: str = "d", times: Any = 1, **more: Any) -> Json:
    return {"times": times, "every": period, "every_unit": unit, **more}


def dosage(dose: Json | None = None, timing: Json | None = None, **more: Any) -> Json:
    """A dosage; a dose alone is one of `doses`."""
    made: Json = {} if dose is None else {"doses": [{"dose": dose}]}
    return made | ({} if timing is None else {"timing": timing}) | more


def prescription(code: str, *dosages: Json, **more: Any) -> Json:
    drug = {"system": RXNORM, "code": code}
    return {"record": "medication_request", "status": "active", "drug": drug, "dosages": list(dosages), **more}
