"""The way back: each change of a referral is brought to who sent it, where that partner is to have answers.

The work is put into the transaction of the change.  A later state stands for those before it that have not arrived: a
Task's outputs only grow, so it tells all that they told.  A partner that was down learns where the referral stands now,
and not how it came there: that is in the Task's history here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from adapter.client import FhirClient
from adapter.delivery.answering.by_message import tell_by_message
from adapter.delivery.answering.by_task import tell_by_task
from adapter.delivery.answering.telling import Telling, telling
from adapter.delivery.attempt import Bring, Goods
from adapter.delivery.partners import configured
from adapter.delivery.transaction import Delivered
from adapter.exchange.sending.way_back import KIND, sender_of
from adapter.settings import Settings
from adapter.store import deliveries, resources
from adapter.store.deliveries import Delivery
from adapter.store.referrals import Referral


@dataclass(frozen=True)
class BringBack:
    """The hook of every move: within its transaction it puts in the work of telling the sender."""

    settings: Settings

    def __call__(self, connection: Connection, referral: Referral) -> None:
        """Does nothing where the sender is to have no answers, or was told of this state before."""
        if not any(KIND in partner.sends for partner in self.settings.partners):
            return
        task = resources.current(connection, "Task", referral.task_id)
        if task is None:
            raise LookupError("the referral's Task is not stored")
        partner = sender_of(connection, self.settings, referral)
        if partner is None or KIND not in partner.sends:
            return
        known = deliveries.of_item(connection, KIND, referral.id, partner.name)
        if any(one.item_version == task.version for one in known):
            return
        for one in known:
            if one.state == "pending" and not one.under_way:
                deliveries.settle(connection, one.id, "superseded")  # or else this one would wait behind it
        deliveries.insert_pending(connection, KIND, referral.id, task.version, partner.name)


def answers(settings: Settings) -> Goods:
    """Answers as what is delivered."""

    def load(connection: Connection, delivery: Delivery) -> Bring:
        partner = configured(settings, delivery.partner)
        return partial(_brought, telling(connection, settings, partner, delivery), settings)

    return Goods(load, every_version=False)


def _brought(told: Telling, settings: Settings, client: FhirClient, *, first: bool) -> Delivered:
    del first  # a look comes before every sending, or the message is known by its ids
    match told.dialect.returns:
        case "Task":
            return tell_by_task(client, told)
        case "message":
            return tell_by_message(client, told, settings)
