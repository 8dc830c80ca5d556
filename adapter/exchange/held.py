"""A referral that somebody names: it is held here, or that is refused."""

from __future__ import annotations

from sqlalchemy import Connection

from adapter.exchange.refusal import refuse
from adapter.store import referrals
from adapter.store.referrals import Referral


def held(connection: Connection, referral_id: str, *, lock: bool = False) -> Referral:
    """The referral of this id, locked for the rest of the transaction where that is asked for."""
    one = (referrals.lock if lock else referrals.get)(connection, referral_id)
    if one is None:
        raise refuse("not found", "not-found", "id", "There is no referral of this id.")
    return one
