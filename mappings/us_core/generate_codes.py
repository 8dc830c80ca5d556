"""The codes that generate.py writes: value sets taken apart, by code system."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mappings.r4.ucum import UCUM

"""Has no list: mappings/r4/bindings.py knows its grammar."""

Codes = dict[str, list[str] | None]


def expansions(wanted: Iterable[str], folders: tuple[Path, ...], beside: dict[str, Any]) -> dict[str, Codes]:
    """The codes of the wanted value sets; LookupError for one that none of the folders holds whole."""
    sets: dict[str, dict[str, Any]] = {}
    systems: dict[str, list[dict[str, Any]]] = {}
    for folder in folders:
        for path in sorted(folder.glob("ValueSet-*.json")):
            found = json.loads(path.read_bytes())
            sets.setdefault(found["url"], found.get("compose", {}))
        for path in sorted(folder.glob("CodeSystem-*.json")):
            found = json.loads(path.read_bytes())
            systems.setdefault(found["url"], []).append(found)
    sets |= beside
    return {url: _expansion(url, sets, systems) for url in sorted(wanted)}


def _expansion(url: str, sets: dict[str, dict[str, Any]], systems: dict[str, list[dict[str, Any]]]) -> Codes:
    if url not in sets:
        raise LookupError(f"no value set {url}: beside.json has to say its codes")
    found: Codes = {}
    for include in sets[url]["include"]:
        for other in include.get("valueSet", ()):
            for system, codes in _expansion(other, sets, systems).items():
                found[system] = [*(found.get(system) or []), *(codes or [])] or None
        if "system" in include:
            found[include["system"]] = _joined(found.get(include["system"]), _codes(include, systems))
    for exclude in sets[url].get("exclude", ()):
        out = set(_codes(exclude, systems) or ())
        found[exclude["system"]] = [code for code in found[exclude["system"]] or () if code not in out]
    return {system: sorted(set(codes)) if codes else None for system, codes in found.items()}


def _joined(known: list[str] | None, more: list[str] | None) -> list[str] | None:
    return [*(known or ()), *(more or ())] or None


def _codes(include: dict[str, Any], systems: dict[str, list[dict[str, Any]]]) -> list[str] | None:
    if "filter" in include:
        raise LookupError(f"a filter over {include['system']}: beside.json has to say its codes")
    if "concept" in include:
        return [each["code"] for each in include["concept"]]
    if include["system"] == UCUM:
        return None
    if include["system"] not in systems:
        raise LookupError(f"no code system {include['system']}: beside.json has to say its codes")
    return [code for each in systems[include["system"]] for code in _concepts(each)]


def _concepts(node: dict[str, Any]) -> Iterator[str]:
    for concept in node.get("concept", ()):
        yield concept["code"]
        yield from _concepts(concept)
