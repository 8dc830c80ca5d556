"""Several workers on one database: none does what another does, and the work of one that dies is taken over."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from adapter.client import FhirClient
from adapter.delivery import worker as working
from adapter.delivery.attempt import Bring, Courier, Goods
from adapter.delivery.naming import NameTaken, take_name
from adapter.delivery.partner_book import PartnerBook
from adapter.delivery.transaction import Delivered
from adapter.delivery.worker import Hands, Worker
from adapter.settings import Settings
from adapter.store import deliveries, work, workers
from adapter.store.engine import open_engine, reading, writing
from adapter.store.migrate import migrate
from tests.journeys.push.service import ROOT
from tests.journeys.push.waiting import until


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands still is taken for dead at once: so is who has to wait for a busy machine."""
    monkeypatch.setattr(working, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(working, "DEAD_AFTER_SECONDS", 0.5)


def put(engine: Engine, many: int, versions: int = 1) -> list[str]:
    with writing(engine) as connection:
        return [
            deliveries.insert_pending(connection, "care_plan", f"plan-{plan}", version, "hospital").id
            for plan in range(many)
            for version in range(1, versions + 1)
        ]


def started(engine: Engine, name: str, bring: Bring, at_once: int = 4) -> Worker:
    courier = Courier(engine, partner=lambda _: _Nobody(), goods={"care_plan": Goods(lambda *_: bring, True)})  # type: ignore[arg-type, return-value]
    hands = Hands({"hospital": at_once}, {"delivery": courier.begin})
    one = Worker(engine, name, PartnerBook(Settings(), engine), lambda _: hands)
    one.start()
    return one


class _Nobody:
    """A client that is never used."""

    before_writing: Callable[[], None]

    def __enter__(self) -> _Nobody:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def settled(engine: Engine, ids: list[str]) -> bool:
    with reading(engine) as connection:
        return all(one.state == "delivered" for one in deliveries.page(connection, deliveries.Sought(), None, len(ids)))


def test_three_workers_deliver_each_once_and_in_order(engine: Engine) -> None:
    ids = put(engine, 40, versions=3)
    done: list[str] = []

    def bring(client: object, *, first: bool) -> Delivered:
        done.append("1")
        return Delivered("9", "1", sent=True)

    crew = [started(engine, name, bring) for name in ("one", "two", "three")]
    until(lambda: settled(engine, ids), "all is delivered")
    for one in crew:
        one.stop()
    with reading(engine) as connection:
        found = deliveries.page(connection, deliveries.Sought(), None, 1000)
        assert workers.everybody(connection) == []
    assert len(done) == len(ids)
    assert {one.attempts for one in found} == {1}
    for plan in range(40):
        times = [
            one.updated_at for one in sorted(found, key=lambda one: one.item_version) if one.item_id == f"plan-{plan}"
        ]
        assert times == sorted(times)


@pytest.mark.usefixtures("_hurried")
def test_the_work_of_one_that_stands_still_is_taken_over_and_its_late_answer_is_dropped(engine: Engine) -> None:
    (id_,) = put(engine, 1)
    stuck, held = Event(), Event()

    def waits(client: FhirClient, *, first: bool) -> Delivered:
        held.set()
        stuck.wait(20)
        client.before_writing()
        return Delivered("late", "1", sent=True)

    slow = started(engine, "slow", waits)
    assert held.wait(10)
    slow._stopping.set()  # it counts no more, and what it began goes on
    quick = started(engine, "quick", lambda client, *, first: Delivered("quick", "1", sent=not first))
    began = time.monotonic()
    until(lambda: settled(engine, [id_]), "it is taken over")
    assert time.monotonic() - began < 10
    stuck.set()
    slow.stop()
    quick.stop()
    with reading(engine) as connection:
        (one,) = deliveries.page(connection, deliveries.Sought(), None, 2)
    assert (one.remote_id, one.attempts) == ("quick", 2)


def test_who_settles_does_not_stand_in_the_way_of_who_claims(engine: Engine) -> None:
    """On PostgreSQL two that take a delivery and its work in different order stop each other for good."""
    (id_,) = put(engine, 1)
    claimed = Event()

    def settles() -> bool:
        claimed.wait(10)
        with writing(engine) as connection:
            return deliveries.settle(connection, id_, "superseded")

    with ThreadPoolExecutor(1) as other:
        settled = other.submit(settles)
        with writing(engine) as connection:
            (one,) = work.claim(connection, "hospital", ("delivery",), "one/1", 8)
            claimed.set()
            time.sleep(0.3)  # the other has begun by now
            deliveries.begin_attempt(connection, one.id)
        assert settled.result(20)


def test_what_a_worker_that_stops_has_not_done_is_anybodys_at_once(engine: Engine) -> None:
    put(engine, 3)
    stuck = Event()
    one = started(engine, "one", lambda client, *, first: Delivered("9", str(stuck.wait(5)), sent=first), at_once=1)
    until(lambda: one._under_way.get("hospital", 0) == 1, "one is under way")
    one.stop(0)
    with reading(engine) as connection:
        assert work.being_done(connection, "hospital") == 0
    stuck.set()
    until(lambda: one._under_way["hospital"] == 0, "what was under way lets go of the database")


def test_no_two_live_workers_of_a_machine_have_the_same_name(database_url: str) -> None:
    first, second = take_name(database_url), take_name(database_url)
    assert second.name == f"{first.name}-2"
    named = take_name(database_url, "east")
    with pytest.raises(NameTaken, match="A worker called east runs on this machine already"):
        take_name(database_url, "east")
    assert take_name(f"{database_url}-other", "east").name == "east"
    named.give_back()
    again = take_name(database_url, "east")
    for one in (first, second, again):
        one.give_back()


def test_a_worker_process_says_its_name_ends_well_and_keeps_it_to_itself(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "adapter",
        "worker",
        "--database-url",
        f"sqlite:///{tmp_path}/p.db",
        "--name",
        "east",
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, cwd=tmp_path, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as one:
        assert one.stderr is not None
        assert one.stderr.readline() == "paingate worker east is at work\n"
        other = subprocess.run(
            command,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
            env={"PYTHONPATH": str(ROOT)},
            timeout=30,
            check=False,
        )
        assert (other.returncode, "A worker called east runs on this machine already" in other.stderr) == (2, True)
        one.send_signal(signal.SIGTERM)
        assert one.wait(20) == 0
