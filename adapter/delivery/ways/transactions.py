"""One transaction with patient and plan.

Where the partner takes conditions, the patient is created unless it is there and so is the plan; else both are looked
for first.  A plan that is there is put onto the version that was read (If-Match), laid over what the partner made of
it.

Only the very first attempt of all sends without looking; every other may be the second of one whose answer was lost, so
it searches by our identifier and compares first, and where the partner already holds exactly this it sends nothing.
"""

from __future__ import annotations

from adapter.client import FhirClient, Placed, WillAnswerTheSame, placed
from adapter.delivery.compare import holds
from adapter.delivery.plan_bundle import checked, patient_resource, plan_bundle
from adapter.delivery.sending import Sending
from adapter.delivery.transaction import Delivered, Held, Resource, entry, must_have_succeeded, urn
from adapter.delivery.ways.looking import (
    TRIES,
    can_be_looked_for,
    changed_meanwhile,
    keeps_changing,
    must_be_one_patient,
    not_found_after,
    ours_there,
    patient_there,
)
from adapter.delivery.ways.onto import laid_onto


def conditional(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way."""
    held = None if first else ours_there(client, sending)
    for _ in range(TRIES):
        bundle = _conditional_bundle(sending, held)
        plan = bundle["entry"][-1]["resource"]
        if held is not None and holds(plan, held.resource):
            return Delivered(held.id, held.version, sent=False, resource=plan)
        try:
            person, there = _sent(client, sending.type, bundle)
        except WillAnswerTheSame as refused:
            if held is None or not changed_meanwhile(refused):
                raise
            held = ours_there(client, sending)
            continue
        if person is not None and person.status == 201:
            must_be_one_patient(client, sending, patient_resource(sending.patient, sending.render)[1])
        ours = held is not None or (there is not None and there.status == 201)
        alone = held is not None or (first and not can_be_looked_for(sending, sending.type))
        if ours and alone and there is not None and there.id is not None:
            return Delivered(there.id, there.version, sent=True, resource=plan)
        # A look tells what an answer does not; and after a create that may not have been the first request, it raises
        # where one that was thought dead made a second plan (conditional creates race: HAPI #3141, Medplum #4878).
        held = ours_there(client, sending)
        if held is None:
            raise not_found_after()
        if ours:
            return Delivered(held.id, held.version, sent=True, resource=plan, found=held.resource)
    raise keeps_changing()


def after_a_look(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """The same where the partner takes no conditions: nothing is sent before both were looked for."""
    del first
    patient = patient_there(client, sending)
    for _ in range(TRIES):
        held = ours_there(client, sending)
        bundle = _bundle(sending, patient, held)
        plan = bundle["entry"][-1]["resource"]
        if held is not None and holds(plan, held.resource):
            return Delivered(held.id, held.version, sent=False, resource=plan, patient_there=patient)
        try:
            _sent(client, sending.type, bundle)
        except WillAnswerTheSame as refused:
            if held is None or not changed_meanwhile(refused):
                raise
            continue
        there = ours_there(client, sending)
        if there is None:
            raise not_found_after()
        return Delivered(there.id, there.version, sent=True, resource=plan, found=there.resource, patient_there=patient)
    raise keeps_changing()


def _conditional_bundle(sending: Sending, held: Held | None) -> Resource:
    def laid(ours: Resource) -> Resource:
        return ours if held is None else laid_onto(sending, ours, held)

    return plan_bundle(sending.record, sending.patient, sending.identifier, sending.render, held, laid=laid)


def _bundle(sending: Sending, patient: str | None, held: Held | None) -> Resource:
    entries = []
    here = f"Patient/{patient}"
    if patient is None:
        person, known_by = patient_resource(sending.patient, sending.render)
        here = urn("Patient", known_by)
        entries.append(_without_condition(entry(person, known_by, None)))
    ours = sending.document(here)
    plan = laid_onto(sending, ours, held) if held is not None else ours
    entries.append(_without_condition(entry(plan, sending.identifier, held)))
    return checked(entries)


def _without_condition(made: Resource) -> Resource:
    request = {name: value for name, value in made["request"].items() if name != "ifNoneExist"}
    return {**made, "request": request}


def _sent(client: FhirClient, type_: str, bundle: Resource) -> tuple[Placed | None, Placed | None]:
    """Where the patient and the plan were put, as far as the answer says."""
    answer = client.transaction(bundle)
    must_have_succeeded(answer)
    entries = answer.body.get("entry") if isinstance(answer.body, dict) else None
    if not isinstance(entries, list) or len(entries) != len(bundle["entry"]):
        return None, None
    return placed(entries[0], "Patient") if len(entries) > 1 else None, placed(entries[-1], type_)
