"""Patient, parts and plan as resources there: looked for, laid onto what is there, sent, and looked for again.

A patient that is there is never overwritten.  What is there of the plan is put onto the version that was read
(If-Match), laid over what the partner made of it; the rest is created, on condition that it is not there where the
partner takes conditions.

Only the very first attempt of all sends a plan without looking for it; every other may be the second of one whose
answer was lost, so it searches by our identifiers and compares first, and where the partner already holds exactly this
it sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from adapter.client import FhirClient, Identifier, PartnerTrouble, Placed, WillAnswerTheSame
from adapter.delivery.compare import holds
from adapter.delivery.outgoing import patient_resource
from adapter.delivery.pushing import parts
from adapter.delivery.pushing.fits.statement import PARTS
from adapter.delivery.pushing.fits.table import PLAN, lacking, needs_apart
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.looking import (
    TRIES,
    There,
    can_be_looked_for,
    changed_meanwhile,
    keeps_changing,
    may_make_a_patient,
    must_be_about,
    must_be_known,
    must_be_one_patient,
    not_found_after,
    ours_there,
    patient_there,
    read_there,
)
from adapter.delivery.pushing.ways.onto import laid_onto
from adapter.delivery.transaction import Delivered, Held, Resource, urn


@dataclass(frozen=True)
class Piece:
    """One resource that goes out: created, or put onto what was read."""

    resource: Resource
    known_by: Identifier
    held: Held | None = None

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def urn(self) -> str:
        """What the others call it as long as it has no place."""
        return urn(self.type, self.known_by)


@dataclass(frozen=True)
class Sent:
    """What the answers said."""

    itself: Placed | None
    """Where the plan is."""
    all_new: bool
    """Whether everything that was to be created was created by this."""
    patient: Placed | None = None


class Sends(Protocol):
    """Sends pieces, each behind those that it points to, the plan as the last."""

    def __call__(self, client: FhirClient, pieces: list[Piece], *, conditional: bool) -> Sent: ...


def bring(send: Sends, client: FhirClient, sending: Sending, *, conditional: bool, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way."""
    patient = _patient(client, sending, conditional=conditional)
    there = There(client.base_url) if conditional and first else ours_there(client, sending)
    for _ in range(TRIES):
        must_be_about(there, patient)
        person = None if patient is not None else Piece(*patient_resource(sending.patient, sending.render))
        ours = sending.document(f"Patient/{patient}" if person is None else person.urn)
        plan = laid_onto(sending, ours, there)
        if there.itself is not None and holds(plan, there.whole(plan)):
            return _found(sending, there.itself, plan, there, patient, sent=False)
        pieces = [*([person] if person is not None else []), *_pieces(sending, plan, there)]
        try:
            sent = send(client, pieces, conditional=conditional)
        except WillAnswerTheSame as refused:
            if there.itself is None or not changed_meanwhile(refused):
                raise
            patient = patient or _patient(client, sending, conditional=conditional)
            there = ours_there(client, sending)
            continue
        if person is not None and sent.patient is not None:
            if sent.patient.status == 201:
                must_be_one_patient(client, sending, person.known_by)
            patient = sent.patient.id or patient
        known = there.itself is not None or (first and not can_be_looked_for(sending, sending.type))
        if sent.all_new and known and sent.itself is not None and sent.itself.id is not None:
            now = _read_back(client, sending, sent.itself.id)
            version = sent.itself.version or (now.itself.version if now.itself else None)
            return _found(sending, Held(sent.itself.id, version, {}), plan, now, patient, sent=True)
        # A look tells what an answer does not; and after a create that may not have been the first request, it raises
        # where one that was thought dead made a second plan (conditional creates race: HAPI #3141, Medplum #4878).
        there = ours_there(client, sending)
        if there.itself is None:
            raise not_found_after()
        if sent.all_new:
            return _found(sending, there.itself, plan, there, patient, sent=True)
    raise keeps_changing()


def _patient(client: FhirClient, sending: Sending, *, conditional: bool) -> str | None:
    """The partner's Patient, looked for by all identifiers where the partner finds them; None where one is to be made.

    Where it cannot be looked for, the condition that it is made on looks for one of them."""
    if sending.patient_there is not None:
        return sending.patient_there
    looked = not conditional or can_be_looked_for(sending, "Patient")
    patient = patient_there(client, sending) if looked else None
    return patient if may_make_a_patient(sending) else must_be_known(patient)


def _pieces(sending: Sending, plan: Resource, there: There) -> Iterator[Piece]:
    """What differs from what is there: parts first, and the plan, whose narrative tells of all of them."""
    itself, own = parts.apart(sending.with_named_parts(plan), sending.apart)
    places = {urn(*key): f"{key[0]}/{held.id}" for key, held in there.parts.items()}
    for part in own:
        held = there.parts.get(part.key)
        resource = parts.pointing_to(part.resource, places)
        if held is None or not holds(resource, held.resource):
            yield Piece(resource, part.key[1], held)
    yield Piece(parts.pointing_to(itself, places), sending.identifier, there.itself)


def _read_back(client: FhirClient, sending: Sending, id_: str) -> There:
    """What is there now; it was delivered, whether or not that can be read."""
    try:
        return read_there(client, sending, id_)
    except PartnerTrouble:
        return There(client.base_url)


def _found(
    sending: Sending, itself: Held, plan: Resource, there: There, patient: str | None, *, sent: bool
) -> Delivered:
    """What is told of it; `there` is what was read of it since, as far as it could be."""
    found = there.whole(plan)
    compared = plan if found is not None else None
    return Delivered(
        itself.id,
        itself.version,
        sent=sent,
        resource=compared,
        found=found,
        patient_there=patient,
        because=tuple(_left_there(sending, plan, there)),
    )


def _left_there(sending: Sending, plan: Resource, there: There) -> Iterator[str]:
    """What stays there of an earlier version; it is somebody else's by now, and not deleted."""
    own = {parts.key(one) for one in parts.parts_of(sending.with_named_parts(plan), sending.apart)}
    for type_, held in ((key[0], held) for key, held in there.parts.items() if key not in own):
        yield f"{type_}/{held.id} is no longer in the plan, and still there"


def why_inside(sending: Sending, *, conditional: bool) -> Iterator[str]:
    """What goes inside the plan, and why it does not stand by itself there (`looking.standing_apart`)."""
    accepted = sending.accepted
    if accepted is None or sending.contained or sending.type != PLAN:
        return
    inside = {one["resourceType"] for one in sending.named.get("contained") or []} & set(PARTS)
    for type_ in sorted(inside - sending.apart):
        because = lacking(needs_apart(type_, conditional=conditional), accepted)
        yield f"{type_} goes inside the plan: {', '.join(because)}"
