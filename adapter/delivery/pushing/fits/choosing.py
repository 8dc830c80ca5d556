"""The best way to bring a plan to a partner, and why none that is better."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adapter.delivery.pushing.fits.statement import Accepts
from adapter.delivery.pushing.fits.table import PLAN, Fit, fits_for


@dataclass(frozen=True)
class PassedOver:
    """A better way that does not fit, with the reasons."""

    fit: Fit
    because: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """The way that was chosen, and the better ones that were not."""

    fit: Fit
    passed_over: tuple[PassedOver, ...]


_UNSAID = ("the partner does not say whether it takes conditions",)


def choose(
    accepted: Accepts | None,
    *,
    type_: str = PLAN,
    fixed: str | None = None,
    agreed: Collection[str] = (),
    failed: Mapping[str, str] | None = None,
) -> Choice:
    """The first way that fits what a partner accepts.

    accepted: None where the partner does not say: then each is tried in turn that needs no condition, since a server
    that ignores conditions makes doubles.
    type_: of the resource that is to go.
    fixed: the name of the one that the partner's settings say, whatever its statement declares.
    agreed: names of those that need a site's agreement and have it.
    failed: names of those that the partner claims and was found not to do, each with what happened.
    """
    fits = fits_for(type_)
    if said := [fit for fit in fits if fit.name == fixed]:
        return Choice(said[0], ())
    passed_over: list[PassedOver] = []
    for fit in fits:
        because = list(fit.lacks(accepted)) if accepted is not None else list(_UNSAID * fit.conditional)
        if fit.only_if_agreed and fit.name not in agreed:
            because.append("the partner has not agreed to read it")
        if failed and fit.key in failed:
            because.append(failed[fit.key])
        if not because:
            return Choice(fit, tuple(passed_over))
        passed_over.append(PassedOver(fit, tuple(because)))
    raise AssertionError("the last way needs nothing")  # pragma: no cover
