"""What both sides say of a referral, in few words, and a referral in every state that there is."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mappings.r4 import exact_json
from tests.adapter.speaking import FHIR, Node, get, received, referral

INBOX = "/clinic/v1/referrals"
START, END = "2026-12-01T09:00:00+01:00", "2026-12-01T09:45:00+01:00"
SLOT: Node = {"start": START, "end": END, "description": "First assessment"}
NOTE: Node = {
    "kind": "document",
    "status": "current",
    "document_status": "final",
    "type": {"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"},
    "contents": [{"attachment": {"content_type": "text/plain", "data": "VGhhbmsgeW91Lg=="}}],
}
BODIES: dict[str, Any] = {
    "decline": {"reason": "No capacity"},
    "ask": {"question": "Is there a recent MRI?"},
    "schedule": SLOT,
    "complete": NOTE,
    "fail": {"reason": "Moved away"},
}
"""What has to be said with an action of the clinic's, where something has."""

TO_REACH: dict[str, list[str]] = {
    "received": [],
    "asked": ["ask"],
    "accepted": ["accept"],
    "declined": ["decline"],
    "scheduled": ["accept", "schedule"],
    "missed": ["accept", "schedule", "no-show"],
    "appointment-cancelled": ["accept", "schedule", "cancel-appointment"],
    "attended": ["accept", "attended"],
    "cancellation-requested": ["accept", "withdraw"],
    "cancelled": ["withdraw"],
    "completed": ["accept", "complete"],
    "failed": ["accept", "attended", "fail"],
}


def standing_at(client: FlaskClient, status: str, number: str = "R-1") -> Node:
    """A referral that stands there, as the clinic reads it."""
    one = received(client, referral(number))
    for action in TO_REACH[status]:
        answer = tell(client, one, action)
        assert answer.status_code == 200, answer.text
    found: Node = get(client, f"{INBOX}/{one['id']}")
    assert found["status"] == status
    return found


def tell(client: FlaskClient, one: Node, action: str, body: Any = ..., **headers: str) -> TestResponse:
    """What either side does, with what has to be said with it."""
    if action == "withdraw":
        return withdraw(client, one)
    if action == "inform":
        return inform(client, one)
    told = BODIES.get(action, {}) if body is ... else body
    data = exact_json.dumps(told)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"{INBOX}/{one['id']}/{action}", data=data, content_type="application/json", headers=named)


def task_of(client: FlaskClient, one: Node) -> Node:
    found: Node = get(client, f"/fhir/{one['task']}")
    return found


def put(client: FlaskClient, task: Node, etag: str | None = None) -> TestResponse:
    """A Task as its sender puts it, on the version that it was read at."""
    match = f'W/"{task["meta"]["versionId"]}"' if etag is None else etag
    headers = {"Content-Type": FHIR, **({"If-Match": match} if match else {})}
    return client.put(f"/fhir/Task/{task['id']}", data=exact_json.dumps(task), headers=headers)


def withdraw(client: FlaskClient, one: Node, reason: str | None = "Treated elsewhere") -> TestResponse:
    said = {"statusReason": {"text": reason}} if reason else {}
    return put(client, {**task_of(client, one), "status": "cancelled", **said})


def inform(client: FlaskClient, one: Node, text: str = "There is none") -> TestResponse:
    task = task_of(client, one)
    return put(client, {**task, "note": [*task.get("note", []), {"text": text}]})
