"""The document that a referral's record is read from: the entries of a message and what is held here already, with
every reference leading where the exchange found it to lead, and places told as the sender knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from adapter.exchange.receiving.envelope import ROOT, Envelope
from adapter.exchange.receiving.resolving import Outward
from adapter.exchange.references import Node
from mappings import Issue
from mappings.r4 import exact_json

_PLACE = re.compile(r"Bundle\.entry\[(\d+)\]\.resource")


@dataclass(frozen=True)
class RecordDocument:
    """What is given to the mapping, and how its places are called outside."""

    document: Node
    wheres: tuple[str, ...] | None
    """The FHIRPath of each entry in what was sent; what lies behind them was not sent.  None: it is what was sent."""

    def place(self, expression: str) -> str | None:
        """A place as the sender knows it; None where it is of nothing that was sent."""
        if self.wheres is None:
            return expression
        found = _PLACE.match(expression)
        if found is None:
            return None if expression.startswith("Bundle.") else expression
        index = int(found[1])
        return self.wheres[index] + expression[found.end() :] if index < len(self.wheres) else None

    def issues(self, found: Iterable[Issue]) -> tuple[Issue, ...]:
        """Findings with their places as the sender knows them."""
        told = [(issue, self.place(issue.expression)) for issue in found]
        return tuple(replace(issue, expression=place) for issue, place in told if place is not None)


def record_document(envelope: Envelope, outward: Outward) -> RecordDocument:
    """The document of an envelope whose references have been looked at."""
    entries = envelope.kept
    if entries[0].where == ROOT and not outward.held:
        return RecordDocument(entries[0].resource, None)
    urls = {entry.index: entry.full_url or _url_of(entry.index) for entry in entries}
    told = [
        {
            "fullUrl": urls[entry.index],
            "resource": envelope.links.rewritten(
                entry.resource, entry.index, lambda index, _: urls.get(index, _url_of(index))
            ),
        }
        for entry in entries
    ]
    for text, stored in outward.held.items():
        if not re.search(r"\s", text):  # a fullUrl holds none
            told.append({"fullUrl": text.partition("/_history/")[0], "resource": exact_json.loads(stored.json)})
    document = {"resourceType": "Bundle", "type": "collection", "entry": told}
    return RecordDocument(document, tuple(entry.where for entry in entries))


def _url_of(index: int) -> str:
    """A name for an entry that came without one."""
    return f"urn:uuid:00000000-0000-4000-8000-{index:012d}"
