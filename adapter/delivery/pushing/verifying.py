"""What partners hold of a plan now, compared by element with what they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from adapter.client import FhirClient, PartnerTrouble, WillAnswerTheSame
from adapter.delivery.compare import unkept
from adapter.delivery.outgoing import CannotBeSent
from adapter.delivery.partners import client_for
from adapter.delivery.pushing.fits.table import fits_for
from adapter.delivery.pushing.records import Records, accepted_by
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.looking import read_there, standing_apart
from adapter.delivery.pushing.ways.papers import PAPERS
from adapter.delivery.transaction import Resource
from adapter.exchange.sending.plans import KIND
from adapter.settings import Partner, Settings
from adapter.store import deliveries, partner_knowledge
from adapter.store.deliveries import Delivery
from adapter.store.engine import reading, writing
from mappings.issues import Refused

_GONE = (404, 410)


@dataclass(frozen=True)
class Verified:
    """What was found of the last version that a partner was brought."""

    partner: str
    delivery: Delivery
    holds: bool | None
    """Whether the partner holds it; None where that could not be found out."""
    unkept: tuple[str, ...]
    """The elements that are not as they were sent, as paths."""
    says: str


def verify(engine: Engine, settings: Settings, plan_id: str) -> Iterator[Verified]:
    """For each partner that was brought the plan; what is found is kept with the delivery."""
    for partner in settings.partners:
        with reading(engine) as connection:
            last = deliveries.last_delivered(connection, KIND, plan_id, partner.name)
            if last is None:
                continue
            sending = Records(engine, settings).sending(connection, partner, KIND, plan_id, last.item_version)
            known = partner_knowledge.get(connection, partner.name)
        sending = replace(sending, accepted=accepted_by(known))
        found = _verified(settings, partner, sending, last)
        if found.holds is not None:
            with writing(engine) as connection:
                deliveries.note_read_back(connection, last.id, found.unkept)
        yield found


def _verified(settings: Settings, partner: Partner, sending: Sending, last: Delivery) -> Verified:
    if last.fit == "offered":
        return Verified(partner.name, last, None, (), "Nothing was sent: it can be read here.")
    if last.remote_id is None:
        return Verified(partner.name, last, None, (), "The partner never said where it put it.")
    try:
        with client_for(settings, partner.name) as client:
            sent, held = _both(client, sending, last)
    except WillAnswerTheSame as refused:
        if refused.status in _GONE:
            return Verified(partner.name, last, False, (), "It is no longer there.")
        return Verified(partner.name, last, None, (), f"It cannot be read: {refused}.")
    except (PartnerTrouble, CannotBeSent, Refused) as trouble:
        return Verified(partner.name, last, None, (), f"It cannot be compared: {trouble}.")
    lost = unkept(sent, held)
    says = f"Not as it was sent: {', '.join(lost)}." if lost else "It is there as it was sent."
    return Verified(partner.name, last, True, lost, says)


def _both(client: FhirClient, sending: Sending, last: Delivery) -> tuple[Resource, Resource]:
    """What was sent, made again, and what is there."""
    if (paper := PAPERS.get(last.fit or "")) is not None:
        type_, make = paper
        held = client.read(f"{type_}/{last.remote_id}")
        return make(sending, {"reference": _about(held)}), held
    conditional = any(fit.conditional for fit in fits_for(sending.type) if fit.name == last.fit)
    sending = standing_apart(sending, conditional=conditional)
    there = read_there(client, sending, str(last.remote_id))
    itself = there.itself.resource if there.itself is not None else {}
    sent = sending.document(_about(itself))
    return sent, there.whole(sent) or {}


def _about(held: Resource) -> str:
    subject = held.get("subject")
    here = subject.get("reference") if isinstance(subject, dict) else None
    return here if isinstance(here, str) else "Patient/unknown"
