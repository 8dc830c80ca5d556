"""Everything in one transaction."""

from __future__ import annotations

from functools import partial

from adapter.client import FhirClient, placed
from adapter.delivery.outgoing import checked
from adapter.delivery.pushing.ways import as_resources
from adapter.delivery.pushing.ways.as_resources import Piece, Sent
from adapter.delivery.transaction import Resource, entry, must_have_succeeded


def bundle(pieces: list[Piece], *, conditional: bool) -> Resource:
    """The transaction of these; Refused where it is not valid R4."""
    return checked([entry(one.resource, one.known_by, one.held, conditional=conditional) for one in pieces])


def send(client: FhirClient, pieces: list[Piece], *, conditional: bool) -> Sent:
    """Sends them together."""
    answer = client.transaction(bundle(pieces, conditional=conditional))
    must_have_succeeded(answer)
    entries = answer.body.get("entry") if isinstance(answer.body, dict) else None
    if not isinstance(entries, list) or len(entries) != len(pieces):
        return Sent(None, all_new=not conditional)
    places = [placed(said, one.type) for said, one in zip(entries, pieces, strict=True)]
    made = [place for place, one in zip(places, pieces, strict=True) if one.held is None and one.type != "Patient"]
    return Sent(
        places[-1],
        all_new=not conditional or all(place is not None and place.status == 201 for place in made),
        patient=places[0] if pieces[0].type == "Patient" else None,
    )


conditional = partial(as_resources.bring, send, conditional=True)
after_a_look = partial(as_resources.bring, send, conditional=False)
