"""Putting a care plan: a new version of it, and the work of bringing it to every partner, in one transaction.

The same plan put again is no new version.  It takes up what stands still: a partner that is to have plans and was not
there before gets this one, and a delivery that was refused is tried again, since whoever puts it has mended something.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine

from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.sending.bringing import bring
from adapter.exchange.sending.own_records import patient_number, refuse_unknown_patient
from adapter.exchange.translation import (
    Record,
    check_own,
    not_actionable,
    referral_pointers,
    refuse_another_number,
    refuse_another_patient,
    site_of,
    with_identifier,
    with_patient,
)
from adapter.exchange.workflow.acceptance import refuse_answering, refuse_inaction
from adapter.settings import Settings
from adapter.store import deliveries, plans, referrals
from adapter.store.clock import now
from adapter.store.deliveries import Delivery, Kind
from adapter.store.engine import committed, reading
from adapter.store.plans import Plan
from adapter.store.referrals import Referral
from mappings import Issue
from mappings.values import same

KIND: Kind = "care_plan"
CALLED_OFF = ("withdrawn", "entered in error")
"""The statuses of a plan that nobody needs to hear of who never heard of the plan."""


@dataclass(frozen=True)
class Held:
    """A plan as it is kept, and where it was brought."""

    plan: Plan
    deliveries: list[Delivery]
    created: bool = False
    """Whether this was its first version."""


def put_plan(engine: Engine, settings: Settings, plan_id: str, told: Any) -> Held:
    """Version n+1 where the plan says something new, and the version that is there where it does not."""
    new = next_version(settings, plan_id, told)
    record, number = new.record, new.patient_number

    def put(connection: Connection) -> Held:
        referral = _referral(connection, settings, record, number)
        before = plans.newest_locked(connection, plan_id)
        if before is not None and same(before.record, record):
            bring(connection, settings, KIND, before, called_off=_called_off(before))
            return Held(before, deliveries.of_item(connection, KIND, plan_id))
        if before is not None and before.patient_number != number:
            text = "This plan is another patient's: a plan keeps its patient; put the new one under an id of its own."
            raise refuse("conflict", "conflict", "patient", text)
        version = before.version + 1 if before else 1
        plan = replace(new, version=version, referral_id=referral.id if referral else None)
        plans.add(connection, plan)
        bring(connection, settings, KIND, plan, called_off=_called_off(plan))
        return Held(plan, deliveries.of_item(connection, KIND, plan_id), created=version == 1)

    return committed(engine, put)


def next_version(settings: Settings, plan_id: str, told: Any, version: int = 1) -> Plan:
    """A plan as it would be kept; refused where it cannot be, as far as that can be said without looking."""
    number = patient_number(settings, told, KIND)
    record = with_patient(told, settings.system("patient"), number)
    refuse_another_patient(record, settings.system("patient"), number)
    refuse_another_number(record, settings.system("care-plan"), plan_id)
    record = with_identifier(record, settings.system("care-plan"), plan_id)
    mapping_version = check_own(record, site_of(settings.site))
    reasons = not_actionable(record)
    if reasons is not None:
        text = "A plan that may not be acted upon is not sent to anybody"
        raise Refusal("conflict", [Issue("error", "business-rule", "actionable", f"{text}: {one}") for one in reasons])
    return Plan(plan_id, version, record, mapping_version, number, None, now())


def _called_off(plan: Plan) -> bool:
    return plan.record.get("status") in CALLED_OFF


def plan_of(engine: Engine, plan_id: str) -> Held:
    """The current version."""
    with reading(engine) as connection:
        plan = plans.current(connection, plan_id)
        if plan is None:
            raise refuse("not found", "not-found", "id", "There is no care plan of this id.")
        return Held(plan, deliveries.of_item(connection, KIND, plan_id))


def _referral(connection: Connection, settings: Settings, record: Record, number: str) -> Referral | None:
    """The referral that the plan answers, where it names one; refused where there is none, or none to act upon."""
    refuse_unknown_patient(connection, number)
    of_patient = referrals.of_patient(connection, number)
    named = referral_pointers(record, settings.system("referral"))
    answered = [one for one in of_patient if one.number in named]
    if len(answered) < len(set(named)):
        text = "This patient has no referral with this number here."
        raise refuse("unprocessable", "not-found", "supporting", text)
    for one in answered:
        refuse_inaction(one)
        refuse_answering(one)
    if of_patient and not any(one.actionable for one in of_patient):
        refuse_inaction(of_patient[0])
    return answered[0] if answered else None
