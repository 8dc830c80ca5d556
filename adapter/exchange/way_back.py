"""Where the changes of a referral were brought, and bringing the last one again once its refusal is mended."""

from __future__ import annotations

from sqlalchemy import Engine

from adapter.exchange.decisions import found
from adapter.store import deliveries
from adapter.store.deliveries import Delivery, Kind
from adapter.store.engine import reading, writing

KIND: Kind = "answers"


def brought_back(engine: Engine, referral_id: str) -> list[Delivery]:
    """The deliveries of a referral, the oldest first; Refusal where there is no such referral."""
    with reading(engine) as connection:
        found(connection, referral_id)
        return deliveries.of_item(connection, KIND, referral_id)


def bring_again(engine: Engine, referral_id: str) -> list[Delivery]:
    """The same, with the last one of each partner opened again where it was refused: it stands for those before it."""
    with writing(engine) as connection:
        found(connection, referral_id)
        last = {one.partner: one for one in deliveries.of_item(connection, KIND, referral_id)}
        for one in last.values():
            if one.state == "refused":
                deliveries.reopen(connection, one)
        return deliveries.of_item(connection, KIND, referral_id)
