"""A plan pushed by hand: the same delivery by the same way, only now.

One that waits for its next attempt is woken; one that was settled is opened again and looks at the partner before it
sends anything, so that pushing twice leaves one of everything there.
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Connection, Engine, func, select, update

from adapter.delivery.outbox import Outbox, Turn, chain_of, first_turn
from adapter.settings import Settings
from adapter.store import deliveries
from adapter.store.clock import now
from adapter.store.deliveries import Delivery
from adapter.store.engine import writing
from adapter.store.tables import care_plan
from adapter.store.tables import delivery as table


class NothingToPush(Exception):
    """No such plan, or no such partner; the message says which."""


def push_now(settings: Settings, engine: Engine, plan_id: str, partner: str) -> Delivery:
    """Sees to it that the newest version of the plan goes to the partner as soon as a worker takes it."""
    if settings.partner(partner) is None:
        raise NothingToPush(f"No partner called {partner} is configured.")
    outbox = Outbox(engine)
    with writing(engine) as connection:
        version = _newest_version(connection, plan_id)
        if version is None:
            raise NothingToPush("There is no plan with this id.")
        known = deliveries.of_plan(connection, plan_id, partner)
        pending = [one for one in known if one.state == "pending"]
        newest = next((one for one in known if one.plan_version == version), None)
        if newest is None:
            newest = deliveries.insert_pending(connection, plan_id, version, partner)
            outbox.put(connection, first_turn(newest.id, plan_id, partner))
        elif newest not in pending:
            _reopen(connection, newest)
            outbox.put(connection, _another_chain(newest))
    for waiting in pending:
        if not outbox.wake(waiting.id):
            with writing(engine) as connection:
                outbox.put(connection, _another_chain(waiting))
    return newest


def _another_chain(delivery: Delivery) -> Turn:
    chain = f"{chain_of(delivery.id)}-again-{uuid4().hex}"
    return Turn(delivery.id, delivery.plan_id, delivery.partner, chain)


def _newest_version(connection: Connection, plan_id: str) -> int | None:
    return connection.execute(select(func.max(care_plan.c.version)).where(care_plan.c.id == plan_id)).scalar()


def _reopen(connection: Connection, settled: Delivery) -> None:
    """Pending again, with its attempts kept: they are why the next one looks before it sends."""
    connection.execute(
        update(table).where(table.c.id == settled.id).values(state="pending", last_error=None, updated_at=now())
    )
