"""Terminology as FHIR files: ConceptMaps (from the clinic's word to the code and back), ValueSets, and CodeSystems.

table("pain_diagnoses")       the table of words of a ConceptMap; of another folder, where that has one of the name
code_table("urgency")         the same for an element that is a bare code
codes_of("red_flags")         the codes of a ValueSet
display_of(system, code)      what its terminology calls a code, as far as it is known here
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mappings.lens.codes import Code
from mappings.lens.words import code
from mappings.r4.exact_json import loads
from mappings.terminology.displays import display_of, doubts
from mappings.terminology.reader import OURS, known_tables, read_table, table

__all__ = ["code_table", "codes_of", "display_of", "doubts", "known_tables", "read_table", "table"]


@cache
def code_table(name: str) -> Code:
    """The shape of a bare code that is told in the words of our table NAME.json."""
    return code(table(name))


@cache
def codes_of(name: str) -> tuple[str, ...]:
    """The codes of the ValueSet NAME.json, in its order."""
    value_set: dict[str, Any] = loads((OURS / f"{name}.json").read_bytes())
    return tuple(concept["code"] for group in value_set["compose"]["include"] for concept in group["concept"])
