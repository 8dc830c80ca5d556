"""One attempt to bring one plan to one partner: look what is there, send what is missing, say where it ended up.

Only the very first attempt of all sends without looking; every other may be the second of one whose answer was lost, so
it searches by our identifier and compares first, and where the partner already holds exactly this it sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from adapter.client import FhirClient, Identifier, Placed, WillAnswerTheSame, WorthAnotherTry, placed
from adapter.delivery.attempt import Bring, Goods
from adapter.delivery.compare import holds
from adapter.delivery.plan_bundle import Record, Render, plan_bundle
from adapter.delivery.transaction import Delivered, Held, Resource, must_have_succeeded, only
from adapter.store.deliveries import Delivery
from adapter.store.plans import records

_PLAN = 1  # the plan's entry in our Bundle, and so in the answer


@dataclass(frozen=True)
class Sending:
    """What is to be delivered: the stored records, the plan's identifier, and how records become resources."""

    plan: Record
    patient: Record
    identifier: Identifier
    render: Render

    def bundle(self, held: Held | None) -> Resource:
        return plan_bundle(self.plan, self.patient, self.identifier, self.render, held)


def plans(identifier: Callable[[str], Identifier], render: Callable[[str], Render]) -> Goods:
    """Plans as what is delivered: every version of one, since each is a version there too.

    identifier: of a plan by its id.  render: how records are rendered for a partner."""

    def load(connection: Connection, delivery: Delivery) -> Bring:
        plan, patient = records(connection, delivery.item_id, delivery.item_version)
        return partial(_brought, Sending(plan, patient, identifier(delivery.item_id), render(delivery.partner)))

    return Goods(load, every_version=True)


def _brought(sending: Sending, client: FhirClient, *, first: bool) -> Delivered:
    return push(client, sending, first=first)


def push(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way.  `first`: nothing of this plan ever left for this partner."""
    held = None if first else only(client, "CarePlan", sending.identifier, "the plan")
    for _ in range(2):  # once more, where somebody made the plan between our look and our request
        bundle = sending.bundle(held)
        if held is not None and holds(bundle["entry"][_PLAN]["resource"], held.resource):
            return Delivered(held.id, held.version, sent=False)
        there = _sent(client, bundle, held)
        ours = held is not None or (there is not None and there.status == 201)
        alone = first or held is not None
        if ours and alone and there is not None and there.id is not None:
            return Delivered(there.id, there.version, sent=True)
        # A look tells what an answer does not; and after a create that may not have been the first request, it raises
        # where one that was thought dead made a second plan (conditional creates race: HAPI #3141, Medplum #4878).
        held = only(client, "CarePlan", sending.identifier, "the plan")
        if held is None:
            raise WorthAnotherTry("the partner accepted the plan, and a search does not find it", of_partner=False)
        if ours:
            return Delivered(held.id, held.version, sent=True)
    raise WorthAnotherTry("the plan changes at the partner while it is being delivered", of_partner=False)


def _sent(client: FhirClient, bundle: Resource, held: Held | None) -> Placed | None:
    """Where the plan was put, or None where the answer does not say."""
    try:
        answer = client.transaction(bundle)
    except WillAnswerTheSame as refused:
        if held is not None and refused.status in (409, 412) and "multiple-matches" not in refused.codes:
            why = "the plan was changed at the partner meanwhile"
            raise WorthAnotherTry(why, status=refused.status, of_partner=False) from refused
        raise
    must_have_succeeded(answer)
    entries = answer.body.get("entry") if isinstance(answer.body, dict) else None
    return placed(entries[_PLAN], "CarePlan") if isinstance(entries, list) and len(entries) > _PLAN else None
