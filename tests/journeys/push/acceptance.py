"""Many versions of many plans to three partners, while whoever delivers them is killed again and again.

One partner is well, one fails a third of the time and loses answers, one is down for the first half.  In the end each
has every plan, in every version, in order, once: counted there.  As a test it runs small (test_acceptance.py); whole:

    python -m tests.journeys.push.acceptance --versions 2000 --plans 500 --kills 20 [--database postgresql+psycopg://...]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.journeys.push.partner import Partner, partner
from tests.journeys.push.waiting import free_port, until

ROOT = Path(__file__).parents[3]
IDENTIFIERS = "https://clinic.example/ids"
WITHIN = 600.0


@dataclass
class Outcome:
    """What was seen."""

    seconds: float
    arrived: dict[str, dict[str, Any]]
    """By partner, as it tells."""
    expected: dict[str, list[str]]


class Processes:
    """The service, and on PostgreSQL workers beside it; each can be killed and is started again."""

    def __init__(self, folder: Path, database_url: str, partners: Sequence[Partner], workers: int) -> None:
        self.port = free_port()
        tables = "".join(
            f'[partners.{name}]\nbase_url = "{one.base_url}"\nsends = ["care_plan"]\n\n'
            for name, one in zip(("well", "flaky", "late"), partners, strict=True)
        )
        delivery = "[delivery]\nretry_base = 0.2\nretry_ceiling = 5.0\nread_timeout = 10.0\n"
        (folder / "paingate.toml").write_text(
            f'database_url = "{database_url}"\n[clinic]\nidentifier_base = "{IDENTIFIERS}"\n\n{tables}{delivery}'
        )
        self._folder = folder
        self._commands = [["serve", "--port", str(self.port), "--name", "serve"]]
        self._commands += [["worker", "--name", f"worker-{number}"] for number in range(workers)]
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the service."""
        return self._running[0].pid

    def start(self) -> None:
        self._running = [self._started(command) for command in self._commands]
        until(self.answers, "the service answers", self._running[0])

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "adapter", *command], cwd=self._folder, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def kill_one(self, number: int) -> None:
        """As a power cut, and up again."""
        self._running[number].send_signal(signal.SIGKILL)
        self._running[number].wait()
        self._running[number] = self._started(self._commands[number])

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/ready", timeout=5).status_code < 500
        except requests.RequestException:
            return False

    def said(self) -> str:
        return (self._folder / "log").read_text()


def run(
    folder: Path, database_url: str, *, versions: int, plans: int, kills: int, workers: int = 0, seed: int = 7
) -> Outcome:
    """Puts them all, kills as it goes, and waits until everything arrived; AssertionError where it does not."""
    with ExitStack() as stack:
        well, flaky, late = (stack.enter_context(partner()) for _ in range(3))
        flaky.be("badly")
        late.be("down")
        processes = Processes(folder, database_url, (well, flaky, late), workers)
        stack.callback(processes.stop)
        processes.start()
        numbers = [refer(processes, number) for number in range(plans)]
        began = time.monotonic()
        expected: dict[str, list[str]] = {f"plan-{number}": [] for number in range(plans)}
        over = threading.Event()
        killing = threading.Thread(target=_killing, args=(processes, kills, 1 + workers, seed, over))
        killing.start()

        def put(number: int) -> None:
            for version in range(versions // plans):
                title = f"version {version + 1}"
                put_plan(processes, number, numbers[number], title)
                expected[f"plan-{number}"].append(title)

        with ThreadPoolExecutor(4) as clerks:
            list(clerks.map(put, range(plans // 2)))
            late.be("well")
            list(clerks.map(put, range(plans // 2, plans)))
        killing.join()
        partners = {"well": well, "flaky": flaky, "late": late}

        def all_there() -> bool:
            return all(one.arrived()["plans"] == expected for one in partners.values())

        _until(all_there, partners, expected, processes)
        seconds = time.monotonic() - began
        arrived = {name: one.arrived() for name, one in partners.items()}
        return Outcome(seconds, arrived, expected)


def _until(all_there: Any, partners: dict[str, Partner], expected: dict[str, list[str]], processes: Processes) -> None:
    end = time.monotonic() + WITHIN
    while not all_there():
        if time.monotonic() > end:
            missing = {
                name: {plan: titles for plan, titles in one.arrived()["plans"].items() if titles != expected[plan]}
                for name, one in partners.items()
            }
            raise AssertionError(f"not all arrived: {missing}\n{processes.said()[-3000:]}")
        time.sleep(0.3)


def _killing(processes: Processes, kills: int, among: int, seed: int, over: threading.Event) -> None:
    dice = random.Random(seed)
    for _ in range(kills):
        if over.wait(dice.uniform(0.2, 3.0)):
            return
        processes.kill_one(dice.randrange(among))


def refer(processes: Processes, number: int) -> str:
    """A patient of the clinic, by its number here."""
    from tests.journeys.push.service import _referral

    answer = requests.post(
        f"{processes.url}/fhir", json=_referral(f"mrn-{number}"), timeout=60,
        headers={"Content-Type": "application/fhir+json"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return f"P-{number + 1:06}"


def put_plan(processes: Processes, number: int, patient: str, title: str) -> None:
    """Until it was taken: the service may be dead at the moment."""
    plan = {
        "record": "care_plan", "status": "active", "title": title,
        "patient": {"ref_identifier": {"system": f"{IDENTIFIERS}/patient", "value": patient}},
    }  # fmt: skip
    end = time.monotonic() + 120
    while True:
        try:
            answer = requests.put(f"{processes.url}/clinic/v1/care-plans/plan-{number}", json=plan, timeout=30)
            if answer.status_code in (200, 201):
                return
            assert answer.status_code >= 500, answer.text
        except requests.RequestException:
            pass
        assert time.monotonic() < end, "the service does not come back"
        time.sleep(0.2)


def main() -> None:
    grammar = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    grammar.add_argument("--versions", type=int, default=2000)
    grammar.add_argument("--plans", type=int, default=500)
    grammar.add_argument("--kills", type=int, default=20)
    grammar.add_argument(
        "--database", help="a PostgreSQL database that is empty; three workers then, else SQLite and one"
    )
    told = grammar.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = told.database or f"sqlite:///{folder}/paingate.db"
        found = run(
            Path(folder), url, versions=told.versions, plans=told.plans, kills=told.kills,
            workers=2 if told.database else 0,
        )  # fmt: skip
    for name, one in found.arrived.items():
        versions = sum(map(len, one["plans"].values()))
        sys.stdout.write(f"{name}: {len(one['plans'])} plans, {versions} versions, doubles {one['doubles']}\n")
    everything = 3 * told.versions
    sys.stdout.write(f"{everything} in {found.seconds:.0f} s: {everything / found.seconds:.0f} a second\n")


if __name__ == "__main__":
    main()
