"""What a server says of itself (CapabilityStatement), reduced to what a push asks: interactions and flags by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.values import Json

R4 = ("4.0.0", "4.0.1")
"""What calls itself R4: 4.0.1 is the technical correction of 4.0.0.  R4B (4.3.0) is another version."""

_NO_VERSIONS = "no-version"


class NoStatement(Exception):
    """The answer is no CapabilityStatement, or not one of R4; the message says what it is instead."""


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

    def merged(self, other: OfType) -> OfType:
        """A type that is declared twice accepts what either says (athenahealth declares ServiceRequest twice)."""
        return OfType(
            self.interactions | other.interactions,
            self.conditional_create or other.conditional_create,
            self.conditional_update or other.conditional_update,
            self.update_create or other.update_create,
            self.versions and other.versions,
            self.searched_by | other.searched_by,
        )


NOTHING = OfType()


@dataclass(frozen=True)
class Accepts:
    """What a server accepts as a whole, and by type."""

    system: frozenset[str] = frozenset()
    types: Mapping[str, OfType] = field(default_factory=dict)

    def of(self, resource_type: str) -> OfType:
        return self.types.get(resource_type, NOTHING)


def accepts(statement: Json) -> Accepts:
    """What a CapabilityStatement declares for its server side; NoStatement where it is none, or not of R4."""
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        raise NoStatement("what it answers is no CapabilityStatement")
    version = statement.get("fhirVersion")
    if version not in R4:
        told = version if isinstance(version, str) and len(version) < 20 else "another version"
        raise NoStatement(f"it speaks FHIR {told}, and what is sent is R4 (4.0.1)")
    system: set[str] = set()
    types: dict[str, OfType] = {}
    for rest in _dicts(statement.get("rest")):
        if rest.get("mode", "server") != "server":
            continue
        system |= _codes(rest.get("interaction"))
        for one in _dicts(rest.get("resource")):
            if isinstance(name := one.get("type"), str):
                types[name] = types.get(name, NOTHING).merged(_of_type(one))
    return Accepts(frozenset(system), types)


def _of_type(declared: dict[str, Any]) -> OfType:
    return OfType(
        frozenset(_codes(declared.get("interaction"))),
        conditional_create=declared.get("conditionalCreate") is True,
        conditional_update=declared.get("conditionalUpdate") is True,
        update_create=declared.get("updateCreate") is True,
        versions=declared.get("versioning") != _NO_VERSIONS,
        searched_by=frozenset(
            name for one in _dicts(declared.get("searchParam")) if isinstance(name := one.get("name"), str)
        ),
    )


def _codes(interactions: Json) -> set[str]:
    return {code for one in _dicts(interactions) if isinstance(code := one.get("code"), str)}


def _dicts(value: Json) -> Iterator[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
