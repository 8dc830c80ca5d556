"""Whether a referral may be accepted: only one that is in force and asks for something to be done.

The states are decided one by one, by what R4 says of each (hl7.org/fhir/R4/codesystem-request-status.html): only
`active` is "in force and ready to be acted upon".  A state that is not named here is refused too: what we cannot read
is not taken for consent.  Declining what is understood stays possible, since it sets nothing in motion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.translation import Record, must_not_be_done, not_actionable, request_status
from adapter.store.referrals import Referral
from mappings.issues import Issue

IN_FORCE = "active"

WHY_NOT = {
    # "not yet complete or ready for action"
    "draft": "its referrer has not finished it (draft)",
    # "any implicit authorization to act has been temporarily withdrawn": it may come back, and until then nobody asks
    "on hold": "its referrer has put it on hold",
    # "terminated ... No further activity should occur"
    "withdrawn": "its referrer has withdrawn it (revoked)",
    # "fully performed. No further activity will occur": it would be done a second time
    "completed": "what it asks for was done before (completed)",
    # "should never have existed": even the patient may be the wrong one
    "entered in error": "it was entered in error",
    # "does not know which of the status values currently applies": it may be any of those above
    "unknown": "its sender does not know whether it is in force (unknown)",
}
"""By the clinic's word for the state."""

_ENDED = ("declined", "cancelled", "failed")
"""Where a referral ends without an answer."""

_NO_WORD = "it does not say in a word that is known here that it is in force"
_NOTHING_ASKED = "it asks that this is NOT done (doNotPerform)"


class Obstacle(NamedTuple):
    """One thing that keeps a referral from being accepted."""

    field: str
    """The record's."""
    element: str
    """Of the ServiceRequest."""
    why: str


def obstacles(record: Record) -> Iterator[Obstacle]:
    """What keeps a referral that is understood from being accepted."""
    status = request_status(record)
    told = status is None and not_actionable(record) is not None  # the reading's gates say so, since they know of it
    if status != IN_FORCE and not told:
        yield Obstacle("status", "status", WHY_NOT.get(status or "", _NO_WORD))
    if must_not_be_done(record):
        yield Obstacle("must_not_be_done", "doNotPerform", _NOTHING_ASKED)


def why_not_accepted(record: Record) -> list[str]:
    """Every reason why accepting this is refused, in words for the inbox; none where it is not."""
    return [*(not_actionable(record) or []), *(obstacle.why for obstacle in obstacles(record))]


def warnings(record: Record, where: str) -> Iterator[Issue]:
    """The same for the referrer's receipt; `where` is the FHIRPath of the ServiceRequest."""
    for reason in not_actionable(record) or []:
        mend = "If it means the same without that, send it so, under a new number."
        yield Issue("warning", "business-rule", where, f"The clinic may not act on this: {reason}. {mend}")
    for obstacle in obstacles(record):
        text = f"The clinic cannot accept this as it stands: {obstacle.why}."
        yield Issue("warning", "business-rule", f"{where}.{obstacle.element}", text)


def refuse_inaction(referral: Referral) -> None:
    """A safety gate: what we do not fully understand is shown, and not acted upon."""
    reasons = not_actionable(referral.record)
    if reasons is not None:
        raise Refusal(
            "conflict",
            [
                Issue(
                    "error", "business-rule", "record.not_actionable_because", f"This may not be acted upon: {reason}"
                )
                for reason in reasons
            ],
        )


def refuse_answering(referral: Referral) -> None:
    """A plan answers a referral that holds: not one that was declined, cancelled, or never should have been."""
    if referral.status in _ENDED:
        text = f"The referral that this plan names is {referral.status}."
        raise refuse("conflict", "business-rule", "supporting", text)
    for obstacle in obstacles(referral.record):
        if obstacle.field != "status" or request_status(referral.record) in ("withdrawn", "entered in error"):
            text = f"The referral that this plan names cannot be acted upon: {obstacle.why}."
            raise refuse("conflict", "business-rule", "supporting", text)


def refuse_what_is_not_in_force(referral: Referral) -> None:
    """A safety gate: care is set in motion only by what asks for it."""
    found = list(obstacles(referral.record))
    if found:
        raise Refusal(
            "conflict",
            [
                Issue(
                    "error",
                    "business-rule",
                    f"record.{obstacle.field}",
                    f"This cannot be accepted: {obstacle.why}. Decline it instead.",
                )
                for obstacle in found
            ],
        )
