"""Work put into the database with what causes it: a plan and its delivery are committed together or not at all.

A delivery has one chain of turns: each turn is a workflow of its own whose id derives from the chain and the turn's
number, so putting it in twice puts it in once.  A turn that has to wait leaves the next one in the database with a
delay and ends: waiting holds no thread and no place in the queue, and survives the process.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Connection, Engine

from adapter.settings import Settings
from adapter.store import old_sqlite

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions

APPLICATION = "paingate"
WORKFLOW = "deliver"
PULL_WORKFLOW = "pull"


def queue_name(partner: str) -> str:
    """One queue for each partner, so that one which is down holds up only its own."""
    return f"deliver-{partner}"


@dataclass(frozen=True)
class Turn:
    """One turn of a delivery's chain."""

    delivery_id: str
    item_id: str
    partner: str
    chain: str
    number: int = 0

    @property
    def workflow_id(self) -> str:
        return f"{self.chain}-{self.number}"

    def following(self) -> Turn:
        return Turn(self.delivery_id, self.item_id, self.partner, self.chain, self.number + 1)


@dataclass(frozen=True)
class PullTurn:
    """One turn of fetching a referral."""

    pull_id: str
    partner: str
    chain: str
    number: int = 0

    def following(self) -> PullTurn:
        return PullTurn(self.pull_id, self.partner, self.chain, self.number + 1)


def first_turn(delivery_id: str, item_id: str, partner: str) -> Turn:
    return Turn(delivery_id, item_id, partner, chain_of(delivery_id))


def another_chain(delivery_id: str, item_id: str, partner: str) -> Turn:
    return Turn(delivery_id, item_id, partner, f"{chain_of(delivery_id)}-again-{uuid4().hex}")


def chain_of(delivery_id: str) -> str:
    return f"deliver-{delivery_id}"


def prepare(settings: Settings) -> None:
    """Makes the engine's own tables, or brings them up to date; before anything is enqueued."""
    from dbos import DBOS

    _quieten()
    if settings.database_url.startswith("sqlite"):
        old_sqlite.mend()
    DBOS.migrate(settings.database_url)


def _quieten() -> None:
    """DBOS says hello at every start: only its warnings are passed on, by way of our own logging."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # or else it would put one of its own that writes to the console


class Outbox:
    """Enqueues into the transaction of the caller."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: DBOSClient | None = None

    @property
    def client(self) -> DBOSClient:
        """The engine's client; made on first use, since importing it takes most of a second."""
        if self._made is None:
            from dbos import DBOSClient

            self._made = DBOSClient(system_database_engine=self._engine, application_name=APPLICATION, lazy=True)
        return self._made

    def enqueue(
        self, connection: Connection, delivery_id: str, item_id: str, partner: str, *, again: bool = False
    ) -> None:
        """A delivery's first turn; `again`: in a chain of its own, since the turns of the first chain were taken."""
        turn = another_chain if again else first_turn
        self.put(connection, turn(delivery_id, item_id, partner))

    def put(self, connection: Connection, turn: Turn, delay: float = 0.0) -> None:
        """A turn, to be taken no sooner than in `delay` seconds; in its item's partition, which takes one at a time."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": queue_name(turn.partner),
            "workflow_id": turn.workflow_id,
            "queue_partition_key": turn.item_id,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        self.client.enqueue_in_transaction(
            connection, options, turn.delivery_id, turn.item_id, turn.partner, turn.chain, turn.number
        )

    def enqueue_pull(self, connection: Connection, pull_id: str, partner: str, chain: str) -> None:
        """The first turn of fetching a referral."""
        self.put_pull(connection, PullTurn(pull_id, partner, chain))

    def put_pull(self, connection: Connection, turn: PullTurn, delay: float = 0.0) -> None:
        """A turn, in the partner's queue: who is down holds up what is fetched from it and what goes to it alike."""
        options: EnqueueOptions = {
            "workflow_name": PULL_WORKFLOW,
            "queue_name": queue_name(turn.partner),
            "workflow_id": f"pull-{turn.chain}-{turn.number}",
            "queue_partition_key": turn.pull_id,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        self.client.enqueue_in_transaction(connection, options, turn.pull_id, turn.partner, turn.chain, turn.number)

    def wake(self, delivery_id: str) -> bool:
        """Lets a turn of this delivery that waits be taken now; False where there is no turn to wake."""
        alive = self.client.list_workflows(
            workflow_id_prefix=f"{chain_of(delivery_id)}-",
            status=["DELAYED", "ENQUEUED", "PENDING"],
            load_input=False,
            load_output=False,
        )
        for workflow in alive:
            self.client.set_workflow_delay(workflow.workflow_id, delay_seconds=0.0)  # of one that is delayed, only
        return bool(alive)
