"""Nothing is sent, because the partner takes nothing: it is kept for it to read here, a plan with its letter."""

from __future__ import annotations

from adapter.client import FhirClient
from adapter.delivery.outgoing import patient_resource, with_subject
from adapter.delivery.pushing.fits.table import PLAN
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.papers import document
from adapter.delivery.transaction import Delivered, Resource


def bring(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Keeps them; where they are is our own FHIR API."""
    del client, first
    _, known_by = patient_resource(sending.patient, sending.render)
    subject: Resource = {"type": "Patient", "identifier": known_by.json()}  # no Patient of the partner's is here
    if sending.type == PLAN:
        sending.offer(document(sending, subject))
    id_, version = sending.offer(with_subject(sending.named, subject))
    return Delivered(id_, version, sent=True)
