"""What a server says of itself (CapabilityStatement), reduced to what a push asks: interactions and flags by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mappings.lens.document import objects
from mappings.values import Json

R4 = ("4.0.0", "4.0.1")
"""What calls itself R4: 4.0.1 is the technical correction of 4.0.0.  R4B (4.3.0) is another version."""

_NO_VERSIONS = "no-version"


class NoStatement(Exception):
    """The answer is no CapabilityStatement, or not one of R4; the message says what it is instead."""

    def __init__(self, what: str, version: str | None = None) -> None:
        self.version = version
        """The FHIR that it speaks instead."""
        super().__init__(what)


@dataclass(frozen=True)
class OfType:
    """What is accepted for one resource type."""

    interactions: frozenset[str] = frozenset()
    conditional_create: bool = False
    conditional_update: bool = False
    update_create: bool = False
    versions: bool = True
    """Whether there are versions to name with If-Match; a server that says nothing of it is believed to have them."""
    searched_by: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    """The elements that its profile limits to nothing, as paths."""

    def merged(self, other: OfType) -> OfType:
        """A type that is declared twice accepts what either says (athenahealth declares ServiceRequest twice)."""
        return OfType(
            self.interactions | other.interactions,
            self.conditional_create or other.conditional_create,
            self.conditional_update or other.conditional_update,
            self.update_create or other.update_create,
            self.versions and other.versions,
            self.searched_by | other.searched_by,
            self.forbidden | other.forbidden,
        )


NOTHING = OfType()


@dataclass(frozen=True)
class Accepts:
    """What a server accepts as a whole, and by type."""

    system: frozenset[str] = frozenset()
    types: Mapping[str, OfType] = field(default_factory=dict)
    one_content: bool = False
    """Whether a DocumentReference may have only one content (Oracle Health Millennium's documentation)."""

    def of(self, resource_type: str) -> OfType:
        return self.types.get(resource_type, NOTHING)


def accepts(statement: Json) -> Accepts:
    """What a CapabilityStatement declares for its server side; NoStatement where it is none, or not of R4."""
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise NoStatement("what it answers is no CapabilityStatement")
    version = statement.get("fhirVersion")
    if version not in R4:
        told = version if isinstance(version, str) and len(version) < 20 else "another version"
        raise NoStatement(f"it speaks FHIR {told}, and what is sent is R4 (4.0.1)", told)
    system: set[str] = set()
    types: dict[str, OfType] = {}
    for rest in objects(statement.get("rest")):
        if rest.get("mode", "server") != "server":
            continue
        system |= _codes(rest.get("interaction"))
        for one in objects(rest.get("resource")):
            if isinstance(name := one.get("type"), str):
                types[name] = types.get(name, NOTHING).merged(_of_type(one))
    return Accepts(frozenset(system), types, one_content=_is_millennium(statement))


def _is_millennium(statement: dict[str, Any]) -> bool:
    """Its own statement of 2026-08 names no software, but its publisher and what it is an implementation of."""
    implementation = statement.get("implementation")
    described = implementation.get("description") if isinstance(implementation, dict) else None
    return any(
        isinstance(text, str) and word in text
        for text in (statement.get("publisher"), described)
        for word in ("Oracle Health", "Millennium")
    )


def _of_type(declared: dict[str, Any]) -> OfType:
    return OfType(
        frozenset(_codes(declared.get("interaction"))),
        conditional_create=declared.get("conditionalCreate") is True,
        conditional_update=declared.get("conditionalUpdate") is True,
        update_create=declared.get("updateCreate") is True,
        versions=declared.get("versioning") != _NO_VERSIONS,
        searched_by=frozenset(
            name for one in objects(declared.get("searchParam")) if isinstance(name := one.get("name"), str)
        ),
    )


PARTS = (
    "Goal", "CareTeam", "Appointment", "CommunicationRequest", "DeviceRequest", "MedicationRequest", "NutritionOrder",
    "Task", "ServiceRequest", "VisionPrescription", "RequestGroup", "Procedure", "Communication",
)  # fmt: skip
"""What a plan may consist of: CarePlan.goal, careTeam, what activity.reference may be (R4), and what is done of it
(activity.outcomeReference)."""
ASKED = (
    "Patient", "CarePlan", "DocumentReference", "QuestionnaireResponse", "Observation", "Condition", *PARTS,
)  # fmt: skip
"""The types that a way may need."""


def as_json(accepted: Accepts) -> dict[str, Any]:
    """What is kept of a statement; what says nothing is left out, since a process of an earlier release may read it."""
    types = {
        name: {
            one: sorted(value) if isinstance(value, frozenset) else value
            for one, value in vars(accepted.of(name)).items()
            if one != "forbidden" or value
        }
        for name in ASKED
    }
    return {"system": sorted(accepted.system), "types": types, "one_content": accepted.one_content}


def of_json(kept: Mapping[str, Any]) -> Accepts:
    """The same as it was, as far as this release understands it."""

    def of_type(held: Mapping[str, Any]) -> OfType:
        told: dict[str, Any] = {
            one.name: frozenset(held[one.name]) if isinstance(held[one.name], list) else held[one.name]
            for one in fields(OfType)
            if one.name in held
        }
        return OfType(**told)

    types = {name: of_type(held) for name, held in kept["types"].items()}
    return Accepts(frozenset(kept["system"]), types, kept["one_content"])


def _codes(interactions: Json) -> set[str]:
    return {code for one in objects(interactions) if isinstance(code := one.get("code"), str)}
