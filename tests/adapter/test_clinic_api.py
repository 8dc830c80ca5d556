"""The clinic's side: the inbox, the decisions, and its plans."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine
from werkzeug.test import TestResponse

from adapter import create_app
from adapter.exchange.workflow.acceptance import obstacles
from adapter.settings import Partner, Settings
from adapter.store import deliveries, work
from adapter.store.deliveries import Settled
from adapter.store.engine import writing
from adapter.store.work import Work
from mappings.r4 import exact_json
from tests.adapter.speaking import (
    IDENTIFIERS,
    Node,
    alone,
    changed,
    get,
    inbox,
    problem,
    received,
    referral,
    rows,
    said,
    send,
    to_do,
)

PLANS = "/clinic/v1/care-plans"
INBOX = "/clinic/v1/referrals"
STRANGE = {"modifierExtension": [{"url": "https://elsewhere.example/means-the-opposite", "valueBoolean": True}]}


def decide(client: FlaskClient, one: Node, what: str, reason: str | None = None) -> TestResponse:
    return client.post(f"{INBOX}/{one['id']}/{what}", json={"reason": reason} if reason is not None else None)


def plan(number: str, **more: Any) -> Node:
    return {
        "record": "care_plan",
        "status": "active",
        "title": "Back to the garden",
        "patient": {"ref_identifier": {"value": number}},
        **more,
    }


def put(client: FlaskClient, record: Any, plan_id: str = "plan-1") -> TestResponse:
    body = record if isinstance(record, bytes) else exact_json.dumps(record)
    return client.put(f"{PLANS}/{plan_id}", data=body, headers={"Content-Type": "application/json"})


# ---- the inbox


def test_a_referral_lies_in_the_inbox_as_a_clinic_record(client: FlaskClient) -> None:
    one = received(client)
    assert (one["status"], one["actionable"]) == ("received", True)
    record = one["record"]
    assert (record["record"], record["urgency"], record["questions"]) == (
        "referral",
        "urgent",
        ["Low back pain since a fall"],
    )
    assert record["patient"]["name"] == {"family": "Okafor", "given": ["Nneka"]}
    full = get(client, f"{INBOX}/{one['id']}")
    assert full["record"] == record
    assert full["report"]["ledger"]["unmapped"] == len(full["report"]["unmapped"])
    assert full["mapping_version"]


def test_numbers_in_a_record_keep_their_text(client: FlaskClient) -> None:
    quantity = exact_json.loads(b'{"value":1.50,"unit":"mg"}')
    one = received(client, alone() | {"quantityQuantity": quantity})
    assert b"1.50" in client.get(f"{INBOX}/{one['id']}").data


def test_the_inbox_is_paged_and_filtered(client: FlaskClient) -> None:
    for number in range(5):
        send(client, referral(f"R-{number}"))
    listed = inbox(client)
    assert [one["number"] for one in listed] == [f"R-00000{number}" for number in (5, 4, 3, 2, 1)]
    decide(client, listed[0], "accept")
    first = get(client, f"{INBOX}?status=received&limit=3")
    send(client, referral("R-6"))
    second = get(client, f"{INBOX}?status=received&limit=3&cursor={first['next']}")
    assert [one["id"] for one in first["referrals"] + second["referrals"]] == [one["id"] for one in listed[1:]]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "status=received,lost",
        "cursor=x",
        "cursor=",
        "cursor=0",
        "limit=-1",
        "limit=0",
        "received_from=yesterday",
        "received_before=2026-11-26T10:00",
        "contested=false",
        "sender=",
    ],
)
def test_what_the_inbox_is_asked_must_make_sense(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{INBOX}?{query}")
    assert answer.status_code == 400
    assert problem(answer) == [(query.partition("=")[0], "value")]


def test_a_parameter_that_is_not_known_is_refused_with_those_that_are(client: FlaskClient) -> None:
    answer = client.get(f"{INBOX}?stauts=received")
    assert answer.status_code == 400
    assert problem(answer) == [("stauts", "not-supported")]
    assert "status, patient, number, sender, received_from, received_before" in said(answer)["detail"]
    for method, path in (
        ("GET", f"{INBOX}/one"), ("POST", f"{INBOX}/one/accept"), ("GET", f"{PLANS}/one"), ("PUT", f"{PLANS}/one"),
        ("GET", f"{PLANS}/one/deliveries"),
    ):  # fmt: skip
        answer = client.open(f"{path}?status=received", method=method)
        assert (answer.status_code, problem(answer)) == (400, [("status", "not-supported")])


def test_a_parameter_that_is_given_twice_is_refused(client: FlaskClient) -> None:
    answer = client.get(f"{INBOX}?status=received&status=accepted")
    assert (answer.status_code, problem(answer)) == (400, [("status", "invalid")])


# ---- decisions


def test_accepting_moves_the_task(client: FlaskClient) -> None:
    one = received(client)
    answer = decide(client, one, "accept")
    assert (answer.status_code, said(answer)["status"]) == (200, "accepted")
    task = get(client, f"/fhir/{one['task']}")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("accepted", "3.0")
    assert "statusReason" not in task


def test_declining_says_why(client: FlaskClient) -> None:
    one = received(client)
    answer = decide(client, one, "decline", "We do not treat children")
    assert (said(answer)["status"], said(answer)["reason"]) == ("declined", "We do not treat children")
    task = get(client, f"/fhir/{one['task']}")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("rejected", "4.0")
    assert task["statusReason"] == {"text": "We do not treat children"}
    assert task["lastModified"] == task["meta"]["lastUpdated"] > task["authoredOn"]


def test_a_decision_that_is_told_again_is_the_same_decision(client: FlaskClient, engine: Engine) -> None:
    one = received(client)
    first = decide(client, one, "accept")
    stored = rows(engine)
    assert decide(client, one, "accept").data == first.data
    assert rows(engine) == stored


def test_a_second_decision_is_refused(client: FlaskClient) -> None:
    declined = received(client)
    decide(client, declined, "decline", "no capacity")
    assert problem(decide(client, declined, "decline", "another reason")) == [("status", "conflict")]
    answer = decide(client, declined, "accept")
    assert answer.status_code == 409
    assert "stands at declined, and nothing can be done from there" in said(answer)["detail"]
    assert get(client, f"/fhir/{declined['task']}")["meta"]["versionId"] == "2"


def test_of_two_decisions_at_once_one_holds(client: FlaskClient) -> None:
    one = received(client)
    with ThreadPoolExecutor(8) as clerks:
        told = list(
            clerks.map(
                lambda number: decide(client.application.test_client(), one, "decline", f"reason {number}").status_code,
                range(8),
            )
        )
    assert sorted(told) == [200] + [409] * 7
    assert get(client, f"/fhir/{one['task']}")["meta"]["versionId"] == "2"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ("reason", "required")),
        ({"reason": ""}, ("reason", "required")),
        ({"reason": " "}, ("reason", "required")),
        ({"reason": 1}, ("reason", "value")),
        ({"reason": "\0"}, ("reason", "required")),
        ({"reason": "x", "more": 1}, ("more", "structure")),
        ([], ("", "structure")),
    ],
)
def test_declining_without_a_reason_is_refused(client: FlaskClient, body: Any, wrong: tuple[str, str]) -> None:
    one = received(client)
    answer = client.post(f"{INBOX}/{one['id']}/decline", json=body)
    assert answer.status_code == 422
    assert problem(answer) == [wrong]
    assert inbox(client)[0]["status"] == "received"


def test_what_we_do_not_understand_is_shown_and_not_acted_upon(client: FlaskClient) -> None:
    one = received(client, alone() | STRANGE)
    assert (one["actionable"], one["status"]) == (False, "received")
    for answer in (
        decide(client, one, "accept"),
        decide(client, one, "decline", "not understood"),
        put(client, plan(one["patient_number"])),
    ):
        assert answer.status_code == 409
        assert problem(answer) == [("record.not_actionable_because", "business-rule")]
        assert "modifier" in said(answer)["detail"]
    assert get(client, f"/fhir/{one['task']}")["status"] == "received"


NOT_TO_BE_CARRIED_OUT = [
    ({"status": "draft"}, "status", "not finished"),
    ({"status": "on-hold"}, "status", "on hold"),
    ({"status": "revoked"}, "status", "withdrawn"),
    ({"status": "completed"}, "status", "done before"),
    ({"status": "entered-in-error"}, "status", "entered in error"),
    ({"status": "unknown"}, "status", "does not know"),
    ({"doNotPerform": True}, "must_not_be_done", "NOT done"),
]


@pytest.mark.parametrize(("says", "place", "words"), NOT_TO_BE_CARRIED_OUT)
def test_what_must_not_be_carried_out_can_be_declined_and_not_accepted(
    client: FlaskClient, says: Node, place: str, words: str
) -> None:
    one = received(client, alone() | says)
    assert [words in why for why in one["cannot_be_accepted_because"]] == [True]
    answer = decide(client, one, "accept")
    assert answer.status_code == 409
    assert problem(answer) == [(f"record.{place}", "business-rule")]
    assert words in said(answer)["detail"]
    assert get(client, f"/fhir/{one['task']}")["status"] == "received"
    assert decide(client, one, "decline", "we do not do what is not to be done").status_code == 200


def test_a_status_that_nobody_here_understands_stops_every_decision(client: FlaskClient) -> None:
    one = received(client, alone() | {"status": "a-code-of-theirs"})
    assert ["not understood" in why for why in one["cannot_be_accepted_because"]] == [True]
    for answer in (decide(client, one, "accept"), decide(client, one, "decline", "whatever it means")):
        assert answer.status_code == 409
        assert problem(answer) == [("record.not_actionable_because", "business-rule")]


def test_a_record_that_says_nothing_of_where_it_stands_is_not_taken_for_consent() -> None:
    """As one may lie in the store from before its reading had a gate for that."""
    assert [why.field for why in obstacles({"record": "referral"})] == ["status"]


def test_every_reason_is_told(client: FlaskClient) -> None:
    one = received(client, alone() | {"status": "revoked", "doNotPerform": True} | STRANGE)
    assert len(one["cannot_be_accepted_because"]) == 3
    assert problem(decide(client, one, "accept")) == [("record.not_actionable_because", "business-rule")]


@pytest.mark.parametrize("says", [{}, {"doNotPerform": False}, {"intent": "proposal"}])
def test_what_is_in_force_can_be_accepted(client: FlaskClient, says: Node) -> None:
    one = received(client, alone() | says)
    assert one["cannot_be_accepted_because"] == []
    assert decide(client, one, "accept").status_code == 200


# ---- plans


def test_a_plan_is_put_and_its_deliveries_are_to_be_done(client: FlaskClient, engine: Engine) -> None:
    one = received(client)
    answer = put(client, plan(one["patient_number"]))
    assert (answer.status_code, answer.headers["ETag"]) == (201, 'W/"1"')
    told = said(answer)
    assert (told["id"], told["version"], told["patient_number"]) == ("plan-1", 1, one["patient_number"])
    assert told["record"]["identifiers"] == [{"system": f"{IDENTIFIERS}/care-plan", "value": "plan-1"}]
    assert told["record"]["patient"] == {
        "ref_identifier": {"system": f"{IDENTIFIERS}/patient", "value": one["patient_number"]}
    }
    (delivery,) = told["deliveries"]  # the registry does not get plans
    assert (delivery["partner"], delivery["state"], delivery["plan_version"]) == ("hospital", "pending", 1)
    assert to_do(engine) == [(delivery["id"], "hospital")]
    assert get(client, f"{PLANS}/plan-1") == told
    assert get(client, f"{PLANS}/plan-1/deliveries") == {"deliveries": [delivery]}


def test_the_same_plan_is_the_same_version_and_a_changed_one_the_next(client: FlaskClient, engine: Engine) -> None:
    record = plan(received(client)["patient_number"])
    first = put(client, record)
    again = put(client, dict(reversed(record.items())))
    assert (again.status_code, said(again)) == (200, said(first))
    whole = put(client, said(first)["record"])  # what was answered may be put back
    assert (whole.status_code, said(whole)["version"]) == (200, 1)
    other = put(client, record | {"title": "Back to work"})
    assert (other.status_code, said(other)["version"]) == (200, 2)
    assert [one["plan_version"] for one in said(other)["deliveries"]] == [1, 2]
    assert len(to_do(engine)) == 2


def settle(engine: Engine, delivery: Node, state: Settled) -> None:
    with writing(engine) as connection:
        deliveries.settle(connection, delivery["id"], state, last_error="401: refused" if state == "refused" else None)


def test_the_same_plan_put_again_takes_up_what_was_refused_and_nothing_else(
    client: FlaskClient, engine: Engine
) -> None:
    record = plan(received(client)["patient_number"])
    for title in ("older", "newer"):
        settle(engine, said(put(client, record | {"title": title}))["deliveries"][-1], "refused")
    again = put(client, record | {"title": "newer"})
    older, newer = said(again)["deliveries"]
    assert (again.status_code, said(again)["version"]) == (200, 2)
    assert (older["state"], newer["state"], newer["last_error"]) == ("refused", "pending", None)
    assert to_do(engine) == [(newer["id"], "hospital")]
    assert said(put(client, record | {"title": "newer"}))["deliveries"] == [older, newer]
    settle(engine, newer, "delivered")
    assert said(put(client, record | {"title": "newer"}))["deliveries"][1]["state"] == "delivered"
    assert to_do(engine) == []


def test_the_same_plan_put_again_goes_to_a_partner_that_came_later(
    client: FlaskClient, settings: Settings, engine: Engine
) -> None:
    record = plan(received(client)["patient_number"])
    put(client, record)
    later = Partner("registry", "http://registry.invalid/fhir", ("care_plan",))
    more = create_app(replace(settings, partners=(settings.partners[0], later)), engine=engine)
    again = put(more.test_client(), record)
    _, new = said(again)["deliveries"]
    assert (again.status_code, said(again)["version"], new["partner"], new["state"]) == (200, 1, "registry", "pending")
    assert to_do(engine)[1:] == [(new["id"], "registry")]


def test_what_is_taken_up_is_so_together_with_its_work_or_not_at_all(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = plan(received(client)["patient_number"])
    settle(engine, said(put(client, record))["deliveries"][0], "refused")
    monkeypatch.setattr(work, "put", broken)
    assert put(client, record).status_code == 500
    assert get(client, f"{PLANS}/plan-1/deliveries")["deliveries"][0]["state"] == "refused"


def broken(connection: Connection, new: Work) -> None:
    raise OSError("no work can be put in")


def test_a_refused_plan_put_again_at_once_is_taken_up_once(client: FlaskClient, engine: Engine) -> None:
    record = plan(received(client)["patient_number"])
    settle(engine, said(put(client, record))["deliveries"][0], "refused")
    with ThreadPoolExecutor(8) as clerks:
        answers = list(clerks.map(lambda _: put(client.application.test_client(), record).status_code, range(8)))
    assert answers == [200] * 8
    assert len(to_do(engine)) == 1


def test_plans_put_at_once_become_versions_one_by_one(client: FlaskClient, engine: Engine) -> None:
    record = plan(received(client)["patient_number"])
    with ThreadPoolExecutor(8) as clerks:
        answers = list(
            clerks.map(lambda n: put(client.application.test_client(), record | {"title": f"Plan {n}"}), range(8))
        )
    assert sorted(said(answer)["version"] for answer in answers) == list(range(1, 9))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len(set(to_do(engine))) == 8


def test_work_that_cannot_be_put_in_takes_the_plan_with_it(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "put", broken)
    number = received(client)["patient_number"]
    stored = rows(engine)
    answer = put(client, plan(number))
    assert answer.status_code == 500
    assert problem(answer) == []
    assert rows(engine) == stored


def test_a_plan_may_name_the_referral_that_it_answers(client: FlaskClient) -> None:
    first, second = received(client, referral("R-1")), received(client, referral("R-2"))
    named = {"ref_identifier": {"system": f"{IDENTIFIERS}/referral", "value": first["number"]}}
    told = said(put(client, plan(second["patient_number"], supporting=[named])))
    assert told["referral"] == first["id"]
    named["ref_identifier"]["value"] = "R-999999"
    answer = put(client, plan(second["patient_number"], supporting=[named]))
    assert answer.status_code == 422
    assert problem(answer) == [("supporting", "not-found")]


def test_a_plan_keeps_its_patient(client: FlaskClient) -> None:
    first, second = received(client, referral("R-1", "1")), received(client, referral("R-2", "2"))
    put(client, plan(first["patient_number"]))
    answer = put(client, plan(second["patient_number"]))
    assert answer.status_code == 409
    assert problem(answer) == [("patient", "conflict")]


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        (("patient", "ref_identifier", "value"), "P-999999", ("patient.ref_identifier.value", "not-found")),
        (("patient", "ref_identifier", "system"), "urn:x", ("patient.ref_identifier.system", "invalid")),
        (("patient", "ref_identifier"), None, ("patient.ref_identifier", "required")),
        (("patient",), None, ("patient.ref_identifier", "required")),
        (("record",), "referral", ("record", "invalid")),
        (("record",), None, ("record", "invalid")),
        (("status",), "excellent", ("status", "code-invalid")),
        (("titel",), "x", ("titel", "structure")),
        (("identifiers",), "x", ("identifiers", "structure")),
    ],
)
def test_a_plan_that_is_not_sound_is_refused_place_by_place(
    client: FlaskClient, engine: Engine, path: tuple[str, ...], value: Any, error: tuple[str, str]
) -> None:
    number = received(client)["patient_number"]
    stored = rows(engine)
    answer = put(client, changed(plan(number), *path, to=value))
    assert answer.status_code == 422
    assert problem(answer) == [error]
    assert rows(engine) == stored


OURS = f"{IDENTIFIERS}/care-plan"


@pytest.mark.parametrize("wrong", [{"system": OURS, "value": "other"}, {"system": OURS}])
def test_a_plan_that_says_another_number_of_ours_is_refused(client: FlaskClient, engine: Engine, wrong: Node) -> None:
    number = received(client)["patient_number"]
    stored = rows(engine)
    theirs = {"system": "urn:elsewhere", "value": "7"}
    for identifiers in ([theirs, wrong], [{"system": OURS, "value": "plan-1"}, wrong]):
        answer = put(client, plan(number, identifiers=identifiers))
        assert answer.status_code == 422
        assert problem(answer) == [("identifiers[1].value", "value")]
    assert rows(engine) == stored


def test_a_plan_keeps_what_it_says_of_our_number(client: FlaskClient) -> None:
    said_so = [{"system": OURS, "value": "plan-1", "use": "official"}, {"system": "urn:elsewhere", "value": "7"}]
    answer = put(client, plan(received(client)["patient_number"], identifiers=said_so))
    assert said(answer)["record"]["identifiers"] == said_so


def test_a_plan_that_may_not_be_acted_upon_is_not_sent(client: FlaskClient, engine: Engine) -> None:
    strange = {"actionable": False, "not_actionable_because": ["somebody said so"]}
    answer = put(client, plan(received(client)["patient_number"], **strange))
    assert answer.status_code in (409, 422)
    assert to_do(engine) == []


# ---- errors


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{INBOX}/nobody", 404),
        ("POST", f"{INBOX}/nobody/accept", 404),
        ("GET", f"{PLANS}/nothing", 404),
        ("GET", f"{PLANS}/nothing/deliveries", 404),
        ("GET", "/clinic/v1/nothing", 404),
        ("GET", "/", 404),
        ("DELETE", f"{INBOX}/nobody", 405),
        ("PUT", f"{PLANS}/plan-1", 415),
    ],
)
def test_what_is_not_there_is_a_problem(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    problem(answer)


@pytest.mark.parametrize("body", [b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 10_000])
def test_what_is_no_json_is_a_problem(client: FlaskClient, body: bytes) -> None:
    answer = put(client, body)
    assert answer.status_code == 400
    assert problem(answer) == [("", "structure")]


def test_an_id_is_made_for_addresses(client: FlaskClient) -> None:
    answer = put(client, plan("P-000001"), "plan%201")
    assert answer.status_code == 422
    assert problem(answer) == [("id", "value")]


ANOTHERS: dict[str, Node] = {
    "patient.shown_as": {"patient": {"shown_as": "Somebody Else"}},
    "patient.ref": {"patient": {"ref": "https://ehr.example/Patient/9"}},
    "problems[0].patient": {
        "problems": [
            {"kind": "condition", "diagnosis": {"text": "x"}, "patient": {"ref": "https://ehr.example/Patient/9"}}
        ]
    },
    "activities[0].order.patient": {
        "activities": [
            {
                "order": {
                    "kind": "prescription",
                    "status": "active",
                    "drug": {"text": "morphine"},
                    "patient": {"ref_identifier": {"system": f"{IDENTIFIERS}/patient", "value": "P-2"}},
                }
            }
        ]
    },
}


@pytest.mark.parametrize("place", ANOTHERS)
def test_a_plan_holds_nothing_of_another_patient(client: FlaskClient, place: str) -> None:
    told = plan(received(client, alone())["patient_number"])
    patient = told["patient"] | ANOTHERS[place].get("patient", {})
    answer = put(client, told | ANOTHERS[place] | {"patient": patient})
    assert answer.status_code == 422
    assert problem(answer) == [(place, "value")]


def test_a_plan_does_not_answer_a_referral_that_was_declined_or_withdrawn(client: FlaskClient) -> None:
    declined, withdrawn = (
        received(client, alone()),
        received(client, alone() | {"status": "revoked"} | {"identifier": [{"system": "urn:x", "value": "other"}]}),
    )
    assert decide(client, declined, "decline", "not for us").status_code == 200
    for one in (declined, withdrawn):
        named = {"ref_identifier": {"system": f"{IDENTIFIERS}/referral", "value": one["number"]}}
        answer = put(client, plan(one["patient_number"], supporting=[named]))
        assert answer.status_code == 409
        assert problem(answer) == [("supporting", "business-rule")]


# ------------------------------------------------------------ what the inbox may be asked for


def test_the_inbox_finds_what_is_asked_for_and_nothing_else(client: FlaskClient) -> None:
    one, two = (received(client, referral(number)) for number in ("R-1", "R-2"))
    client.post(f"{INBOX}/{two['id']}/accept")

    def found(query: str) -> list[str]:
        return [each["id"] for each in get(client, f"{INBOX}?{query}")["referrals"]]

    assert found("status=received") == [one["id"]]
    assert found("status=accepted,received") == [two["id"], one["id"]]
    assert found(f"number={one['number']}") == [one["id"]]
    assert found(f"patient={two['patient_number']}&status=accepted") == [two["id"]]
    assert found("patient=P-999999") == []
    assert found("sender=nobody") == []
    assert found("contested=true") == []
    day, instant = one["received_at"][:10], two["received_at"]
    assert found(f"received_from={day}") == [two["id"], one["id"]]
    assert found(f"received_before={day}") == []
    assert found(f"received_from={instant}") == [two["id"]]
    assert found(f"received_before={instant}") == [one["id"]]
