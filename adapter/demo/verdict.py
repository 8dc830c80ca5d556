"""Whether the hospital holds what the clinic sent: every difference by its place, with the reason why it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.delivery.compare import Difference, differences
from mappings.r4.fhirpath import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator


def verdict(sent: dict[str, Any], held: dict[str, Any]) -> tuple[list[str], bool]:
    """Lines that say how a resource compares with the one that was sent, and whether all is as it should be."""
    found = [*differences(sent, held), *_astray(sent, held)]
    return list(_lines(sent, found)), all(difference.allowed for difference in found)


def _astray(sent: dict[str, Any], held: dict[str, Any]) -> Iterator[Difference]:
    """References that led to one thing when they were sent, and to several now."""
    where: dict[str, str] = {}
    for path, before, after in _references(sent, held, sent["resourceType"]):
        if where.setdefault(before, after) != after:
            yield Difference(path)


def _references(sent: Any, held: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(sent, dict) and isinstance(held, dict):
        for name in sent.keys() & held.keys():
            if name == "reference":
                yield f"{path}.{name}", str(sent[name]), str(held[name])
            yield from _references(sent[name], held[name], f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(held, list):
        for index, (one, other) in enumerate(zip(sent, held, strict=False)):
            yield from _references(one, other, f"{path}[{index}]")


def _lines(sent: dict[str, Any], found: list[Difference]) -> Iterator[str]:
    places = "1 place differs" if len(found) == 1 else f"{len(found)} places differ"
    yield f"{sent['resourceType']}: {sum(1 for _ in leaves(sent))} leaves sent; {places}"
    width = max((len(difference.path) for difference in found), default=0)
    for difference in found:
        yield f"  {difference.path:<{width}}  {difference.allowed or 'NOT AS IT WAS SENT'}"
