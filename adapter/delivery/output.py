"""What goes with a Task that is told to a referral's sender, and the plans that a note names by their number.

A plan goes with the note that names it, in the version of that moment, about the patient as the sender names it.  To a
partner that gets plans anyway it does not go a second time, and a plan of another patient goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from adapter.client import Identifier
from adapter.delivery.partners import plan_identifier, rendering
from adapter.delivery.plan_bundle import named
from adapter.delivery.transaction import Resource
from adapter.exchange.workflow.answering import about
from adapter.settings import Partner, Settings
from adapter.store import plans
from adapter.store.referrals import Referral


@dataclass(frozen=True)
class Output:
    """Something of ours that goes with the Task."""

    name: str
    """As Type/id here."""
    resource: Resource
    known_by: Identifier

    @property
    def type(self) -> str:
        return self.name.partition("/")[0]


def named_plans(
    connection: Connection, settings: Settings, partner: Partner, referral: Referral, task: Resource,
    outputs: Sequence[Resource],
) -> Iterator[Output]:  # fmt: skip
    """The plans of the referral's patient that the outputs name."""
    if "care_plan" in partner.sends:
        return
    ours = {"system": settings.system("patient"), "value": referral.patient_number}
    for plan_id in dict.fromkeys(_numbers(list(outputs), settings.system("care-plan"))):
        plan = plans.as_of(connection, plan_id, task["meta"]["lastUpdated"])
        if plan is not None and plan.patient_number == referral.patient_number:
            known_by = plan_identifier(settings, plan_id)
            resource = about(named(plan.record, known_by, rendering(settings, partner.name)), ours, task["for"])
            yield Output(f"CarePlan/{plan_id}", resource, known_by)


def _numbers(value: Any, system: str) -> Iterator[str]:
    """The values of identifiers of a system, wherever they stand."""
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item, system)
    elif isinstance(value, dict):
        if value.get("system") == system and isinstance(value.get("value"), str):
            yield value["value"]
        for item in value.values():
            yield from _numbers(item, system)
