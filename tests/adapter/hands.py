"""The work that waits, done a piece at a time and when a test wants it, as a worker would do it."""

from __future__ import annotations

import time

from sqlalchemy import Engine, select, update

from adapter.delivery.worker import Begin
from adapter.store import work
from adapter.store.engine import reading, writing
from adapter.store.tables import work as table
from adapter.store.work import What, Work

OWNER = "test/1"


class Hands:
    """Of one worker, at one partner."""

    def __init__(self, engine: Engine, begin: dict[What, Begin], partner: str = "hospital") -> None:
        self.engine, self.partner = engine, partner
        self._begin = begin

    def waiting(self) -> list[Work]:
        """What is still to be done there, the longest due first."""
        with reading(self.engine) as connection:
            found = connection.execute(select(table).where(table.c.partner == self.partner).order_by(table.c.due_at))
            return [Work(**row._asdict()) for row in found]

    def delays(self) -> list[float]:
        """For how many seconds each piece still waits."""
        return [one.due_at / 1000 - time.time() for one in self.waiting()]

    def take(self, owner: str = OWNER) -> str:
        """Takes the next piece, whenever it is due, and says what came of it; "" where nothing was to be run."""
        with writing(self.engine) as connection:
            connection.execute(update(table).values(due_at=0).where(table.c.owner.is_(None)))
            (one,) = work.claim(connection, self.partner, tuple(self._begin), owner, 1)
            run = self._begin[one.what](connection, one)
        return run() if run is not None else ""

    def take_all(self) -> list[str]:
        """Until there is nothing."""
        found = []
        while self.waiting():
            found.append(self.take())
        return found
