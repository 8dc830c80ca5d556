"""What an attempt makes of a delivery's row, and what it leaves to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.exc import OperationalError

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery import attempt, outage, worker
from adapter.delivery.attempt import PARKED_AFTER, Bring, Courier, Goods
from adapter.delivery.backoff import Pace
from adapter.delivery.by_hand import push_now
from adapter.delivery.outgoing import CannotBeSent
from adapter.delivery.partner_book import PartnerBook
from adapter.delivery.partners import client_for
from adapter.delivery.transaction import Delivered
from adapter.settings import Partner, Settings
from adapter.store import deliveries, partner_states, work
from adapter.store.clock import milliseconds
from adapter.store.deliveries import Delivery
from adapter.store.engine import open_engine, reading, writing
from adapter.store.migrate import migrate
from adapter.store.tables import care_plan, partner_state, patient
from adapter.store.tables import work as table
from adapter.store.work import Work
from mappings.issues import Issue, Refused
from mappings.r4.exact_json import dumps
from tests.adapter.hands import Hands
from tests.journeys.push.waiting import until


class Desk:
    """A database with plans in it, and a courier whose pushes end as the test says."""

    def __init__(self, database_url: str) -> None:
        self.engine: Engine = open_engine(database_url)
        migrate(self.engine)
        self.courier = Courier(
            self.engine,
            partner=lambda _: FhirClient("http://partner.example"),
            goods={
                "care_plan": Goods(self._load, every_version=True),
                "answers": Goods(self._load, every_version=False),
            },
            pace=Pace(first=10.0, longest=100.0),
        )
        self.firsts: list[bool] = []
        self.writes, self.sent = False, 0
        self.ends(Delivered("9", "1", sent=True))
        with writing(self.engine) as connection:
            values = {"number": "1", "record": dumps({}), "mapping_version": "1", "created_at": "2026"}
            connection.execute(insert(patient).values(**values))

    def ends(self, end: Delivered | Exception) -> None:
        """How whatever is brought from now on ends."""

        def push(client: FhirClient, *, first: bool) -> Delivered:
            self.firsts.append(first)
            if self.writes:
                client.before_writing()
                self.sent += 1
            if isinstance(end, Exception):
                raise end
            return end

        self._bring = push

    def _load(self, connection: Connection, delivery: Delivery) -> Bring:
        return self._bring

    def put(self, version: int = 1, plan: str = "p") -> Delivery:
        with writing(self.engine) as connection:
            values = {"id": plan, "version": version, "record": dumps({}), "mapping_version": "1", "stored_at": "2026"}
            connection.execute(insert(care_plan).values(**values, patient_number="1"))
            return deliveries.insert_pending(connection, "care_plan", plan, version, "hospital")

    def answer(self, version: int) -> Delivery:
        with writing(self.engine) as connection:
            return deliveries.insert_pending(connection, "answers", "r", version, "hospital")

    def begin(self, owner: str) -> Callable[[], str]:
        """The next piece of work, claimed by somebody, and not yet run."""
        with writing(self.engine) as connection:
            (one,) = claim(connection, owner, 1)
            run = self.courier.begin(connection, one)
        assert run is not None
        return run

    @property
    def hands(self) -> Hands:
        return Hands(self.engine, {"delivery": self.courier.begin})

    def take(self) -> str:
        """The next piece of work."""
        return self.hands.take()

    def row(self, delivery: Delivery) -> Delivery:
        with reading(self.engine) as connection:
            return cast("Delivery", deliveries.get(connection, delivery.id))


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.engine.dispose()


def claim(connection: Connection, owner: str, most: int = 8) -> list[Work]:
    return work.claim(connection, "hospital", ("delivery",), owner, most)


def test_a_delivered_plan_has_the_partners_id_and_leaves_nothing_to_do(desk: Desk) -> None:
    put = desk.put()
    assert desk.take() == "delivered"
    row = desk.row(put)
    assert (row.state, row.attempts, row.remote_id, row.remote_version) == ("delivered", 1, "9", "1")
    assert desk.hands.waiting() == []


def test_only_the_first_attempt_of_all_may_send_without_looking(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down"))
    desk.put()
    desk.take()
    desk.ends(Delivered("9", "1", sent=True))
    desk.take()
    desk.put(version=2)
    desk.take()
    assert desk.firsts == [True, False, False]


def test_a_failed_attempt_is_put_back_with_a_delay(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down", status=503))
    put = desk.put()
    desk.take()
    row = desk.row(put)
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "503: down")
    (waiting,) = desk.hands.waiting()
    assert (waiting.id, waiting.owner) == (put.id, None)
    assert 4.0 < desk.hands.delays()[0] <= 10.0


def test_the_partners_retry_after_is_the_least_that_is_waited(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("later", status=429, retry_after=700.0))
    desk.put()
    desk.take()
    assert 690.0 < desk.hands.delays()[0] <= 700.0
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 0


def test_what_is_under_way_is_nobody_elses_nor_is_what_comes_behind_it(desk: Desk) -> None:
    first = desk.put()
    desk.put(2)
    with writing(desk.engine) as connection:
        assert [one.id for one in claim(connection, "one")] == [first.id]
        assert claim(connection, "two") == []


def test_what_a_dead_worker_had_is_taken_over_and_looked_for_first(desk: Desk) -> None:
    put = desk.put()
    run = desk.begin("dead/1")
    with writing(desk.engine) as connection:
        assert work.free_orphans(connection) == 1  # it is in no list of workers
    assert desk.take() == "delivered"
    assert desk.firsts == [False]
    assert run() == "taken over"
    assert desk.row(put).attempts == 2


def test_who_was_taken_for_dead_sends_nothing_more(desk: Desk) -> None:
    put = desk.put()
    desk.writes = True
    run = desk.begin("slow/1")
    with writing(desk.engine) as connection:
        work.let_go(connection, "slow/1")
    again = desk.begin("other/1")
    assert run() == "taken over"
    assert desk.sent == 0
    assert again() == "delivered"
    assert (desk.sent, desk.row(put).attempts) == (1, 2)


def test_what_arrived_while_our_database_was_away_is_settled_and_not_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = desk.put()
    desk.writes = True
    run = desk.begin("one/1")
    with monkeypatch.context() as away:
        away.setattr(attempt, "committed", _no_database)
        for _ in range(2):
            with pytest.raises(OperationalError):
                run()
    assert run() == "delivered"
    assert (desk.sent, desk.firsts, desk.row(put).attempts) == (1, [True], 1)


def _no_database(engine: Engine, run: object) -> str:
    raise OperationalError("", None, OSError())


def test_work_of_what_is_settled_is_no_work(desk: Desk) -> None:
    put = desk.put()
    (left,) = desk.hands.waiting()
    desk.take()
    with writing(desk.engine) as connection:
        work.put(connection, left)
    assert desk.take() == ""
    assert desk.row(put).attempts == 1
    assert desk.hands.waiting() == []


@pytest.mark.parametrize(
    ("refusal", "last_error"),
    [
        (WillAnswerTheSame("refused", status=422, codes=("required",)), "422: refused (required)"),
        (CannotBeSent("the plan names no patient", "required"), "the plan names no patient (required)"),
        (Refused([Issue("error", "value", "goals[0].due", "Mrs Example is no date")]), "value goals[0].due"),
    ],
)
def test_a_refusal_is_settled_and_logged_with_codes_and_places_and_without_the_patients_data(
    desk: Desk, caplog: pytest.LogCaptureFixture, refusal: Exception, last_error: str
) -> None:
    desk.ends(refusal)
    put = desk.put()
    assert desk.take() == "refused"
    assert desk.row(put).last_error == last_error
    assert desk.hands.waiting() == []
    (line,) = [one for one in caplog.records if one.name.startswith("adapter.")]
    told = f"delivery {put.id} to partner hospital was refused: {last_error}"
    assert (line.levelname, line.getMessage()) == ("WARNING", told)


def test_a_refused_delivery_that_is_opened_again_looks_first(desk: Desk) -> None:
    desk.ends(WillAnswerTheSame("refused", status=403))
    put = desk.put()
    desk.take()
    with writing(desk.engine) as connection:
        assert deliveries.reopen(connection, desk.row(put))
    desk.ends(Delivered("9", "1", sent=False))
    assert desk.take() == "delivered"
    assert desk.firsts == [True, False]


def test_only_what_is_as_it_was_read_is_opened_again(desk: Desk) -> None:
    put = desk.put()
    desk.take()
    with writing(desk.engine) as connection:
        assert not deliveries.reopen(connection, replace(put, state="refused"))
    assert desk.row(put).state == "delivered"
    assert desk.hands.waiting() == []


def test_a_fault_of_ours_is_told_by_its_kind_and_place_alone_and_tried_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.ends(KeyError("Mrs Example"))
    put = desk.put()
    with caplog.at_level(logging.ERROR):
        assert desk.take() == "tried again later"
    assert str(desk.row(put).last_error).startswith("unexpected KeyError in push, line ")
    assert "Example" not in caplog.text
    assert len(desk.hands.waiting()) == 1


def test_a_newer_version_waits_for_the_older(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down"))
    older, newer = desk.put(1), desk.put(2)
    assert [desk.take(), desk.take()] == ["tried again later"] * 2
    assert [desk.row(one).attempts for one in (older, newer)] == [2, 0]
    desk.ends(Delivered("9", "1", sent=True))
    assert [desk.take(), desk.take()] == ["delivered"] * 2


def test_a_refused_version_does_not_hold_up_the_next(desk: Desk) -> None:
    desk.ends(WillAnswerTheSame("refused", status=422))
    desk.put(1)
    newer = desk.put(2)
    desk.take()
    desk.ends(Delivered("9", "1", sent=True))
    assert desk.take() == "delivered"
    assert desk.row(newer).state == "delivered"


def test_the_newest_answer_stands_for_those_before_it(desk: Desk) -> None:
    older, newer = desk.answer(2), desk.answer(3)
    assert desk.take() == ""
    assert desk.firsts == []
    assert desk.take() == "delivered"
    assert [desk.row(one).state for one in (older, newer)] == ["superseded", "delivered"]


def test_a_newer_answer_does_not_wait_behind_one_that_failed_while_it_came(desk: Desk) -> None:
    older = desk.answer(2)
    desk.ends(WorthAnotherTry("down"))
    run = desk.begin("test/1")
    newer = desk.answer(3)
    assert run() == "superseded"
    desk.ends(Delivered("9", "1", sent=True))
    assert desk.take() == "delivered"
    assert [desk.row(one).state for one in (older, newer)] == ["superseded", "delivered"]


def test_an_older_version_is_not_sent_after_a_newer_one(desk: Desk) -> None:
    older, newer = desk.put(1), desk.put(2)
    with writing(desk.engine) as connection:
        deliveries.settle(connection, newer.id, "delivered", remote_id="9", remote_version="2")
    assert desk.take() == ""
    assert desk.row(older).state == "superseded"
    assert desk.firsts == []


def test_a_partner_that_is_no_longer_configured_is_waited_for(desk: Desk) -> None:
    desk.courier = replace(desk.courier, partner=lambda name: client_for(Settings(), name))
    put = desk.put()
    assert desk.take() == "tried again later"
    assert desk.row(put).last_error == "no partner of this name is configured (configuration)"


def test_a_push_by_hand_makes_what_waits_due(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down"))
    put = desk.put()
    desk.take()
    settings = Settings(identifier_base="urn:clinic", partners=(Partner("hospital", "http://partner.example"),))
    for _ in range(2):
        assert push_now(settings, desk.engine, "p", "hospital").id == put.id
    assert [delay <= 0.0 for delay in desk.hands.delays()] == [True]


def test_the_work_is_undone_with_the_transaction_that_put_it(desk: Desk) -> None:
    with desk.engine.connect() as connection, connection.begin() as transaction:
        deliveries.insert_pending(connection, "care_plan", "p", 1, "hospital")
        transaction.rollback()
    assert desk.hands.waiting() == []


def test_one_that_cannot_be_begun_does_not_keep_the_others(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    broken = desk.put(plan="broken")
    fine = desk.put(plan="fine")

    def begin(connection: Connection, mine: Work) -> Callable[[], str] | None:
        if mine.id == broken.id:
            deliveries.begin_attempt(connection, mine.id)
            raise KeyError("Mrs Example")
        return desk.courier.begin(connection, mine)

    does = worker.Hands({"hospital": 4}, {"delivery": begin})
    working = worker.Worker(desk.engine, "one", PartnerBook(Settings(), desk.engine), lambda _: does)
    working.start()
    until(lambda: desk.row(fine).state == "delivered", "the other arrived")
    working.stop()
    assert (desk.row(broken).state, desk.row(broken).attempts) == ("pending", 0)
    (waiting,) = desk.hands.waiting()
    assert (waiting.owner, desk.hands.delays()[0] > 50) == (None, True)
    assert "cannot be begun: unexpected KeyError" in caplog.text
    assert "Example" not in caplog.text


# ---- a partner that is down, and an item that can never succeed


def down(desk: Desk, times: int, named: str = "down") -> None:
    """So many attempts, each of another plan, find nobody."""
    desk.ends(WorthAnotherTry("no connection"))
    for one in range(times):
        desk.put(plan=f"{named}-{one}")
    for _ in range(times):
        desk.take()


def test_a_partner_that_is_down_is_left_alone_and_that_is_said_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    down(desk, 2 * outage.DOWN_AFTER)
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 0
        state = partner_states.get(connection, "hospital")
    assert (state.failures, state.last_error) == (2 * outage.DOWN_AFTER, "no connection")
    assert [one.levelname for one in caplog.records] == ["ERROR"]
    assert "partner hospital is down since" in caplog.text


def test_a_partner_that_comes_and_goes_is_one_trouble_and_one_that_stays_away_is_said(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for time_ in range(4):
        down(desk, outage.DOWN_AFTER, f"time-{time_}")
        desk.ends(Delivered("9", "1", sent=True))
        desk.hands.take_all()
    said = [f"{one.levelname} {one.getMessage().partition(';')[0].partition(' since')[0]}" for one in caplog.records]
    assert said == ["ERROR partner hospital is down", "WARNING partner hospital is back"]
    caplog.clear()
    down(desk, outage.DOWN_AFTER)
    assert caplog.records == []
    monkeypatch.setattr(outage, "SAID_AGAIN_AFTER", 0.0)
    for _ in range(3):
        desk.take()
    assert [one.levelname for one in caplog.records] == ["ERROR"]


def test_one_piece_at_a_time_tries_a_partner_that_was_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    down(desk, outage.DOWN_AFTER)
    monkeypatch.setattr(outage, "milliseconds", lambda: milliseconds() + 3_600_000)
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 1
    desk.begin("test/1")
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 0


def test_the_first_answer_ends_it_and_all_that_waited_is_due(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    down(desk, outage.DOWN_AFTER)
    desk.ends(Delivered("9", "1", sent=True))
    with writing(desk.engine) as connection:
        connection.execute(update(table).values(due_at=milliseconds() + 3_600_000).where(table.c.lane.like("%down-1%")))
        connection.execute(update(table).values(due_at=0).where(table.c.lane.like("%down-0%")))
    desk.begin("test/1")()
    assert "partner hospital is back" in caplog.text
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 8
    assert all(delay <= 0 for delay in desk.hands.delays())


def test_one_that_changes_there_is_no_sign_that_the_partner_is_down(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("the plan changes at the partner", of_partner=False))
    desk.put()
    for _ in range(2 * outage.DOWN_AFTER):
        desk.take()
    with reading(desk.engine) as connection:
        assert outage.may_begin(connection, "hospital", 8) == 8


def test_what_fails_alone_while_others_arrive_is_parked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.courier = replace(desk.courier, park_after=0.05)
    poison = desk.put(plan="poison")
    ended = []
    for number in range(PARKED_AFTER + 2):
        desk.ends(WorthAnotherTry("500"))
        ended.append(desk.take())
        if desk.row(poison).state != "pending":
            break
        time.sleep(0.01)
        desk.ends(Delivered("9", "1", sent=True))
        with writing(desk.engine) as connection:  # the others are due before it
            connection.execute(update(table).values(due_at=table.c.due_at + 10_000_000).where(table.c.owner.is_(None)))
            outage.answered(connection, "hospital")
            connection.execute(update(partner_state).values(succeeded_at=milliseconds()))
        time.sleep(0.01)
        del number
    assert ended == ["tried again later"] * PARKED_AFTER + ["parked"]
    row = desk.row(poison)
    assert row.state == "refused"
    assert row.last_error == f"parked after {PARKED_AFTER + 1} attempts, while the partner took others: 500"


def test_what_fails_while_nothing_arrives_is_never_parked(desk: Desk) -> None:
    desk.courier = replace(desk.courier, park_after=0.0)
    put = desk.put()
    desk.ends(WorthAnotherTry("503"))
    for _ in range(2 * PARKED_AFTER):
        desk.take()
    assert desk.row(put).state == "pending"
