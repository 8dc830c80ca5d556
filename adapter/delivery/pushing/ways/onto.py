"""Our record laid onto what the partner holds of it, so that what the partner added survives.

Three records: as it was brought there before, as the partner holds it now, and as it is to be.  What only the
partner changed is kept, what we changed is ours, and the mapping writes that onto the partner's resource, touching
nothing else.  Where the partner changed nothing, our own rendering goes as it is.
"""

from __future__ import annotations

from typing import Any

from adapter.delivery.compare import holds
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.looking import There
from adapter.delivery.transaction import Resource
from adapter.exchange.receiving.merging import merged
from mappings.issues import Refused
from mappings.sites import Site


def laid_onto(sending: Sending, ours: Resource, there: There) -> Resource:
    """What is to be put onto what is there; `ours` is the record as it would go by itself."""
    held = there.whole(ours)
    if held is None or holds(ours, held):
        return ours
    subject = held.get("subject")
    here = subject.get("reference") if isinstance(subject, dict) else None
    about = here if isinstance(here, str) else ours["subject"]["reference"]
    before = sending.document_before(about)
    if before is not None and holds(before, there.whole(before)):
        return ours
    held = there.whole(ours, before) or {}
    try:
        theirs = _record(sending.kind, held, sending.site)
        mine = _record(sending.kind, sending.document(about), sending.site)
        known = _record(sending.kind, before, sending.site) if before is not None else {}
        return _written(merged(known, theirs, mine, senders_word=(), item_by_item=True)[0], held, sending.site)
    except Refused:
        return ours  # what is there cannot be read as a record: ours stands in its place


def _record(kind: str, resource: Resource, site: Site) -> dict[str, Any]:
    from mappings import from_fhir

    return from_fhir(resource, kinds=(kind,), site=site).conversions[0].record


def _written(record: dict[str, Any], onto: Resource, site: Site) -> Resource:
    from mappings import to_fhir

    return to_fhir(record, onto=onto, site=site).resource
