"""Who works on this database: each worker counts on in a row of its own, and the others watch that it does.

What is compared is a count with the watcher's own clock: the clocks of two hosts are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import worker


@dataclass(frozen=True)
class Worker:
    """One start of a worker: started again, it has another id and keeps its name."""

    id: str
    name: str
    host: str
    beat: int
    started_at: str
    seen_at: str


def beat(connection: Connection, id_: str, name: str, host: str) -> None:
    """Counts on; one that was taken for dead is there again."""
    counted = update(worker).where(worker.c.id == id_).values(beat=worker.c.beat + 1, seen_at=now())
    if connection.execute(counted).rowcount == 0:
        rows.add(connection, worker, vars(Worker(id_, name, host, 0, now(), now())))


def touch(connection: Connection) -> None:
    """Writes, and changes nothing: it fails where nothing can be written."""
    connection.execute(update(worker).where(worker.c.id == "").values(beat=0))


def everybody(connection: Connection) -> list[Worker]:
    return [Worker(**row._asdict()) for row in connection.execute(select(worker).order_by(worker.c.started_at))]


def bury(connection: Connection, dead: Worker) -> bool:
    """Takes a worker off the list; False where it has counted on meanwhile, or another took it off."""
    still = delete(worker).where(worker.c.id == dead.id, worker.c.beat == dead.beat)
    return connection.execute(still).rowcount == 1


def leave(connection: Connection, id_: str) -> None:
    connection.execute(delete(worker).where(worker.c.id == id_))
