"""HAPI FHIR's instance validator, built by Maven and run as one process that judges whatever it is sent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread
from typing import Any, NamedTuple

from tests.java.maven import command


class Fault(NamedTuple):
    """One error that HAPI finds in a resource."""

    location: str
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


class Hapi:
    """The running judge.  What is sent is judged while more is being made; `faults` waits until all of it is."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: Path) -> None:
        self._process, self._complaints = process, complaints
        self._names: set[str] = set()
        self._answers: dict[str, list[Fault]] = {}
        self._more = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, name: str, resource: bytes) -> None:
        """A resource as JSON on one line, under a name of its own."""
        assert self._process.stdin is not None
        assert b"\n" not in resource
        assert name not in self._names, f"{name} was sent before: its answer would stand for two"
        self._names.add(name)
        try:
            self._process.stdin.write(name.encode() + b"\t" + resource + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(self._last_words()) from None

    def faults(self) -> dict[str, list[Fault]]:
        """The errors in each resource that was sent until now."""
        with self._more:
            self._more.wait_for(self._is_done, timeout=600)
        assert len(self._answers) == len(self._names), self._last_words()
        return self._answers

    def _is_done(self) -> bool:
        return len(self._answers) == len(self._names) or self._process.poll() is not None

    def end(self) -> None:
        self._process.kill()
        self._reader.join()

    def _last_words(self) -> str:
        return f"HAPI gave up: {self._complaints.read_text('utf-8')[-2000:]}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._more:
                self._answers[answer["file"]] = [_fault(one) for one in answer["issues"] if _is_error(one)]
                self._more.notify_all()
        self._process.wait()
        with self._more:
            self._more.notify_all()


def _is_error(issue: dict[str, Any]) -> bool:
    return issue["severity"] in ("error", "fatal")


def _fault(issue: dict[str, Any]) -> Fault:
    return Fault(issue.get("location", ""), issue["message"])


@contextmanager
def running(cache: Path) -> Iterator[Hapi]:
    """The judge, built where it is not yet; skips, and says why, where that cannot be."""
    complaints = cache / "complaints"
    told = command("library", "Judge", cache, "-Xmx2g")
    with (
        complaints.open("wb") as heard,
        subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=heard) as process,
    ):
        judge = Hapi(process, complaints)
        try:
            yield judge
        finally:
            judge.end()
