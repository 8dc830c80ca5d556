"""Putting a care plan: a new version of it, and the work of bringing it to every partner, in one transaction.

The same plan put again is no new version.  It takes up what stands still: a partner that is to have plans and was not
there before gets this one, and a delivery that was refused is tried again, since whoever puts it has mended something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine

from adapter.exchange.acceptance import refuse_answering, refuse_inaction
from adapter.exchange.own_records import first_come, patient_number, refuse_unknown_patient
from adapter.exchange.refusal import Refusal, refuse
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
from adapter.exchange.way_back import sender_of
from adapter.settings import Partner, Settings
from adapter.store import deliveries, plans, referrals
from adapter.store.clock import now
from adapter.store.deliveries import Delivery, Kind
from adapter.store.engine import reading
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
        plans.lock(connection, plan_id)
        before = plans.current(connection, plan_id)
        if before is not None and same(before.record, record):
            _bring(connection, settings, before)
            return Held(before, deliveries.of_item(connection, KIND, plan_id))
        if before is not None and before.patient_number != number:
            text = "This plan is another patient's: a plan keeps its patient; put the new one under an id of its own."
            raise refuse("conflict", "conflict", "patient", text)
        version = before.version + 1 if before else 1
        plan = replace(new, version=version, referral_id=referral.id if referral else None)
        plans.add(connection, plan)
        _bring(connection, settings, plan)
        return Held(plan, deliveries.of_item(connection, KIND, plan_id), created=version == 1)

    return first_come(engine, put)


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


def _bring(connection: Connection, settings: Settings, plan: Plan) -> None:
    """A delivery for every partner that is to have this version and has none; one that was refused is opened again."""
    of_plan = deliveries.of_item(connection, KIND, plan.id)
    known = {one.partner: one for one in of_plan if one.item_version == plan.version}
    for partner in settings.partners:
        if plan.record.get("status") in CALLED_OFF and _not_sent(connection, of_plan, partner.name):
            continue
        held = known.get(partner.name)
        if KIND not in partner.sends or (held is not None and held.state != "refused"):
            continue
        if not _may_have(connection, settings, partner, plan.patient_number):
            continue
        if held is not None:
            deliveries.reopen(connection, held)
        else:
            deliveries.insert_pending(connection, KIND, plan.id, plan.version, partner.name)


def _may_have(connection: Connection, settings: Settings, partner: Partner, patient_number: str) -> bool:
    """Whether a partner gets a patient's plans: everybody's, or theirs whom it referred."""
    if partner.patients == "all":
        return True
    senders = (sender_of(connection, settings, one) for one in referrals.of_patient(connection, patient_number))
    return any(sender is not None and sender.name == partner.name for sender in senders)


def _not_sent(connection: Connection, of_plan: Sequence[Delivery], partner: str) -> bool:
    """Whether nothing of a plan that is called off ever left for a partner: then nothing of it does."""
    there = [one for one in of_plan if one.partner == partner]
    if any(one.attempts for one in there):
        return False
    for one in there:
        deliveries.settle(connection, one.id, "cancelled")
    return True


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
