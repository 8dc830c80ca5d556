"""Which partners get a record, and the work of bringing it to them, in the transaction that keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, get_args

from sqlalchemy import Connection

from adapter.exchange.sending.way_back import KIND as ANSWERS
from adapter.exchange.sending.way_back import sender_of
from adapter.settings import Partner, Settings
from adapter.store import deliveries, referrals
from adapter.store.deliveries import Delivery, Kind

BROUGHT: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != ANSWERS)
"""The records that partners may get."""


class Stored(Protocol):
    """A version of a record, as it is kept."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def record(self) -> dict[str, Any]: ...
    @property
    def patient_number(self) -> str: ...


def bring(connection: Connection, settings: Settings, kind: Kind, kept: Stored, *, called_off: bool = False) -> None:
    """A delivery for every partner that is to have this version and has none; one that was refused is opened again.

    called_off: it is over, and who never heard of it does not need to."""
    of_item = deliveries.of_item(connection, kind, kept.id)
    known = {one.partner: one for one in of_item if one.item_version == kept.version}
    for partner in settings.partners:
        if called_off and _not_sent(connection, of_item, partner.name):
            continue
        held = known.get(partner.name)
        if kind not in partner.sends or (held is not None and held.state != "refused"):
            continue
        if not _may_have(connection, settings, partner, kept.patient_number):
            continue
        if held is not None:
            deliveries.reopen(connection, held)
        else:
            deliveries.insert_pending(connection, kind, kept.id, kept.version, partner.name)


def _may_have(connection: Connection, settings: Settings, partner: Partner, patient_number: str) -> bool:
    """Whether a partner gets a patient's records: everybody's, or theirs whom it referred."""
    if partner.patients == "all":
        return True
    senders = (sender_of(connection, settings, one) for one in referrals.of_patient(connection, patient_number))
    return any(sender is not None and sender.name == partner.name for sender in senders)


def _not_sent(connection: Connection, of_item: Sequence[Delivery], partner: str) -> bool:
    """Whether nothing of what is called off ever left for a partner: then nothing of it does."""
    there = [one for one in of_item if one.partner == partner]
    if any(one.attempts for one in there):
        return False
    for one in there:
        deliveries.settle(connection, one.id, "cancelled")
    return True
