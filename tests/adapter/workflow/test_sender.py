"""What a sender says by putting its Task: what is taken, and what is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter.exchange.refusal import Refusal
from adapter.exchange.workflow.moving import told_to_nobody
from adapter.exchange.workflow.task import BUSINESS_STATUS
from adapter.exchange.workflow.updates import Update, update_task
from tests.adapter.speaking import FHIR, Node, alone, get, issues, received, rows, said
from tests.adapter.workflow.moves import INBOX, inform, put, standing_at, task_of, tell, withdraw


def step(code: str) -> Node:
    return {"coding": [{"system": BUSINESS_STATUS, "code": code}]}


ASKS = [
    {"status": "cancelled"},
    {"status": "cancelled", "businessStatus": step("5.2")},
    {"status": "cancelled", "businessStatus": step("6.0")},
    {"status": "in-progress", "businessStatus": step("5.2")},
    {"businessStatus": step("5.2")},
    {"businessStatus": step("5.4")},
]
"""The ways in which real senders ask for a cancellation."""


@pytest.mark.parametrize("asks", ASKS)
def test_a_cancellation_before_a_decision_holds_at_once(client: FlaskClient, asks: Node) -> None:
    one = received(client)
    answer = put(client, {**task_of(client, one), **asks, "statusReason": {"text": "Treated elsewhere"}})
    task = said(answer)
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("cancelled", "6.0")
    assert task["statusReason"] == {"text": "Treated elsewhere"}
    assert task == task_of(client, one)
    request = get(client, f"/fhir/{one['service_request']}")
    assert (request["status"], request["meta"]["versionId"]) == ("revoked", "2")
    assert get(client, f"/fhir/{one['service_request']}/_history/1")["status"] == "active"


@pytest.mark.parametrize("asks", ASKS)
def test_a_cancellation_after_it_is_confirmed_by_the_clinic(client: FlaskClient, asks: Node) -> None:
    one = standing_at(client, "accepted")
    task = said(put(client, {**task_of(client, one), **asks}))
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("in-progress", "5.2")
    assert get(client, f"/fhir/{one['service_request']}")["status"] == "active"
    assert tell(client, one, "cancel").status_code == 200
    task = task_of(client, one)
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("cancelled", "6.0")
    assert get(client, f"/fhir/{one['service_request']}")["status"] == "revoked"


def test_the_request_is_its_senders_and_not_completed_by_us(client: FlaskClient) -> None:
    for number, status in enumerate(("completed", "declined", "failed")):
        one = standing_at(client, status, f"R-{number}")
        request = get(client, f"/fhir/{one['service_request']}")
        assert (request["status"], request["meta"]["versionId"]) == ("active", "1")


def test_a_request_that_is_no_longer_in_force_stays_what_its_sender_said(client: FlaskClient) -> None:
    one = received(client, alone() | {"status": "entered-in-error"})
    assert withdraw(client, one).status_code == 200
    assert get(client, f"/fhir/{one['service_request']}")["status"] == "entered-in-error"


def test_an_answer_takes_up_what_was_left(client: FlaskClient) -> None:
    one = standing_at(client, "asked")
    task = task_of(client, one)
    more = {
        "contained": [
            {
                "resourceType": "DocumentReference",
                "id": "mri",
                "status": "current",
                "content": [{"attachment": {"url": "https://pacs.example/1"}}],
            }
        ],
        "note": [{"text": "The MRI is of March"}],
        "input": [{"type": {"text": "MRI"}, "valueReference": {"reference": "#mri"}}],
        "status": "received",
    }
    del task["statusReason"]
    answer = put(client, {**task, **more})
    assert answer.status_code == 200, answer.text
    assert {name: said(answer)[name] for name in more} == more
    moved = get(client, f"{INBOX}/{one['id']}/history")["history"][-1]
    assert (moved["action"], moved["from"], moved["to"]) == ("inform", "asked", "received")
    assert moved["record"] == {name: more[name] for name in ("note", "input", "contained")}


def test_one_thing_after_another_may_be_added(client: FlaskClient) -> None:
    one = received(client)
    for text in ("first", "second", "second"):
        assert inform(client, one, text).status_code == 200
    assert [note["text"] for note in task_of(client, one)["note"]] == ["first", "second", "second"]


def test_a_reason_and_a_note_may_come_with_a_cancellation(client: FlaskClient) -> None:
    one = standing_at(client, "scheduled")
    task = {**task_of(client, one), "status": "cancelled", "note": [{"text": "She has moved"}]}
    assert put(client, task).status_code == 200
    moved = get(client, f"{INBOX}/{one['id']}/history")["history"][-1]
    assert (moved["action"], moved["record"]) == ("withdraw", {"note": [{"text": "She has moved"}]})


def test_a_task_put_as_it_was_read_changes_nothing(client: FlaskClient, engine: Engine) -> None:
    for number, status in enumerate(("received", "asked", "cancelled", "completed", "cancellation-requested")):
        one = standing_at(client, status, f"R-{number}")
        task, stored = task_of(client, one), rows(engine)
        answer = put(client, {**task, "lastModified": "2099-01-01"})
        assert (answer.status_code, said(answer)) == (200, task)
        assert rows(engine) == stored


NOT_THEIRS: list[tuple[Node, list[str]]] = [
    ({"status": "completed"}, ["Task.status"]),
    ({"status": "accepted", "businessStatus": step("3.0")}, ["Task.businessStatus", "Task.status"]),
    ({"businessStatus": step("7.0")}, ["Task.businessStatus"]),
    ({"statusReason": {"text": "no reason"}}, ["Task.statusReason"]),
    ({"status": "cancelled", "businessStatus": step("7.0")}, ["Task.businessStatus"]),
    ({"status": "draft", "businessStatus": step("5.2")}, ["Task.status"]),
    ({"intent": "plan", "priority": "stat"}, ["Task.intent", "Task.priority"]),
    ({"focus": {"reference": "ServiceRequest/another"}}, ["Task.focus"]),
    ({"for": {"reference": "Patient/another"}}, ["Task.for"]),
    ({"owner": {"display": "Another clinic"}}, ["Task.owner"]),
    ({"identifier": []}, ["Task.identifier"]),
    ({"output": [{"type": {"text": "a note"}, "valueString": "done"}]}, ["Task.output"]),
    ({"extension": [{"url": "https://x.example/e", "valueBoolean": True}]}, ["Task.extension"]),
    ({"modifierExtension": [{"url": "https://x.example/e", "valueBoolean": True}]}, ["Task.modifierExtension"]),
    ({"implicitRules": "https://x.example/rules"}, ["Task.implicitRules"]),
    ({"meta": {"tag": [{"code": "x"}]}}, ["Task.meta"]),
    ({"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}}, ["Task.text"]),
]


@pytest.mark.parametrize(("says", "wrong"), NOT_THEIRS)
def test_what_is_not_a_senders_is_refused_by_its_name(
    client: FlaskClient, engine: Engine, says: Node, wrong: list[str]
) -> None:
    one = received(client)
    task, stored = task_of(client, one), rows(engine)
    answer = put(client, {**task, **says, "note": [{"text": "and this"}]}, 'W/"1"')
    assert answer.status_code == 422, answer.text
    if says != {"identifier": []}:  # that is no R4 at all
        assert issues(answer) == [("error", "business-rule", place) for place in wrong]
    assert rows(engine) == stored
    assert task_of(client, one) == task


@pytest.mark.parametrize("name", ["note", "input"])
def test_what_was_said_before_is_not_taken_back(client: FlaskClient, name: str) -> None:
    one = received(client)
    items: Any = [{"text": "said"}] if name == "note" else [{"type": {"text": "a"}, "valueString": "said"}]
    assert put(client, {**task_of(client, one), name: items}).status_code == 200
    other: Any = [{"text": "unsaid"}] if name == "note" else [{"type": {"text": "a"}, "valueString": "unsaid"}]
    task = task_of(client, one)
    for told in ({**task, name: other}, {key: value for key, value in task.items() if key != name}):
        assert issues(put(client, told)) == [("error", "business-rule", f"Task.{name}")]


def test_an_on_hold_task_goes_on_only_with_an_answer(client: FlaskClient) -> None:
    one = standing_at(client, "asked")
    answer = put(client, {**task_of(client, one), "status": "received"})
    assert (answer.status_code, issues(answer)) == (422, [("error", "business-rule", "Task.status")])


NOWHERE = "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-000000000009"
OPPOSITE = {"url": "https://elsewhere.example/means-the-opposite", "valueBoolean": True}


def added(**value: Any) -> Node:
    """One input more."""
    return {"input": [{"type": {"text": "x"}, **value}]}


@pytest.mark.parametrize(
    ("items", "code", "place"),
    [
        (added(valueReference={"reference": "Observation/1"}), "not-found", "Task.input[0].value.reference"),
        (added(valueReference={"reference": NOWHERE}), "not-found", "Task.input[0].value.reference"),
        (added(valueReference={"reference": "#nothing"}), "", "Task.input[0].value"),
        (added(valueString="y", modifierExtension=[OPPOSITE]), "not-supported", "Task.input[0].modifierExtension"),
        (
            {"note": [{"authorReference": {"reference": "Practitioner/1"}, "text": "x"}]},
            "not-found",
            "Task.note[0].author.reference",
        ),
        ({"contained": [{"resourceType": "Patient", "id": "p"}]}, "invariant", "Task.contained[0]"),
    ],
)
def test_an_addition_that_leads_nowhere_or_may_mean_its_opposite_is_refused(
    client: FlaskClient, items: Node, code: str, place: str
) -> None:
    one = received(client)
    answer = put(client, {**task_of(client, one), **items})
    assert answer.status_code == 422
    told = issues(answer)[0]
    assert told[2].startswith(place), told
    assert code in ("", told[1])


@pytest.mark.parametrize(
    ("etag", "status", "code"),
    [
        ("", 400, "required"),
        ("1", 400, "invalid"),
        ("*", 400, "invalid"),
        ('W/"0"', 400, "invalid"),
        ('W/"1", W/"2"', 400, "invalid"),
        ('W/"2"', 412, "conflict"),
    ],
)
def test_the_version_has_to_be_told_and_be_the_last(client: FlaskClient, etag: str, status: int, code: str) -> None:
    one = received(client)
    answer = put(client, {**task_of(client, one), "status": "cancelled"}, etag)
    assert (answer.status_code, issues(answer)) == (status, [("error", code, "Task")])
    assert get(client, f"{INBOX}/{one['id']}")["status"] == "received"


def test_a_strong_etag_is_understood(client: FlaskClient) -> None:
    assert put(client, {**task_of(client, received(client)), "status": "cancelled"}, '"1"').status_code == 200


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ({"id": "another"}, 400),
        ({"resourceType": "Patient"}, 400),
        ({"status": "gone"}, 422),
        ({"no_such": 1}, 422),
        ({"note": "text"}, 422),
        ({"status": None}, 422),
        ({"businessStatus": []}, 422),
    ],
)
def test_what_is_no_task_is_refused(client: FlaskClient, says: Node, status: int) -> None:
    task = task_of(client, received(client))
    answer = client.put(
        f"/fhir/Task/{task['id']}", json={**task, **says}, headers={"If-Match": 'W/"1"', "Content-Type": FHIR}
    )
    assert (answer.status_code, said(answer)["resourceType"]) == (status, "OperationOutcome"), answer.text


def test_no_task_is_made_by_putting_one(client: FlaskClient) -> None:
    task = {**task_of(client, received(client)), "id": "mine"}
    assert put(client, task).status_code == 404


@pytest.mark.parametrize("returns", ["minimal", "representation", "OperationOutcome"])
def test_what_is_answered_is_what_was_preferred(client: FlaskClient, returns: str) -> None:
    task = task_of(client, received(client))
    answer = client.put(
        f"/fhir/Task/{task['id']}",
        json={**task, "note": [{"text": "x"}]},
        headers={"If-Match": 'W/"1"', "Content-Type": FHIR, "Prefer": f"return={returns}"},
    )
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    kind = None if returns == "minimal" else said(answer)["resourceType"]
    assert kind == {"minimal": None, "representation": "Task"}.get(returns, returns)


def test_anothers_task_is_not_there(client: FlaskClient, engine: Engine) -> None:
    task = task_of(client, received(client))
    update = Update(task["id"], {**task, "status": "cancelled"}, 1, "stranger", sees="stranger")
    with pytest.raises(Refusal) as refused:
        update_task(engine, update, told_to_nobody)
    assert refused.value.status == 404


def test_the_statement_says_that_a_task_is_put_with_its_version(client: FlaskClient) -> None:
    (task,) = [one for one in get(client, "/fhir/metadata")["rest"][0]["resource"] if one["type"] == "Task"]
    assert {"code": "update"} in task["interaction"]
    assert (task["versioning"], task["updateCreate"]) == ("versioned-update", False)
