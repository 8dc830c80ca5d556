"""What the tests of the service say to it: a referral as an EHR sends one, and requests in few words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from adapter.store.engine import reading
from adapter.store.tables import metadata, work
from mappings.r4 import exact_json

IDENTIFIERS = "https://lakeside.example/ids"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
FHIR = "application/fhir+json"
MRN = "urn:oid:1.2.36.1"
PLACER = "urn:oid:1.2.36.2"

PATIENT = "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-000000000001"
REQUEST = "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-000000000002"
DOCTOR = "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-000000000003"

Node = dict[str, Any]


def to_do(engine: Engine) -> list[tuple[str, str]]:
    """The work that waits: of what delivery or pull, and for which partner."""
    with reading(engine) as connection:
        found = connection.execute(select(work.c.id, work.c.partner).order_by(work.c.due_at, work.c.position))
        return [(row.id, row.partner) for row in found]


def patient(mrn: str = "4711", born: str = "1968-04-02") -> Node:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": MRN, "value": mrn}],
        "name": [{"family": "Okafor", "given": ["Nneka"]}],
        "birthDate": born,
    }


def request(number: str | None = "R-1", subject: str = PATIENT) -> Node:
    numbered = {
        "type": {"coding": [{"system": V2_0203, "code": "PLAC"}]},
        "system": PLACER,
        "value": number,
    }
    return {
        "resourceType": "ServiceRequest",
        **({"identifier": [numbered]} if number else {}),
        "status": "active",
        "intent": "order",
        "priority": "urgent",
        "subject": {"reference": subject},
        "reasonCode": [{"text": "Low back pain since a fall"}],
    }


def alone(number: str | None = "R-1", mrn: str = "4711") -> Node:
    """A ServiceRequest that holds its patient."""
    return request(number, "#p") | {"contained": [patient(mrn) | {"id": "p"}]}


def referral(number: str | None = "R-1", mrn: str = "4711") -> Node:
    """A transaction: ServiceRequest, its patient, and who refers."""
    doctor = {"resourceType": "Practitioner", "name": [{"family": "Weiss"}]}
    asked = request(number) | {"requester": {"reference": DOCTOR}}
    return transaction((REQUEST, asked), (PATIENT, patient(mrn)), (DOCTOR, doctor))


def transaction(*entries: tuple[str | None, Node]) -> Node:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                **({"fullUrl": url} if url else {}),
                "resource": resource,
                "request": {"method": "POST", "url": resource["resourceType"]},
            }
            for url, resource in entries
        ],
    }


def changed(document: Node, *path: str | int, to: Any) -> Node:
    """A copy with another value at one place; None takes the member away."""
    copy = deepcopy(document)
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return copy


def post(client: FlaskClient, path: str, document: Any, **headers: str) -> TestResponse:
    """Header names are written with underscores: If_None_Exist."""
    body = document if isinstance(document, bytes) else exact_json.dumps(document)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, data=body, headers={"Content-Type": FHIR, **named})


def send(client: FlaskClient, document: Node, **headers: str) -> TestResponse:
    """A referral by the door that its document belongs to."""
    door = "/fhir" if document["resourceType"] == "Bundle" else f"/fhir/{document['resourceType']}"
    return post(client, door, document, **headers)


def get(client: FlaskClient, path: str, **headers: str) -> Any:
    """What a GET that succeeds says."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, answer.text
    return said(answer)


def said(answer: TestResponse) -> Any:
    return exact_json.loads(answer.data)


def inbox(client: FlaskClient) -> list[Node]:
    found: list[Node] = get(client, "/clinic/v1/referrals")["referrals"]
    return found


def received(client: FlaskClient, document: Node | None = None, **headers: str) -> Node:
    """A referral that was sent, as the clinic sees it."""
    answer = send(client, document or referral(), **headers)
    assert answer.status_code in (200, 201), answer.text
    return inbox(client)[0]


def issues(answer: TestResponse) -> list[tuple[str, str, str]]:
    """Severity, code and place of each issue of an OperationOutcome."""
    outcome = said(answer)
    assert outcome["resourceType"] == "OperationOutcome"
    assert answer.mimetype == FHIR
    assert all(len(issue["diagnostics"]) > 20 for issue in outcome["issue"])
    return [(one["severity"], one["code"], *one.get("expression", [""])) for one in outcome["issue"]]


def problem(answer: TestResponse) -> list[tuple[str, str]]:
    """Path and code of each error of a problem."""
    assert answer.mimetype == "application/problem+json"
    told = said(answer)
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["detail"]
    return [(error["path"], error["code"]) for error in told["errors"]]


def rows(engine: Engine) -> dict[str, int]:
    """How many rows each table has, of those that have any; the search index, which is made of them, left out."""
    with reading(engine) as connection:
        counted = {
            table.name.removeprefix("paingate_"): connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
            if not table.name.startswith("paingate_search_")
        }
    return {name: count for name, count in counted.items() if count}
