"""HAPI FHIR's instance validator, built by Maven and run as one process that judges whatever it is sent."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent
SOURCES = (HERE / "pom.xml", HERE / "src/main/java/Judge.java")
UNREACHABLE = ("Could not resolve", "Could not transfer", "could not be resolved")


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
    java = shutil.which("java") if shutil.which("javac") else None
    maven = shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip("no JDK and Maven here to run HAPI FHIR's validator with")
    folder = built(maven, cache)
    classpath = f"{folder / 'classes'}:{(folder / 'classpath').read_text('utf-8')}"
    complaints = cache / "complaints"
    command = [java, "-Xmx2g", "-cp", classpath, "Judge"]
    with (
        complaints.open("wb") as heard,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=heard) as process,
    ):
        judge = Hapi(process, complaints)
        try:
            yield judge
        finally:
            judge.end()


def built(maven: str, cache: Path) -> Path:
    """The folder with the compiled judge and the class path that it needs, made once for each state of its sources."""
    state = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
    folder = cache / state
    if not folder.exists() or not _libraries_are_there(folder):
        with tempfile.TemporaryDirectory(dir=cache) as room:
            made = Path(room) / "made"
            _build(maven, made)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                made.rename(folder)
            except OSError:  # another worker was doing the same
                assert folder.exists()
    return folder


def _libraries_are_there(folder: Path) -> bool:
    return all(Path(jar).exists() for jar in (folder / "classpath").read_text("utf-8").split(":"))


def _build(maven: str, folder: Path) -> None:
    goals = ["compile", "dependency:build-classpath", f"-Dmdep.outputFile={folder / 'classpath'}", f"-Dfolder={folder}"]
    command = [maven, "--batch-mode", "--quiet", "--file", str(SOURCES[0]), *goals]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 and any(words in done.stdout for words in UNREACHABLE):
        pytest.skip(f"HAPI FHIR's validator could not be fetched: {done.stdout.strip().splitlines()[0][:300]}")
    assert done.returncode == 0, done.stdout
