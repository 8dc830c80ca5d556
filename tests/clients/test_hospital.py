"""sekmet-fhir as the hospital that refers, with SMART Backend Services on both ways.

It holds what it refers with, tells of it by its own client or messenger, and takes back what became of it; paingate
fetches and brings with tokens of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests

from adapter.client import signing_key
from tests.adapter.authorisation.issuing import AUDIENCE, ISSUER, key_set, pem
from tests.adapter.authorisation.token_server import TokenServer
from tests.clients.clients import Access, Node, Refused, Sekmet, sekmet
from tests.clients.test_closed_loop import NOTE, at_the_clinic, decided
from tests.journeys.push.conftest import database_in
from tests.journeys.push.service import Service
from tests.journeys.push.waiting import free_port, until

pytestmark = pytest.mark.xdist_group("clients")

OURS = "RS384-ours"
SCOPE = "system/*.cruds"
PARTNER = (
    'client_ids = ["hospital-client"]\nsends = ["answers", "care_plan"]\nauth = "smart"\n'
    f'our_client_id = "lakeside-pain"\nscope = "{SCOPE}"\nsecret_file = "ours.pem"\n'
)
MORE = (
    f'\n[authorisation]\naudience = "{AUDIENCE}"\n\n[issuers.login]\nissuer = "{ISSUER}"\njwks_file = "jwks.json"\n\n'
)


@dataclass(frozen=True)
class Sides:
    service: Service
    hospital: Sekmet

    def held(self, name: str) -> Node:
        """What the hospital holds."""
        return dict(self.hospital.ask("held", name=name))


@pytest.fixture(scope="module")
def sides(
    tmp_path_factory: pytest.TempPathFactory, token_server: TokenServer, pytestconfig: pytest.Config
) -> Iterator[Sides]:
    folder, cache = tmp_path_factory.mktemp("hospital"), pytestconfig.cache
    assert cache is not None
    (folder / "jwks.json").write_bytes(key_set("RS384-1"))
    (folder / "ours.pem").write_text(pem(OURS))
    port = free_port()
    registered = {"client_id": "lakeside-pain", "jwks": {"keys": [signing_key(pem(OURS)).public]}, "scopes": SCOPE}
    guarded = {"types": ["smart"], "smart_clients": [registered]}
    with database_in(folder) as url:
        service = Service(folder, url, f"http://127.0.0.1:{port}/fhir", partner=PARTNER, more=MORE)
        service.start()
        try:
            access = Access(f"{service.url}/fhir", "hospital", token_server)
            with sekmet(access, cache, port=port, server_auth=guarded) as hospital:
                yield Sides(service, hospital)
        finally:
            service.kill()


def referred(sides: Sides, number: str) -> tuple[str, str]:
    """The hospital holds a patient and a request for him, as Type/id."""
    patient, request = f"Patient/p-{number}", f"ServiceRequest/r-{number}"
    resources: list[Node] = [
        {
            "resourceType": "Patient",
            "identifier": [{"system": "https://hospital.example/mrn", "value": number}],
            "name": [{"family": "Example", "given": ["Given"]}],
            "birthDate": "1961-04-12",
        },
        {
            "resourceType": "ServiceRequest",
            "identifier": [{"system": "https://hospital.example/orders", "value": number}],
            "status": "active",
            "intent": "order",
            "subject": {"reference": patient},
            "reasonCode": [{"text": "low back pain"}],
        },
    ]
    for name, resource in zip((patient, request), resources, strict=True):
        sides.hospital.ask("hold", resource={**resource, "id": name.partition("/")[2]})
    return patient, request


def by_task(sides: Sides, number: str) -> str:
    """The hospital tells of it by its Task, which leads to its own server; where its Task is."""
    _, request = referred(sides, number)
    task: Node = {
        "resourceType": "Task",
        "id": f"t-{number}",
        "identifier": [{"system": "https://hospital.example/tasks", "value": number}],
        "status": "requested",
        "intent": "order",
        "focus": {"reference": request},
    }
    sides.hospital.ask("hold", resource=task)
    sides.hospital.ask("create", body={**task, "focus": {"reference": f"{sides.hospital.base_url}/{request}"}})
    return f"Task/t-{number}"


def by_message(sides: Sides, number: str) -> str:
    """The hospital's messenger sends it; what comes back is a Task of the clinic's at the hospital."""
    patient, request = referred(sides, number)
    told = sides.hospital.ask("message", names=[request, patient])
    assert (told["ok"], told["response_code"]) == (True, "ok"), told
    return ""


@pytest.mark.parametrize("way", [by_task, by_message])
def test_what_a_hospital_refers_is_followed_to_the_note_in_its_own_server(
    sides: Sides, way: Callable[[Sides, str], str]
) -> None:
    number = uuid4().hex
    theirs = way(sides, number)
    until(lambda: number in repr(inbox(sides)), "the referral is here")
    one = at_the_clinic(sides.service, number)
    for action in ("accept", "schedule", "complete"):
        decided(sides.service, one, action)
    task = brought(sides, one, theirs)
    assert task["businessStatus"]["coding"][0]["code"] == "7.0"
    read = {name.partition("/")[0]: sides.held(name) for name in outputs(task)}
    assert read["Appointment"]["status"] == "fulfilled"
    assert read["DocumentReference"]["content"][0]["attachment"]["data"] == NOTE
    assert sides.held(f"Patient/p-{number}")["birthDate"] == "1961-04-12"


def test_a_plan_goes_there_with_a_token_and_so_does_its_next_version(sides: Sides) -> None:
    number = uuid4().hex
    by_message(sides, number)
    one = at_the_clinic(sides.service, number)
    plan_id = f"plan-{number}"
    versions = [sides.service.put(plan_id, one["patient_number"], title) for title in ("first", "second")]
    last = [sides.service.delivered(plan_id, version) for version in versions][-1]
    assert (last["fit"], last["remote_version"], last["unkept"]) == ("conditional-transaction", "2", [])
    plan = sides.held(f"CarePlan/{last['remote_id']}")
    assert (plan["title"], plan["subject"]["reference"]) == ("second", f"Patient/p-{number}")


def test_without_a_token_the_hospital_tells_nobody_anything(sides: Sides) -> None:
    """Else the test above would prove nothing."""
    by_task(sides, uuid4().hex)
    assert requests.get(f"{sides.hospital.base_url}/Task", timeout=20).status_code == 401
    with pytest.raises(Refused, match="404"):
        sides.hospital.read("Task/none")
    assert requests.get(f"{sides.service.url}/fhir/Task", timeout=20).status_code == 401


def inbox(sides: Sides) -> list[Node]:
    url = f"{sides.service.url}/clinic/v1/referrals?limit=200"
    return list(requests.get(url, timeout=20).json()["referrals"])


def brought(sides: Sides, one: Node, theirs: str) -> Node:
    """The hospital's Task once the last of the clinic's decisions has come there."""

    def deliveries() -> list[Node]:
        url = f"{sides.service.url}/clinic/v1/referrals/{one['id']}/deliveries"
        return list(requests.get(url, timeout=20).json()["deliveries"])

    until(lambda: all(told["state"] != "pending" for told in deliveries()), "the hospital has been told")
    last = deliveries()[-1]
    assert last["state"] == "delivered", last
    task = sides.held(theirs or f"Task/{last['remote_id']}")
    assert (task["status"], task["id"]) == ("completed", last["remote_id"])
    return task


def outputs(task: Node) -> list[str]:
    """What a Task leads to, as Type/id."""
    return ["/".join(one["valueReference"]["reference"].split("/")[-2:]) for one in task["output"]]
