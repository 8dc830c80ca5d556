"""The worker: threads of this process that do what is due for partners, on the same database as everything else.

What it has claimed is its own until it is settled.  It counts on in its row; others who see it stand still take its
work over, and it does the same for them.  So any number of workers on any number of machines may share one database,
and one that is killed loses nothing.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from adapter.delivery import outage
from adapter.delivery.answering.answers import BringBack, answers
from adapter.delivery.attempt import Courier
from adapter.delivery.backoff import Pace
from adapter.delivery.naming import Name, take_name
from adapter.delivery.outgoing import Render
from adapter.delivery.partner_book import PartnerBook
from adapter.delivery.partners import client_for
from adapter.delivery.pulls import Puller
from adapter.delivery.pushing.records import Records
from adapter.delivery.surprise import told
from adapter.exchange.sending.bringing import BROUGHT
from adapter.metering import ATTEMPTS
from adapter.settings import Settings
from adapter.store import work, workers
from adapter.store.clock import milliseconds
from adapter.store.engine import committed, reading, writing
from adapter.store.work import What, Work

log = logging.getLogger(__name__)

Begin = Callable[[Connection, Work], Callable[[], str] | None]

POLL_SECONDS = 0.1
GATHER_SECONDS = 0.01
NOT_BEGUN_SECONDS = 60
ENDS_WITHIN = 5
"""Seconds that what is under way may take when a process ends; what takes longer is anybody's to take up."""
BEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 20.0
_LONGEST_WITHOUT_DATABASE = 30.0


@dataclass
class _Watch:
    """What a worker was seen to count, and when that was new."""

    beat: int
    since: float


@dataclass(frozen=True)
class Hands:
    """What a worker does, by the settings of now."""

    at: Mapping[str, int]
    """The partners, and how many pieces of work are done at one at the same time."""
    begin: Mapping[What, Begin]


@dataclass
class Worker:
    """A worker, once it was started."""

    engine: Engine
    name: str
    book: PartnerBook
    hands: Callable[[Settings], Hands]
    id: str = ""
    _settings: Settings | None = None
    _hands: Hands = field(default_factory=lambda: Hands({}, {}))
    _held: Name | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _something_ended: threading.Event = field(default_factory=threading.Event)
    _under_way: dict[str, int] = field(default_factory=dict)
    _count: threading.Lock = field(default_factory=threading.Lock)
    _watched: dict[str, _Watch] = field(default_factory=dict)
    _counted_at: float = 0.0

    def start(self) -> None:
        """Says that it is there, takes up what a predecessor of its name left, and begins."""
        self.id = f"{self.name}/{uuid4().hex}"
        with writing(self.engine) as connection:
            if self._held is not None:  # else nobody knows that the predecessors are gone
                for before in workers.everybody(connection):
                    if before.name == self.name and before.host == socket.gethostname():
                        workers.leave(connection, before.id)
            workers.beat(connection, self.id, self.name, socket.gethostname())
            work.free_orphans(connection)
        self._counted_at = time.monotonic()
        self._threads = [threading.Thread(target=does, daemon=True) for does in (self._claiming, self._beating)]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = ENDS_WITHIN) -> None:
        """Begins nothing more; what is under way may end within so many seconds, and is else anybody's to take up."""
        self._stopping.set()
        self._something_ended.set()
        until = time.monotonic() + seconds
        while any(self._under_way.values()) and time.monotonic() < until:
            time.sleep(0.02)
        for thread in self._threads:
            thread.join(timeout=5.0)
        with writing(self.engine) as connection:
            work.let_go(connection, self.id)
            workers.leave(connection, self.id)
        if self._held is not None:
            self._held.give_back()

    def at_work(self) -> bool:
        """Whether it claims, and was counted not long ago."""
        alive = all(thread.is_alive() for thread in self._threads)
        return alive and time.monotonic() - self._counted_at < DEAD_AFTER_SECONDS

    # ------------------------------------------------------------------ claiming

    def _claiming(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._something_ended.clear()
            try:
                self._follow()
                for one in self._hands.at:
                    self._claim(one)
                failures = 0
            except Exception as trouble:  # noqa: BLE001 - the database, most likely: it is waited for
                failures += 1
                log.error("worker %s cannot claim work: %s", self.name, type(trouble).__name__)  # noqa: TRY400
                self._stopping.wait(min(_LONGEST_WITHOUT_DATABASE, 2.0**failures))
                continue
            if self._something_ended.wait(POLL_SECONDS):
                self._stopping.wait(GATHER_SECONDS)  # what ends meanwhile is replaced in one go

    def _follow(self) -> None:
        """Goes by the partners of now; what is under way ends as it began."""
        settings = self.book.settings()
        if settings is not self._settings:
            self._settings, self._hands = settings, self.hands(settings)

    def _claim(self, partner: str) -> None:
        """Begins what is due at a partner, as far as there are hands free."""
        free = self._hands.at[partner] - self._under_way.get(partner, 0)
        if free <= 0:
            return
        with reading(self.engine) as connection:
            if not work.anything_due(connection, partner) or not outage.may_begin(connection, partner, free):
                return

        def claimed(connection: Connection) -> list[Callable[[], str] | None]:
            most = outage.may_begin(connection, partner, free)
            found = work.claim(connection, partner, tuple(self._hands.begin), self.id, most) if most else []
            return [self._begun(connection, one) for one in found]

        for run in filter(None, committed(self.engine, claimed)):
            self._counted(partner, 1)
            # a thread of its own, which does not keep the process from ending; no more of them than there are hands
            threading.Thread(target=self._run, args=(partner, run), name=f"paingate-{partner}", daemon=True).start()

    def _begun(self, connection: Connection, one: Work) -> Callable[[], str] | None:
        """What is to be run; one that cannot even be begun is put back, and does not keep the others."""
        try:
            with connection.begin_nested():
                return self._hands.begin[one.what](connection, one)
        except OperationalError:  # the database's trouble, and nothing of this piece
            raise
        except Exception as surprise:  # noqa: BLE001 - it would stand in the way of everything at this partner
            log.error("%s %s cannot be begun: %s", one.what, one.id, told(surprise))  # noqa: TRY400
            work.put_back(connection, one, milliseconds() + NOT_BEGUN_SECONDS * 1000, alone=False)
            return None

    def _run(self, partner: str, run: Callable[[], str]) -> None:
        """Only trouble with our own database comes out of it; it is waited out here, so that the work is not lost."""
        failures = 0
        try:
            while not self._stopping.is_set():
                try:
                    ATTEMPTS.labels(partner, run()).inc()
                    return
                except Exception as trouble:  # noqa: BLE001 - whatever it is, the work has to be settled
                    failures += 1
                    log.error("work for partner %s: %s", partner, type(trouble).__name__)  # noqa: TRY400
                    self._stopping.wait(min(_LONGEST_WITHOUT_DATABASE, 2.0**failures))
        finally:
            self._counted(partner, -1)
            self._something_ended.set()

    def _counted(self, partner: str, more: int) -> None:
        with self._count:
            self._under_way[partner] = self._under_way.get(partner, 0) + more

    # ------------------------------------------------------------------ being there, and taking over

    def _beating(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._beat()
            except Exception as trouble:  # noqa: BLE001 - the database, most likely: it is waited for
                log.error("worker %s cannot be counted: %s", self.name, type(trouble).__name__)  # noqa: TRY400

    def _beat(self) -> None:
        now = time.monotonic()
        with writing(self.engine) as connection:
            workers.beat(connection, self.id, self.name, socket.gethostname())
            there = {one.id: one for one in workers.everybody(connection) if one.id != self.id}
            for gone in self._watched.keys() - there.keys():
                del self._watched[gone]
            for one in there.values():
                seen = self._watched.get(one.id)
                if seen is None or seen.beat != one.beat:
                    self._watched[one.id] = _Watch(one.beat, now)
                elif now - seen.since >= DEAD_AFTER_SECONDS and workers.bury(connection, one):
                    log.error("worker %s on %s stands still: its work is taken over", one.name, one.host)
            self._counted_at = now
            if freed := work.free_orphans(connection):
                log.warning("worker %s freed %d pieces of work that were nobody's", self.name, freed)


def start(
    settings: Settings,
    engine: Engine,
    render: Render | None = None,
    *,
    name: str = "",
    only: str = "",
    book: PartnerBook | None = None,
) -> Worker:
    """A worker that has begun, under the name that is wanted; NameTaken where a live one of this machine has it.

    `render` is the mappings' own unless it is given.  only: the one partner that it works for.  book: the partners of
    now; its own where it is not given."""
    held = take_name(settings.database_url, name)
    hands = partial(_hands, engine, render, only)
    started = Worker(engine, held.name, book or PartnerBook(settings, engine), hands, _held=held)
    started.start()
    return started


def _hands(engine: Engine, render: Render | None, only: str, settings: Settings) -> Hands:
    pace = Pace(first=settings.retry_base, longest=settings.retry_ceiling)
    client = partial(client_for, settings)
    brought = Records(engine, settings, (lambda _: render) if render else None)
    courier = Courier(
        engine,
        partner=client,
        goods={"answers": answers(settings), **dict.fromkeys(BROUGHT, brought.goods())},
        pace=pace,
        park_after=settings.park_after,
    )
    puller = Puller(engine, settings, client, BringBack(settings), pace)
    at = {
        one.name: one.at_once or settings.at_once
        for one in settings.partners
        if one.base_url and only in ("", one.name)
    }
    return Hands(at, {"delivery": courier.begin, "pull": puller.begin})
