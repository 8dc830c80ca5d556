"""Business identifiers: those a resource has, and the one that a search asks for."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from adapter.store.resources import Identifier
from mappings.tolerance.systems import system_of

Node = dict[str, Any]

_system_repaired = system_of(of_codes=False)
"""What an identifier's system is read as in the resources, so also in what is asked of them."""
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def identifiers(resource: Node) -> list[Identifier]:
    """The identifiers of a resource, system and value, that are in force and have a value."""
    told = resource.get("identifier", [])
    listed = told if isinstance(told, list) else [told]
    return [
        (one.get("system"), one["value"])
        for one in listed
        if isinstance(one, dict) and one.get("value") and one.get("use") != "old"
    ]


def is_typed(identifier: Node, code: str) -> bool:
    """Whether an identifier is of this type of HL7's table 0203: PLAC, FILL ..."""
    codings = identifier.get("type", {}).get("coding", [])
    return any(coding.get("system") == V2_0203 and coding.get("code") == code for coding in codings)


def searched(query: str) -> Identifier | None:
    """The one identifier that a search asks for; None where it asks for something else."""
    parameters = parse_qsl(query, keep_blank_values=True)
    if len(parameters) == 1 and parameters[0][0] == "identifier":
        system, bar, value = parameters[0][1].rpartition("|")
        if value and "," not in value:
            repaired = _system_repaired(system)
            return ((repaired[0] if repaired else system) if bar else None), value
    return None


def carries(resource: Node, wanted: Identifier) -> bool:
    """Whether a resource has an identifier that a search asks for; a system of None is any."""
    system, value = wanted
    return any(v == value and (system is None or (s or "") == system) for s, v in identifiers(resource))
