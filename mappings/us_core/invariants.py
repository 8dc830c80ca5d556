"""The invariants of US Core's profiles, of severity error: functions that hold or do not hold for an element.

Their official sentences and FHIRPath stand in profiles.json; the tests hold each function equal to that FHIRPath by an
engine that we did not write.  An invariant is given its element, and a way to what a Reference leads to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mappings.r4.invariants.reading import Node, distinct, each, has, has_choice
from mappings.r4.ucum import UCUM
from mappings.values import Json

Resolve = Callable[[Any], Node | None]
Test = Callable[[Any, Resolve], bool]

_RULES: dict[str, tuple[str, Test]] = {}
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")


def compiled() -> dict[str, tuple[str, Test]]:
    """How to mend, and the function, by the invariant's name."""
    return _RULES


def _invariant(name: str, mend: str) -> Callable[[Test], Test]:
    def declare(test: Test) -> Test:
        _RULES[name] = mend, test
        return test

    return declare


@_invariant("us-core-1", "Say at least the day.")
def us_core_1(effective: Json, _: Resolve) -> bool:
    return not isinstance(effective, str) or len(effective) >= len("YYYY-MM-DD")


@_invariant("us-core-2", "Give the observation a value, or dataAbsentReason.")
def us_core_2(observation: Node, _: Resolve) -> bool:
    parts = has(observation, "component", "hasMember")
    return parts or has(observation, "dataAbsentReason") or has_choice(observation, "value")


@_invariant("us-core-3", "Give the unit as a code of UCUM, or without a system.")
def us_core_3(value: Json, _: Resolve) -> bool:
    """Of the types of value[x] only a Quantity has a system of its own."""
    return not isinstance(value, dict) or value.get("system", UCUM) == UCUM


@_invariant("us-core-6 of DocumentReference.content.attachment", "Give the attachment a url or its data.")
def us_core_6_attachment(attachment: Node, _: Resolve) -> bool:
    return has(attachment, "url", "data")


@_invariant("us-core-6 of Patient.name", "Give the name family or given, or else the extension that says why not.")
def us_core_6_name(name: Node, _: Resolve) -> bool:
    return has(name, "family", "given") != any(one.get("url") == _ABSENT for one in each(name, "extension"))


@_invariant("us-core-7", "Say when it was performed.")
def us_core_7(procedure: Node, _: Resolve) -> bool:
    return procedure.get("status") not in ("completed", "in-progress") or has_choice(procedure, "performed")


@_invariant("us-core-13", "Name a practitioner, an organization, a healthcareService or a location.")
def us_core_13(role: Node, _: Resolve) -> bool:
    return has(role, "practitioner", "organization", "healthcareService", "location")


@_invariant("us-core-14", "Give the person a name or a relationship.")
def us_core_14(person: Node, _: Resolve) -> bool:
    return has(person, "name", "relationship")


@_invariant("us-core-16", "Write the ten digits.")
def us_core_16(identifier: Node, _: Resolve) -> bool:
    return _is_written(identifier, "[0-9]{10}")


@_invariant("us-core-17", "Look for the slip of the pen: the last digit does not follow from the others.")
def us_core_17(identifier: Node, _: Resolve) -> bool:
    """Luhn's formula over the ten digits with 80840 before them, which add 24."""
    if not _is_written(identifier, "[0-9]{10}"):
        return False
    doubled = (2 * digit - (9 if digit > 4 else 0) for digit in map(int, identifier["value"][0:10:2]))
    return (sum(doubled) + sum(map(int, identifier["value"][1:10:2])) + 24) % 10 == 0


@_invariant("us-core-18", "Write two digits, D and seven digits.")
def us_core_18(identifier: Node, _: Resolve) -> bool:
    return _is_written(identifier, "[0-9]{2}D[0-9]{7}")


@_invariant("us-core-19", "Write the five digits.")
def us_core_19(identifier: Node, _: Resolve) -> bool:
    return _is_written(identifier, "[0-9]{5}")


@_invariant("us-core-21", "Name the requester.")
def us_core_21(request: Node, _: Resolve) -> bool:
    return request.get("intent") not in _ORDERS or has(request, "requester")


@_invariant("us-core-23", "Leave the other categories out.")
def us_core_23(race: Node, _: Resolve) -> bool:
    categories = [one for one in each(race, "extension") if one.get("url") == "ombCategory"]
    unknown = any(one.get("valueCoding", {}).get("code") in ("ASKU", "UNK") for one in categories)
    return not unknown or len(categories) == 1


@_invariant("pd-1", "Give the role a telecom or an endpoint.")
def pd_1(role: Node, _: Resolve) -> bool:
    return has(role, "telecom", "endpoint")


@_invariant("provenance-1", "Say on whose behalf.")
def provenance_1(agent: Node, resolve: Resolve) -> bool:
    who = resolve(agent.get("who")) or {}
    return who.get("resourceType") not in ("Practitioner", "Device") or has(agent, "onBehalfOf")


@_invariant("sdcqr-2", "Combine the answers to one question in one item.")
def sdcqr_2(response: Node, _: Resolve) -> bool:
    waiting: list[Any] = [response]
    while waiting:
        holder = waiting.pop()
        items = list(each(holder, "item"))
        answered = [one for one in items if any(has_choice(answer, "value") for answer in each(one, "answer"))]
        if not distinct(one.get("linkId") for one in answered):
            return False
        waiting += [*items, *each(holder, "answer")]
    return True


def _is_written(identifier: Node, pattern: str) -> bool:
    value = identifier.get("value")
    return isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None
