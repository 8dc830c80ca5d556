"""A plan pushed by hand: the same delivery by the same way, only now.

One that waits for its next attempt is woken; one that was settled is opened again and looks at the partner before it
sends anything, so that pushing twice leaves one of everything there.
"""

from __future__ import annotations

from sqlalchemy import Engine

from adapter.exchange.plans import KIND
from adapter.settings import Settings
from adapter.store import deliveries, plans, work
from adapter.store.deliveries import Delivery
from adapter.store.engine import writing


class NothingToPush(Exception):
    """No such plan, or no such partner; the message says which."""


def push_now(settings: Settings, engine: Engine, plan_id: str, partner: str) -> Delivery:
    """Sees to it that the newest version of the plan goes to the partner as soon as a worker takes it."""
    if settings.partner(partner) is None:
        raise NothingToPush(f"No partner called {partner} is configured.")
    with writing(engine) as connection:
        plan = plans.current(connection, plan_id)
        if plan is None:
            raise NothingToPush("There is no plan with this id.")
        known = deliveries.of_item(connection, KIND, plan_id, partner)
        for waiting in known:
            if waiting.state == "pending":
                work.wake(connection, work.of_id(waiting.id))
        newest = next((one for one in known if one.item_version == plan.version), None)
        if newest is None:
            return deliveries.insert_pending(connection, KIND, plan_id, plan.version, partner)
        if newest.state != "pending":
            deliveries.reopen(connection, newest)
    return newest
