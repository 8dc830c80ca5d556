"""What generate.py writes of code systems and identifier systems: the URL that each OID stands for.

systems.json holds, for every OID that HL7 terminology gives to a system, the canonical URL of that system, by which R4
knows it (http://hl7.org/fhir/R4/terminologies-systems.html):

    "2.16.840.1.113883.6.96":"http://snomed.info/sct"

A NamingSystem in force says it first (the preferred of its URIs), then the CodeSystem itself, then a NamingSystem that
is retired: ICD-10's is.  An OID that is said to stand for two systems stands for none.  One whose URI is its own
urn:oid: (race and ethnicity, CDC) is left out, whatever else is said of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_OID = "urn:oid:"


def systems(terminology: Mapping[str, str]) -> dict[str, str]:
    """The URL by OID, from the JSON files of the package by name."""
    naming = list(_resources(terminology, "NamingSystem-"))
    code_systems = _resources(terminology, "CodeSystem-")
    told = [
        _pairs(_named(one) for one in naming if one["status"] == "active"),
        _pairs(_own(one) for one in code_systems),
        _pairs(_named(one) for one in naming if one["status"] != "active"),
    ]
    found: dict[str, str] = {}
    for oid in sorted({oid for pairs in told for oid in pairs}):
        urls = next(pairs[oid] for pairs in told if oid in pairs)
        if len(urls) == 1 and not min(urls).startswith(_OID):
            found[oid] = min(urls)
    return found


def _resources(terminology: Mapping[str, str], kind: str) -> Iterator[dict[str, Any]]:
    return (json.loads(text) for name, text in terminology.items() if name.startswith(kind))


def _pairs(told: Iterator[tuple[list[str], str | None]]) -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = {}
    for oids, url in told:
        for oid in oids if url else ():
            pairs.setdefault(oid.removeprefix(_OID), set()).add(str(url))
    return pairs


def _named(system: dict[str, Any]) -> tuple[list[str], str | None]:
    ids = [one for one in system["uniqueId"] if "value" in one]
    urls = [one for one in ids if one.get("type") == "uri"]
    preferred = [one["value"] for one in urls if one.get("preferred")] or [one["value"] for one in urls]
    return [one["value"] for one in ids if one.get("type") == "oid"], preferred[0] if preferred else None


def _own(system: dict[str, Any]) -> tuple[list[str], str | None]:
    return [one["value"] for one in system.get("identifier", ()) if one["value"].startswith(_OID)], system.get("url")
