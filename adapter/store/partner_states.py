"""How each partner is doing, as all workers know it together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, select, update

from adapter.store import rows
from adapter.store.clock import instant, milliseconds, now
from adapter.store.tables import partner_state

_OFTEN_ENOUGH = 1000
"""Milliseconds in which one success stands for all: this row is every worker's."""


@dataclass(frozen=True)
class PartnerState:
    """A row of the table."""

    partner: str
    failures: int = 0
    """In a row."""
    failing_since: str | None = None
    left_alone_until: int = 0
    last_error: str | None = None
    succeeded_at: int = 0
    said_down_at: int = 0
    """When it was last said that it is down; in milliseconds, as the others."""

    @property
    def was_said(self) -> bool:
        """Whether that was in this row of failures."""
        return self.failing_since is not None and instant(self.said_down_at) >= self.failing_since


_ONE = select(partner_state).where(partner_state.c.partner == bindparam("of"))


def get(connection: Connection, partner: str) -> PartnerState:
    row = connection.execute(_ONE, {"of": partner}).first()
    return PartnerState(**row._asdict()) if row else PartnerState(partner)


def failed(connection: Connection, partner: str, why: str) -> PartnerState:
    """One more failure, and how the partner is doing now."""
    before = _locked(connection, partner)
    since = before.failing_since or now()
    return _now(connection, replace(before, failures=before.failures + 1, failing_since=since, last_error=why))


def leave_alone(connection: Connection, partner: str, until: int) -> None:
    """Nothing is begun there before, unless it is left alone for longer anyway."""
    before = _locked(connection, partner)
    if until > before.left_alone_until:
        _now(connection, replace(before, left_alone_until=until))


def said_down(connection: Connection, partner: str) -> None:
    """It is said at this moment that it is down."""
    _now(connection, replace(_locked(connection, partner), said_down_at=milliseconds()))


def succeeded(connection: Connection, partner: str) -> PartnerState | None:
    """It took something; how it was doing before, where it had failed, else None."""
    seen = get(connection, partner)
    if seen.failures == 0 and milliseconds() - seen.succeeded_at < _OFTEN_ENOUGH:
        return None
    before = _locked(connection, partner)
    _now(connection, PartnerState(partner, succeeded_at=milliseconds(), said_down_at=before.said_down_at))
    return before if before.failures else None


def _locked(connection: Connection, partner: str) -> PartnerState:
    locked = select(partner_state).where(partner_state.c.partner == partner).with_for_update()
    row = connection.execute(locked).first()
    if row is not None:
        return PartnerState(**row._asdict())
    new = PartnerState(partner)
    rows.add_unless_there(connection, partner_state, vars(new))
    return PartnerState(**connection.execute(locked).one()._asdict())


def _now(connection: Connection, state: PartnerState) -> PartnerState:
    connection.execute(update(partner_state).where(partner_state.c.partner == state.partner).values(**vars(state)))
    return state
