"""The value sets of the official package, expanded: what generated resources take their codes from for the judge.

The table of R4 knows also what HL7 terminology has added since, which a judge of R4 4.0.1 need not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.mappings.sound import ELSEWHERE, Coding, Node


def _all(concepts: list[Node]) -> Iterator[Node]:
    for concept in concepts:
        yield concept
        yield from _all(concept.get("concept", []))


class ValueSets:
    """Those that name their codes."""

    def __init__(self, core: Path) -> None:
        self.core = core
        self.expand = cache(self._expand)

    def _expand(self, url: str) -> tuple[Coding, ...]:
        url = url.partition("|")[0]
        if url in ELSEWHERE:
            return ELSEWHERE[url]
        return tuple(
            coding for part in self._read("ValueSet", url)["compose"]["include"] for coding in self._included(part)
        )

    def _included(self, part: Node) -> Iterator[Coding]:
        assert not part.keys() & {"filter", "valueSet"}, part
        concepts = part.get("concept") or self._read("CodeSystem", part["system"])["concept"]
        for concept in _all(concepts):
            yield part["system"], concept["code"]

    def _read(self, type_: str, url: str) -> Node:
        return self._files(type_)[url]

    @cache  # noqa: B019  # one for a session
    def _files(self, type_: str) -> dict[str, Node]:
        found = (json.loads(path.read_bytes()) for path in self.core.glob(f"{type_}-*.json"))
        return {resource["url"]: resource for resource in found}
