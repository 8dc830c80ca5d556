"""One attempt at one delivery: what is due is begun, brought, and settled, or put back for later.

The delivery's row is the truth, its work says who does it now.  The row says that an attempt began before a byte
leaves, and one that is not the item's first looks before it sends: so an attempt may die at any point and be made
again.  Who was taken for dead and is not finds its work with another: it sends nothing more, and what it found out is
dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Protocol

from sqlalchemy import Connection, Engine

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery import outage
from adapter.delivery.backoff import Pace, due_again
from adapter.delivery.outgoing import CannotBeSent
from adapter.delivery.surprise import told
from adapter.delivery.transaction import Delivered
from adapter.store import deliveries, partner_states, work
from adapter.store.clock import milliseconds
from adapter.store.deliveries import Delivery, Kind, Settled
from adapter.store.engine import committed, reading
from adapter.store.work import Work
from mappings.issues import Refused

log = logging.getLogger(__name__)

PARKED_AFTER = 10
"""Failures of one item while the partner took others: with the time of park_after, it is parked as refused."""


class Bring(Protocol):
    """Brings what it holds to a partner, or raises what stands in the way.

    `first`: nothing of this item ever left for this partner."""

    def __call__(self, client: FhirClient, *, first: bool) -> Delivered: ...


@dataclass(frozen=True)
class Goods:
    """How the items of one kind are delivered."""

    load: Callable[[Connection, Delivery], Bring]
    """Reads what is to be brought."""
    every_version: bool
    """Whether each version goes, the oldest first; else the newest stands for those before it."""


@dataclass(frozen=True)
class Begun:
    """An attempt that was counted."""

    work: Work
    delivery: Delivery
    """With this attempt."""
    first: bool


class NotOurs(Exception):
    """Another does it now, or it was settled meanwhile."""


@dataclass(frozen=True)
class Courier:
    """What an attempt needs of its surroundings."""

    engine: Engine
    partner: Callable[[str], FhirClient]
    """A client for a partner by name; WorthAnotherTry where no such partner is configured."""
    goods: Mapping[Kind, Goods]
    pace: Pace = field(default_factory=Pace)
    park_after: float = 6 * 3600.0
    """Seconds for which an item has to have failed, at least, before it is parked."""

    def begin(self, connection: Connection, mine: Work) -> Callable[[], str] | None:
        """Begins what was claimed, in the transaction of the claim: what is to be run then, or None where nothing is.

        What is run says in a word what came of it, and raises only what our own database raises: it is run again then.
        """
        delivery = deliveries.get(connection, mine.id)
        if delivery is None or delivery.state != "pending":
            work.done(connection, mine.id)
            return None
        all_of_item = deliveries.of_item(connection, delivery.kind, delivery.item_id, delivery.partner)
        newer = [one for one in all_of_item if one.item_version > delivery.item_version]
        every_version = self.goods[delivery.kind].every_version
        if any(one.state == "delivered" or (one.state == "pending" and not every_version) for one in newer):
            deliveries.settle(connection, delivery.id, "superseded")
            return None
        deliveries.begin_attempt(connection, delivery.id)
        counted = replace(delivery, attempts=delivery.attempts + 1)
        begun = Begun(mine, counted, first=all(one.attempts == 0 for one in all_of_item))
        made = cache(partial(self._made, begun))

        def run() -> str:
            """Sends once, however often our own database keeps what came of it from being settled."""
            settle = made()
            return settle()

        return run

    def _made(self, begun: Begun) -> Callable[[], str]:
        """Makes the attempt: how what came of it is settled, which says it in a word."""
        delivery = begun.delivery
        try:
            delivered = self._attempt(begun)
        except NotOurs:
            return lambda: "taken over"
        except WorthAnotherTry as trouble:
            return partial(self._later, begun, str(trouble), trouble)
        except (WillAnswerTheSame, CannotBeSent, Refused) as refused:
            why = _words(refused)
            log.warning("delivery %s to partner %s was refused: %s", delivery.id, delivery.partner, why)
            return partial(self._settled, begun, "refused", why=why)
        except Exception as surprise:  # noqa: BLE001 - a delivery must not be lost to a fault of ours: seen, and tried again
            what = told(surprise)
            log.error("delivery %s: %s", delivery.id, what)  # noqa: TRY400 - a trace would show the patient's data
            return partial(self._later, begun, what, None)
        return partial(self._settled, begun, "delivered", delivered)

    def _attempt(self, begun: Begun) -> Delivered:
        delivery = begun.delivery
        with reading(self.engine) as connection:
            bring = self.goods[delivery.kind].load(connection, delivery)
        with self.partner(delivery.partner) as client:
            client.before_writing = lambda: self._must_be_ours(begun)
            return bring(client, first=begun.first)

    def _must_be_ours(self, begun: Begun) -> None:
        with reading(self.engine) as connection:
            if not _ours(connection, begun):
                raise NotOurs

    def _later(self, begun: Begun, why: str, trouble: WorthAnotherTry | None) -> str:
        delivery, mine = begun.delivery, begun.work
        due_at = due_again(self.pace, delivery.attempts, delivery.id, trouble)

        def put_back(connection: Connection) -> str:
            if not _ours(connection, begun):
                return "taken over"
            took_others = partner_states.get(connection, delivery.partner).succeeded_at > (mine.failed_at or 1 << 62)
            deliveries.note_failure(connection, delivery.id, why)
            outage.noticed(connection, delivery.partner, trouble, self.pace)
            later = deliveries.later(connection, delivery)
            if not self.goods[delivery.kind].every_version and any(one.state == "pending" for one in later):
                deliveries.settle(connection, delivery.id, "superseded")
                return "superseded"
            if self._to_be_parked(mine, took_others):
                log.error("delivery %s to partner %s is parked: %s", delivery.id, delivery.partner, why)
                parked = f"parked after {delivery.attempts} attempts, while the partner took others: {why}"
                deliveries.settle(connection, delivery.id, "refused", last_error=parked)
                return "parked"
            work.put_back(connection, mine, due_at, alone=took_others)
            return "tried again later"

        return committed(self.engine, put_back)

    def _to_be_parked(self, mine: Work, took_others: bool) -> bool:
        """One that fails again and again while the partner takes others can never succeed, as far as can be told."""
        for_long = mine.failing_since is not None and milliseconds() - mine.failing_since >= self.park_after * 1000
        return took_others and for_long and mine.failed_alone + 1 >= PARKED_AFTER

    def _settled(self, begun: Begun, state: Settled, delivered: Delivered | None = None, why: str | None = None) -> str:
        def settle(connection: Connection) -> str:
            if not _ours(connection, begun):
                return "taken over"
            if delivered is None:
                deliveries.settle(connection, begun.delivery.id, state, last_error=why)
            else:
                deliveries.settle(
                    connection, begun.delivery.id, state, remote_id=delivered.remote_id,
                    remote_version=delivered.remote_version, fit=delivered.fit, because=delivered.because,
                )  # fmt: skip
                if delivered.unkept is not None:
                    deliveries.note_read_back(connection, begun.delivery.id, delivered.unkept)
            outage.answered(connection, begun.delivery.partner)
            return state

        return committed(self.engine, settle)


def _ours(connection: Connection, begun: Begun) -> bool:
    """Whether this attempt is still the one that counts."""
    return deliveries.counts_still(connection, begun.delivery, begun.work.owner or "")


def _words(refused: Exception) -> str:
    """Why, without a patient's data: codes and places only."""
    if isinstance(refused, Refused):
        return "; ".join(f"{issue.code} {issue.expression}" for issue in refused.issues)
    if isinstance(refused, CannotBeSent):
        return f"{refused} ({', '.join(refused.codes)})"
    return str(refused)
