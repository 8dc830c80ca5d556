"""One attempt to bring one thing to one partner: the best way that it accepts, and the next where it does not do that.

What a partner accepts is read from its CapabilityStatement, kept, and read again when that is old.  A way that a
partner claims and does not do is tried once and remembered as failed, until its statement says something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from adapter.client import FhirClient, WillAnswerTheSame
from adapter.delivery.pushing.fits import Choice, choose
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways import WAYS
from adapter.delivery.pushing.ways.as_resources import why_inside
from adapter.delivery.pushing.ways.looking import standing_apart
from adapter.delivery.transaction import Delivered

_NOT_DONE = (405, 501)
_SAYS_NOT_DONE = ("not-supported", "search-not-trusted")


def _forgotten(fit: str, why: str) -> None:
    """Where nobody remembers it."""


@dataclass(frozen=True)
class Choosing:
    """What is known of a partner when a way is chosen."""

    fixed: str | None = None
    """The way that its settings say."""
    agreed: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """What it was found not to do, and how."""
    remember: Callable[[str, str], None] = _forgotten

    def choice(self, sending: Sending, failed: Mapping[str, str]) -> Choice:
        """The best way that is left."""
        return choose(sending.accepted, type_=sending.type, fixed=self.fixed, agreed=self.agreed, failed=failed)


def push(client: FhirClient, sending: Sending, choosing: Choosing | None = None, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way.  `first`: nothing of this thing ever left for this partner."""
    choosing = choosing or Choosing()
    failed = dict(choosing.failed)
    while True:
        choice = choosing.choice(sending, failed)
        name = choice.fit.name
        going = as_it_goes(choice, sending)
        try:
            delivered = WAYS[name](client, going, first=first)
        except WillAnswerTheSame as refused:
            if choosing.fixed == name or not _does_not_do(refused):
                raise
            key = choice.fit.key
            failed[key] = f"it claims to do it, and answered {refused} on {datetime.now(UTC):%Y-%m-%d}"
            choosing.remember(key, failed[key])
            first = False  # something may have left
            continue
        return replace(delivered, fit=name, because=(*why_so(choice, going), *delivered.because))


def as_it_goes(choice: Choice, sending: Sending) -> Sending:
    """What is to be brought, knowing what of it stands by itself there when it goes that way."""
    return standing_apart(sending, conditional=choice.fit.conditional) if choice.fit.keeps else sending


def why_so(choice: Choice, sending: Sending) -> tuple[str, ...]:
    """Why by no better way, and why not all of it stands by itself there."""
    fit = choice.fit
    return (*why_no_better(choice), *(why_inside(sending, conditional=fit.conditional) if fit.keeps else ()))


def why_no_better(choice: Choice) -> tuple[str, ...]:
    """What stood against each better way, a line for each."""
    return tuple(f"{one.fit.name}: {', '.join(one.because)}" for one in choice.passed_over)


def _does_not_do(refused: WillAnswerTheSame) -> bool:
    """Whether a refusal is of the way, and not of what was sent."""
    return refused.status in _NOT_DONE or any(code in _SAYS_NOT_DONE for code in refused.codes)
