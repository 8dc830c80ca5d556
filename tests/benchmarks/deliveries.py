"""How quickly plans go out: how many a second, and how long one takes while another partner is down.

    python -m tests.benchmarks.deliveries [--database postgresql+psycopg://...] [--plans 1000] [--waiting 100000]

Ratios within one run are what counts.  The partners are processes of ours on the same machine (tests/journeys/push).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from adapter.store import deliveries
from adapter.store.engine import open_engine, reading, writing
from adapter.store.tables import care_plan, delivery, work
from tests.journeys.push.acceptance import Processes, put_plan, refer
from tests.journeys.push.partner import partner
from tests.journeys.push.waiting import until


def main() -> None:
    grammar = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    grammar.add_argument("--database", help="an empty PostgreSQL database; else SQLite")
    grammar.add_argument("--plans", type=int, default=1000)
    grammar.add_argument("--waiting", type=int, default=0, help="deliveries that wait for the partner that is down")
    grammar.add_argument("--workers", type=int, default=0, help="workers beside the service")
    told = grammar.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = told.database or f"sqlite:///{folder}/paingate.db"
        well, idle, down = (stack.enter_context(partner()) for _ in range(3))
        processes = Processes(Path(folder), url, (well, idle, down), told.workers)
        stack.callback(processes.stop)
        processes.start()
        engine = open_engine(url)
        numbers = [refer(processes, number) for number in range(20)]
        _many(engine, processes, numbers, told.plans)
        alone = _latency(engine, processes, numbers, "alone")
        down.be("down")
        if told.waiting:
            _wait_for_late(engine, told.waiting)
        disturbed = _latency(engine, processes, numbers, "disturbed")
        _say(f"p95 while another partner is down: {disturbed / alone:.2f} times what it is alone")
        _say(
            f"memory of the service: {_memory(processes)} MB"
            + (f" with {told.waiting} waiting" if told.waiting else "")
        )
        engine.dispose()


def _many(engine: Engine, processes: Processes, numbers: Sequence[str], plans: int) -> None:
    """So many deliveries that are due at once, of stored plans."""
    put_plan(processes, 0, numbers[0], "first")
    until(lambda: _left(engine, "well") == 0, "the first one arrived")
    with reading(engine) as connection:
        row = connection.execute(select(care_plan).limit(1)).one()._asdict()
    with writing(engine) as connection:
        for number in range(plans):
            connection.execute(care_plan.insert().values(**row | {"id": f"many-{number}"}))
            deliveries.insert_pending(connection, "care_plan", f"many-{number}", 1, "well")
    began = time.monotonic()
    until(lambda: _left(engine, "well") == 0, "all arrived")
    _say(f"{plans} deliveries to one partner: {plans / (time.monotonic() - began):.0f} a second")


def _latency(engine: Engine, processes: Processes, numbers: Sequence[str], name: str, each: int = 10) -> float:
    """p95 in seconds from a version's being stored to its being delivered to the partner that is well."""
    for version in range(each):
        for number, patient in enumerate(numbers):
            put_plan(processes, number, patient, f"{name} {version}")
            time.sleep(0.05)
    until(lambda: _left(engine, "well") == 0, "all arrived")
    with reading(engine) as connection:
        found = connection.execute(
            select(care_plan.c.stored_at, delivery.c.updated_at)
            .join_from(
                care_plan,
                delivery,
                (care_plan.c.id == delivery.c.item_id) & (care_plan.c.version == delivery.c.item_version),
            )
            .where(delivery.c.partner == "well", care_plan.c.id.like("plan-%"))
            .order_by(care_plan.c.stored_at.desc())
            .limit(each * len(numbers))
        ).all()
    waits = sorted(
        (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() for begin, end in found
    )
    p50, p95 = (waits[math.ceil(share * len(waits)) - 1] for share in (0.5, 0.95))
    _say(f"{name}: from put to delivered p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms ({len(waits)} versions)")
    return p95


def _wait_for_late(engine: Engine, many: int) -> None:
    """So many deliveries to the partner that is down, of versions of a thousand plans."""
    with reading(engine) as connection:
        row = connection.execute(select(care_plan).limit(1)).one()._asdict()
    for start in range(0, many, 1000):
        with writing(engine) as connection:
            for number in range(start, min(many, start + 1000)):
                plan, version = f"waiting-{number % 1000}", number // 1000 + 1
                connection.execute(care_plan.insert().values(**row | {"id": plan, "version": version}))
                deliveries.insert_pending(connection, "care_plan", plan, version, "late")


def _left(engine: Engine, partner_name: str) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).where(work.c.partner == partner_name)) or 0


def _memory(processes: Processes) -> int:
    status = Path(f"/proc/{processes.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
