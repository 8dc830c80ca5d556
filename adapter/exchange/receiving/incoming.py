"""A message as it comes to one of the doors, and what it became."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.exchange.references import Node
from adapter.store.messages import Made
from adapter.store.referrals import Referral
from mappings import Issue


@dataclass(frozen=True)
class Incoming:
    """A message at one of the doors."""

    route: str
    content_type: str
    body: bytes
    document: Node
    """What the body says, with what was repaired in it."""
    repairs: tuple[Issue, ...] = ()
    condition: str | None = None
    """If-None-Exist, where the door has that."""
    sender: str = ""
    request_id: str | None = None
    """X-Request-Id."""
    task_id: str | None = None
    """The Task that waits for this, where it was fetched."""

    @property
    def sees(self) -> str | None:
        """Whose resources the sender may find; None: all."""
        return self.sender or None


@dataclass(frozen=True)
class Received:
    """Referrals that are stored, now or before."""

    referrals: tuple[Referral, ...]
    made: tuple[Made, ...]
    """What each entry became, in the order in which they first came."""

    @property
    def referral(self) -> Referral:
        return self.referrals[0]
