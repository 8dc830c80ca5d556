"""Where the changes of a referral were brought, and bringing the last one again once its refusal is mended."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from adapter.exchange.held import held
from adapter.settings import Partner, Settings
from adapter.store import deliveries, pulls, resources
from adapter.store.deliveries import Delivery, Kind
from adapter.store.engine import committed, reading
from adapter.store.referrals import Referral

KIND: Kind = "answers"


def sender_of(connection: Connection, settings: Settings, referral: Referral) -> Partner | None:
    """The partner that sent a referral: by its access token, or by where it was fetched; None where nobody knows."""
    task = resources.current(connection, "Task", referral.task_id)
    if task is not None and task.partner:
        return settings.partner(task.partner)
    pull = pulls.of_task(connection, referral.task_id)
    return settings.partner(pull.partner) if pull else None


def brought_back(engine: Engine, referral_id: str) -> list[Delivery]:
    """The deliveries of a referral, the oldest first; Refusal where there is no such referral."""
    with reading(engine) as connection:
        held(connection, referral_id)
        return deliveries.of_item(connection, KIND, referral_id)


def bring_again(engine: Engine, referral_id: str) -> list[Delivery]:
    """The same, with the last one of each partner opened again where it was refused: it stands for those before it."""

    def brought(connection: Connection) -> list[Delivery]:
        held(connection, referral_id)
        last = {one.partner: one for one in deliveries.of_item(connection, KIND, referral_id)}
        for one in last.values():
            if one.state == "refused":
                deliveries.reopen(connection, one)
        return deliveries.of_item(connection, KIND, referral_id)

    return committed(engine, brought)
