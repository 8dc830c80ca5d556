"""The clinic's decisions: what comes with them, what the sender reads of it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

import mappings
from mappings.r4 import exact_json, validity
from tests.adapter.speaking import IDENTIFIERS, Node, alone, get, problem, received, rows, said
from tests.adapter.test_clinic_api import STRANGE
from tests.adapter.workflow.moves import BODIES, END, INBOX, NOTE, SLOT, START, inform, standing_at, task_of, tell

REPORT: Node = {
    "record": "consult_note",
    "kind": "report",
    "status": "final",
    "type": {"text": "Consultation report"},
    "conclusion": "Facet pain, no red flags.",
}


def output(client: FlaskClient, one: Node, number: int = 0) -> Node:
    """What the sender reads as an output of its Task."""
    found = task_of(client, one)["output"][number]
    resource: Node = get(client, f"/fhir/{found['valueReference']['reference']}")
    assert [issue for issue in validity.check(resource) if issue.severity == "error"] == []
    return resource


# ---- appointments


def test_an_appointment_is_read_by_the_sender_as_its_own(client: FlaskClient) -> None:
    one = standing_at(client, "scheduled")
    task, appointment = task_of(client, one), output(client, one)
    assert task["output"][0]["type"] == {"text": "Appointment"}
    assert (appointment["status"], appointment["start"], appointment["end"]) == ("booked", START, END)
    assert appointment["participant"] == [{"actor": task["for"], "status": "accepted"}]
    assert appointment["basedOn"] == [{"reference": one["service_request"]}]


def test_a_whole_record_is_taken_as_well_as_its_fields(client: FlaskClient) -> None:
    one = standing_at(client, "accepted")
    ours = {"system": f"{IDENTIFIERS}/patient", "value": one["patient_number"]}
    record = {
        **SLOT,
        "record": "follow_up",
        "kind": "appointment",
        "status": "booked",
        "participants": [
            {"who": {"ref_type": "Patient", "ref_identifier": {"value": ours["value"]}}, "status": "tentative"},
            {"who": {"ref_type": "Practitioner", "shown_as": "Dr. Vance"}, "status": "accepted"},
        ],
    }
    kept = said(tell(client, one, "schedule", record))["history"][-1]
    assert kept["record"]["participants"][0] == {
        "who": {"ref_type": "Patient", "ref_identifier": ours},
        "status": "tentative",
    }
    assert [who["status"] for who in output(client, one)["participant"]] == ["tentative", "accepted"]


def test_an_appointment_that_is_moved_is_the_same_appointment(client: FlaskClient) -> None:
    one = standing_at(client, "scheduled")
    first = output(client, one)
    later = {**SLOT, "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T09:45:00Z"}
    assert tell(client, one, "schedule", later).status_code == 200
    second = output(client, one)
    assert (second["id"], second["meta"]["versionId"], second["start"]) == (first["id"], "2", later["start"])
    assert get(client, f"/fhir/Appointment/{first['id']}/_history/1") == first
    assert len(task_of(client, one)["output"]) == 1


def test_after_one_that_was_missed_there_is_another(client: FlaskClient) -> None:
    one = standing_at(client, "missed")
    assert output(client, one)["status"] == "noshow"
    assert tell(client, one, "schedule").status_code == 200
    assert [output(client, one, number)["status"] for number in (0, 1)] == ["noshow", "booked"]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("no-show", "noshow"),
        ("cancel-appointment", "cancelled"),
        ("attended", "fulfilled"),
        ("complete", "fulfilled"),
        ("decline", "cancelled"),
        ("fail", "cancelled"),
    ],
)
def test_an_appointment_becomes_what_the_decision_makes_of_it(client: FlaskClient, action: str, status: str) -> None:
    one = standing_at(client, "scheduled")
    assert tell(client, one, action).status_code == 200
    assert output(client, one)["status"] == status


def test_an_appointment_stays_booked_while_more_is_asked_for_or_its_cancellation(client: FlaskClient) -> None:
    one = standing_at(client, "scheduled")
    for action, status in (("ask", "booked"), ("withdraw", "booked"), ("cancel", "cancelled")):
        assert tell(client, one, action).status_code == 200
        assert output(client, one)["status"] == status


def test_why_an_appointment_was_cancelled_is_told_with_it(client: FlaskClient, engine: Engine) -> None:
    one = standing_at(client, "scheduled")
    tell(client, one, "cancel-appointment", {"reason": "The physician is ill"})
    appointment = output(client, one)
    assert appointment["cancelationReason"] == {"text": "The physician is ill"}
    assert task_of(client, one)["statusReason"] == {"text": "The physician is ill"}
    # the record that is kept says the same as the resource that is read
    with engine.connect() as connection:
        (kept,) = connection.exec_driver_sql("SELECT record FROM paingate_answer WHERE version = 2").fetchall()
    rendered = mappings.to_fhir(exact_json.loads(bytes(kept[0]))).resource
    assert (rendered["status"], rendered["cancelationReason"]) == ("cancelled", appointment["cancelationReason"])


# ---- notes


def test_a_consult_note_is_an_output_that_the_sender_reads(client: FlaskClient) -> None:
    one = standing_at(client, "completed")
    task, note = task_of(client, one), output(client, one)
    assert task["output"][0]["type"] == {"text": "Consultation note"}
    assert (note["resourceType"], note["subject"]) == ("DocumentReference", task["for"])
    assert note["context"]["related"] == [{"reference": one["service_request"]}]
    assert note["content"][0]["attachment"]["data"] == "VGhhbmsgeW91Lg=="
    kept = one["history"][-1]
    assert kept["resource"] == f"DocumentReference/{note['id']}"
    assert kept["record"]["patient"]["ref_identifier"]["value"] == one["patient_number"]


def test_a_report_is_one_too_after_an_interim_note(client: FlaskClient) -> None:
    one = standing_at(client, "accepted")
    assert tell(client, one, "attended", {**NOTE, "document_status": "preliminary"}).status_code == 200
    assert tell(client, one, "complete", REPORT).status_code == 200
    assert [output(client, one, number)["resourceType"] for number in (0, 1)] == [
        "DocumentReference",
        "DiagnosticReport",
    ]
    assert output(client, one, 1)["basedOn"] == [{"reference": one["service_request"]}]


def test_a_patient_who_is_contained_is_named_by_number(client: FlaskClient) -> None:
    one = received(client, alone())
    tell(client, one, "accept")
    assert tell(client, one, "complete").status_code == 200
    assert output(client, one)["subject"]["identifier"]["value"] == "4711"


AUTHOR = "DocumentReference.author[0]"
NO_NOTES: list[tuple[str, Any, tuple[str, str]]] = [
    ("complete", {}, ("kind", "invalid")),
    ("complete", [], ("record", "invalid")),
    ("complete", None, ("record", "invalid")),
    ("attended", [], ("record", "invalid")),
    ("complete", {"record": "care_plan"}, ("record", "invalid")),
    ("complete", {**NOTE, "kind": "letter"}, ("kind", "invalid")),
    ("complete", {**NOTE, "contents": None}, ("contents", "structure")),
    ("complete", {**NOTE, "no_such_field": 1}, ("no_such_field", "structure")),
    ("complete", {**NOTE, "status": "entered-in-error"}, ("status", "business-rule")),
    ("complete", {**NOTE, "status": "superseded"}, ("status", "business-rule")),
    ("complete", {**NOTE, "document_status": "preliminary"}, ("document_status", "business-rule")),
    ("complete", {**NOTE, "document_status": "entered-in-error"}, ("document_status", "business-rule")),
    ("complete", {**REPORT, "status": "partial"}, ("status", "business-rule")),
    ("attended", {**REPORT, "status": "cancelled"}, ("status", "business-rule")),
    ("complete", {**NOTE, "patient": {"ref_identifier": {"value": "P-999999"}}}, ("patient", "value")),
    ("complete", {**NOTE, "patient": {"ref": "Patient/1"}}, ("patient", "value")),
    ("complete", {**NOTE, "patient": None}, ("patient", "structure")),
    ("complete", {**NOTE, "authors": [{"ref": "Patient/1"}]}, ("authors[0]", "value")),
    ("complete", {**NOTE, "authors": [{"ref": "Practitioner/1"}]}, (f"{AUTHOR}.reference", "not-found")),
    ("schedule", {}, ("Appointment", "invariant")),
    ("schedule", {**SLOT, "status": "proposed"}, ("status", "business-rule")),
    ("schedule", {**SLOT, "kind": "visit"}, ("record", "invalid")),
    ("schedule", {**SLOT, "start": "tomorrow"}, ("start", "structure")),
    ("schedule", {**SLOT, "participants": [{"who": {"ref": "Patient/1"}}]}, ("participants[1].who", "value")),
    ("schedule", "now", ("record", "invalid")),
]  # fmt: skip


@pytest.mark.parametrize(("action", "body", "wrong"), NO_NOTES)
def test_what_is_no_sound_answer_is_refused_and_nothing_moves(
    client: FlaskClient, engine: Engine, action: str, body: Any, wrong: tuple[str, str]
) -> None:
    one, stored = standing_at(client, "accepted"), rows(engine)
    answer = tell(client, one, action, body)
    assert answer.status_code == 422, answer.text
    assert problem(answer)[0] == wrong
    assert rows(engine) == stored


def test_a_note_that_may_not_be_acted_upon_is_not_sent(client: FlaskClient) -> None:
    one = standing_at(client, "accepted")
    record = {**NOTE, "actionable": False, "not_actionable_because": ["modifier_extensions: 1"]}
    answer = tell(client, one, "complete", record)
    assert (answer.status_code, problem(answer)) == (409, [("actionable", "business-rule")])


# ---- told again, gates, versions


@pytest.mark.parametrize("action", ["accept", "decline", "ask", "schedule", "attended", "complete"])
def test_a_decision_that_is_told_again_answers_as_the_first_did(
    client: FlaskClient, engine: Engine, action: str
) -> None:
    start = "received" if action in ("accept", "decline", "ask") else "accepted"
    one = standing_at(client, start)
    first = tell(client, one, action, If_Match=f'W/"{1 if start == "received" else 2}"')
    stored = rows(engine)
    again = tell(client, one, action, If_Match=f'W/"{1 if start == "received" else 2}"')
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert rows(engine) == stored


def test_what_was_decided_on_another_version_is_refused(client: FlaskClient) -> None:
    one = received(client)
    etag = client.get(f"{INBOX}/{one['id']}").headers["ETag"]
    assert etag == 'W/"1"'
    inform(client, one)
    answer = tell(client, one, "accept", If_Match=etag)
    assert (answer.status_code, problem(answer)) == (412, [("status", "conflict")])
    assert "stands at received now" in said(answer)["detail"]
    assert tell(client, one, "accept", If_Match='W/"2"').status_code == 200
    for told in ("2", "*", 'W/"0"', 'W/"x"'):
        assert problem(tell(client, one, "accept", If_Match=told)) == [("If-Match", "invalid")]


@pytest.mark.parametrize("action", ["accept", "decline", "cancel", "no-show", "fail"])
def test_what_is_not_understood_is_not_acted_upon(client: FlaskClient, action: str) -> None:
    one = received(client, alone() | STRANGE)
    answer = tell(client, one, action)
    assert answer.status_code == 409
    assert said(client.get(f"{INBOX}/{one['id']}"))["status"] == "received"


def test_more_can_be_asked_about_what_is_not_understood_and_its_sender_can_cancel_it(client: FlaskClient) -> None:
    one = received(client, alone() | STRANGE)
    for action in ("ask", "inform", "withdraw"):
        assert tell(client, one, action).status_code == 200


@pytest.mark.parametrize("body", [{"reason": "why not"}, {"record": {}}, [], "yes", 1])
def test_what_needs_no_words_takes_none(client: FlaskClient, body: Any) -> None:
    one = received(client)
    answer = tell(client, one, "accept", body)
    assert (answer.status_code, problem(answer)[0][1]) == (422, "structure")
    assert client.post(f"{INBOX}/{one['id']}/accept").status_code == 200


def test_there_is_nothing_to_decide_where_there_is_no_referral(client: FlaskClient) -> None:
    for action in BODIES | {"accept": {}}:
        assert tell(client, {"id": "nobody"}, action).status_code == 404
    assert client.get(f"{INBOX}/nobody/history").status_code == 404


def test_the_history_tells_who_told_what_and_when(client: FlaskClient) -> None:
    one = standing_at(client, "attended")
    inform(client, one, "See the letter")
    tell(client, one, "complete")
    history = get(client, f"{INBOX}/{one['id']}/history")["history"]
    assert history == get(client, f"{INBOX}/{one['id']}")["history"]
    assert [(move["action"], move["by"], move["who"], move["task_version"]) for move in history] == [
        ("receive", "sender", "sender", 1),
        ("accept", "clinic", "clinic", 2),
        ("attended", "clinic", "clinic", 3),
        ("inform", "sender", "sender", 4),
        ("complete", "clinic", "clinic", 5),
    ]
    assert history[3]["record"] == {"note": [{"text": "See the letter"}]}
    assert [move["at"] for move in history] == sorted(move["at"] for move in history)
