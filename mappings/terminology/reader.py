"""From a ConceptMap to a table of words.

A group maps the clinic's words (`source`) to the codes of one system (`target`); README.md says how such a file is
written.  The file of another folder takes the place of ours of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mappings.lens.paths import DeclarationError
from mappings.lens.tables import Row, Table
from mappings.r4.exact_json import MalformedJSON, loads

OURS = Path(__file__).parent

WAY_BACK = "https://paingate.dev/StructureDefinition/way-back"
"""The extension of a target that is the way back: valueCode written, or read (way_back.json)."""


def known_tables(folder: Path = OURS) -> tuple[str, ...]:
    """The names of the ConceptMaps of a folder."""
    files = ((file.stem, loads(file.read_bytes())) for file in sorted(folder.glob("*.json")))
    return tuple(name for name, table in files if table.get("resourceType") == "ConceptMap")


def table(name: str, *folders: Path) -> Table:
    """The table NAME.json of the first of these folders that has it, else ours.

    DeclarationError, a line for each fault with file and element, for one that cannot be right.
    """
    found = next((folder for folder in folders if (folder / f"{name}.json").is_file()), OURS)
    return read_table(found / f"{name}.json")


@cache
def read_table(file: Path, said: str = "terminology") -> Table:
    """The table of a file.  said: what the folder is called in its faults."""
    where = f"{said}/{file.name}"
    try:
        concept_map = loads(file.read_bytes())
    except MalformedJSON as fault:
        raise DeclarationError(f"{where}: {fault}") from None
    if not isinstance(concept_map, dict) or concept_map.get("resourceType") != "ConceptMap":
        raise DeclarationError(f"{where}: this is no ConceptMap")
    try:
        version = _text(concept_map, "version", "ConceptMap", needed=False)
        return Table(file.stem, tuple(_rows(concept_map)), where, version)
    except _Misshapen as fault:
        raise DeclarationError(f"{where}: {fault}") from None


class _Misshapen(Exception):
    """Something is not where a ConceptMap has it."""


def _rows(concept_map: dict[str, Any]) -> Iterator[Row]:
    for group, at in _items(concept_map, "group", ""):
        system = _text(group, "target", at)
        for element, place in _items(group, "element", at):
            word = _text(element, "code", place)
            for target, spot in _items(element, "target", place):
                equivalence = _text(target, "equivalence", spot)
                code, display = (_text(target, name, spot, needed=False) for name in ("code", "display"))
                ways = _ways_back(target, spot)
                yield Row(word, system, code, display, equivalence, "written" in ways, "read" in ways, spot)


def _items(node: dict[str, Any], name: str, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    items = node.get(name)
    place = f"{at}.{name}".lstrip(".")
    if not isinstance(items, list) or not items:
        raise _Misshapen(f"{place}: this must be a list of at least one")
    for n, item in enumerate(items):
        if not isinstance(item, dict):
            raise _Misshapen(f"{place}[{n}]: this must be an object")
        yield item, f"{place}[{n}]"


def _text(node: dict[str, Any], name: str, at: str, *, needed: bool = True) -> str:
    value = node.get(name, None if needed else "")
    if not isinstance(value, str) or (needed and not value):
        raise _Misshapen(f"{at}.{name}: this must be a text")
    return value


def _ways_back(target: dict[str, Any], at: str) -> set[str]:
    extensions = _items(target, "extension", at) if "extension" in target else ()
    said = {str(one.get("valueCode")) for one, _ in extensions if one.get("url") == WAY_BACK}
    if strange := said - {"written", "read"}:
        raise _Misshapen(f"{at}.extension: {', '.join(sorted(strange))} is no way back: say written or read")
    return said
