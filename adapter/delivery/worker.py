"""The engine that takes the turns: DBOS in threads of this process, on the same database as everything else.

A turn is one workflow and makes no steps: everything it does may be done twice (see attempt.py), so there is nothing to
record in between.  A process that was killed left its turns pending under its executor's name; the next process of that
name takes them up when it starts.
"""

from __future__ import annotations

import logging
from functools import partial

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine

from adapter.delivery.answers import BringBack, answers
from adapter.delivery.attempt import Courier
from adapter.delivery.backoff import Pace
from adapter.delivery.outbox import APPLICATION, PULL_WORKFLOW, WORKFLOW, Outbox, PullTurn, Turn, prepare, queue_name
from adapter.delivery.partners import client_for, plan_identifier, rendering
from adapter.delivery.plan_bundle import Render
from adapter.delivery.pulls import Puller
from adapter.delivery.push import plans
from adapter.settings import Settings

log = logging.getLogger(__name__)

_TURNS_VERSION = "1"
"""Which turns this process can take.  Not the hash of the source that DBOS would use: work in flight must survive an
upgrade.  Only a turn whose arguments mean something else would need another one."""

EXECUTOR = "paingate-1"
"""Stable over restarts, and no two live processes share one: what a dead process left is taken up under its name."""

_AT_ONCE = 16  # deliveries to one partner at the same time; one item's never
_POLL_SECONDS = 0.2

_courier: Courier | None = None
_puller: Puller | None = None


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def _deliver(delivery_id: str, item_id: str, partner: str, chain: str, number: int) -> str:
    """Only trouble with our own database comes out of a turn; it is waited out here, so that the turn is not lost."""
    failures = 0
    while True:
        try:
            if _courier is None:
                raise LookupError("the worker is not started")
            return _courier.take(Turn(delivery_id, item_id, partner, chain, number))
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the delivery has to be taken up again
            failures += 1
            log.error("delivery %s: %s while taking a turn", delivery_id, type(trouble).__name__)  # noqa: TRY400
            DBOS.sleep(min(60.0, 2.0**failures))


@DBOS.workflow(name=PULL_WORKFLOW, max_recovery_attempts=None)
def _fetch(pull_id: str, partner: str, chain: str, number: int) -> str:
    """As for a delivery: trouble with our own database is waited out here."""
    failures = 0
    while True:
        try:
            if _puller is None:
                raise LookupError("the worker is not started")
            return _puller.take(PullTurn(pull_id, partner, chain, number))
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the referral has to be fetched in the end
            failures += 1
            log.error("pull %s: %s while taking a turn", pull_id, type(trouble).__name__)  # noqa: TRY400
            DBOS.sleep(min(60.0, 2.0**failures))


def start(settings: Settings, engine: Engine, render: Render | None = None) -> None:
    """Starts taking turns, those of a dead predecessor first.  `render` is the mappings' own unless it is given."""
    global _courier, _puller  # noqa: PLW0603 - DBOS itself is one to a process, and a workflow is a function of a module
    prepare(settings)
    rendered = partial(rendering, settings) if render is None else lambda partner: render
    _courier = courier = Courier(
        engine,
        Outbox(engine),
        partner=partial(client_for, settings),
        goods={"care_plan": plans(partial(plan_identifier, settings), rendered), "answers": answers(settings)},
        pace=Pace(first=settings.retry_base, longest=settings.retry_ceiling),
    )
    bring_back = BringBack(settings, courier.outbox.enqueue)
    _puller = Puller(engine, settings, courier.outbox, courier.partner, bring_back, courier.pace)
    for partner in settings.partners:
        courier.outbox.client.register_queue(
            queue_name(partner.name),
            partition_concurrency=1,
            worker_concurrency=_AT_ONCE,
            polling_interval_sec=_POLL_SECONDS,
        )
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": settings.database_url,
        "application_version": _TURNS_VERSION,
        "executor_id": EXECUTOR,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()


def stop(seconds: int = 0) -> None:
    """Stops taking turns; one that is under way may end within `seconds`, and is else taken up at the next start."""
    DBOS.destroy(workflow_completion_timeout_sec=seconds)
