"""Whatever is decided and whatever fails, the hospital's Task says in the end where the referral stands."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapter.speaking import Node, get, received, referral
from tests.adapter.workflow.moves import task_of, tell
from tests.adapter.workflow.test_machine import BACK, MODEL
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line, Way
from tests.journeys.way_back.desk import Desk, Meddled, desk_on

WAYS: list[Way] = ["through", "cut", "refuse"]
NUMBERS = count(1)
STATE = ("status", "statusReason", "businessStatus")


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_task_there_ends_as_ours_with_each_output_once(
    data: st.DataObject, tmp_path: Path, database_url: str, line: Line, hospital: Hospital
) -> None:
    with desk_on(tmp_path, database_url, line) as desk:
        one = received(desk.client, referral(f"R-{next(NUMBERS)}"))
        notes = _walked(data, desk, hospital, one)
        desk.take_all()
        ours = task_of(desk.client, one)
        told = desk.deliveries(one)
        assert {delivery["state"] for delivery in told} <= {"delivered", "superseded"}
        if not told:
            return
        assert told[-1]["state"] == "delivered"
        (there,) = _tasks(desk, hospital, one)
        assert {name: there.get(name) for name in STATE} == {name: ours.get(name) for name in STATE}
        assert [note["text"] for note in there.get("note", []) if note["text"].startswith("theirs")] == notes
        links = [output["valueReference"]["reference"] for output in there.get("output", [])]
        assert len(links) == len(set(links))
        here = [get(desk.client, f"/fhir/{output['valueReference']['reference']}") for output in ours.get("output", [])]
        held = [_read(hospital, link) for link in links]
        assert [_said(resource) for resource in held] == [_said(resource) for resource in here]
        for resource in here:
            system = f"{desk.settings.identifier_base}/answer"
            assert len(hospital.found(resource["resourceType"], system, resource["id"])) == 1


def _walked(data: st.DataObject, desk: Desk, hospital: Hospital, one: Node) -> list[str]:
    """Legal moves, turns on lines that break, and notes that the hospital adds to its Task: these."""
    status, earlier, notes = "received", "received", list[str]()
    for number in range(data.draw(st.integers(1, 7))):
        legal = MODEL[status]
        if not legal:
            break
        action = data.draw(st.sampled_from(sorted(legal)))
        answer = tell(desk.client, one, action)
        assert answer.status_code == 200, answer.text
        end = earlier if legal[action] == BACK else legal[action]
        status, earlier = end, status if end == "asked" else earlier
        if data.draw(st.booleans()):
            text = f"theirs {number}"
            Meddled.between = lambda text=text: notes.extend(_noted(desk, hospital, one, text))
        for way in data.draw(st.lists(st.sampled_from(WAYS), max_size=2)):
            if desk.hands.waiting():
                desk.take(way)
    Meddled.between = None
    return notes


def _noted(desk: Desk, hospital: Hospital, one: Node, text: str) -> list[str]:
    """The hospital adds a note to its Task, where it has one: what it added."""
    for task in _tasks(desk, hospital, one):
        said = {**task, "note": [*task.get("note", []), {"text": text}]}
        headers = {"Content-Type": "application/fhir+json"}
        requests.put(
            f"{hospital.base_url}/Task/{task['id']}", json=said, headers=headers, timeout=20
        ).raise_for_status()
        return [text]
    return []


def _tasks(desk: Desk, hospital: Hospital, one: Node) -> list[Node]:
    return hospital.found("Task", f"{desk.settings.identifier_base}/referral", one["number"])


def _read(hospital: Hospital, link: str) -> Node:
    answer = requests.get(f"{hospital.base_url}/{link}", timeout=20)
    answer.raise_for_status()
    found: Node = answer.json()
    return found


def _said(resource: Node) -> tuple[Any, ...]:
    return resource["resourceType"], resource.get("status"), resource.get("start"), resource.get("content")
