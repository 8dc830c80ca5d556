"""Terminology as FHIR files: ConceptMaps (from the clinic's word to the code and back) and ValueSets."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mappings.lens.shapes import Code
from mappings.lens.words import code
from mappings.r4.exact_json import loads

_FOLDER = Path(__file__).parent


def known_tables() -> tuple[str, ...]:
    """The names of the ConceptMaps that there are."""
    files = ((file.stem, loads(file.read_bytes())) for file in sorted(_FOLDER.glob("*.json")))
    return tuple(name for name, table in files if table.get("resourceType") == "ConceptMap")


@cache
def code_table(name: str, folder: Path = _FOLDER) -> Code:
    """The codec of the ConceptMap NAME.json of a folder; ValueError if two words stand for one code."""
    concept_map: dict[str, Any] = loads((folder / f"{name}.json").read_bytes())
    words: dict[str, str] = {}
    for group in concept_map["group"]:
        for element in group["element"]:
            (target,) = element["target"]
            if target["equivalence"] != "equal":
                raise ValueError(f"table {name}: only equal words have a way back")
            words[element["code"]] = target["code"]
    return code(name, words)


@cache
def codes_of(name: str) -> tuple[str, ...]:
    """The codes of the ValueSet NAME.json, in its order."""
    value_set: dict[str, Any] = loads((_FOLDER / f"{name}.json").read_bytes())
    return tuple(concept["code"] for group in value_set["compose"]["include"] for concept in group["concept"])
