"""How referrals and plans look from the clinic's side."""

from __future__ import annotations

from typing import Any

from adapter.exchange.deciding.decisions import Standing
from adapter.exchange.sending.plans import Held
from adapter.exchange.workflow.acceptance import why_not_accepted
from adapter.exchange.workflow.states import ACTIONS, allowed
from adapter.store.conflicts import Conflict
from adapter.store.deliveries import Delivery
from adapter.store.records import Kept
from adapter.store.referrals import Referral
from adapter.store.transitions import Transition


def referral_view(referral: Referral) -> dict[str, Any]:
    """A referral in the inbox: where it stands, whose it is, and what it says."""
    return {
        "id": referral.id,
        "number": referral.number,
        "status": referral.status,
        "reason": referral.reason,
        "can": [one for one in allowed("clinic", referral.status) if referral.actionable or not ACTIONS[one].acts],
        "actionable": referral.actionable,
        "cannot_be_accepted_because": why_not_accepted(referral.record),
        "patient_number": referral.patient_number,
        "received_at": referral.created_at,
        "changed_at": referral.updated_at,
        "service_request": f"ServiceRequest/{referral.service_request_id}",
        "task": f"Task/{referral.task_id}",
        "record": referral.record,
    }


def referral_in_full(standing: Standing) -> dict[str, Any]:
    """The same, how it came to where it stands, and what there is to say about how it was read."""
    referral = standing.referral
    return referral_view(referral) | {
        "history": history_view(standing),
        "mapping_version": referral.mapping_version,
        "report": referral.report,
    }


def history_view(standing: Standing) -> list[dict[str, Any]]:
    """Every move: who told what when, and what came with it."""
    return [_move_view(one, standing) for one in standing.history]


def _move_view(move: Transition, standing: Standing) -> dict[str, Any]:
    answer = standing.answers.get((move.answer_id or "", move.answer_version or 0))
    return {
        "action": move.action,
        "from": move.from_status,
        "to": move.to_status,
        "by": move.side,
        "who": move.who,
        "at": move.at,
        "reason": move.reason,
        "task_version": move.task_version,
        "resource": f"{answer.resource_type}/{answer.id}" if answer and answer.resource_type else None,
        "record": answer.record if answer else None,
    }


def conflict_view(conflict: Conflict) -> dict[str, Any]:
    """What both sides changed, and what was decided on it."""
    return {name: value for name, value in vars(conflict).items() if name not in ("referral_id", "message_id")}


def plan_view(held: Held) -> dict[str, Any]:
    plan = held.plan
    return {
        "id": plan.id,
        "version": plan.version,
        "patient_number": plan.patient_number,
        "referral": plan.referral_id,
        "stored_at": plan.stored_at,
        "mapping_version": plan.mapping_version,
        "record": plan.record,
        "deliveries": [delivery_view(one) for one in held.deliveries],
    }


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Where a version of a plan, or of a referral's Task, was brought, and what the partner made of it."""
    version = {"care_plan": "plan_version", "answers": "task_version"}[delivery.kind]
    told = {name: value for name, value in vars(delivery).items() if name not in ("kind", "item_id", "item_version")}
    return {"id": told.pop("id"), version: delivery.item_version, **told}


def any_delivery_view(delivery: Delivery) -> dict[str, Any]:
    """The same where deliveries of everything stand together."""
    return vars(delivery)


def kept_view(kept: Kept) -> dict[str, Any]:
    """A version of one of the clinic's own records."""
    rest = {name: value for name, value in vars(kept).items() if name != "kind"}
    return {"id": rest.pop("id"), **rest}
