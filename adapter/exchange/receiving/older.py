"""FHIR before R4 is told apart and refused with a sentence of its own: as R4 it would only look broken.

What shows it, as data: types that R4 no longer has (hl7.org/fhir/R4/diff.html), the version that a profile names, and
elements that a type had before R4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.exchange.refusal import Refusal, refuse

Node = dict[str, Any]

TYPES = frozenset(
    ("ReferralRequest", "ProcedureRequest", "DeviceComponent", "DataElement", "ProcessRequest", "ProcessResponse")
)
ELEMENTS = {
    "MessageHeader": ("timestamp", "receiver"),
    "Task": ("definitionUri", "definitionReference"),
    "Patient": ("animal",),
    "Condition": ("assertedDate",),
    "Appointment": ("incomingReferral", "indication"),
    "MedicationRequest": ("definition",),
}
"""Elements that these types had in STU3 and have no longer."""
_PROFILE = re.compile(r"/(?:STU3|3\.0(?:\.\d+)?)/|\|3\.0(?:\.\d+)?$")


def refuse_older(document: Any) -> None:
    """Refuses what shows that it is FHIR, but older than R4."""
    for resource, where in _resources(document):
        if _is_older(resource):
            raise older(where)


def older(where: str) -> Refusal:
    """The refusal of what stands at `where`."""
    text = "This is FHIR of a version before R4 (STU3 or older), which is not read here: send R4 (4.0.1)."
    return refuse("unprocessable", "not-supported", where, text)


def _is_older(resource: Node) -> bool:
    type_, meta = resource.get("resourceType"), resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    named = [one for one in profiles if isinstance(one, str)] if isinstance(profiles, list) else []
    if not isinstance(type_, str):
        return False
    return type_ in TYPES or any(one in resource for one in ELEMENTS.get(type_, ())) or any(map(_PROFILE.search, named))


def _resources(document: Any) -> Iterator[tuple[Node, str]]:
    if not isinstance(document, dict):
        return
    yield document, str(document.get("resourceType"))
    entries = document.get("entry")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"], f"Bundle.entry[{index}].resource"
