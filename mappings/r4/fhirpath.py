"""Places in FHIR JSON, spelled as official FHIRPath: what JSON writes as valueQuantity, FHIRPath calls value.

An extension is named by its url where that tells it from its neighbours, every other list item by its index, and what
stands in the `_` twin of a primitive belongs to the primitive: Patient.birthDate.extension('http://...').value
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.r4.definitions import children, is_primitive, is_resource
from mappings.values import Json

Key = str | int
Leaf = tuple[Any, Key, Json, str]
"""The dict or list that holds it, its member name or index there, the scalar itself, and its FHIRPath."""

_LONGEST_NAME = 40
_LONGEST_URL = 200
_MOST_NAMED = 200
"""In a longer list an item goes by its index: to look for its like each time would take a hostile input hours."""
_KEYWORDS = frozenset({"and", "div", "false", "implies", "mod", "or", "true", "xor"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_URL = re.compile(r"[!-&(-\[\]-~]+")


def expression(root: Mapping[str, Json], keys: Sequence[Key], at: str | None = None) -> str:
    """The FHIRPath of the place that the keys lead to; `at` is what the root itself is called, if not by its type.

    The place need not exist, and a member that R4 does not know is spelled as it stands.
    """
    node: Json = root
    type_, text, member = _type_in("Resource", root), at or _root_name(root), ""
    for key in keys:
        if isinstance(key, int):
            text += _item(member, node, key)
            node = node[key] if isinstance(node, list) and -1 < key < len(node) else None
        else:
            member, type_ = _step(_type_in(type_, node), key)
            text += f".{member}"
            node = node.get(key) if isinstance(node, dict) else None
    return text


def leaves(document: Mapping[str, Json], at: str | None = None) -> Iterator[Leaf]:
    """Every scalar of a resource or Bundle in the document's order, `resourceType` and ids among them.

    The nulls that hold a place in a list of primitives are none.
    """
    found: list[Leaf] = []
    _gather(document, "Resource", at or _root_name(document), found)
    return iter(found)


def _gather(node: Mapping[str, Json], type_: str | None, text: str, found: list[Leaf]) -> None:
    steps = _steps(_type_in(type_, node))
    for key, value in node.items():
        member, child_type = steps.get(key) or _unknown(key)
        place = f"{text}.{member}"
        if isinstance(value, dict):
            _gather(value, child_type, place, found)
        elif isinstance(value, list):
            _gather_items(value, member, child_type, place, found)
        elif value is not None:
            found.append((node, key, value, place))


def _gather_items(items: list[Json], member: str, type_: str | None, text: str, found: list[Leaf]) -> None:
    urls = _urls(items) if member == "extension" else None
    for index, value in enumerate(items):
        place = text + _suffix(value, index, urls)
        if isinstance(value, dict):
            _gather(value, type_, place, found)
        elif isinstance(value, list):
            _gather_items(value, "", type_, place, found)
        elif value is not None:
            found.append((items, index, value, place))


def _item(member: str, items: Json, index: int) -> str:
    if member == "extension" and isinstance(items, list) and -1 < index < len(items):
        return _suffix(items[index], index, _urls(items))
    return f"[{index}]"


def _suffix(item: Json, index: int, urls: Mapping[str, int] | None) -> str:
    if urls and isinstance(item, dict):
        url = item.get("url")
        if isinstance(url, str) and urls[url] == 1 and len(url) <= _LONGEST_URL and _PLAIN_URL.fullmatch(url):
            return f"('{url}')"
    return f"[{index}]"


def _urls(items: list[Json]) -> Mapping[str, int]:
    if len(items) > _MOST_NAMED:
        return {}
    found = (item.get("url") for item in items if isinstance(item, dict))
    return Counter(url for url in found if isinstance(url, str))


def _type_in(type_: str | None, node: Json) -> str | None:
    """Where any resource may stand, the type is what it says it is."""
    if type_ == "Resource" and isinstance(node, dict):
        named = node.get("resourceType")
        return named if isinstance(named, str) and is_resource(named) else None
    return type_


def _root_name(root: Mapping[str, Json]) -> str:
    return _type_in("Resource", root) or "Resource"


def _step(type_: str | None, key: str) -> tuple[str, str | None]:
    return _steps(type_).get(key) or _unknown(key)


def _unknown(key: str) -> tuple[str, None]:
    return spelled(key.removeprefix("_")), None


@functools.cache
def _steps(type_: str | None) -> Mapping[str, tuple[str, str | None]]:
    """How the JSON members of a type are spelled, and the type found under each."""
    found: dict[str, tuple[str, str | None]] = {}
    for element in children(type_).values() if type_ else ():
        name = spelled(element.choice.removesuffix("[x]") if element.choice else element.name)
        found[element.name] = name, element.type
        if is_primitive(element.type):
            found[f"_{element.name}"] = name, "Element"
    return found


def spelled(name: str) -> str:
    """A member's name as FHIRPath takes it; a long one is cut off, since R4 cannot know it."""
    name = name[:_LONGEST_NAME] + "..." * (len(name) > _LONGEST_NAME)
    if _PLAIN_NAME.fullmatch(name) and name not in _KEYWORDS:
        return name
    return "`" + re.sub(r"[\x00-\x1f`\\]", "?", name) + "`"
