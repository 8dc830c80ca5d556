"""The other side: FHIR servers that we did not write, sekmet-fhir and HAPI's, each as a process of its own; and what is
asked of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.java import maven
from tests.journeys.push.waiting import free_port, until


class Hospital:
    """A running server."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def found(self, resource_type: str, system: str, value: str) -> list[dict[str, Any]]:
        """The resources with that identifier, however many: a patient's is known here by its system and value too."""
        answer = requests.get(
            f"{self.base_url}/{resource_type}",
            params={"identifier": f"{system}|{value}"},
            headers={"Prefer": "handling=strict", "Cache-Control": "no-cache"},
            timeout=20,
        )
        answer.raise_for_status()
        return [entry["resource"] for entry in answer.json().get("entry", [])]

    def count(self, resource_type: str) -> int:
        """How many of a type there are in all."""
        answer = requests.get(f"{self.base_url}/{resource_type}", params={"_summary": "count"}, timeout=20)
        return int(answer.json()["total"])

    def history(self, resource_type: str, there: str) -> list[dict[str, Any]]:
        """All versions, newest first."""
        answer = requests.get(f"{self.base_url}/{resource_type}/{there}/_history", timeout=20)
        return [entry["resource"] for entry in answer.json()["entry"]]

    def remove(self, resource_type: str, there: str) -> None:
        requests.delete(f"{self.base_url}/{resource_type}/{there}", timeout=20).raise_for_status()


@contextmanager
def hospital_in(folder: Path) -> Iterator[Hospital]:
    """A sekmet with an empty store in that folder."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/fhir"
    (folder / "settings.yaml").write_text(f"base_url: {base_url}\nsimulator: {{enabled: false}}\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sekmet.cli", "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "SEKMET_CONFIG": str(folder / "settings.yaml")},
        )
        try:
            until(lambda: answers(f"{base_url}/metadata"), "sekmet answers", process)
            yield Hospital(base_url)
        finally:
            process.kill()
            process.wait()


@contextmanager
def hapi_in(folder: Path, cache: Path) -> Iterator[Hospital]:
    """HAPI FHIR's JPA server with an empty database; skips, and says why, where it cannot be built."""
    told = maven.command("server", "Hospital", cache, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx900m")
    with (folder / "log").open("wb") as log, subprocess.Popen(told, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline()
            assert port, f"HAPI gave up: {(folder / 'log').read_text('utf-8')[-2000:]}"
            yield Hospital(f"http://127.0.0.1:{int(port)}/fhir")
        finally:
            process.kill()


def answers(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
