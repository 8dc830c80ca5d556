"""The invariants of R4 whose severity is error, as plain functions that hold or do not hold for a node of JSON.

What an invariant is of, its official sentence and its official FHIRPath stand in invariants.json (made by generate.py);
the tests hold each function equal to that FHIRPath by an engine that we did not write.  A function is named after its
key and says with @invariant how to mend what breaks it.
"""

from __future__ import annotations

import functools
import json
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from mappings.r4.invariants.reading import RULES, Test

_TABLE = Path(__file__).parents[1] / "invariants.json"
_MODULES = ("administration", "clinical", "conformance", "datatypes", "exchange", "forms", "terminology")

HELD_ELSEWHERE = {
    "ele-1": "structure.py: an object or primitive without anything is refused",
    "ext-1": "structure.py: an extension has a value or extensions",
    "dom-2": "structure.py: what is contained contains nothing",
    "sqty-1": "definitions.json: a SimpleQuantity has no member comparator",
    "dom-3": "validity.py: who refers to what is known only after the whole resource",
    "ref-1": "references.py: it takes the whole resource to know what is contained",
    "ctm-1": "validity.py: it takes the message to know where a reference leads",
}
NOT_CARRIED = {
    "ElementDefinition": "only StructureDefinitions are made of it",
    "ImplementationGuide": "the publishing of specifications",
    "StructureDefinition": "the publishing of specifications",
    "TestReport": "the testing of servers",
    "TestScript": "the testing of servers",
}
"""The types whose invariants are not compiled: no record carries them, and no partner sends them."""


class Rule(NamedTuple):
    """An invariant as it is told and tested."""

    key: str
    text: str
    test: Test


@functools.cache
def rules_of(place: str) -> tuple[Rule, ...]:
    """The invariants of a type (Patient.contact) or of an element that has a type of its own (Organization.address)."""
    return _by_place().get(place, ())


def told(name: str, mend: str) -> str:
    """The sentence of an invariant that does not hold: the official one, how to mend it, and the key."""
    return sentence(name, table()[name]["human"], mend)


def sentence(name: str, human: str, mend: str) -> str:
    """The same from its parts."""
    return f"{human.rstrip('. ')}. {mend.removesuffix('.')} ({name.partition(' ')[0]})."


@functools.cache
def table() -> dict[str, Any]:
    """Every invariant of severity error by its name: on, human, fhirpath."""
    found: dict[str, Any] = json.loads(_TABLE.read_bytes())["invariants"]
    return found


@functools.cache
def compiled() -> dict[str, tuple[str, Test]]:
    """How to mend, and the function, by the invariant's name."""
    for module in _MODULES:
        import_module(f"{__name__}.{module}")
    return RULES


@functools.cache
def _by_place() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for name, (mend, test) in compiled().items():
        rule = Rule(name.partition(" ")[0], told(name, mend), test)
        for place in table()[name]["on"]:
            found[place] = (*found.get(place, ()), rule)
    return found
