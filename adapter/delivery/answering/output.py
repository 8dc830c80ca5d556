"""What goes with a Task that is told to a referral's sender, and the records that a note names by their number.

A plan, an assessment, a procedure or a prescription goes with the note that names it, in the version of that moment,
about the patient as the sender names it.  To a partner that gets plans anyway a plan does not go a second time; what is
another patient's goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from adapter.client import Identifier
from adapter.delivery.outgoing import named
from adapter.delivery.partners import identifier_of, rendering
from adapter.delivery.transaction import Resource
from adapter.exchange.sending.own_records import KINDS
from adapter.exchange.workflow.answering import about
from adapter.settings import Partner, Settings
from adapter.store import plans, records
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


def named_records(
    connection: Connection, settings: Settings, partner: Partner, referral: Referral, task: Resource,
    outputs: Sequence[Resource],
) -> Iterator[Output]:  # fmt: skip
    """The plans, assessments, procedures and prescriptions of the referral's patient that the outputs name."""
    ours = {"system": settings.system("patient"), "value": referral.patient_number}
    render, at = rendering(settings, partner.name), task["meta"]["lastUpdated"]
    for plan_id in dict.fromkeys(_numbers(list(outputs), settings.system("care-plan"))):
        plan = plans.as_of(connection, plan_id, at)
        mine = plan is not None and plan.patient_number == referral.patient_number
        if plan is not None and mine and "care_plan" not in partner.sends:
            known_by = identifier_of(settings, "care_plan", plan_id)
            yield Output(
                f"CarePlan/{plan_id}", about(named(plan.record, known_by, render), ours, task["for"]), known_by
            )
    for kind in KINDS:
        system = identifier_of(settings, kind, "").system
        for id_ in dict.fromkeys(_numbers(list(outputs), system)):
            kept = records.as_of(connection, kind, id_, at)
            if kept is not None and kept.patient_number == referral.patient_number:
                resource = about(render(kept.record), ours, task["for"])
                yield Output(f"{resource['resourceType']}/{id_}", resource, identifier_of(settings, kind, id_))


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
