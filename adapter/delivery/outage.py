"""A partner that is down is left alone, by all workers together, and that is said once.

After some failures in a row nothing is begun there for a while; then one piece of work is tried, the longest due first,
and as long as it fails the while grows.  What is tried goes behind the others, so one piece that can never succeed does
not keep a partner from what would.  The first success ends it, and everything that waited is due at once.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from adapter.client import WorthAnotherTry
from adapter.delivery.backoff import LONGEST_ASKED_FOR, Pace, wait_before_next
from adapter.store import changes, partner_states, work
from adapter.store.clock import milliseconds

log = logging.getLogger(__name__)

DOWN_AFTER = 5
"""Failures in a row."""
SAID_AGAIN_AFTER = 900.0
"""Seconds in which it is said at most once that a partner is down: one that comes and goes is one trouble."""
LONGEST = 60.0
"""Seconds between two tries of a partner that is down."""


def may_begin(connection: Connection, partner: str, free: int) -> int:
    """How many pieces of work may be begun at a partner now, of those that somebody has hands for."""
    state = partner_states.get(connection, partner)
    if milliseconds() < state.left_alone_until:
        return 0
    if state.failures < DOWN_AFTER:
        return free
    return 0 if work.being_done(connection, partner) else 1


def noticed(connection: Connection, partner: str, trouble: WorthAnotherTry | None, pace: Pace) -> None:
    """What an attempt came to: only what is a sign that the partner is down counts, and nothing of ours (None)."""
    if trouble is None or not trouble.of_partner:
        return
    state = partner_states.failed(connection, partner, str(trouble))
    wait = min(trouble.retry_after or 0.0, LONGEST_ASKED_FOR)
    if state.failures >= DOWN_AFTER:
        longest = Pace(pace.first, pace.factor, min(pace.longest, LONGEST))
        wait = max(wait, wait_before_next(longest, 1 + state.failures - DOWN_AFTER, partner))
    if wait:
        partner_states.leave_alone(connection, partner, milliseconds() + int(wait * 1000))
    if state.failures >= DOWN_AFTER and not state.was_said and _long_ago(state.said_down_at):
        partner_states.said_down(connection, partner)
        changes.note(connection, "partner", partner, "down")
        log.error("partner %s is down since %s (%s): what goes there waits", partner, state.failing_since, trouble)


def answered(connection: Connection, partner: str) -> None:
    """The partner answered: it took something, or said why not."""
    before = partner_states.succeeded(connection, partner)
    if before is not None and before.failures >= DOWN_AFTER:
        work.wake_all(connection, partner)
    if before is not None and before.was_said:
        changes.note(connection, "partner", partner, "back")
        log.warning("partner %s is back; it was down since %s", partner, before.failing_since)


def _long_ago(said_at: int) -> bool:
    return milliseconds() - said_at >= SAID_AGAIN_AFTER * 1000
