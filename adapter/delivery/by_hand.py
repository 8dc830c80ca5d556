"""What a person does to deliveries: pushes a plan now, replays what was refused, cancels what was not sent yet.

All go the same way as everything else: work is put in, and a worker looks at the partner before it sends anything, so
that doing it twice leaves one of everything there.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from adapter.delivery.transaction import ARRIVAL_UNKNOWN
from adapter.exchange.sending.plans import KIND
from adapter.settings import Settings
from adapter.store import deliveries, plans, work
from adapter.store.clock import milliseconds
from adapter.store.deliveries import Delivery, Sought, State
from adapter.store.engine import committed, writing

REPLAYABLE: tuple[State, ...] = ("refused", "cancelled")
APART = 100
"""Milliseconds between two deliveries that are replayed together: ten a second, behind whatever else is due."""
_AT_ONCE = 500


class NotPossible(Exception):
    """Nothing was done; the message says why."""


class NoSuchDelivery(NotPossible):
    """There is none with this id."""


class NothingToPush(NotPossible):
    """No such plan, or no such partner; the message says which."""


def push_now(settings: Settings, engine: Engine, plan_id: str, partner: str) -> Delivery:
    """Sees to it that the newest version of the plan goes to the partner as soon as a worker takes it."""
    if settings.partner(partner) is None:
        raise NothingToPush(f"No partner called {partner} is configured.")
    return committed(engine, lambda connection: _pushed(connection, plan_id, partner))


def _pushed(connection: Connection, plan_id: str, partner: str) -> Delivery:
    plan = plans.current(connection, plan_id)
    if plan is None:
        raise NothingToPush("There is no plan with this id.")
    known = deliveries.of_item(connection, KIND, plan_id, partner)
    for waiting in known:
        if waiting.state == "pending":
            work.wake(connection, waiting.id)
    newest = next((one for one in known if one.item_version == plan.version), None)
    if newest is None:
        return deliveries.insert_pending(connection, KIND, plan_id, plan.version, partner)
    if newest.state != "pending":
        deliveries.reopen(connection, newest)
    return newest


def replay(engine: Engine, delivery_id: str) -> Delivery:
    """Pending again and due at once.  NotPossible where it is not refused or cancelled, or a later version is there.

    Of what nobody knew whether it arrived, a person has looked by then: it is sent as if for the first time."""

    def replayed(connection: Connection) -> Delivery:
        one = _known(connection, delivery_id)
        if one.state not in REPLAYABLE:
            raise NotPossible(f"It is {one.state}: only what is {' or '.join(REPLAYABLE)} is replayed.")
        if _stood_for(connection, one):
            raise NotPossible("A later version of the same stands in its place: replay that, or put a new one.")
        deliveries.reopen(connection, one, afresh=_arrival_unknown(one))
        return _known(connection, delivery_id)

    return committed(engine, replayed)


def _arrival_unknown(one: Delivery) -> bool:
    return ARRIVAL_UNKNOWN in (one.last_error or "")


def replay_all(engine: Engine, partner: str) -> int:
    """Everything that a partner refused is pending again, ten of it due in a second; how much that was.

    What a later version stands for, and what a person has to look for first, is left as it is."""
    replayed, behind = 0, None
    while True:
        with writing(engine) as connection:
            found = deliveries.page(connection, Sought(("refused",), partner), behind, _AT_ONCE)
            for one in found:
                due_at = milliseconds() + APART * replayed
                if _arrival_unknown(one) or _stood_for(connection, one):
                    continue
                if deliveries.reopen(connection, one, due_at):
                    replayed += 1
        if len(found) < _AT_ONCE:
            return replayed
        behind = (found[-1].updated_at, found[-1].id)


def cancel(engine: Engine, delivery_id: str) -> Delivery:
    """It is not sent, or not tried again.  NotPossible where it is settled, or under way at this moment."""

    def cancelled(connection: Connection) -> Delivery:
        one = _known(connection, delivery_id)
        if one.state != "pending":
            raise NotPossible(f"It is {one.state}: only what is pending can be cancelled.")
        if one.under_way:
            raise NotPossible("It is being sent at this moment: see in a minute what came of it.")
        deliveries.settle(connection, one.id, "cancelled", last_error=one.last_error)
        return _known(connection, delivery_id)

    return committed(engine, cancelled)


def _known(connection: Connection, delivery_id: str) -> Delivery:
    one = deliveries.get(connection, delivery_id)
    if one is None:
        raise NoSuchDelivery("There is no delivery with this id.")
    return one


def _stood_for(connection: Connection, one: Delivery) -> bool:
    """Whether a later version of the same is there or on its way."""
    return any(other.state in ("pending", "delivered") for other in deliveries.later(connection, one))
