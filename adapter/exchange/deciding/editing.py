"""What the clinic changes in a referral's record, and what it decides where the sender has changed the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from adapter.exchange.held import held
from adapter.exchange.receiving.merging import with_field
from adapter.exchange.refusal import refuse
from adapter.exchange.translation import check_referral, site_of
from adapter.settings import Settings
from adapter.store import conflicts, referrals
from adapter.store.conflicts import Conflict
from adapter.store.engine import reading, writing
from adapter.store.referrals import Referral

SIDES = ("theirs", "ours")


def put_record(engine: Engine, settings: Settings, referral_id: str, record: Any, changed_at: str) -> Referral:
    """The referral with the clinic's record; `changed_at` is what was read with the record that this was made from.

    Refused where the referral was changed since: what the sender changed meanwhile would be put back in silence."""
    with writing(engine) as connection:
        referral = held(connection, referral_id, lock=True)
        if changed_at != referral.updated_at:
            text = "This referral was changed since it was read: read it again, and change what it says now."
            raise refuse("conflict", "conflict", "changed_at", text)
        check_referral(record, referral.record, site_of(settings.site))
        referrals.change(connection, referral_id, record=record)
        return held(connection, referral_id)


def conflicts_of(engine: Engine, referral_id: str) -> list[Conflict]:
    with reading(engine) as connection:
        held(connection, referral_id)
        return conflicts.of_referral(connection, referral_id)


def decide_conflict(engine: Engine, referral_id: str, conflict_id: str, take: str, who: str) -> Referral:
    """Takes one side's value into the record.  A decision that is told again is no second one."""
    with writing(engine) as connection:
        referral = held(connection, referral_id, lock=True)
        conflict = next((one for one in conflicts.of_referral(connection, referral_id) if one.id == conflict_id), None)
        if conflict is None:
            raise refuse("not found", "not-found", "conflict", "There is no conflict of this id in this referral.")
        if not conflicts.decide(connection, conflict_id, take, who):
            if conflict.taken == take:
                return referral
            raise refuse("conflict", "conflict", "take", "This was decided before: change the record itself instead.")
        if take == "theirs":
            record = with_field(referral.record, conflict.field, conflict.sides, take)
            referrals.change(connection, referral_id, record=record)
        return held(connection, referral_id)
