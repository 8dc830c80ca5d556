"""A referral that changes after it was sent: the sender's changes, the clinic's, and what both of them changed."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapter.exchange.receiving.merging import merged, with_field
from mappings.r4 import exact_json
from tests.adapter.speaking import (
    MRN,
    PLACER,
    Node,
    alone,
    changed,
    get,
    inbox,
    issues,
    patient,
    received,
    referral,
    rows,
    said,
    send,
)


def put(client: FlaskClient, path: str, told: Any) -> Any:
    return client.put(path, data=exact_json.dumps(told), content_type="application/json")


def tell(client: FlaskClient, path: str, told: Any) -> Any:
    return client.post(path, data=exact_json.dumps(told), content_type="application/json")


def stat() -> Node:
    return changed(referral(), "entry", 0, "resource", "priority", to="stat")


def test_a_change_of_the_sender_is_the_next_version_and_stands_in_the_record(
    client: FlaskClient, engine: Engine
) -> None:
    first = received(client)
    answer = said(send(client, stat()))
    (one,) = inbox(client)
    told = [entry["response"] for entry in answer["entry"]]
    assert told[0]["status"] == "200 OK"
    assert told[0]["location"] == f"{one['service_request']}/_history/2"
    assert [entry["location"].rpartition("/")[2] for entry in told] == ["2", "1", "1"]
    assert (one["id"], one["record"]["urgency"]) == (first["id"], "immediately")
    assert get(client, f"/fhir/{one['service_request']}/_history/1")["priority"] == "urgent"
    assert get(client, f"/fhir/{one['service_request']}")["priority"] == "stat"
    assert (rows(engine)["referral"], rows(engine)["message"], rows(engine)["patient"]) == (1, 2, 1)


def test_the_change_again_answers_the_same(client: FlaskClient, engine: Engine) -> None:
    send(client, referral())
    first = send(client, stat())
    stored = rows(engine)
    assert send(client, stat()).data == first.data
    assert rows(engine) == stored


def test_what_was_said_before_the_change_undoes_nothing(client: FlaskClient, engine: Engine) -> None:
    send(client, referral())
    send(client, stat())
    stored = rows(engine)
    late = send(client, referral())
    assert (late.status_code, [issue[1] for issue in issues(late)]) == (409, ["conflict"])
    assert rows(engine) == stored
    assert inbox(client)[0]["record"]["urgency"] == "immediately"


def test_another_patient_is_another_referral(client: FlaskClient, engine: Engine) -> None:
    send(client, referral())
    stored = rows(engine)
    other = changed(referral(mrn="4712"), "entry", 0, "resource", "priority", to="stat")
    answer = send(client, other)
    assert (answer.status_code, issues(answer)) == (409, [("error", "conflict", "Bundle.entry[0].resource.subject")])
    assert rows(engine) == stored


def test_a_declined_referral_is_not_changed(client: FlaskClient) -> None:
    one = received(client)
    assert tell(client, f"/clinic/v1/referrals/{one['id']}/decline", {"reason": "no place"}).status_code == 200
    answer = send(client, stat())
    assert (answer.status_code, issues(answer)) == (409, [("error", "business-rule", "Bundle.entry[0].resource")])


def test_a_withdrawal_comes_as_a_change(client: FlaskClient) -> None:
    one = received(client)
    send(client, changed(referral(), "entry", 0, "resource", "status", to="revoked"))
    assert inbox(client)[0]["cannot_be_accepted_because"] != []
    assert client.post(f"/clinic/v1/referrals/{one['id']}/accept").status_code == 409


# ---- the clinic's own changes


def edited(client: FlaskClient, **fields: Any) -> Node:
    (one,) = inbox(client)
    told = {"record": one["record"] | fields, "changed_at": one["changed_at"]}
    answer = put(client, f"/clinic/v1/referrals/{one['id']}/record", told)
    assert answer.status_code == 200, answer.text
    return dict(exact_json.loads(answer.data))


def test_what_only_one_side_changed_is_taken(client: FlaskClient) -> None:
    send(client, referral())
    edited(client, questions=["Low back pain since a fall in May"])
    assert said(send(client, stat()))["entry"][0]["response"]["outcome"]["issue"][0]["severity"] == "information"
    (one,) = inbox(client)
    assert one["record"]["questions"] == ["Low back pain since a fall in May"]
    assert one["record"]["urgency"] == "immediately"
    assert get(client, f"/clinic/v1/referrals/{one['id']}/conflicts") == {"conflicts": []}


@pytest.mark.parametrize(("take", "urgency"), [("theirs", "immediately"), ("ours", "routine")])
def test_what_both_changed_is_for_the_clinic_to_decide(client: FlaskClient, take: str, urgency: str) -> None:
    send(client, referral())
    edited(client, urgency="routine")
    outcome = said(send(client, stat()))["entry"][0]["response"]["outcome"]
    assert ("warning", "conflict") in [(one["severity"], one["code"]) for one in outcome["issue"]]
    (one,) = inbox(client)
    assert one["record"]["urgency"] == "routine"
    (conflict,) = get(client, f"/clinic/v1/referrals/{one['id']}/conflicts")["conflicts"]
    assert conflict["sides"] == {"before": "urgent", "theirs": "immediately", "ours": "routine"}
    assert (conflict["field"], conflict["taken"]) == ("urgency", None)
    door = f"/clinic/v1/referrals/{one['id']}/conflicts/{conflict['id']}"
    for _ in range(2):
        decided = tell(client, door, {"take": take, "by": "Dr Amara"})
        assert exact_json.loads(decided.data)["record"]["urgency"] == urgency
    other = {"theirs": "ours", "ours": "theirs"}[take]
    assert tell(client, door, {"take": other, "by": "Dr Amara"}).status_code == 409
    (conflict,) = get(client, f"/clinic/v1/referrals/{one['id']}/conflicts")["conflicts"]
    assert (conflict["taken"], conflict["decided_by"]) == (take, "Dr Amara")
    assert conflict["decided_at"] is not None


def test_a_field_that_both_changed_again_is_one_open_conflict(client: FlaskClient) -> None:
    send(client, referral())
    edited(client, urgency="routine")
    send(client, stat())
    send(client, changed(referral(), "entry", 0, "resource", "priority", to="asap"))
    (one,) = inbox(client)
    told = get(client, f"/clinic/v1/referrals/{one['id']}/conflicts")["conflicts"]
    assert [conflict["taken"] for conflict in told] == ["superseded", None]


def test_a_record_that_was_read_too_early_is_refused(client: FlaskClient) -> None:
    one = received(client)
    send(client, stat())
    told = {"record": one["record"], "changed_at": one["changed_at"]}
    assert put(client, f"/clinic/v1/referrals/{one['id']}/record", told).status_code == 409


@pytest.mark.parametrize(
    ("record", "status"),
    [
        ({"status": "completed"}, 409),
        ({"must_not_be_done": True}, 409),
        ({"colour": "red"}, 422),
        ({"record": "patient"}, 422),
    ],
)
def test_a_record_says_nothing_that_only_its_sender_can_say(client: FlaskClient, record: Node, status: int) -> None:
    one = received(client)
    told = {"record": one["record"] | record, "changed_at": one["changed_at"]}
    answer = put(client, f"/clinic/v1/referrals/{one['id']}/record", told)
    assert answer.status_code == status, answer.text
    assert inbox(client)[0]["record"] == one["record"]


@pytest.mark.parametrize("told", [[], {}, {"record": {}}, {"record": {}, "changed_at": 1}, {"take": "ours"}])
def test_what_is_no_change_is_told(client: FlaskClient, told: Any) -> None:
    one = received(client)
    assert put(client, f"/clinic/v1/referrals/{one['id']}/record", told).status_code == 422
    assert tell(client, f"/clinic/v1/referrals/{one['id']}/conflicts/x", told).status_code == 422
    assert tell(client, "/clinic/v1/patients/P-000001/links", told).status_code == 422


# ---- the merge by itself

FIELDS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)


@given(before=FIELDS, theirs=FIELDS, ours=FIELDS)
def test_a_merge_takes_each_change_and_contests_only_what_both_changed(before: Node, theirs: Node, ours: Node) -> None:
    record, contested = merged(before, theirs, ours)
    fields = {one.field for one in contested}
    for name in "abc":
        was, their, our = (side.get(name) for side in (before, theirs, ours))
        assert (name in fields) == (was not in (their, our) and their != our)
        assert record.get(name) == (their if our == was else our)
    for one in contested:
        assert with_field(record, one.field, one.sides, "theirs").get(one.field) == theirs.get(one.field)
    assert merged(before, before, ours) == (ours, [])
    assert merged(before, theirs, before) == (theirs, [])


GOALS = st.lists(
    st.fixed_dictionaries(
        {"description": st.sampled_from([{"text": "walk"}, {"text": "sleep"}, {"code": "1"}])},
        optional={name: st.integers(0, 2) for name in "abc"},
    ),
    unique_by=lambda goal: str(goal["description"]),
    max_size=3,
)


@given(before=GOALS, theirs=GOALS, ours=GOALS)
def test_what_is_said_of_a_goal_without_a_name_is_never_said_of_another(
    before: list[Node], theirs: list[Node], ours: list[Node]
) -> None:
    def goals(left: list[Node], right: list[Node]) -> list[Node]:
        record, _ = merged({"goals": before}, {"goals": left}, {"goals": right}, senders_word=(), item_by_item=True)
        found: list[Node] = record.get("goals", [])
        return found

    said = [(goal["description"], name, value) for goal in (*before, *theirs, *ours) for name, value in goal.items()]
    both = goals(theirs, ours)
    assert all((goal["description"], name, value) in said for goal in both for name, value in goal.items())
    assert len({str(goal["description"]) for goal in both}) == len(both)
    known, added = ({str(goal["description"]) for goal in one} for one in (before, [*theirs, *ours]))
    assert added - known <= {str(goal["description"]) for goal in both}
    assert goals(before, ours) == ours
    by_text = {str(goal["description"]): goal for goal in theirs}
    assert {str(goal["description"]): goal for goal in goals(theirs, before)} == by_text


ITEMS = st.recursive(
    st.none() | st.sampled_from(["walk", "1", 2, True]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "text", "detail", "what", "who", "identifiers", "value"]), inner)
    ),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from("ab"), st.lists(ITEMS, max_size=3), max_size=2)


@given(before=RECORDS, theirs=RECORDS, ours=RECORDS)
@example(before={"a": ["1"]}, theirs={"a": [{"text": '"1"'}]}, ours={"a": [{"text": '"1"', "who": {}}]})
def test_whatever_stands_in_a_list_it_is_merged(before: Node, theirs: Node, ours: Node) -> None:
    record, _ = merged(before, theirs, ours, senders_word=(), item_by_item=True)
    assert set(record) <= {*theirs, *ours}
    assert all(record.values()) or not all((*theirs.values(), *ours.values())), "no list is emptied and left there"
    assert merged(before, before, ours, senders_word=(), item_by_item=True)[0] == ours
    assert merged(before, theirs, before, senders_word=(), item_by_item=True)[0] == theirs


def test_the_patient_is_merged_field_by_field() -> None:
    before = {"patient": {"name": "A", "phone": "1"}}
    record, contested = merged(
        before, {"patient": {"name": "B", "phone": "1"}}, {"patient": {"name": "A", "phone": "2"}}
    )
    assert (record, contested) == ({"patient": {"name": "B", "phone": "2"}}, [])


# ---- conditional entries and references


def conditional_put(number: str, born: str = "1968-04-02") -> Node:
    sent = changed(referral(number), "entry", 1, "resource", "birthDate", to=born)
    return changed(sent, "entry", 1, "request", to={"method": "PUT", "url": f"Patient?identifier={MRN}|4711"})


def test_a_conditional_put_is_stored_once_and_then_changed(client: FlaskClient) -> None:
    def locations(document: Node) -> list[tuple[str, str]]:
        entries = said(send(client, document))["entry"]
        return [(entry["response"]["status"], entry["response"]["location"]) for entry in entries]

    first = locations(conditional_put("R-1"))[1]
    again = locations(conditional_put("R-2"))[1]
    changed_to = locations(conditional_put("R-3", "1968-04"))[1]
    assert first[0] == "201 Created"
    assert again == ("200 OK", first[1])
    assert changed_to == ("200 OK", first[1].replace("/_history/1", "/_history/2"))
    assert len({one["patient_number"] for one in inbox(client)}) == 1


def test_a_conditional_put_of_the_referral_changes_it(client: FlaskClient) -> None:
    asked = {"method": "PUT", "url": f"ServiceRequest?identifier={PLACER}|R-1"}
    for document in (referral(), stat()):
        assert send(client, changed(document, "entry", 0, "request", to=asked)).status_code == 200
    (one,) = inbox(client)
    assert one["record"]["urgency"] == "immediately"


def test_a_search_by_identifier_leads_to_whom_we_hold(client: FlaskClient) -> None:
    first = received(client)
    sent = changed(alone("R-2"), "subject", to={"reference": f"Patient?identifier={MRN}|4711"})
    sent = changed(sent, "contained", to=None)
    assert send(client, sent).status_code == 201
    one = inbox(client)[0]
    assert one["patient_number"] == first["patient_number"]
    assert one["record"]["patient"]["name"]["family"] == "Okafor"
    held = get(client, f"/fhir/{first['service_request']}")["subject"]["reference"]
    assert get(client, f"/fhir/{one['service_request']}")["subject"]["reference"] == held


def test_a_search_by_identifier_leads_to_what_came_along(client: FlaskClient) -> None:
    sent = changed(referral(), "entry", 0, "resource", "subject", "reference", to=f"Patient?identifier={MRN}|4711")
    answer = said(send(client, sent))
    (one,) = inbox(client)
    assert one["record"]["patient"]["name"]["family"] == "Okafor"
    held = answer["entry"][1]["response"]["location"].partition("/_history")[0]
    assert get(client, f"/fhir/{one['service_request']}")["subject"]["reference"] == held


@pytest.mark.parametrize(
    ("reference", "status", "code"),
    [
        ("Practitioner?identifier=urn:x|1", 422, "not-found"),
        ("Practitioner?name=Weiss", 422, "not-found"),
    ],
)
def test_a_search_that_finds_nothing_is_refused(
    client: FlaskClient, engine: Engine, reference: str, status: int, code: str
) -> None:
    answer = send(client, alone() | {"requester": {"reference": reference}})
    assert (answer.status_code, issues(answer)) == (status, [("error", code, "ServiceRequest.requester")])
    assert rows(engine) == {}


@pytest.mark.parametrize(
    ("reference", "severity", "code"),
    [
        ("urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-00000000000f", "warning", "not-found"),
        ("Practitioner/elsewhere", "warning", "not-found"),
        ("https://elsewhere.example/fhir/Practitioner/1", "information", "informational"),
    ],
)
def test_a_reference_that_leads_nowhere_is_kept_and_told(
    client: FlaskClient, reference: str, severity: str, code: str
) -> None:
    sent = alone() | {"requester": {"reference": reference}}
    answer = send(client, sent, Prefer="return=OperationOutcome")
    assert (severity, code, "ServiceRequest.requester") in issues(answer)
    kept = get(client, f"/fhir/{inbox(client)[0]['service_request']}")
    assert kept["requester"] == {"reference": reference}


# ---- whose it is


def test_a_person_links_and_unlinks_a_patient(client: FlaskClient) -> None:
    first = received(client, referral("R-1"))
    second = received(client, changed(referral("R-2"), "entry", 1, "resource", "identifier", to=None))
    ours, theirs = first["patient_number"], second["patient_number"]
    assert ours != theirs

    def numbers() -> set[str]:
        return {one["patient_number"] for one in inbox(client)}

    made = tell(client, f"/clinic/v1/patients/{ours}/links", {"linked_number": theirs, "by": "M. Ito"})
    assert made.status_code == 201, made.text
    link = exact_json.loads(made.data)
    assert numbers() == {ours}
    again = tell(client, f"/clinic/v1/patients/{ours}/links", {"linked_number": theirs, "by": "M. Ito"})
    assert exact_json.loads(again.data) == link
    undone = exact_json.loads(tell(client, f"/clinic/v1/links/{link['id']}/undo", {"by": "K. Lund"}).data)
    assert (undone["decided_by"], undone["undone_by"]) == ("M. Ito", "K. Lund")
    assert numbers() == {ours, theirs}
    told = get(client, f"/clinic/v1/patients/{ours}/links")["links"]
    assert [one["id"] for one in told] == [link["id"]]


def test_what_comes_under_a_linked_number_is_of_the_patient_it_means(client: FlaskClient) -> None:
    other = {"system": "urn:oid:1.2.36.7", "value": "9"}
    ours = received(client, referral("R-1"))["patient_number"]
    theirs = received(client, changed(referral("R-2"), "entry", 1, "resource", "identifier", to=[other]))
    tell(client, f"/clinic/v1/patients/{ours}/links", {"linked_number": theirs["patient_number"], "by": "M. Ito"})
    third = received(client, changed(referral("R-3"), "entry", 1, "resource", "identifier", to=[other]))
    assert third["patient_number"] == ours
    (link,) = [one for one in get(client, f"/clinic/v1/patients/{ours}/links")["links"] if one["linked_number"]]
    tell(client, f"/clinic/v1/links/{link['id']}/undo", {"by": "M. Ito"})
    assert {one["number"]: one["patient_number"] for one in inbox(client)} == {
        "R-000001": ours, "R-000002": theirs["patient_number"], "R-000003": theirs["patient_number"],
    }  # fmt: skip


def test_a_link_that_an_identifier_made_is_undone_for_its_referral(client: FlaskClient) -> None:
    first = received(client, referral("R-1"))
    second = received(client, referral("R-2"))
    assert first["patient_number"] == second["patient_number"]
    (link,) = get(client, f"/clinic/v1/patients/{first['patient_number']}/links")["links"]
    assert (link["decided_by"], link["referral_id"]) == ("identifier", second["id"])
    for _ in range(2):
        assert tell(client, f"/clinic/v1/links/{link['id']}/undo", {"by": "K. Lund"}).status_code == 200
    assert [one["patient_number"] for one in inbox(client)] == ["P-000002", first["patient_number"]]


def test_links_do_not_go_in_a_circle(client: FlaskClient) -> None:
    for number, mrn in (("R-1", "1"), ("R-2", "2"), ("R-3", "3")):
        send(client, referral(number, mrn))

    def linked(ours: int, theirs: int) -> int:
        told = {"linked_number": f"P-00000{theirs}", "by": "M. Ito"}
        return int(tell(client, f"/clinic/v1/patients/P-00000{ours}/links", told).status_code)

    assert [linked(1, 2), linked(2, 1), linked(2, 3), linked(3, 2), linked(1, 1), linked(1, 7)] == [
        201, 409, 409, 409, 409, 404,
    ]  # fmt: skip
    assert linked(3, 1) == 201
    assert {one["patient_number"] for one in inbox(client)} == {"P-000003"}


def test_an_unidentified_patient_stays_the_same_one_in_a_change(client: FlaskClient) -> None:
    nameless = changed(patient(), "identifier", to=None)
    first = changed(referral(), "entry", 1, "resource", to=nameless)
    send(client, first)
    assert send(client, changed(first, "entry", 0, "resource", "priority", to="stat")).status_code == 200
    assert len(inbox(client)) == 1
