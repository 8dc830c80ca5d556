"""The two servers of the demo as processes of their own on loopback, which end with it however it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
STARTS_WITHIN = 40.0  # seconds; a second or two where nothing else runs
ENDS_WITHIN = 5.0


class DidNotWork(Exception):
    """The demo cannot go on; the message says what was seen."""


@dataclass(frozen=True)
class Server:
    """A running server and the base of its FHIR API."""

    name: str
    base: str


@contextmanager
def hospital(room: Path, port: int, seen_at: str) -> Iterator[Server]:
    """sekmet-fhir with an empty store; `seen_at` is the base URL that its answers name."""
    (room / "hospital").mkdir()
    environment = {"SEKMET_BASE_URL": seen_at, "SEKMET_CONFIG": str(room / "hospital" / "settings.yaml")}
    (room / "hospital" / "settings.yaml").write_text("simulator: {enabled: false}\n", encoding="utf-8")
    program = ["-c", "from sekmet.cli import app; app()", "serve", "--host", LOOPBACK, "--port", str(port)]
    server = Server("hospital", f"http://{LOOPBACK}:{port}/fhir")
    with _process(program, room / "hospital", environment, server):
        yield server


@contextmanager
def clinic(room: Path, port: int, partner: str, identifier_base: str) -> Iterator[Server]:
    """paingate itself with an empty store, and the hospital as its one partner."""
    (room / "clinic").mkdir()
    settings = room / "clinic" / "paingate.toml"
    settings.write_text(
        f"""[clinic]
name = "Lakeside Pain Clinic"
identifier_base = "{identifier_base}"

[partners.hospital]
base_url = "{partner}"
sends = ["care_plan"]
""",
        encoding="utf-8",
    )
    database = f"sqlite:///{room / 'clinic' / 'paingate.db'}"
    listens = ["--host", LOOPBACK, "--port", str(port), "--database-url", database, "--config", str(settings)]
    server = Server("clinic", f"http://{LOOPBACK}:{port}/fhir")
    here = str(Path(__file__).parents[2])  # the very code that runs this, installed or not
    ours = {"PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}
    with _process(["-m", "adapter", "serve", *listens], room / "clinic", ours, server):
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(program: list[str], room: Path, environment: dict[str, str], server: Server) -> Iterator[None]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PAINGATE_", "SEKMET_"))}
    log = room / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=room, env={**inherited, **environment}, stdout=output, stderr=output
        )
    try:
        _wait_until_it_answers(process, server, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            try:
                if session.get(f"{server.base}/metadata", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
    raise DidNotWork(f"The {server.name}'s server did not start. The end of its log:\n{last}")
