"""A plan pushed by hand: the same delivery by the same way, only now.

One that waits for its next attempt is woken; one that was settled is opened again and looks at the partner before it
sends anything, so that pushing twice leaves one of everything there.
"""

from __future__ import annotations

from sqlalchemy import Engine

from adapter.delivery.outbox import Outbox
from adapter.exchange.plans import KIND
from adapter.settings import Settings
from adapter.store import deliveries, plans
from adapter.store.deliveries import Delivery
from adapter.store.engine import writing


class NothingToPush(Exception):
    """No such plan, or no such partner; the message says which."""


def push_now(settings: Settings, engine: Engine, plan_id: str, partner: str) -> Delivery:
    """Sees to it that the newest version of the plan goes to the partner as soon as a worker takes it."""
    if settings.partner(partner) is None:
        raise NothingToPush(f"No partner called {partner} is configured.")
    outbox = Outbox(engine)
    with writing(engine) as connection:
        plan = plans.current(connection, plan_id)
        if plan is None:
            raise NothingToPush("There is no plan with this id.")
        known = deliveries.of_item(connection, KIND, plan_id, partner)
        pending = [one for one in known if one.state == "pending"]
        newest = next((one for one in known if one.item_version == plan.version), None)
        if newest is None:
            newest = deliveries.insert_pending(connection, KIND, plan_id, plan.version, partner)
            outbox.enqueue(connection, newest.id, plan_id, partner)
        elif newest not in pending and deliveries.reopen(connection, newest):
            outbox.enqueue(connection, newest.id, plan_id, partner, again=True)
    for waiting in pending:
        if not outbox.wake(waiting.id):
            with writing(engine) as connection:
                outbox.enqueue(connection, waiting.id, plan_id, partner, again=True)
    return newest
