"""One turn of one delivery: what is due is read, sent, and settled, and what is left to do is put back for later.

The delivery's own row is the truth; the engine only calls again.  So a turn may be told twice, or die at any point: the
row says that an attempt began before a byte leaves, an attempt that is not the first looks before it sends, and what
came of it is committed together with the turn that follows.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, Engine

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.backoff import Pace, wait_before_next
from adapter.delivery.outbox import Outbox, Turn
from adapter.delivery.plan_bundle import CannotBeSent
from adapter.delivery.transaction import Delivered
from adapter.store import deliveries
from adapter.store.deliveries import Delivery, Kind, Settled
from adapter.store.engine import reading, writing
from mappings.issues import Refused

log = logging.getLogger(__name__)


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
class Courier:
    """What a turn needs of its surroundings."""

    engine: Engine
    outbox: Outbox
    partner: Callable[[str], FhirClient]
    """A client for a partner by name; WorthAnotherTry where no such partner is configured."""
    goods: Mapping[Kind, Goods]
    pace: Pace = field(default_factory=Pace)

    def take(self, turn: Turn) -> str:
        """Takes the turn and says in a word what came of it."""
        with writing(self.engine) as connection:
            begun = self._begin(connection, turn)
        if isinstance(begun, str):
            if begun == "superseded":
                self._wake_what_waits(turn.delivery_id)
            return begun
        delivery, first = begun
        try:
            delivered = self._attempt(delivery, first=first)
        except WorthAnotherTry as trouble:
            return self._later(turn, delivery, str(trouble), trouble.retry_after)
        except (WillAnswerTheSame, CannotBeSent, Refused) as refused:
            why = _words(refused)
            log.warning("delivery %s to partner %s was refused: %s", delivery.id, delivery.partner, why)
            return self._settled(delivery, "refused", last_error=why)
        except Exception as surprise:  # noqa: BLE001 - a delivery must not be lost to a fault of ours: seen, and tried again
            where = traceback.extract_tb(surprise.__traceback__)[-1]
            what = f"unexpected {type(surprise).__name__} in {where.name}, line {where.lineno}"
            log.error("delivery %s: %s", delivery.id, what)  # noqa: TRY400 - a trace would show the patient's data
            return self._later(turn, delivery, what, None)
        remote = {"remote_id": delivered.remote_id, "remote_version": delivered.remote_version}
        return self._settled(delivery, "delivered", **remote)

    def _begin(self, connection: Connection, turn: Turn) -> str | tuple[Delivery, bool]:
        """The delivery with its attempt counted, and whether it is the item's first; or why nothing is to be done."""
        delivery = deliveries.get(connection, turn.delivery_id)
        if delivery is None or delivery.state != "pending":
            return "settled before"
        every_version = self.goods[delivery.kind].every_version
        all_of_item = deliveries.of_item(connection, delivery.kind, delivery.item_id, delivery.partner)
        newer = [one for one in all_of_item if one.item_version > delivery.item_version]
        if any(one.state == "delivered" or (one.state == "pending" and not every_version) for one in newer):
            deliveries.settle(connection, delivery.id, "superseded")
            return "superseded"
        older = [one for one in all_of_item if one.item_version < delivery.item_version and one.state == "pending"]
        if older and every_version:
            # Strictly in order: the older one wakes this one once it is settled; the delay is for when it died before.
            self.outbox.put(connection, turn.following(), delay=self.pace.longest)
            return "waits for an older version"
        for one in older:
            deliveries.settle(connection, one.id, "superseded")
        deliveries.begin_attempt(connection, delivery.id)
        return delivery, all(one.attempts == 0 for one in all_of_item)

    def _attempt(self, delivery: Delivery, *, first: bool) -> Delivered:
        with reading(self.engine) as connection:
            bring = self.goods[delivery.kind].load(connection, delivery)
        with self.partner(delivery.partner) as client:
            return bring(client, first=first)

    def _later(self, turn: Turn, delivery: Delivery, why: str, asked_for: float | None) -> str:
        wait = wait_before_next(self.pace, delivery.attempts + 1, delivery.id, asked_for)
        with writing(self.engine) as connection:
            deliveries.note_failure(connection, delivery.id, why)
            self.outbox.put(connection, turn.following(), delay=wait)
        return "tried again later"

    def _settled(self, delivery: Delivery, state: Settled, **what: str | None) -> str:
        with writing(self.engine) as connection:
            deliveries.settle(connection, delivery.id, state, **what)
        self._wake_what_waits(delivery.id)
        return state

    def _wake_what_waits(self, settled_id: str) -> None:
        with reading(self.engine) as connection:
            settled = deliveries.get(connection, settled_id)
            if settled is None:
                raise LookupError("a delivery that was just taken is not stored")
            all_of_item = deliveries.of_item(connection, settled.kind, settled.item_id, settled.partner)
        for waiting in all_of_item:
            if waiting.state == "pending":
                self.outbox.wake(waiting.id)


def _words(refused: Exception) -> str:
    """Why, without a patient's data: codes and places only."""
    if isinstance(refused, Refused):
        return "; ".join(f"{issue.code} {issue.expression}" for issue in refused.issues)
    if isinstance(refused, CannotBeSent):
        return f"{refused} ({', '.join(refused.codes)})"
    return str(refused)
