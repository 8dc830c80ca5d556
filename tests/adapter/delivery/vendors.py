"""What vendors' servers say of themselves, reduced to interactions, flags and search parameters of the types that a
plan could go into.  Their CapabilityStatements were captured by a third party (GitHub, api-evangelist/NAME); the date
is the statement's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Vendor:
    """One server; `types` as "create update read search-type ? identifier patient"."""

    source: str
    dated: str
    types: dict[str, str]
    flags: dict[str, Any]
    system: tuple[str, ...] = ()

    def statement(self) -> dict[str, Any]:
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": self.dated,
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "interaction": [{"code": code} for code in self.system],
                    "resource": [self._of(name, said) for name, said in self.types.items()],
                }
            ],
        }

    def _of(self, name: str, said: str) -> dict[str, Any]:
        does, _, searched = said.partition(" ?")
        return {
            "type": name,
            "interaction": [{"code": code} for code in does.split()],
            "searchParam": [{"name": one, "type": "token"} for one in searched.split()],
            **self.flags,
        }


_READ = "read search-type"
_UNCONDITIONAL = {"conditionalCreate": False, "conditionalUpdate": False, "updateCreate": False}

VENDORS = {
    "Epic": Vendor(
        "api-evangelist/epic-systems fhir/epic-fhir-r4-capabilitystatement.json", "2026-07-24",
        {
            "Patient": f"create {_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient subject identifier _id",
            "DocumentReference": f"create update {_READ} ? patient subject identifier _id",
            "Communication": f"create {_READ} ? patient subject identifier _id",
            "QuestionnaireResponse": f"create {_READ} ? patient subject identifier _id",
        },
        _UNCONDITIONAL,
    ),
    "Oracle Health Millennium": Vendor(
        "api-evangelist/cerner conformance/cerner-capability-statement-r4-secure.json", "2026-08-14",
        {
            "Patient": f"create patch {_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"create update {_READ} ? patient _id",
            "Communication": f"create patch {_READ} ? _id",
            "QuestionnaireResponse": f"update {_READ} ? patient _id",
        },
        {},
        ("batch",),
    ),
    "athenahealth": Vendor(
        "api-evangelist/athenahealth conformance/", "2022-06-06",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"{_READ} ? patient _id",
            "QuestionnaireResponse": f"create {_READ} ? patient _id",
        },
        {},
    ),
    "eClinicalWorks": Vendor(
        "api-evangelist/eclinicalworks conformance/", "2026-08-14",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"{_READ} ? patient _id",
            "QuestionnaireResponse": f"create {_READ} ? patient _id",
        },
        {},
    ),
    "Veradigm": Vendor(
        "api-evangelist/allscripts conformance/", "2022-05-01",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"create update {_READ} ? patient _id",
            "QuestionnaireResponse": f"create update {_READ} ? patient _id",
        },
        {"versioning": "no-version"},
    ),
    "NextGen Enterprise": Vendor(
        "api-evangelist/nextgen-healthcare fhir/", "2026-07-24",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"{_READ} ? patient _id",
            "QuestionnaireResponse": f"{_READ} ? patient _id",
        },
        {"versioning": "no-version", "updateCreate": True},
    ),
    "NextGen Office": Vendor(
        "api-evangelist/nextgen-healthcare fhir/", "2026-07-24",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient",
            "DocumentReference": f"{_READ} ? patient _id",
        },
        {},
    ),
    "MEDITECH": Vendor(
        "api-evangelist/meditech conformance/", "2023-05-25",
        {
            "Patient": f"{_READ} ? identifier _id",
            "CarePlan": f"{_READ} ? patient _id",
            "DocumentReference": f"{_READ} ? patient _id",
            "Communication": f"create {_READ} ? patient subject _id",
            "QuestionnaireResponse": f"create update {_READ} ? patient _id",
        },
        {},
    ),
}  # fmt: skip
