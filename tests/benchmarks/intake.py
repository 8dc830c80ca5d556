"""How many referrals a second are taken, durably: processes of `paingate serve` on one database, asked over HTTP.

    python -m tests.benchmarks.intake [--database-url URL] [--processes 2] [--referrals 2000] [--stored 100000]

Every referral is fixtures/referral.bundle.json (a transaction of eight entries, 7 kB) under numbers of its own, one
patient in four of them known.  It counts as taken when it was answered, so after its commit.  The programs that ask run
on the same machine and take their share of it.  With --stored it is measured twice, the second time with so many
more referrals stored (smaller ones): the ratio of the two is the figure to look at.  URL has to name an empty database.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.intake import prepare
from adapter.settings import Settings, read_settings
from adapter.store.engine import open_engine, writing
from mappings.r4 import exact_json
from tests.journeys.push.service import ROOT, Service

JSON = "application/fhir+json"

REFERRALS_OF_A_PATIENT = 4
AT_ONCE = 2  # senders for each process of the service
IN_ONE_COMMIT = 200  # while the database is filled


class Sample(NamedTuple):
    """A referral of which more are made by giving other numbers to it and to its patient."""

    name: str
    placer: str
    patient: str

    def bodies(self, many: int) -> Iterator[bytes]:
        """Referrals that nobody has sent yet."""
        text = (ROOT / "fixtures" / self.name).read_text("utf-8")
        patient = ""
        for n in range(many):
            if n % REFERRALS_OF_A_PATIENT == 0:
                patient = uuid4().hex
            yield text.replace(self.placer, uuid4().hex).replace(self.patient, patient).encode()


ASKED = Sample("referral.bundle.json", "RF-2026-004711", "00483920")
STORED = Sample("declined-referral.bundle.json", "88-1203", "A-77")


class Asked(NamedTuple):
    """One measurement."""

    stored: int
    a_second: float
    milliseconds: list[float]
    cpu: float
    """Seconds of a core that the service took for a referral; what the database server took is not in it."""

    @property
    def line(self) -> str:
        p50, p95, p99 = (statistics.quantiles(self.milliseconds, n=100)[n - 1] for n in (50, 95, 99))
        times = f"{p50:6.1f} {p95:6.1f} {p99:6.1f} ms"
        return f"{self.stored:>8} {self.a_second:>10.0f}    {times} {self.cpu * 1000:>8.1f} ms"


def send(port: int, mine: list[bytes]) -> list[float]:
    """Sends them one after the other; how many milliseconds each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for body in mine:
        began = time.perf_counter()
        connection.request("POST", "/fhir", body, {"Content-Type": JSON})
        answer = connection.getresponse()
        said = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"refused: {answer.status} {said[:300]!r}")
    connection.close()
    return took


def sent(port: int, many: int) -> list[float]:
    """What several senders measured, who share the referrals."""
    every = list(ASKED.bodies(many))
    with ThreadPoolExecutor(AT_ONCE) as senders:
        took = senders.map(lambda n: send(port, every[n::AT_ONCE]), range(AT_ONCE))
        return [one for each in took for one in each]


def measured(services: list[Service], referrals: int, stored: int) -> Asked:
    """A program that asks for each process of the service, all at once."""
    each = referrals // len(services)
    with ProcessPoolExecutor(len(services)) as programs:
        list(programs.map(sent, [one.port for one in services], [AT_ONCE * 4] * len(services)))  # to warm up
        cpu, began = sum(map(_cpu, services)), time.perf_counter()
        took = [
            one for each_ in programs.map(sent, [s.port for s in services], [each] * len(services)) for one in each_
        ]
        seconds = time.perf_counter() - began
    return Asked(stored, len(took) / seconds, took, (sum(map(_cpu, services)) - cpu) / len(took))


def _cpu(service: Service) -> float:
    told = Path(f"/proc/{service.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def fill(settings: Settings, many: int) -> None:
    """Stores referrals without the service, by the same intake, many in one commit."""
    engine = open_engine(settings.database_url)
    every = list(STORED.bodies(many))
    for start in range(0, many, IN_ONE_COMMIT):
        with writing(engine) as connection:
            for body in every[start : start + IN_ONE_COMMIT]:
                prepare(engine, settings, Incoming("/fhir", JSON, body, exact_json.loads(body))).run(connection)
        if start % 10_000 == 0:
            sys.stderr.write(f"\r{start} of {many} stored")
    sys.stderr.write("\r" + " " * 40 + "\r")
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--database-url", help="an empty database; a SQLite file in a folder that goes again if not given"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--referrals", type=int, default=2000)
    parser.add_argument("--stored", type=int, default=0)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as room, ExitStack() as ends:
        url = told.database_url or f"sqlite:///{room}/paingate.db"
        services = []
        for n in range(told.processes):
            folder = Path(room) / f"service-{n}"
            folder.mkdir()
            service = Service(folder, url, "http://127.0.0.1:9/fhir", partner="sends = []")
            service.start()
            ends.callback(service.kill)
            services.append(service)
        sys.stdout.write(f"{told.processes} processes, {os.cpu_count()} cores, {url.partition(':')[0]}\n")
        sys.stdout.write("  stored   a second       p50    p95    p99      of a core\n")
        before = measured(services, told.referrals, 0)
        sys.stdout.write(before.line + "\n")
        if told.stored:
            settings = read_settings(None, database_url=url)
            fill(settings, told.stored)
            after = measured(services, told.referrals, told.stored + told.referrals)
            sys.stdout.write(after.line + "\n")
            sys.stdout.write(f"ratio: {after.a_second / before.a_second:.2f} of the referrals a second\n")


if __name__ == "__main__":
    main()
