"""The CapabilityStatement, made of the very tables that the routes go by: it cannot say what is not so."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from adapter.exchange.receiving.envelope import ROOT
from adapter.exchange.receiving.opening import NOT_STORED
from adapter.fhir_api import smart
from adapter.fhir_api.negotiation import MEDIA_TYPES
from adapter.fhir_api.validation import DEFINITION
from adapter.settings import Settings
from adapter.store.searching.searched import TYPES, searched
from mappings.r4 import definitions
from mappings.r4.search_parameters import Parameter

CREATED = ("ServiceRequest", "Task")
"""What may be posted by itself."""
READ = tuple(sorted((definitions.resources() - NOT_STORED.keys()) | {"Task"}))
"""What a transaction may bring, and what is made here."""
SEARCHED = TYPES
_DEFINITIONS = "http://hl7.org/fhir/SearchParameter/"
UPDATED = ("Task",)
"""What whoever sent a referral may put: its version has to be told (If-Match), and nothing is made by it."""
VALIDATED = tuple(sorted((*READ, "MessageHeader")))
"""What $validate looks at: also the header of a message, which is answered and not stored."""
FHIR_VERSION = "4.0.1"


def statement(settings: Settings, base: str, since: str) -> dict[str, Any]:
    """What this server does; `since` is when it began to do it."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since,
        "kind": "instance",
        "software": {"name": "paingate", "version": _release()},
        "implementation": {"description": f"Referrals to {settings.clinic_name}", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", MEDIA_TYPES[0]],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "A referral comes as a ServiceRequest alone, as a transaction, in a batch, or as a message to "
                    "$process-message. Its Task, made here, says where it stands."
                ),
                **smart.security(settings),
                "resource": [_resource(type_) for type_ in VALIDATED],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                    }
                ],
            }
        ],
    }


def _resource(type_: str) -> dict[str, Any]:
    told: dict[str, Any] = {"type": type_, "operation": [{"name": "validate", "definition": DEFINITION}]}
    if type_ not in READ:
        return told
    codes = ["read", "vread", "history-instance", "history-type"]
    told |= {
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalRead": "full-support",
    }
    if type_ in CREATED:
        codes.append("create")
        told["conditionalCreate"] = type_ == ROOT
    if type_ in UPDATED:
        codes.append("update")
        told["versioning"] = "versioned-update"
    if type_ in SEARCHED:
        codes.append("search-type")
        told |= _searching(type_)
    return {"type": type_, "interaction": [{"code": code} for code in codes], **told}


def _searching(type_: str) -> dict[str, Any]:
    own = [
        {"name": one.name, "definition": _DEFINITIONS + one.definition, "type": one.kind}
        for one in searched(type_).values()
    ]
    told: dict[str, Any] = {
        "searchInclude": [f"{type_}:{one.name}" for one in searched(type_).values() if one.kind == "reference"],
        "searchRevInclude": [
            f"{other}:{one.name}" for other in TYPES for one in searched(other).values() if _leads_to(one, type_)
        ],
        "searchParam": [
            {"name": "_id", "definition": f"{_DEFINITIONS}Resource-id", "type": "token"},
            {"name": "_lastUpdated", "definition": f"{_DEFINITIONS}Resource-lastUpdated", "type": "date"},
            *own,
        ],
    }
    return {name: rows for name, rows in told.items() if rows}


def _leads_to(parameter: Parameter, type_: str) -> bool:
    return parameter.kind == "reference" and bool({type_, "Resource"} & set(parameter.targets))


def _release() -> str:
    try:
        return version("paingate")
    except PackageNotFoundError:  # run from a clone that is not installed
        return "unreleased"
