"""What partners hold of a plan now, compared by element with what they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from adapter.client import FhirClient, PartnerTrouble, WillAnswerTheSame
from adapter.delivery.compare import unkept
from adapter.delivery.partners import client_for
from adapter.delivery.plan_bundle import CannotBeSent
from adapter.delivery.records import Records
from adapter.delivery.sending import Sending
from adapter.delivery.transaction import Resource
from adapter.delivery.ways.papers import PAPERS
from adapter.exchange.plans import KIND
from adapter.settings import Partner, Settings
from adapter.store import deliveries
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
    type_, make = PAPERS.get(last.fit or "", (sending.type, None))
    held = client.read(f"{type_}/{last.remote_id}")
    subject = held.get("subject")
    here = subject.get("reference") if isinstance(subject, dict) else None
    about = here if isinstance(here, str) else "Patient/unknown"
    return (make(sending, {"reference": about}) if make else sending.document(about)), held
