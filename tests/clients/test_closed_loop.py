"""A referral on its whole way, sent and followed by clients that we did not write, through every door that there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.adapter import doors
from tests.adapter.authorisation.token_server import TokenServer
from tests.adapter.test_doors import resources
from tests.adapter.workflow.moves import BODIES
from tests.clients.clients import EVERY, Access, Client, Node, Refused
from tests.journeys.push.service import Service

pytestmark = pytest.mark.xdist_group("clients")  # one service, and one process of Node's

NOTE = BODIES["complete"]["contents"][0]["attachment"]["data"]


@pytest.fixture(scope="module", params=EVERY)
def clients(
    request: pytest.FixtureRequest, service: Service, token_server: TokenServer, pytestconfig: pytest.Config
) -> Iterator[tuple[Client, Client]]:
    """The program of the hospital that refers, and the same program of somebody else."""
    cache = pytestconfig.cache
    assert cache is not None
    open_, url = EVERY[request.param], f"{service.url}/fhir"
    with (
        open_(Access(url, "hospital", token_server), cache) as hospital,
        open_(Access(url, "registry", token_server), cache) as registry,
    ):
        yield hospital, registry


def numbered(door: str, number: str) -> doors.Door:
    """The referral of all these tests in the dress of a door, under a number of its own."""
    sent = resources(number)
    path, document = doors.EVERY[door](sent)
    if document.get("type") == "message":
        document["entry"][0]["resource"]["id"] = f"m-{number}"
    for entry in document.get("entry", []):
        if entry["resource"]["resourceType"] == "Task":
            entry["resource"]["identifier"][0]["value"] = f"task-{number}"
    return path, document


def at_the_clinic(service: Service, number: str) -> Node:
    """The referral that has the placer's number, as the clinic reads it."""
    inbox = requests.get(f"{service.url}/clinic/v1/referrals?limit=200", timeout=20).json()["referrals"]
    (one,) = [one for one in inbox if number in [each["value"] for each in one["record"].get("identifiers", [])]]
    return dict(one)


def decided(service: Service, one: Node, action: str) -> None:
    answer = requests.post(
        f"{service.url}/clinic/v1/referrals/{one['id']}/{action}", json=BODIES.get(action, {}), timeout=20
    )
    assert answer.status_code == 200, answer.text


def said(record: Node, number: str) -> Any:
    """What a record says but for its number, and for what only stands for the door."""
    return repr({name: value for name, value in record.items() if name != "id"}).replace(number, "N")


@pytest.mark.parametrize("door", doors.EVERY)
def test_a_referral_goes_its_whole_way(service: Service, clients: tuple[Client, Client], door: str) -> None:
    hospital, registry = clients
    number, same = uuid4().hex, uuid4().hex
    hospital.send(*numbered(door, number))
    hospital.send(*numbered(door, number))  # the answer was lost, perhaps: there is one of it all the same
    hospital.send(*numbered("transaction", same))
    one = at_the_clinic(service, number)
    assert said(one["record"], number) == said(at_the_clinic(service, same)["record"], same)

    (task,) = hospital.search("Task", focus=one["service_request"])
    name = f"Task/{task['id']}"
    assert (name, task["status"]) == (one["task"], "received")
    for action, status in (("accept", "accepted"), ("ask", "on-hold")):
        decided(service, one, action)
        assert hospital.read(name)["status"] == status
    asked = hospital.read(name)
    hospital.update({**asked, "note": [*asked.get("note", []), {"text": "There is: it is on its way."}]})
    for action, status in (("schedule", "in-progress"), ("complete", "completed")):
        decided(service, one, action)
        assert hospital.read(name)["status"] == status

    done = hospital.read(name)
    outputs = [output["valueReference"]["reference"] for output in done["output"]]
    read = {reference.partition("/")[0]: hospital.read(reference) for reference in outputs}
    assert read["Appointment"]["status"] == "fulfilled"
    assert read["DocumentReference"]["content"][0]["attachment"]["data"] == NOTE
    states = [version["status"] for version in reversed(hospital.history(name))]
    assert [state for n, state in enumerate(states) if state != states[n - 1] or n == 0] == [
        "received", "accepted", "on-hold", "accepted", "in-progress", "completed",
    ]  # fmt: skip
    since = hospital.search("Task", _lastUpdated=f"ge{done['meta']['lastUpdated']}", status="completed")
    assert done["id"] in [found["id"] for found in since]

    for reference in (name, one["service_request"], *outputs):
        with pytest.raises(Refused):
            registry.read(reference)
        with pytest.raises(Refused):
            registry.history(reference)
    for type_ in ("Task", "ServiceRequest", "Patient", "DocumentReference", "Appointment"):
        assert registry.search(type_) == []
    assert registry.search("Task", focus=one["service_request"]) == []


def test_pages_are_followed_to_the_end(service: Service, clients: tuple[Client, Client]) -> None:
    hospital, _ = clients
    for _ in range(3):
        hospital.send(*numbered("transaction", uuid4().hex))
    whole = {found["id"] for found in hospital.search("Task", _count="200")}
    assert len(whole) >= 3
    assert {found["id"] for found in hospital.search("Task", _count="2")} == whole


def test_what_is_refused_is_told(clients: tuple[Client, Client]) -> None:
    hospital, _ = clients
    with pytest.raises(Refused, match="subject"):
        hospital.send("/fhir/ServiceRequest", {"resourceType": "ServiceRequest", "status": "active", "intent": "order"})
    with pytest.raises(Refused):
        hospital.read("Task/none")
