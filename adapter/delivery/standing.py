"""How each partner is doing: what it takes, whether it is down, and what waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from adapter.delivery.outage import DOWN_AFTER
from adapter.delivery.pushing.fits import choose
from adapter.delivery.pushing.push import why_no_better
from adapter.delivery.pushing.records import accepted_by
from adapter.settings import Settings
from adapter.store import deliveries, partner_knowledge, partner_states
from adapter.store.clock import instant, milliseconds
from adapter.store.engine import reading


@dataclass(frozen=True)
class Standing:
    """A partner, as whoever runs the service wants to see it."""

    name: str
    base_url: str
    sends: tuple[str, ...]
    fit: str | None
    """The way in which plans go there; None where it was not asked yet."""
    because: tuple[str, ...]
    asked_at: str | None
    failures: int
    failing_since: str | None
    down: bool
    left_alone_until: str | None
    last_error: str | None
    deliveries: dict[str, int]
    """How many there are in each state."""
    of_api: bool = False
    """Whether it was put through the clinic API."""


NOT_CONFIGURED = "no partner of this name is configured"


def standings(engine: Engine, settings: Settings) -> list[Standing]:
    """All partners that something goes to or is fetched from, in the order of the settings; then those that are
    configured no longer and that something still waits for."""
    found = []
    with reading(engine) as connection:
        counts = deliveries.counts(connection)
        for partner in settings.partners:
            if not partner.base_url:
                continue
            state = partner_states.get(connection, partner.name)
            known = partner_knowledge.get(connection, partner.name)
            choice = None
            if known is not None:
                choice = choose(
                    accepted_by(known), fixed=partner.fit or None, agreed=partner.agreed, failed=known.failed
                )
            alone = state.left_alone_until
            found.append(
                Standing(
                    name=partner.name,
                    base_url=partner.base_url,
                    sends=partner.sends,
                    fit=choice.fit.name if choice else None,
                    because=why_no_better(choice) if choice else (),
                    asked_at=known.read_at if known else None,
                    failures=state.failures,
                    failing_since=state.failing_since,
                    down=state.failures >= DOWN_AFTER,
                    left_alone_until=instant(alone) if alone > milliseconds() else None,
                    last_error=state.last_error,
                    deliveries={of: number for (name, of), number in sorted(counts.items()) if name == partner.name},
                    of_api=partner.of_api,
                )
            )
    there = {one.name for one in found}
    for name in sorted({name for name, state in counts if state == "pending"} - there):
        waiting = {of: number for (whose, of), number in sorted(counts.items()) if whose == name}
        found.append(Standing(name, "", (), None, (), None, 0, None, False, None, NOT_CONFIGURED, deliveries=waiting))
    return found
