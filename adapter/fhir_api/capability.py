"""The CapabilityStatement, made of the very tables that the routes go by: it cannot say what is not so."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from adapter.exchange.envelope import ROOT
from adapter.exchange.opening import NOT_STORED
from adapter.fhir_api import smart
from adapter.fhir_api.negotiation import MEDIA_TYPES
from adapter.fhir_api.task_search import PARAMETERS
from adapter.fhir_api.validation import DEFINITION
from adapter.settings import Settings
from mappings.r4 import definitions

CREATED = ("ServiceRequest", "Task")
"""What may be posted by itself."""
READ = tuple(sorted((definitions.resources() - NOT_STORED.keys()) | {"Task"}))
"""What a transaction may bring, and what is made here."""
SEARCHED = {"Task": PARAMETERS}
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
    codes = ["read", "vread"]
    told["versioning"] = "versioned"
    if type_ in CREATED:
        codes.append("create")
        told["conditionalCreate"] = type_ == ROOT
    if type_ in UPDATED:
        codes.append("update")
        told |= {"versioning": "versioned-update", "updateCreate": False}
    if type_ in SEARCHED:
        codes.append("search-type")
        told["searchParam"] = [
            {"name": one.name, "type": one.type, "documentation": one.says} for one in SEARCHED[type_]
        ]
    return {"type": type_, "interaction": [{"code": code} for code in codes], **told}


def _release() -> str:
    try:
        return version("paingate")
    except PackageNotFoundError:  # run from a clone that is not installed
        return "unreleased"
