"""What whoever runs the service sees of deliveries and partners, and does about them: over the clinic API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter import create_app
from adapter.authorisation.clinic_tokens import hash_of
from adapter.delivery.attempt import Courier
from adapter.delivery.partners import client_for
from adapter.delivery.pushing.records import Records
from adapter.delivery.pushing.verifying import verify
from adapter.exchange.sending.bringing import BROUGHT
from adapter.settings import ClinicToken, Partner, Settings
from adapter.store import partner_states, work
from adapter.store.engine import reading, writing
from adapter.store.workers import Worker, beat, bury, everybody
from tests.adapter.delivery.ehr import BASE, Ehr
from tests.adapter.delivery.test_fits import CONDITIONAL, server
from tests.adapter.delivery.vendors import VENDORS
from tests.adapter.hands import Hands
from tests.adapter.speaking import MRN, Node, get, received, referral, said

ALL = "/clinic/v1/deliveries"


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        clinic_name="Lakeside Pain Clinic",
        identifier_base="https://lakeside.example/ids",
        partners=(Partner("hospital", BASE, ("care_plan",)), Partner("caller", "", client_ids=("x",))),
        database_url=database_url,
    )


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        ehr = Ehr(server("transaction", flags=CONDITIONAL))
        ehr.install(mock)
        yield ehr


@pytest.fixture
def hands(settings: Settings, engine: Engine) -> Hands:
    courier = Courier(
        engine, lambda name: client_for(settings, name), dict.fromkeys(BROUGHT, Records(engine, settings).goods())
    )
    return Hands(engine, {"delivery": courier.begin})


def put(client: FlaskClient, title: str = "Back to the garden", plan: str = "plan-1", **more: Any) -> Node:
    """A plan of the one patient; its newest delivery."""
    number = get(client, "/clinic/v1/referrals")["referrals"][0]["patient_number"]
    record = {"record": "care_plan", "status": "active", "title": title, **more}
    record["patient"] = {"ref_identifier": {"value": number}}
    answer = client.put(f"/clinic/v1/care-plans/{plan}", json=record)
    assert answer.status_code in (200, 201), answer.text
    told: list[Node] = said(answer)["deliveries"]
    return told[-1]


@pytest.fixture(autouse=True)
def _one_patient(client: FlaskClient) -> None:
    received(client, referral())


def test_a_delivery_says_which_way_it_went_and_what_was_kept(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    ehr.drops = {"title"}
    new = put(client)
    assert (new["fit"], new["unkept"], new["under_way"]) == (None, None, False)
    assert hands.take() == "delivered"
    one = get(client, f"{ALL}/{new['id']}")
    assert (one["fit"], one["because"]) == ("conditional-transaction", [])
    assert (one["unkept"], one["next_attempt_at"]) == (["CarePlan.title"], None)
    assert one["read_back_at"] > new["updated_at"]


def test_one_that_is_retried_says_since_when_and_when_again(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    new = put(client)
    ehr.loses = 1
    assert hands.take() == "tried again later"
    one = get(client, f"{ALL}/{new['id']}")
    assert (one["state"], one["attempts"]) == ("pending", 1)
    assert one["failing_since"] < one["next_attempt_at"]
    assert one["last_error"] == "the connection broke before an answer came"
    assert hands.take() == "delivered"
    assert len(ehr.of_type("CarePlan")) == 1


def test_the_list_is_asked_by_state_and_partner_page_by_page(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    ids = [put(client, plan=f"plan-{number}")["id"] for number in range(5)]
    hands.take()
    assert {one["id"] for one in get(client, f"{ALL}?state=delivered")["deliveries"]} == {ids[0]}
    seen, cursor = list[str](), ""
    while cursor is not None:
        page = get(client, f"{ALL}?state=pending,refused&partner=hospital&limit=2{cursor and f'&cursor={cursor}'}")
        seen += [one["id"] for one in page["deliveries"]]
        cursor = page["next"]
    assert seen == ids[:0:-1]
    assert client.get(f"{ALL}?state=lost").status_code == 400
    assert get(client, f"{ALL}?partner=nobody")["deliveries"] == []


def refused(client: FlaskClient, ehr: Ehr, hands: Hands, title: str = "x", plan: str = "plan-1") -> Node:
    """A delivery that the partner will not have."""
    new = put(client, title, plan)
    ehr.forbids = True
    assert hands.take() == "refused"
    ehr.forbids = False
    found: Node = get(client, f"{ALL}/{new['id']}")
    return found


def test_what_was_refused_is_replayed_and_arrives(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    one = refused(client, ehr, hands)
    assert (one["state"], one["last_error"]) == ("refused", "403: refused (forbidden)")
    answer = client.post(f"{ALL}/{one['id']}/replay")
    assert (answer.status_code, said(answer)["state"]) == (200, "pending")
    assert hands.take() == "delivered"
    assert client.post(f"{ALL}/{one['id']}/replay").status_code == 409
    assert client.post(f"{ALL}/none/replay").status_code == 404


def test_all_that_a_partner_refused_is_replayed_ten_in_a_second(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    for number in range(12):
        refused(client, ehr, hands, plan=f"plan-{number}")
    assert said(client.post("/clinic/v1/partners/hospital/replay")) == {"replayed": 12}
    first, *_, last = (one.due_at for one in hands.waiting())
    assert 1000 <= last - first <= 2000
    assert hands.take_all() == ["delivered"] * 12
    assert said(client.post("/clinic/v1/partners/hospital/replay")) == {"replayed": 0}
    assert client.post("/clinic/v1/partners/nobody/replay").status_code == 404


def test_what_a_later_version_stands_for_is_not_replayed(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    older = refused(client, ehr, hands, "older")
    put(client, "newer")
    assert client.post(f"{ALL}/{older['id']}/replay").status_code == 409
    assert said(client.post("/clinic/v1/partners/hospital/replay")) == {"replayed": 0}
    assert hands.take_all() == ["delivered"]
    assert [one["title"] for one in ehr.of_type("CarePlan")] == ["newer"]


def test_what_nobody_knows_whether_it_arrived_is_sent_once_a_person_has_looked(
    client: FlaskClient, ehr: Ehr, hands: Hands
) -> None:
    ehr.statement = VENDORS["MEDITECH"].statement()
    ehr.put({"resourceType": "Patient", "id": "7", "identifier": [{"system": MRN, "value": "4711"}]})
    ehr.drops = {"identifier"}
    new = put(client)
    ehr.loses = 1
    assert [hands.take(), hands.take()] == ["tried again later", "refused"]
    assert "look there" in get(client, f"{ALL}/{new['id']}")["last_error"]
    assert said(client.post("/clinic/v1/partners/hospital/replay")) == {"replayed": 0}
    assert said(client.post(f"{ALL}/{new['id']}/replay"))["attempts"] == 0
    assert hands.take() == "delivered"
    assert [one.path for one in ehr.writes()] == ["Communication"] * 2


def test_what_was_cancelled_is_not_sent_and_can_be_replayed(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    new = put(client)
    assert said(client.post(f"{ALL}/{new['id']}/cancel"))["state"] == "cancelled"
    assert hands.waiting() == []
    assert client.post(f"{ALL}/{new['id']}/cancel").status_code == 409
    client.post(f"{ALL}/{new['id']}/replay")
    assert hands.take_all() == ["delivered"]
    assert len(ehr.writes()) == 1


def test_what_is_under_way_cannot_be_cancelled(client: FlaskClient, engine: Engine) -> None:
    new = put(client)
    with writing(engine) as connection:
        work.claim(connection, "hospital", ("delivery",), "somebody/1", 1)
    answer = client.post(f"{ALL}/{new['id']}/cancel")
    assert (answer.status_code, get(client, f"{ALL}/{new['id']}")["under_way"]) == (409, True)


@pytest.mark.parametrize("status", ["withdrawn", "entered in error"])
def test_a_plan_that_is_called_off_before_it_was_sent_is_not_sent(
    client: FlaskClient, ehr: Ehr, hands: Hands, status: str
) -> None:
    put(client)
    last = put(client, status=status)
    assert (last["state"], last["plan_version"]) == ("cancelled", 1)
    assert hands.waiting() == []
    assert ehr.asked == []


def test_one_that_is_called_off_after_it_was_sent_is(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    put(client)
    hands.take()
    put(client, status="withdrawn")
    assert hands.take() == "delivered"
    (there,) = ehr.of_type("CarePlan")
    assert there["status"] == "revoked"


def test_how_the_partners_are_doing(client: FlaskClient, engine: Engine, ehr: Ehr, hands: Hands) -> None:
    put(client)
    hands.take()
    put(client, "second", "plan-2")
    with writing(engine) as connection:
        for _ in range(5):
            partner_states.failed(connection, "hospital", "no connection")
    (one,) = get(client, "/clinic/v1/partners")["partners"]
    assert (one["name"], one["fit"], one["down"], one["failures"]) == ("hospital", "conditional-transaction", True, 5)
    assert one["deliveries"] == {"delivered": 1, "pending": 1}
    assert one["last_error"] == "no connection"


def test_what_waits_for_a_partner_that_is_configured_no_longer_is_seen(
    client: FlaskClient, settings: Settings, engine: Engine
) -> None:
    put(client)
    without = create_app(replace(settings, partners=()), engine=engine).test_client()
    (one,) = get(without, "/clinic/v1/partners")["partners"]
    assert (one["name"], one["last_error"]) == ("hospital", "no partner of this name is configured")
    assert one["deliveries"] == {"pending": 1}


def test_an_offered_plan_is_a_new_version_only_where_it_says_something_new(
    client: FlaskClient, ehr: Ehr, hands: Hands
) -> None:
    ehr.statement = VENDORS["NextGen Office"].statement()
    for title in ("first", "first", "second"):
        put(client, title)
        hands.take_all()
    new = get(client, f"{ALL}?state=delivered")["deliveries"][0]
    there = get(client, f"/fhir/CarePlan/{new['remote_id']}")
    assert (there["title"], there["meta"]["versionId"]) == ("second", "2")
    client.post(f"{ALL}/{new['id']}/replay")
    assert (new["fit"], new["remote_version"], ehr.writes()) == ("offered", "2", [])


def test_a_partner_is_asked_again_what_it_takes_when_a_person_says_so(
    client: FlaskClient, ehr: Ehr, hands: Hands
) -> None:
    ehr.claims_only = {"transaction"}
    put(client)
    hands.take()
    (one,) = get(client, "/clinic/v1/partners")["partners"]
    assert (one["fit"], "answered 405" in one["because"][0]) == ("conditional-singles", True)
    ehr.claims_only = set()
    (one,) = said(client.post("/clinic/v1/partners/hospital/ask-again"))["partners"]
    assert (one["fit"], one["asked_at"]) == (None, None)
    put(client, "second")
    hands.take()
    (one,) = get(client, "/clinic/v1/partners")["partners"]
    assert one["fit"] == "conditional-transaction"
    assert client.post("/clinic/v1/partners/nobody/ask-again").status_code == 404


def test_verifying_says_what_is_no_longer_as_it_was_sent(
    client: FlaskClient, settings: Settings, engine: Engine, ehr: Ehr, hands: Hands
) -> None:
    new = put(client)
    hands.take()
    (found,) = verify(engine, settings, "plan-1")
    assert (found.holds, found.unkept, found.says) == (True, (), "It is there as it was sent.")
    (there,) = ehr.of_type("CarePlan")
    ehr.put(there | {"title": "Theirs", "status": "completed"})
    (found,) = verify(engine, settings, "plan-1")
    assert (found.holds, found.unkept) == (True, ("CarePlan.status", "CarePlan.title"))
    assert get(client, f"{ALL}/{new['id']}")["unkept"] == ["CarePlan.status", "CarePlan.title"]
    ehr.held.clear()
    (found,) = verify(engine, settings, "plan-1")
    assert (found.holds, found.says) == (False, "It is no longer there.")
    assert list(verify(engine, settings, "nothing")) == []


def test_an_operator_sees_and_steers_deliveries_and_no_patient(settings: Settings, engine: Engine) -> None:
    asks = replace(settings, clinic_tokens=(ClinicToken("pager", "operator", hash_of("paingate_x")),))
    client = create_app(asks, engine=engine).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer paingate_x"
    for method, address, status in (
        ("GET", ALL, 200), ("GET", "/clinic/v1/partners", 200), ("POST", f"{ALL}/none/replay", 404),
        ("POST", f"{ALL}/none/cancel", 404), ("POST", "/clinic/v1/partners/hospital/replay", 200),
        ("GET", "/metrics", 200), ("GET", "/clinic/v1/referrals", 403), ("PUT", "/clinic/v1/care-plans/plan-1", 403),
    ):  # fmt: skip
        assert client.open(address, method=method, json={}).status_code == status, address
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer paingate_y"
    assert client.get("/metrics").status_code == 401
    assert client.get("/health").status_code == client.get("/ready").status_code == 200


# ---- monitoring


def test_ready_tells_the_truth_of_worker_and_database(settings: Settings, engine: Engine) -> None:
    at_work = True
    client = create_app(settings, engine=engine, at_work=lambda: at_work).test_client()
    assert said(client.get("/ready")) == {"status": "ok", "database": "ok", "worker": "ok"}
    at_work = False
    answer = client.get("/ready")
    assert (answer.status_code, said(answer)["worker"]) == (503, "not at work")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE paingate_worker")
    answer = client.get("/ready")
    assert (answer.status_code, said(answer)["status"]) == (503, "not ready")
    assert said(answer)["database"] != "ok"
    assert client.get("/health").status_code == 200


def test_the_figures_are_in_the_form_of_prometheus(client: FlaskClient, ehr: Ehr, hands: Hands) -> None:
    put(client)
    hands.take()
    put(client, "second", "plan-2")
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert 'paingate_deliveries{partner="hospital",state="delivered"} 1.0' in lines
    assert 'paingate_work{partner="hospital"} 1.0' in lines
    assert 'paingate_partner_down{partner="hospital"} 0.0' in lines
    assert any(
        one.startswith('paingate_request_seconds_count{door="clinic",method="PUT",status="201"}') for one in lines
    )
    assert "Okafor" not in answer.text


# ---- the list of workers


def test_one_that_counts_on_is_not_taken_off_the_list(engine: Engine) -> None:
    with writing(engine) as connection:
        beat(connection, "a/1", "a", "here")
        (seen,) = everybody(connection)
        beat(connection, "a/1", "a", "here")
        assert not bury(connection, seen)
        (now,) = everybody(connection)
        assert (now.beat, bury(connection, now), everybody(connection)) == (1, True, [])
        beat(connection, "a/1", "a", "here")  # it was only slow
        assert [Worker(**vars(one)).name for one in everybody(connection)] == ["a"]


def test_what_newer_releases_put_in_is_left_to_them(client: FlaskClient, engine: Engine) -> None:
    put(client)
    with writing(engine) as connection:
        assert work.claim(connection, "hospital", ("pull",), "old/1", 8) == []
    with reading(engine) as connection:
        assert work.being_done(connection, "hospital") == 0
