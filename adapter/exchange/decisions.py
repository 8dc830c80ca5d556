"""The clinic's decision on a referral: the record of it and the Task that tells it, in one transaction.

A decision that is told again is no second decision: it answers as the first did.  One that comes after another is
refused, whichever was meant.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from adapter.exchange.acceptance import obstacles
from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.task import moved
from adapter.exchange.translation import not_actionable, request_status
from adapter.store import referrals, resources
from adapter.store.clock import now
from adapter.store.engine import writing
from adapter.store.referrals import Referral, Status
from adapter.store.resources import Stored
from mappings import Issue
from mappings.r4 import exact_json


def accept(engine: Engine, referral_id: str) -> Referral:
    return _decide(engine, referral_id, "accepted", None)


def decline(engine: Engine, referral_id: str, reason: str) -> Referral:
    return _decide(engine, referral_id, "declined", reason)


def found(connection: Connection, referral_id: str) -> Referral:
    referral = referrals.get(connection, referral_id)
    if referral is None:
        raise refuse("not found", "not-found", "id", "There is no referral of this id.")
    return referral


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
    """A plan answers a referral that holds: not one that was declined, withdrawn, or never should have been."""
    if referral.status == "declined":
        raise refuse("conflict", "business-rule", "supporting", "The referral that this plan names was declined.")
    for obstacle in obstacles(referral.record):
        if obstacle.field != "status" or request_status(referral.record) in ("withdrawn", "entered in error"):
            text = f"The referral that this plan names cannot be acted upon: {obstacle.why}."
            raise refuse("conflict", "business-rule", "supporting", text)


def _refuse_acceptance(referral: Referral) -> None:
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


def _decide(engine: Engine, referral_id: str, status: Status, reason: str | None) -> Referral:
    with writing(engine) as connection:
        referral = found(connection, referral_id)
        if (referral.status, referral.reason) == (status, reason):
            return referral
        refuse_inaction(referral)
        if status == "accepted":
            _refuse_acceptance(referral)
        if not referrals.decide(connection, referral_id, status, reason):
            text = "This referral was decided before: only one that stands at received can be accepted or declined."
            raise refuse("conflict", "conflict", "status", text)
        _tell(connection, referral, status, reason)
        return found(connection, referral_id)


def _tell(connection: Connection, referral: Referral, status: Status, reason: str | None) -> None:
    """The next version of the Task; the ones before stay readable."""
    held = resources.current(connection, "Task", referral.task_id)
    if held is None:
        raise LookupError("the referral's Task is not stored")
    at = now()
    task = moved(exact_json.loads(held.json), status, reason, at)
    resources.add(connection, Stored("Task", held.id, held.version + 1, at, exact_json.dumps(task), None, held.partner))
