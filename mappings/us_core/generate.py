"""Writes the table of US Core's profiles (profiles.json) from their definitions.

    python -m mappings.us_core.generate US_CORE CORE TERMINOLOGY

US_CORE is a folder with the StructureDefinitions, ValueSets and CodeSystems of US Core 8.0.0 (CC0; GitHub HL7/US-Core
at tag 8.0.0), differentials being enough.  CORE and TERMINOLOGY are the packages of mappings/r4/generate.py, unpacked.
What the definitions point to and the folder does not hold stands in beside.json, with its source.

For each profile the table holds what it demands beyond R4, an element to a line:

    "telecom.system":{"min":1}            how often it stands in each telecom: "min", "max"
    "code":{"codes":"http://..."}         a required binding; "limit" is one that may be left out, but not broken
    "subject":{"targets":["Group"]}       what a reference may lead to, by profile or by type
    "value[x]":{"types":["string"]}       which types of a choice
    "type":{"pattern":{...}}              what it must contain
    "":{"invariants":["us-core-13"]}      the rules of severity error that it obeys; "" is the resource itself
    "category":{"slices":{"survey":{"min":1,"max":1,"by":"","elements":{"":{"pattern":{...}}}}}}

An item is of a slice if the element `by` of it ("" is the item) is as the slice's own row says, or by its `url`; where
"closed" is said there is no item of none.
"must_support" names the elements that a sender has to send where it holds them: no check can tell, the tests hold the
mappings to them.  "value_sets" holds the codes of the bindings by code system, null where a grammar says them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mappings.r4.definitions import Element, children
from mappings.us_core.generate_codes import expansions

HERE = Path(__file__).parent
TABLE = HERE / "profiles.json"
BESIDE = HERE / "beside.json"

_US = "http://hl7.org/fhir/us/core/StructureDefinition/"
_FHIR = "http://hl7.org/fhir/StructureDefinition/"
_LIMIT = _FHIR + "elementdefinition-maxValueSet"
_ONLY_CHECKED = {"us-core-observation-clinical-result", "us-core-simple-observation"}
"""What any Observation with a category meets tells nothing: looked at where somebody claims it, never declared."""
_SOURCE = {
    "name": "HL7/US-Core",
    "version": "8.0.0",
    "license": "CC0-1.0",
    "url": "https://github.com/HL7/US-Core",
    "note": "Made by mappings/us_core/generate.py out of the definitions and beside.json; not to be edited.",
    "loinc": "LOINC codes are copyright Regenstrief Institute, Inc. and the LOINC Committee, and available at no cost "
    "under the license at http://loinc.org/license.",
}

Row = dict[str, Any]


def table(us_core: Path, core: Path, terminology: Path) -> str:
    """The text of profiles.json."""
    beside = json.loads(BESIDE.read_bytes())
    definitions = [json.loads(path.read_bytes()) for path in sorted(us_core.glob("StructureDefinition-*.json"))]
    profiles = {each["id"]: _profile(each, beside["bases"]) for each in definitions}
    profiles |= {name: _without_source(row) for name, row in beside["profiles"].items()}
    for name in sorted({name for row in _every_row(profiles) for name in row.get("profiles", ())} - profiles.keys()):
        profiles[name] = _profile(json.loads((core / f"StructureDefinition-{name}.json").read_bytes()), {})
    rows = list(_every_row(profiles))
    wanted = {row[word] for row in rows for word in ("codes", "limit") if word in row}
    sections = {
        "invariants": dict(sorted((_invariants(definitions) | beside["invariants"]).items())),
        "value_sets": expansions(wanted, (us_core, core, terminology), beside["value_sets"]),
        "unchecked": beside["unchecked"],
    }
    if missing := {name for row in rows for name in row.get("invariants", ())} ^ sections["invariants"].keys():
        raise LookupError(f"invariants without a place, or places without one: {missing}")
    return _text(dict(sorted(profiles.items())), sections)


def _without_source(row: Row) -> Row:
    return {"must_support": [], **{name: value for name, value in row.items() if name != "source"}}


def _every_row(profiles: dict[str, Row]) -> Iterator[Row]:
    waiting = [row for profile in profiles.values() for row in profile["elements"].values()]
    while waiting:
        row = waiting.pop()
        yield row
        waiting += [inner for each in row.get("slices", {}).values() for inner in each.get("elements", {}).values()]


def _profile(definition: dict[str, Any], bases: dict[str, Any]) -> Row:
    type_ = definition["type"]
    rows: dict[str, Row] = {}
    for path, row in bases.get(definition["baseDefinition"], {}).get("elements", {}).items():
        rows[path] = dict(row)
    discriminators: dict[str, str] = {}
    must_support: list[str] = []
    for element in definition["differential"]["element"]:
        path = element["id"].removeprefix(type_).removeprefix(".")
        if element.get("mustSupport"):
            must_support.append(path)
        if "slicing" in element:
            ((discriminator,),) = ([each["path"] for each in element["slicing"]["discriminator"]],)
            discriminators[path] = "" if discriminator == "$this" else discriminator
        _place(rows, path, discriminators, element).update(_row(type_, element))
    kept = {path: row for path, row in rows.items() if row}
    is_declared = type_ != "Extension" and definition["id"] not in _ONLY_CHECKED
    head = {"type": type_, "title": definition["title"], **({"declared": True} if is_declared else {})}
    return {**head, "must_support": must_support, "elements": kept}


def _place(rows: dict[str, Row], path: str, by: dict[str, str], element: dict[str, Any]) -> Row:
    """Where the row of an element belongs: among those of the resource, or of the slice that it is in."""
    above, sliced, rest = path.partition(":")
    if not sliced:
        return rows.setdefault(path, {})
    name, _, below = rest.partition(".")
    slices = rows.setdefault(above, {}).setdefault("slices", {})
    if name in slices:
        found: Row = slices[name]["elements"].setdefault(below, {})
        return found
    slices[name] = {"elements": {"": {}}}
    profile = [url for each in element.get("type", ()) for url in each.get("profile", ())]
    slices[name] |= {"url": profile[0]} if profile else {"by": by[above]}
    slices[name] |= {"min": element["min"]} if element.get("min") else {}
    slices[name] |= {"max": int(element["max"])} if element.get("max", "*") != "*" else {}
    own: Row = slices[name]["elements"][""]
    return own


def _row(type_: str, element: dict[str, Any]) -> Row:
    """What an element demands beyond R4; the cardinality of a slice is the slice's."""
    known = _known(type_, element["path"].removeprefix(type_).removeprefix("."))
    row: Row = {}
    if known and "sliceName" not in element:
        row |= {"min": element["min"]} if element.get("min", 0) > known[0].min else {}
        narrowed = element.get("max", "*") != "*" and (known[0].many or element["max"] == "0")
        row |= {"max": int(element["max"])} if narrowed else {}
    row |= _types(element, known) | _codes(element, known)
    patterns = [value for name, value in element.items() if name.startswith(("pattern", "fixed"))]
    row |= {"pattern": patterns[0]} if patterns else {}
    rules = [_key(rule, element) for rule in element.get("constraint", ()) if rule["severity"] == "error"]
    profiles = [url.rpartition("/")[2] for each in element.get("type", ()) for url in each.get("profile", ())]
    row |= {"invariants": rules} if rules else {}
    row |= {"profiles": profiles} if profiles and not profiles[0].endswith("Quantity") else {}
    return row


def _known(type_: str, path: str) -> list[Element]:
    """What R4 says of an element, a choice being several; nothing of the resource itself."""
    found: list[Element] = []
    for step in path.split(".") if path else ():
        inside = children(type_) or children("Element")  # what stands in a primitive stands beside its value
        found = [each for each in inside.values() if step in (each.name, each.choice)]
        type_ = found[0].type
    return found


def _types(element: dict[str, Any], known: list[Element]) -> Row:
    if not known:
        return {}
    types = [each["code"] for each in element.get("type", ())]
    narrower = element["path"].endswith("[x]") and types and len(types) < len(known)
    row: Row = {"types": types} if narrower else {}
    targets = [url for each in element.get("type", ()) for url in each.get("targetProfile", ())]
    names = [url.removeprefix(_US).removeprefix(_FHIR) for url in targets]
    allowed = next((each.targets for each in known if each.type == "Reference"), ())
    return row | ({"targets": names} if set(names) - {"Resource"} != set(allowed) and names else {})


def _codes(element: dict[str, Any], known: list[Element]) -> Row:
    binding = element.get("binding", {})
    url = binding.get("valueSet", "").partition("|")[0]
    if binding.get("strength") == "required" and url != (known[0].binding if known else None):
        return {"codes": url}
    limits = [each["valueCanonical"] for each in binding.get("extension", ()) if each["url"] == _LIMIT]
    return {"limit": limits[0]} if limits else {}


def _key(rule: dict[str, Any], element: dict[str, Any]) -> str:
    """US Core numbers two of its rules alike."""
    return f"{rule['key']} of {element['path']}" if rule["key"] == "us-core-6" else str(rule["key"])


def _invariants(definitions: list[dict[str, Any]]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for element in (each for definition in definitions for each in definition["differential"]["element"]):
        for rule in element.get("constraint", ()):
            if rule["severity"] == "error":
                row = {"on": [], "human": rule["human"].strip(), "fhirpath": rule["expression"]}
                row = found.setdefault(_key(rule, element), row)
                assert row["fhirpath"] == rule["expression"], f"{rule['key']} is two rules"
                row["on"] = sorted({*row["on"], element["path"]})
    clash = [key for key, times in Counter(key.partition(" ")[0] for key in found).items() if times > 2]
    assert not clash, f"{clash} are more rules than are told apart"
    return found


def _text(profiles: dict[str, Row], sections: dict[str, Row]) -> str:
    told = []
    for name, profile in profiles.items():
        head = {word: value for word, value in profile.items() if word != "elements"}
        body = ",\n".join(f"  {_compact(path)}:{_compact(row)}" for path, row in profile["elements"].items())
        told.append(f'{_compact(name)}:{_compact(head)[:-1]},"elements":{{\n{body}}}}}')
    lines = [f'"source":{_compact(_SOURCE)}', '"profiles":{\n' + ",\n".join(told) + "\n}"]
    for title, section in sections.items():
        rows = ",\n".join(f"{_compact(name)}:{_compact(row)}" for name, row in section.items())
        lines.append(f'"{title}":{{\n{rows}\n}}')
    return "{" + ",\n".join(lines) + "}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    TABLE.write_text(table(*map(Path, arguments)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
