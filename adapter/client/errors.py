"""What can go wrong at a partner, split by what comes next: it will answer the same again, or another try is worth it.

The texts name the status, the partner's issue codes and places, never its words: an OperationOutcome's diagnostics
may quote a patient.
"""

from __future__ import annotations


class PartnerTrouble(Exception):
    """A request that did not have its effect, or may not have had it."""

    def __init__(self, what: str, *, status: int | None = None, codes: tuple[str, ...] = ()) -> None:
        self.what = what
        self.status = status
        self.codes = codes
        super().__init__(self._text())

    def _text(self) -> str:
        where = f"{self.status}: {self.what}" if self.status is not None else self.what
        return f"{where} ({', '.join(self.codes)})" if self.codes else where


class WillAnswerTheSame(PartnerTrouble):
    """Refused for good: the same request would be refused again, so a person has to look at it."""


class WorthAnotherTry(PartnerTrouble):
    """Nothing says that it cannot work: try again later, not before `retry_after` seconds if the partner named them.

    of_partner: whether it is a sign that the partner is down, and not of this one request."""

    def __init__(
        self, what: str, *, status: int | None = None, codes: tuple[str, ...] = (), retry_after: float | None = None,
        of_partner: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(what, status=status, codes=codes)
        self.retry_after = retry_after
        self.of_partner = of_partner


class AnswerLost(WorthAnotherTry):
    """A write went out and no readable answer came back: whether it was stored is unknown until it is searched."""
