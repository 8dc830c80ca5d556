"""One after the other, each in a request of its own."""

from __future__ import annotations

from functools import partial

from adapter.client import FhirClient, Placed
from adapter.delivery.pushing.parts import pointing_to
from adapter.delivery.pushing.ways import as_resources
from adapter.delivery.pushing.ways.as_resources import Piece, Sent
from adapter.delivery.pushing.ways.looking import not_found_after
from adapter.delivery.transaction import Resource, only
from mappings import us_core
from mappings.faults import refuse
from mappings.r4 import validity


def send(client: FhirClient, pieces: list[Piece], *, conditional: bool) -> Sent:
    """Sends them in their order; what was made is pointed to where it is."""
    places: dict[str, str] = {}
    patient, all_new = None, True
    for one in pieces[:-1]:
        there = _sent(client, one, places, conditional=conditional)
        id_ = there.id or _looked_for(client, one)
        places[one.urn] = f"{one.type}/{id_}"
        if one.type == "Patient":
            patient = Placed(there.status, id_, there.version)
        else:
            all_new = all_new and (one.held is not None or there.status == 201)
    itself = _sent(client, pieces[-1], places, conditional=conditional)
    all_new = all_new and (pieces[-1].held is not None or itself.status == 201)
    return Sent(itself, all_new=all_new, patient=patient)


def _sent(client: FhirClient, one: Piece, places: dict[str, str], *, conditional: bool) -> Placed:
    resource = _sound(pointing_to(one.resource, places))
    if one.held is None:
        return client.create(resource, one.known_by if conditional else None)
    return client.update({**resource, "id": one.held.id}, one.held.id, one.held.version)


def _looked_for(client: FhirClient, one: Piece) -> str:
    held = only(client, one.type, one.known_by, "the patient" if one.type == "Patient" else f"a {one.type} of it")
    if held is None:
        raise not_found_after()
    return held.id


def _sound(resource: Resource) -> Resource:
    """As it is sent; Refused where it is not valid R4."""
    declared = us_core.declared(resource)
    refuse(validity.check(declared))
    return declared


conditional = partial(as_resources.bring, send, conditional=True)
after_a_look = partial(as_resources.bring, send, conditional=False)
