"""What a turn makes of a delivery's row, and what it leaves to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, Engine, insert

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.attempt import Bring, Courier, Goods
from adapter.delivery.backoff import Pace
from adapter.delivery.by_hand import push_now
from adapter.delivery.outbox import Outbox, Turn, first_turn, prepare
from adapter.delivery.partners import client_for
from adapter.delivery.plan_bundle import CannotBeSent
from adapter.delivery.transaction import Delivered
from adapter.settings import Partner, Settings
from adapter.store import deliveries
from adapter.store.deliveries import Delivery
from adapter.store.engine import open_engine, reading, writing
from adapter.store.migrate import migrate
from adapter.store.tables import care_plan, patient
from mappings.issues import Issue, Refused
from mappings.r4.exact_json import dumps


class Desk:
    """A database with plans in it, and a courier whose pushes end as the test says."""

    def __init__(self, database_url: str) -> None:
        settings = Settings(database_url=database_url)
        self.engine: Engine = open_engine(settings.database_url)
        migrate(self.engine)
        prepare(settings)
        self.outbox = Outbox(self.engine)
        self.courier = Courier(
            self.engine,
            self.outbox,
            partner=lambda _: FhirClient("http://partner.example"),
            goods={
                "care_plan": Goods(self._load, every_version=True),
                "answers": Goods(self._load, every_version=False),
            },
            pace=Pace(first=10.0, longest=100.0),
        )
        self.firsts: list[bool] = []
        self.ends(Delivered("9", "1", sent=True))
        with writing(self.engine) as connection:
            values = {"number": "1", "record": dumps({}), "mapping_version": "1", "created_at": "2026"}
            connection.execute(insert(patient).values(**values))

    def ends(self, end: Delivered | Exception) -> None:
        """How whatever is brought from now on ends."""

        def push(client: FhirClient, *, first: bool) -> Delivered:
            self.firsts.append(first)
            if isinstance(end, Exception):
                raise end
            return end

        self._bring = push

    def _load(self, connection: Connection, delivery: Delivery) -> Bring:
        return self._bring

    def put(self, version: int = 1) -> Delivery:
        with writing(self.engine) as connection:
            values = {"id": "p", "version": version, "record": dumps({}), "mapping_version": "1", "stored_at": "2026"}
            connection.execute(insert(care_plan).values(**values, patient_number="1"))
            return deliveries.insert_pending(connection, "care_plan", "p", version, "hospital")

    def take(self, delivery: Delivery) -> str:
        return self.courier.take(turn(delivery))

    def row(self, delivery: Delivery) -> Delivery:
        with reading(self.engine) as connection:
            return cast("Delivery", deliveries.get(connection, delivery.id))

    def waiting(self) -> dict[str, float]:
        """The turns left in the database, with the seconds that each has to wait."""
        now = time.time()
        return {
            one.workflow_id: (one.delay_until_epoch_ms or 0) / 1000 - now for one in self.outbox.client.list_workflows()
        }


def turn(delivery: Delivery) -> Turn:
    return first_turn(delivery.id, delivery.item_id, delivery.partner)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.engine.dispose()


def test_a_delivered_plan_has_the_partners_id_and_leaves_nothing_to_do(desk: Desk) -> None:
    put = desk.put()
    assert desk.take(put) == "delivered"
    row = desk.row(put)
    assert (row.state, row.attempts, row.remote_id, row.remote_version) == ("delivered", 1, "9", "1")
    assert desk.waiting() == {}


def test_only_the_first_attempt_of_all_may_send_without_looking(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down"))
    one = desk.put()
    desk.take(one)
    desk.ends(Delivered("9", "1", sent=True))
    desk.courier.take(turn(one).following())
    desk.take(desk.put(version=2))
    assert desk.firsts == [True, False, False]


def test_a_failed_attempt_leaves_the_next_turn_with_a_delay(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down", status=503))
    put = desk.put()
    desk.take(put)
    row = desk.row(put)
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "503: down")
    ((workflow, delay),) = desk.waiting().items()
    assert workflow == f"deliver-{put.id}-1"
    assert 4.0 < delay <= 10.0


def test_the_partners_retry_after_is_the_least_that_is_waited(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("later", status=429, retry_after=700.0))
    desk.take(desk.put())
    ((_, delay),) = desk.waiting().items()
    assert 690.0 < delay <= 700.0


def test_a_turn_told_twice_leaves_one_next_turn(desk: Desk) -> None:
    desk.ends(WorthAnotherTry("down"))
    put = desk.put()
    desk.take(put)
    desk.take(put)
    assert len(desk.waiting()) == 1


def test_a_turn_told_again_after_it_settled_does_nothing(desk: Desk) -> None:
    put = desk.put()
    desk.take(put)
    assert desk.take(put) == "settled before"
    assert desk.row(put).attempts == 1


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
    assert desk.take(put) == "refused"
    assert desk.row(put).last_error == last_error
    assert desk.waiting() == {}
    (line,) = [one for one in caplog.records if one.name.startswith("adapter.")]
    told = f"delivery {put.id} to partner hospital was refused: {last_error}"
    assert (line.levelname, line.getMessage()) == ("WARNING", told)


def test_a_refused_delivery_that_is_opened_again_is_taken_in_turns_of_its_own_and_looks_first(desk: Desk) -> None:
    desk.ends(WillAnswerTheSame("refused", status=401))
    put = desk.put()
    with writing(desk.engine) as connection:
        desk.outbox.enqueue(connection, put.id, put.item_id, put.partner)
    desk.take(put)
    with writing(desk.engine) as connection:
        assert deliveries.reopen(connection, desk.row(put))
        desk.outbox.enqueue(connection, put.id, put.item_id, put.partner, again=True)
    first, second = sorted(desk.waiting(), key=len)
    assert first == turn(put).workflow_id
    chain = second.removesuffix("-0")
    desk.ends(Delivered("9", "1", sent=False))
    assert desk.courier.take(Turn(put.id, put.item_id, put.partner, chain)) == "delivered"
    assert desk.firsts == [True, False]


def test_only_what_is_as_it_was_read_is_opened_again(desk: Desk) -> None:
    put = desk.put()
    desk.take(put)
    with writing(desk.engine) as connection:
        assert not deliveries.reopen(connection, replace(put, state="refused"))
    assert desk.row(put).state == "delivered"


def test_a_fault_of_ours_is_told_by_its_kind_and_place_alone_and_tried_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.ends(KeyError("Mrs Example"))
    put = desk.put()
    with caplog.at_level(logging.ERROR):
        assert desk.take(put) == "tried again later"
    assert str(desk.row(put).last_error).startswith("unexpected KeyError in push, line ")
    assert "Example" not in caplog.text
    assert len(desk.waiting()) == 1


def test_a_newer_version_waits_for_the_older_and_is_woken_when_that_is_settled(desk: Desk) -> None:
    older, newer = desk.put(1), desk.put(2)
    assert desk.take(newer) == "waits for an older version"
    assert desk.row(newer).attempts == 0
    ((_, delay),) = desk.waiting().items()
    assert delay > 90.0
    desk.take(older)
    ((_, delay),) = desk.waiting().items()
    assert delay <= 0.0


def test_a_refused_version_does_not_hold_up_the_next(desk: Desk) -> None:
    desk.ends(WillAnswerTheSame("refused", status=422))
    older, newer = desk.put(1), desk.put(2)
    desk.take(older)
    desk.ends(Delivered("9", "1", sent=True))
    assert desk.take(newer) == "delivered"


def test_the_newest_answer_stands_for_those_before_it(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        older, newer = (deliveries.insert_pending(connection, "answers", "r", one, "hospital") for one in (2, 3))
    assert desk.take(older) == "superseded"
    assert desk.firsts == []
    assert desk.take(newer) == "delivered"


def test_an_answer_does_not_wait_for_those_before_it(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        older, newer = (deliveries.insert_pending(connection, "answers", "r", one, "hospital") for one in (2, 3))
    assert desk.take(newer) == "delivered"
    assert desk.row(older).state == "superseded"
    assert desk.take(older) == "settled before"


def test_an_older_version_is_not_sent_after_a_newer_one(desk: Desk) -> None:
    older, newer = desk.put(1), desk.put(2)
    with writing(desk.engine) as connection:
        deliveries.settle(connection, newer.id, "delivered", remote_id="9", remote_version="2")
    assert desk.take(older) == "superseded"
    assert desk.row(older).state == "superseded"
    assert desk.firsts == []


def test_what_waited_for_a_superseded_version_is_woken(desk: Desk) -> None:
    oldest, delivered, newest = desk.put(1), desk.put(2), desk.put(3)
    assert desk.take(newest) == "waits for an older version"
    with writing(desk.engine) as connection:
        deliveries.settle(connection, delivered.id, "delivered", remote_id="9", remote_version="2")
    desk.take(oldest)
    ((_, delay),) = desk.waiting().items()
    assert delay <= 0.0


def test_a_partner_that_is_no_longer_configured_is_waited_for(desk: Desk) -> None:
    courier: Any = replace(desk.courier, partner=lambda name: client_for(Settings(), name))
    put = desk.put()
    assert courier.take(turn(put)) == "tried again later"
    assert desk.row(put).last_error == "no partner of this name is configured (configuration)"


def test_a_push_by_hand_takes_up_a_delivery_that_nothing_works_on(desk: Desk) -> None:
    put = desk.put()
    settings = Settings(identifier_base="urn:clinic", partners=(Partner("hospital", "http://partner.example"),))
    for _ in range(2):
        assert push_now(settings, desk.engine, "p", "hospital").id == put.id
    assert len(desk.waiting()) == 1


def test_the_work_is_undone_with_the_transaction_that_put_it(desk: Desk) -> None:
    put = desk.put()
    with desk.engine.connect() as connection, connection.begin() as transaction:
        desk.outbox.enqueue(connection, put.id, put.item_id, put.partner)
        transaction.rollback()
    assert desk.waiting() == {}
