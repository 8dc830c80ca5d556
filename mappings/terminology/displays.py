"""What the terminologies call the codes that are used here: the fragments of code systems in systems/, each with its
source; and what in a message is doubtful by them, or as a unit of UCUM.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mappings.issues import Issue
from mappings.r4.exact_json import loads
from mappings.r4.fhirpath import Key, expression
from mappings.r4.ucum import MEND, UCUM, is_unit
from mappings.terminology.reader import OURS

ANOTHER_DISPLAY = (
    "Its code system calls this code otherwise: see whether the code or these words were meant. Kept as it came."
)


def display_of(system: str, code: str) -> str | None:
    """What its terminology calls a code; None for one that is not used here."""
    return _known().get((system, code))


def doubts(document: dict[str, Any]) -> Iterator[Issue]:
    """What a message says of codes that their terminology says otherwise: displays, and units that UCUM does not have.

    Values are not in it.
    """
    yield from _search(document, document, [])


def _search(node: Any, root: dict[str, Any], keys: list[Key]) -> Iterator[Issue]:
    if isinstance(node, dict):
        if isinstance(node.get("system"), str) and isinstance(node.get("code"), str):
            yield from _of_code(node, root, keys)
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from _search(value, root, [*keys, name])
    elif isinstance(node, list):
        for n, item in enumerate(node):
            if isinstance(item, dict | list):
                yield from _search(item, root, [*keys, n])


def _of_code(node: dict[str, Any], root: dict[str, Any], keys: list[Key]) -> Iterator[Issue]:
    system, code, display = node["system"], node["code"], node.get("display")
    known = display_of(system, code)
    if known is not None and isinstance(display, str) and _plain(display) != _plain(known):
        yield Issue("information", "invalid", expression(root, [*keys, "display"]), ANOTHER_DISPLAY)
    if system == UCUM and not is_unit(code):
        yield Issue("warning", "code-invalid", expression(root, [*keys, "code"]), f"{MEND} Kept as it came.")


def _plain(display: str) -> str:
    """The same words however they are spaced, and without the tag of a fully specified name: (finding)."""
    words = " ".join(display.casefold().split())
    return words.rpartition(" (")[0] if words.endswith(")") and " (" in words else words


@cache
def _known() -> dict[tuple[str, str], str]:
    fragments = [loads(file.read_bytes()) for file in sorted((OURS / "systems").glob("*.json"))]
    return {(one["url"], concept["code"]): concept["display"] for one in fragments for concept in one["concept"]}
