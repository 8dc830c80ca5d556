"""Goals, team and orders of a plan at servers that we did not write: each by itself where the server takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Bad, line_to
from tests.journeys.push.service import ROOT, Service
from tests.journeys.push.waiting import until

RECORD: dict[str, Any] = json.loads((ROOT / "fixtures" / "care-plan.record.json").read_bytes())
MORE = {name: RECORD[name] for name in ("goals", "teams", "problems", "activities")}
APART = {
    "hapi": {"Goal": 2, "CareTeam": 1, "ServiceRequest": 1, "Appointment": 1},
    "hospital": {"ServiceRequest": 1, "Appointment": 1},
}
"""sekmet knows no Goal and no CareTeam: they are inside the plan there."""
NAMES = {
    "Goal": ("Goal/walk", "Goal/less-pain"),
    "CareTeam": ("CareTeam/pg-1",),
    "ServiceRequest": ("ServiceRequest/pg-3734cea8-1",),
    "Appointment": ("Appointment/pg-649400e9-1",),
}
"""What each of them is called within the plan."""


@pytest.mark.parametrize("fit", ["conditional-transaction", "transaction", "conditional-singles", "singles"])
@pytest.mark.parametrize("server", ["hospital", pytest.param("hapi", marks=pytest.mark.xdist_group("hapi-server"))])
def test_what_a_plan_consists_of_arrives(
    tmp_path: Path, database_url: str, request: pytest.FixtureRequest, server: str, fit: str
) -> None:
    ehr: Hospital = request.getfixturevalue(server)
    identifiers = f"https://clinic.example/{uuid4().hex}"
    service = Service(
        tmp_path, database_url, ehr.base_url, identifiers, partner=f'sends = ["care_plan"]\nfit = "{fit}"'
    )
    service.start()

    def there() -> dict[str, list[dict[str, Any]]]:
        return {
            type_: [
                one
                for name in NAMES[type_]
                for one in ehr.found(type_, f"{identifiers}/care-plan-part", f"plan-1/{name}")
            ]
            for type_ in APART[server]
        }

    try:
        ours = service.refer(uuid4().hex)
        first = service.delivered("plan-1", service.put("plan-1", ours, "first", **MORE))
        assert (first["fit"], first["unkept"]) == (fit, [])
        assert {type_: len(found) for type_, found in there().items()} == APART[server]
        (plan,) = ehr.found("CarePlan", f"{identifiers}/care-plan", "plan-1")
        assert {one["resourceType"] for one in plan["contained"]}.isdisjoint(APART[server])
        places = {f"{type_}/{one['id']}" for type_, found in there().items() for one in found}
        assert all(place in json.dumps(plan) for place in places)

        goals = [MORE["goals"][0] | {"stage": "completed"}, *MORE["goals"][1:]]
        second = service.delivered("plan-1", service.put("plan-1", ours, "second", **MORE | {"goals": goals}))
        assert second["unkept"] == []
        (now,) = ehr.found("CarePlan", f"{identifiers}/care-plan", "plan-1")
        assert (now["id"], now["title"]) == (plan["id"], "second")
        assert {f"{type_}/{one['id']}" for type_, found in there().items() for one in found} == places
        for type_, found in there().items():
            for one in found:
                changed = type_ == "Goal" and one["lifecycleStatus"] == "completed"
                assert len(ehr.history(type_, one["id"])) == 1 + changed
    finally:
        service.kill()


@pytest.mark.xdist_group("hapi-server")
@pytest.mark.parametrize("fit", ["conditional-transaction", "singles"])
@pytest.mark.parametrize("way", ["truncate after it was done", "garble after it was done", "reset", "lie"])
@pytest.mark.parametrize("changed", [False, True], ids=["a_new_plan", "a_changed_one"])
def test_whatever_happens_to_the_answers_each_part_is_there_once(
    tmp_path: Path, database_url: str, hapi: Hospital, fit: str, way: Bad, *, changed: bool
) -> None:
    identifiers = f"https://clinic.example/{uuid4().hex}"
    with line_to(hapi.base_url) as line:
        lines = f'sends = ["care_plan"]\nfit = "{fit}"\nread_timeout = 2.0'
        service = Service(tmp_path, database_url, line.base_url, identifiers, partner=lines)
        service.start()
        try:
            ours = service.refer(uuid4().hex)
            if changed:
                service.delivered("plan-1", service.put("plan-1", ours, "before", **MORE))
            line.way = way
            version = service.put("plan-1", ours, "now", **MORE)
            for _ in range(2):
                line.wait_until_broken()
            until(lambda: service.delivery("plan-1", version)["last_error"], "an attempt failed")
            line.way = "through"
            delivered = service.delivered("plan-1", version)
        finally:
            service.kill()
    assert delivered["unkept"] == []
    (plan,) = hapi.found("CarePlan", f"{identifiers}/care-plan", "plan-1")
    titles = [one["title"] for one in reversed(hapi.history("CarePlan", plan["id"]))]
    assert titles == (["before", "now"] if changed else ["now"])
    for name in (one for names in NAMES.values() for one in names):
        (part,) = hapi.found(name.partition("/")[0], f"{identifiers}/care-plan-part", f"plan-1/{name}")
        assert len(hapi.history(part["resourceType"], part["id"])) == 1
