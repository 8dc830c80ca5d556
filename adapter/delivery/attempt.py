"""One turn of one delivery: what is due is read, sent, and settled, and what is left to do is put back for later.

The delivery's own row is the truth; the engine only calls again.  So a turn may be told twice, or die at any point: the
row says that an attempt began before a byte leaves, an attempt that is not the first looks before it sends, and what
came of it is committed together with the turn that follows.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from adapter.client import FhirClient, Identifier, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.backoff import Pace, wait_before_next
from adapter.delivery.outbox import Outbox, Turn
from adapter.delivery.plan_bundle import CannotBeSent, Render
from adapter.delivery.push import Delivered, Sending, push
from adapter.store import deliveries
from adapter.store.deliveries import Delivery, State
from adapter.store.engine import reading, writing
from mappings.issues import Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Courier:
    """What a turn needs of its surroundings."""

    engine: Engine
    outbox: Outbox
    partner: Callable[[str], FhirClient]
    """A client for a partner by name; WorthAnotherTry where no such partner is configured."""
    plan_identifier: Callable[[str], Identifier]
    render: Callable[[str], Render]
    """How records are rendered for a partner."""
    pace: Pace = field(default_factory=Pace)

    def take(self, turn: Turn) -> str:
        """Takes the turn and says in a word what came of it."""
        with writing(self.engine) as connection:
            begun = self._begin(connection, turn)
        if isinstance(begun, str):
            if begun == "superseded":
                self._wake_what_waits(turn.plan_id, turn.partner)
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
        return self._settled(
            delivery, "delivered", remote_id=delivered.remote_id, remote_version=delivered.remote_version
        )

    def _begin(self, connection: Connection, turn: Turn) -> str | tuple[Delivery, bool]:
        """The delivery with its attempt counted, and whether it is the plan's first; or why nothing is to be done."""
        all_of_plan = deliveries.of_plan(connection, turn.plan_id, turn.partner)
        delivery = next((one for one in all_of_plan if one.id == turn.delivery_id), None)
        if delivery is None or delivery.state != "pending":
            return "settled before"
        others = [one for one in all_of_plan if one.id != delivery.id]
        if any(one.state == "delivered" and one.plan_version > delivery.plan_version for one in others):
            deliveries.settle(connection, delivery.id, "superseded")
            return "superseded"
        if any(one.state == "pending" and one.plan_version < delivery.plan_version for one in others):
            # Strictly in order: the older one wakes this one once it is settled; the delay is for when it died before.
            self.outbox.put(connection, turn.following(), delay=self.pace.longest)
            return "waits for an older version"
        deliveries.begin_attempt(connection, delivery.id)
        return delivery, all(one.attempts == 0 for one in all_of_plan)

    def _attempt(self, delivery: Delivery, *, first: bool) -> Delivered:
        with reading(self.engine) as connection:
            plan, patient = deliveries.records(connection, delivery)
        sending = Sending(plan, patient, self.plan_identifier(delivery.plan_id), self.render(delivery.partner))
        with self.partner(delivery.partner) as client:
            return push(client, sending, first=first)

    def _later(self, turn: Turn, delivery: Delivery, why: str, asked_for: float | None) -> str:
        wait = wait_before_next(self.pace, delivery.attempts + 1, delivery.id, asked_for)
        with writing(self.engine) as connection:
            deliveries.note_failure(connection, delivery.id, why)
            self.outbox.put(connection, turn.following(), delay=wait)
        return "tried again later"

    def _settled(self, delivery: Delivery, state: State, **what: str | None) -> str:
        with writing(self.engine) as connection:
            deliveries.settle(connection, delivery.id, state, **what)
        self._wake_what_waits(delivery.plan_id, delivery.partner)
        return state

    def _wake_what_waits(self, plan_id: str, partner: str) -> None:
        with reading(self.engine) as connection:
            all_of_plan = deliveries.of_plan(connection, plan_id, partner)
        for waiting in all_of_plan:
            if waiting.state == "pending":
                self.outbox.wake(waiting.id)


def _words(refused: Exception) -> str:
    """Why, without a patient's data: codes and places only."""
    if isinstance(refused, Refused):
        return "; ".join(f"{issue.code} {issue.expression}" for issue in refused.issues)
    if isinstance(refused, CannotBeSent):
        return f"{refused} ({', '.join(refused.codes)})"
    return str(refused)
