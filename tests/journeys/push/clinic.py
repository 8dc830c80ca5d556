"""The clinic's side of the push, as a process that can be killed: the worker on a database, and plans put into it.

A plan, its delivery and the work are committed by the test in one transaction, as the service does it; the worker runs
in a process of its own, started by `python -m tests.journeys.push.clinic`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from adapter.delivery import worker
from adapter.settings import Partner, Settings
from adapter.store import deliveries
from adapter.store.clock import now
from adapter.store.deliveries import Delivery
from adapter.store.engine import open_engine, reading, writing
from adapter.store.migrate import migrate
from adapter.store.tables import care_plan, patient
from mappings.r4.exact_json import dumps
from tests.journeys.push.waiting import until

PARTNER = "hospital"
IDENTIFIERS = "https://clinic.example"
ROOT = Path(__file__).parents[3]


def settings(database_url: str, partner_url: str, retry_base: str = "0.2", retry_ceiling: str = "5") -> Settings:
    return Settings(
        identifier_base=IDENTIFIERS,
        partners=(Partner(PARTNER, partner_url, ("care_plan",)),),
        database_url=database_url,
        retry_base=float(retry_base),
        retry_ceiling=float(retry_ceiling),
        read_timeout=float(os.environ.get("PAINGATE_TEST_READ_TIMEOUT", "30")),
    )


def rendered(record: dict[str, Any]) -> dict[str, Any]:
    """A record of these tests holds its resource."""
    return dict(record["resource"])


class Clinic:
    """A database and, while it is up, a worker process on it."""

    def __init__(self, database_url: str, partner_url: str) -> None:
        self.settings = settings(database_url, partner_url)
        self.engine = open_engine(database_url)
        migrate(self.engine)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the clinic

    def start(self) -> None:
        """Starts the worker; what it left undone it takes up by itself."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.push.clinic", *self._arguments()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"up\n", "the worker did not start"

    def kill(self) -> None:
        """As a power cut: no handler runs, nothing is flushed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def close(self) -> None:
        self.kill()
        self._log.close()
        self.engine.dispose()

    def said(self) -> str:
        """What the workers wrote to standard error so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def put(self, plan_id: str, title: str, **elements: Any) -> Delivery:
        """Stores the plan's next version with its delivery and its work, in one transaction."""
        number = f"patient-{plan_id}"
        with writing(self.engine) as connection:
            version = connection.execute(
                select(func.max(care_plan.c.version)).where(care_plan.c.id == plan_id)
            ).scalar()
            if version is None:
                values = {
                    "number": number,
                    "record": dumps(_patient(number)),
                    "mapping_version": "1",
                    "created_at": now(),
                }
                connection.execute(insert(patient).values(**values))
            version = (version or 0) + 1
            connection.execute(
                insert(care_plan).values(
                    id=plan_id,
                    version=version,
                    record=dumps(_plan(number, title=title, **elements)),
                    mapping_version="1",
                    patient_number=number,
                    stored_at=now(),
                )
            )
            return deliveries.insert_pending(connection, "care_plan", plan_id, version, PARTNER)

    def delivery(self, delivery: Delivery) -> Delivery:
        with reading(self.engine) as connection:
            found = deliveries.get(connection, delivery.id)
        assert found is not None
        return found

    def settled(self, delivery: Delivery) -> Delivery:
        """The delivery once it is no longer pending."""
        until(
            lambda: self.delivery(delivery).state != "pending",
            f"delivery of {delivery.item_id} is settled",
            self._process,
        )
        return self.delivery(delivery)

    def delivered(self, delivery: Delivery) -> Delivery:
        settled = self.settled(delivery)
        assert settled.state == "delivered", settled
        return settled

    def with_retries_after(self, seconds: float) -> Settings:
        return replace(self.settings, retry_base=seconds, retry_ceiling=seconds)

    def _arguments(self) -> list[str]:
        here = self.settings
        return [here.database_url, here.partners[0].base_url, str(here.retry_base), str(here.retry_ceiling)]


def _patient(number: str) -> dict[str, Any]:
    return {
        "resource": {"resourceType": "Patient", "identifier": [{"system": f"{IDENTIFIERS}/patient", "value": number}]}
    }


def _plan(number: str, **elements: Any) -> dict[str, Any]:
    subject = {"identifier": {"system": f"{IDENTIFIERS}/patient", "value": number}}
    goal = {
        "resourceType": "Goal",
        "id": "g",
        "lifecycleStatus": "active",
        "description": {"text": "walk"},
        "subject": subject,
    }
    return {
        "record": "care_plan",
        "resource": {
            "resourceType": "CarePlan",
            "contained": [goal],
            "status": "active",
            "intent": "plan",
            "subject": subject,
            "goal": [{"reference": "#g"}],
            **elements,
        },
    }


if __name__ == "__main__":
    here = settings(*sys.argv[1:])
    worker.start(here, open_engine(here.database_url), render=rendered)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    threading.Event().wait()
