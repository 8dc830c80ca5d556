"""Whether the hospital holds what the clinic sent: every difference by its place, with the reason why it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.delivery.compare import differences
from mappings.r4.fhirpath import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.delivery.compare import Difference


def verdict(sent: dict[str, Any], held: dict[str, Any]) -> tuple[list[str], bool]:
    """Lines that say how a resource compares with the one that was sent, and whether all is as it should be."""
    found = differences(sent, held)
    return list(_lines(sent, found)), all(difference.allowed for difference in found)


def _lines(sent: dict[str, Any], found: list[Difference]) -> Iterator[str]:
    places = "1 place differs" if len(found) == 1 else f"{len(found)} places differ"
    yield f"{sent['resourceType']}: {sum(1 for _ in leaves(sent))} leaves sent; {places}"
    width = max((len(difference.path) for difference in found), default=0)
    for difference in found:
        yield f"  {difference.path:<{width}}  {difference.allowed or 'NOT AS IT WAS SENT'}"
