"""Patient and plan one after the other, each in a request of its own.

Where the partner takes conditions, each is created unless it is there; else each is looked for first.  A patient that
is there is never overwritten.
"""

from __future__ import annotations

from adapter.client import FhirClient, Identifier, Placed, WillAnswerTheSame
from adapter.delivery.compare import holds
from adapter.delivery.plan_bundle import patient_resource
from adapter.delivery.sending import Sending
from adapter.delivery.transaction import Delivered, Held, Resource, only
from adapter.delivery.ways.looking import (
    TRIES,
    changed_meanwhile,
    keeps_changing,
    must_be_known,
    must_be_one_patient,
    not_found_after,
    ours_there,
    patient_there,
)
from adapter.delivery.ways.onto import laid_onto
from mappings import us_core
from mappings.faults import refuse
from mappings.r4 import validity


def conditional(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way."""
    person, known_by = patient_resource(sending.patient, sending.render)
    patient = sending.patient_there or _made(client, sending, person, known_by, unless=known_by)
    held = None if first else ours_there(client, sending)
    return _plan(client, sending, patient, held, unless=sending.identifier)


def after_a_look(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """The same where the partner takes no conditions."""
    del first  # there is always a look
    patient = patient_there(client, sending)
    if patient is None:
        may_make = sending.accepted is None or "create" in sending.accepted.of("Patient").interactions
        person, known_by = patient_resource(sending.patient, sending.render)
        patient = _made(client, sending, person, known_by, unless=None) if may_make else must_be_known(None)
    return _plan(client, sending, patient, ours_there(client, sending), unless=None)


def _plan(
    client: FhirClient, sending: Sending, patient: str, held: Held | None, *, unless: Identifier | None
) -> Delivered:
    for _ in range(TRIES):
        ours = sending.document(f"Patient/{patient}")
        plan = _sound(laid_onto(sending, ours, held) if held is not None else ours)
        if held is not None and holds(plan, held.resource):
            return Delivered(held.id, held.version, sent=False, resource=plan, patient_there=patient)
        try:
            there = client.create(plan, unless) if held is None else _put(client, plan, held)
        except WillAnswerTheSame as refused:
            if held is None or not changed_meanwhile(refused):
                raise
            held = ours_there(client, sending)
            continue
        made = held is not None or there.status == 201
        if made and held is not None and there.id is not None:
            return Delivered(there.id, there.version or held.version, sent=True, resource=plan, patient_there=patient)
        # after a create there is a look whether there is one of it: another may have been under way
        held = ours_there(client, sending)
        if held is None:
            raise not_found_after()
        if made:
            return Delivered(
                held.id, held.version, sent=True, resource=plan, found=held.resource, patient_there=patient
            )
    raise keeps_changing()


def _put(client: FhirClient, plan: Resource, held: Held) -> Placed:
    return client.update({"resourceType": plan["resourceType"], "id": held.id, **plan}, held.id, held.version)


def _made(
    client: FhirClient, sending: Sending, person: Resource, known_by: Identifier, *, unless: Identifier | None
) -> str:
    there = client.create(_sound(person), unless)
    if there.status == 201:
        must_be_one_patient(client, sending, known_by)
    if there.id is not None:
        return there.id
    held = only(client, "Patient", known_by, "the patient")
    if held is None:
        raise not_found_after()
    return held.id


def _sound(resource: Resource) -> Resource:
    """As it is sent; Refused where it is not valid R4."""
    declared = us_core.declared(resource)
    refuse(validity.check(declared))
    return declared
