"""What was learned of a partner: what it says that it takes, what it was found not to do, and who its patients are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import partner_knowledge, partner_patient
from mappings.r4 import exact_json
from mappings.values import same


@dataclass(frozen=True)
class Knowledge:
    """A row of the table."""

    partner: str
    base_url: str
    accepts: Mapping[str, Any] | None
    """What its statement says, as the push reads it; None where it does not say."""
    failed: Mapping[str, str]
    """What it claims and was found not to do, by the way's name, and how that was found."""
    read_at: str

    def older_than(self, seconds: float) -> bool:
        return (datetime.now(UTC) - datetime.fromisoformat(self.read_at)).total_seconds() > seconds


def get(connection: Connection, partner: str) -> Knowledge | None:
    row = connection.execute(select(partner_knowledge).where(partner_knowledge.c.partner == partner)).first()
    if row is None:
        return None
    accepts = exact_json.loads(bytes(row.accepts)) if row.accepts is not None else None
    return Knowledge(row.partner, row.base_url, accepts, exact_json.loads(bytes(row.failed)), row.read_at)


def learn_statement(
    connection: Connection, partner: str, base_url: str, accepts: Mapping[str, Any] | None
) -> Knowledge:
    """What it says now; what it was found not to do is forgotten where it says something else than before."""
    before = get(connection, partner)
    told = exact_json.loads(exact_json.dumps(accepts)) if accepts is not None else None
    alike = before is not None and before.base_url == base_url and same(before.accepts, told)
    new = Knowledge(partner, base_url, told, before.failed if before is not None and alike else {}, now())
    values = vars(new) | {
        "accepts": exact_json.dumps(told) if told is not None else None,
        "failed": exact_json.dumps(dict(new.failed)),
    }
    rows.add_unless_there(connection, partner_knowledge, values)
    connection.execute(update(partner_knowledge).where(partner_knowledge.c.partner == partner).values(**values))
    return new


def fit_failed(connection: Connection, partner: str, fit: str, why: str) -> None:
    """A way that it claims was found not to work."""
    one = select(partner_knowledge.c.partner).where(partner_knowledge.c.partner == partner)
    connection.execute(one.with_for_update())  # two ways may be found out at once
    known = get(connection, partner)
    if known is not None:
        failed = exact_json.dumps({**known.failed, fit: why})
        connection.execute(
            update(partner_knowledge).where(partner_knowledge.c.partner == partner).values(failed=failed)
        )


def forget(connection: Connection, partner: str) -> None:
    """It is asked again what it takes, and what it was found not to do is tried again."""
    connection.execute(delete(partner_knowledge).where(partner_knowledge.c.partner == partner))


def patient(connection: Connection, partner: str, number: str) -> str | None:
    """The partner's Patient that is ours of that number, where that is known."""
    link = select(partner_patient.c.remote_id).where(
        partner_patient.c.partner == partner, partner_patient.c.number == number
    )
    return connection.scalar(link)


def learn_patient(connection: Connection, partner: str, number: str, remote_id: str) -> None:
    row = {"partner": partner, "number": number, "remote_id": remote_id, "learned_at": now()}
    forget_patient(connection, partner, number)
    rows.add_unless_there(connection, partner_patient, row)


def forget_patient(connection: Connection, partner: str, number: str) -> None:
    connection.execute(
        delete(partner_patient).where(partner_patient.c.partner == partner, partner_patient.c.number == number)
    )
