"""What generate.py writes for searching: the parameters of every type, and the elements that are its summary.

search.json holds, for every resource type, the official search parameters by name:

    "Task":{"focus":["reference","Task.focus","Task-focus",["Resource"]],"code":["token","Task.code",...],...}

A parameter is [its type, the official FHIRPath as far as it is about this type, the id of its definition, what a
reference may lead to]; "Resource" where that is any type.  Composite and special parameters are left out, and those
without an expression: they say no place.  Under "summaries" stand the elements that the definitions mark as summary,
by type and backbone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mappings.r4.generate_rules import Files

_KINDS = frozenset(("date", "number", "quantity", "reference", "string", "token", "uri"))
_NO_PART_OF_R4 = re.compile("example|.*-extensions-")
"""Parameters that the package has only as examples, and those of extensions."""
_ANY = 100
"""A parameter that may lead to more types than this may lead to any."""
_BASES = {"Resource": "Resource", "DomainResource": "Resource"}


def parameters(core: Files) -> dict[str, dict[str, list[Any]]]:
    """The parameters by type and name."""
    found: dict[str, dict[str, list[Any]]] = {}
    for name, text in core.items():
        if not name.startswith("SearchParameter-"):
            continue
        one = json.loads(text)
        if one["type"] in _KINDS and not _NO_PART_OF_R4.match(one["id"]):
            for base in one.get("base", ()):
                expression = _about(one.get("expression", ""), base)
                if expression:
                    targets = one.get("target", [])
                    row = [one["type"], expression, one["id"], ["Resource"] if len(targets) > _ANY else targets]
                    found.setdefault(_BASES.get(base, base), {})[one["code"]] = row if targets else row[:3]
    return {type_: dict(sorted(rows.items())) for type_, rows in sorted(found.items())}


def _about(expression: str, base: str) -> str:
    parts = (part.strip() for part in expression.split("|"))
    return " | ".join(part for part in parts if re.match(rf"\(?{base}\.", part))


def summaries(definitions: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The members that are summary, by type; a type that has none is not there."""
    found: dict[str, list[str]] = {}
    for definition in definitions.values():
        for path in _marked(definition):
            parent, _, member = path.rpartition(".")
            found.setdefault(parent, []).append(member)
    return dict(sorted(found.items()))


def _marked(definition: dict[str, Any]) -> Iterator[str]:
    for element in definition["snapshot"]["element"][1:]:
        if element.get("isSummary") and element["max"] != "0":
            yield element["path"]
