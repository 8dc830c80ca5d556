"""What generate.py writes beside the types: the codes of required bindings, and the invariants of severity error.

bindings.json holds, for every value set that an element of R4 must take its code from, the codes by code system:

    "http://hl7.org/fhir/ValueSet/administrative-gender":{"http://hl7.org/fhir/administrative-gender":["male",...]}

A value set that lists its codes is taken as it stands.  One that takes a whole code system has the codes that R4 4.0.1
gives it and those that HL7 terminology has added since: R4 names no version of them.  A value set that cannot be
enumerated (MIME types, currencies, units) has the code systems alone, each with null; validity.py has their grammar.

Under "limits" stand the elements whose binding is less than required, but never to be left (maxValueSet): languages.
Units of time and length, which are a filter over UCUM, are not among them; age-1, dis-1 and drt-1 hold them to UCUM.

invariants.json holds, for every invariant, its severity being error, the types or elements that it is of, the official
sentence and the official FHIRPath; the one in code is held equal to that one by tests.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Files = Mapping[str, str]
"""The JSON files of a package by name."""

_LIMIT = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_BASES = {"Element", "BackboneElement", "DomainResource", "Resource"}


def bindings(wanted: set[str], core: Files, terminology: Files) -> dict[str, dict[str, list[str] | None]]:
    """The codes of the wanted value sets (without their versions), by code system."""
    sets = _by_url(core, "ValueSet-")
    systems = [_by_url(package, "CodeSystem-") for package in (core, terminology)]
    return {url: _expansion(sets[url], systems) for url in sorted(wanted) if url in sets}


def _is_list(value_set: dict[str, Any]) -> bool:
    compose = value_set["compose"]
    return "exclude" not in compose and all(
        "filter" not in each and "valueSet" not in each for each in compose["include"]
    )


def _expansion(value_set: dict[str, Any], systems: list[dict[str, Any]]) -> dict[str, list[str] | None]:
    compose = value_set["compose"]
    found: dict[str, list[str] | None] = {}
    if not _is_list(value_set):
        raise NotImplementedError(f"{value_set['url']} is made by filters or of others: none of R4's required ones was")
    for include in compose["include"]:
        system = include["system"]
        if "concept" in include:
            codes = [each["code"] for each in include["concept"]]
        else:
            codes = [code for package in systems if system in package for code in _codes(package[system])]
        known = found.get(system) or []
        found[system] = list(dict.fromkeys([*known, *codes])) or None
    return found


def _codes(concepts: dict[str, Any]) -> Iterator[str]:
    for concept in concepts.get("concept", ()):
        yield concept["code"]
        yield from _codes(concept)


def _by_url(package: Files, kind: str) -> dict[str, Any]:
    found = (json.loads(text) for name, text in package.items() if name.startswith(kind))
    return {each["url"]: each for each in found}


def limits(definitions: Mapping[str, dict[str, Any]], core: Files) -> dict[str, str]:
    """The value set that each such element must not leave, by its path."""
    known = {url: each for url, each in _by_url(core, "ValueSet-").items() if _is_list(each)}
    found: dict[str, str] = {}
    for definition in definitions.values():
        for element in definition["snapshot"]["element"]:
            for extension in element.get("binding", {}).get("extension", ()):
                if extension["url"] == _LIMIT and extension.get("valueCanonical") in known:
                    found[element["path"]] = extension["valueCanonical"]
    return dict(sorted(found.items()))


def invariants(definitions: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The invariants that the definitions state, by key; by type and key where two types use one key for two rules."""
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    for name, place, rule in _stated(definitions):
        row = {"on": [], "human": rule["human"].strip(), "fhirpath": rule["expression"]}
        rules.setdefault((rule["key"], rule["expression"]), row)["on"].append(place)
        if place == name:  # a Duration is a Quantity, and what is said of a Quantity holds for it
            rules[rule["key"], rule["expression"]]["on"] += _heirs(name, definitions)
    times = Counter(key for key, _ in rules)
    named = ((key if times[key] == 1 else f"{key} of {row['on'][0]}", row) for (key, _), row in rules.items())
    return dict(sorted(named, key=lambda each: each[0]))


def _stated(definitions: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, definition in sorted(definitions.items()):
        for element in definition["differential"]["element"]:
            for rule in element.get("constraint", ()):
                if rule["severity"] == "error":
                    yield name, name + element["path"].removeprefix(definition["type"]), rule


def _heirs(name: str, definitions: Mapping[str, dict[str, Any]]) -> list[str]:
    """The types made from one; what holds for every element or resource is said once, of the base."""
    if name in _BASES:
        return []
    return sorted(each for each, of in definitions.items() if of.get("baseDefinition", "").endswith(f"/{name}"))
