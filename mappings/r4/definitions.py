"""R4's types, element by element, from the official definitions (definitions.json, made by generate.py).

Everything goes by JSON member: a choice such as deceased[x] is there as deceasedBoolean and deceasedDateTime, and a
backbone element is a type of its own, named by its path ("Patient.contact").  The table is read on first use.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_TABLE = Path(__file__).with_name("definitions.json")


class Element(NamedTuple):
    """What R4 says of one JSON member."""

    name: str
    type: str
    """"HumanName", "code", "Patient.contact" for a backbone, "Resource" where any resource may stand."""
    many: bool
    min: int
    choice: str | None
    """"deceased[x]" for deceasedBoolean."""
    modifier: bool
    targets: tuple[str, ...]
    """What a Reference or canonical may lead to; ("Resource",) is anything."""
    binding: str | None
    """The value set of a required binding, without its version (that of R4)."""


_PROFILES = ("MoneyQuantity", "SimpleQuantity")  # JSON knows nothing of them: doseQuantity, but onsetAge
_ALIKE = dict.fromkeys(("Age", "Count", "Distance", "Duration", *_PROFILES), "Quantity")


def alike(type_: str) -> str:
    """The type whose shape it has: a Duration is written as a Quantity is; every other type is like itself."""
    return _ALIKE.get(type_, type_)


@functools.cache
def children(type_: str) -> Mapping[str, Element]:
    """The JSON members of a type by name, in the specification's order; none for a primitive; KeyError for no type.

    `resourceType` and the `_` twins of primitives are not among them: they are of JSON, not of R4's types.
    """
    if is_primitive(type_):
        return {}
    rows: dict[str, list[Any]] = _table()["types"][type_]
    return {element.name: element for name, row in rows.items() for element in _elements(name, row)}


def is_resource(name: str) -> bool:
    """Whether there is a resource of this type: what `resourceType` may say."""
    return name in _resources()


def is_primitive(type_: str) -> bool:
    return type_ in _table()["primitives"]


def primitives() -> Mapping[str, str | None]:
    """The primitive types, each with the official regular expression of its text (xhtml has none)."""
    found: dict[str, str | None] = _table()["primitives"]
    return found


@functools.cache
def pattern(type_: str) -> re.Pattern[str] | None:
    """The official regular expression of a primitive, to be matched with fullmatch.

    White space is what XML Schema, whose language the expressions are in, takes for it: a no-break space is none.
    """
    text = primitives()[type_]
    return re.compile(text, re.ASCII) if text else None


def has_twin(type_: str, element: Element) -> bool:
    """Whether a member may have a `_` twin; what XML writes as an attribute or as XHTML has none."""
    if not is_primitive(element.type) or element.type == "xhtml":
        return False
    return element.name != "id" and (type_, element.name) != ("Extension", "url")


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a misspelt one stands for; empty where none is near."""
    by_lower = {each.lower(): each for each in known if not each.startswith("_")}
    close = difflib.get_close_matches(name[:40].lower(), by_lower, n=1)
    return by_lower[close[0]] if close else ""


def resources() -> frozenset[str]:
    return _resources()


def source() -> Mapping[str, str]:
    """The package that the table was made from: name, version, license, url."""
    found: dict[str, str] = _table()["source"]
    return found


@functools.cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_TABLE.read_bytes())
    return found


@functools.cache
def _resources() -> frozenset[str]:
    return frozenset(_table()["resources"])


def _elements(name: str, row: list[Any]) -> Iterator[Element]:
    cardinality, types = row[:2]
    extras = row[2] if len(row) > 2 else {}
    least, most = cardinality.split("..")
    choice = name if name.endswith("[x]") else None
    leads = {"Reference": tuple(extras.get("targets", ())), "canonical": tuple(extras.get("canonicals", ()))}
    for type_ in types.split("|"):
        written = type_ if type_ not in _PROFILES else "Quantity"
        yield Element(
            name=name.removesuffix("[x]") + written[0].upper() + written[1:] if choice else name,
            type=type_,
            many=most != "1",
            min=int(least),
            choice=choice,
            modifier=extras.get("modifier", False),
            targets=leads.get(type_, ()),
            binding=extras.get("binding"),
        )
