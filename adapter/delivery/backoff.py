"""The wait before the next attempt: exponential with a cap, spread by jitter, never less than the partner asked for.

The jitter comes from the delivery's own id, not from dice: the same attempt waits the same time when it is told again
after a crash, and a thousand deliveries to one partner still do not come back in the same second.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from adapter.client import WorthAnotherTry
from adapter.store.clock import milliseconds

LONGEST_ASKED_FOR = 24 * 3600.0  # a daily quota waits for tomorrow; more than that is a mistake of the partner's clock


@dataclass(frozen=True)
class Pace:
    """first: seconds after the first failure; factor: growth by attempt; longest: the cap."""

    first: float = 2.0
    factor: float = 2.0
    longest: float = 300.0


def wait_before_next(pace: Pace, attempts: int, delivery_id: str, asked_for: float | None = None) -> float:
    """Seconds to wait after `attempts` failed ones: between half and the whole of the exponential step."""
    steps = max(0, attempts - 1)
    step = min(pace.longest, pace.first * pace.factor ** min(steps, 60))
    spread = step / 2 + step / 2 * _fraction(f"{delivery_id}/{attempts}")
    return max(spread, min(asked_for or 0.0, LONGEST_ASKED_FOR))


def due_again(pace: Pace, attempts: int, id_: str, trouble: WorthAnotherTry | None) -> int:
    """When what failed is due again, in milliseconds; trouble: the partner's, where it was not one of ours."""
    asked_for = trouble.retry_after if trouble else None
    return milliseconds() + int(wait_before_next(pace, attempts, id_, asked_for) * 1000)


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
