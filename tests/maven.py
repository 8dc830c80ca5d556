"""Small programs of Java that the tests run: built by Maven, once for each state of their sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

UNREACHABLE = ("Could not resolve", "Could not transfer", "could not be resolved")


def command(project: Path, main: str, cache: Path, *options: str) -> list[str]:
    """The command that runs a class of a Maven project; skips, and says why, where it cannot be built."""
    java = shutil.which("java") if shutil.which("javac") else None
    maven = shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip(f"no JDK and Maven here to run {main} with")
    folder = _built(maven, project, main, cache)
    classpath = f"{folder / 'classes'}:{(folder / 'classpath').read_text('utf-8')}"
    return [java, *options, "-cp", classpath, main]


def _built(maven: str, project: Path, main: str, cache: Path) -> Path:
    """The folder with the compiled program and the class path that it needs."""
    sources = (project / "pom.xml", project / f"src/main/java/{main}.java")
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = cache / state
    if not folder.exists() or not _libraries_are_there(folder):
        with tempfile.TemporaryDirectory(dir=cache) as room:
            made = Path(room) / "made"
            _build(maven, sources[0], main, made)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                made.rename(folder)
            except OSError:  # another worker was doing the same
                assert folder.exists()
    return folder


def _libraries_are_there(folder: Path) -> bool:
    return all(Path(jar).exists() for jar in (folder / "classpath").read_text("utf-8").split(":"))


def _build(maven: str, pom: Path, main: str, folder: Path) -> None:
    goals = ["compile", "dependency:build-classpath", f"-Dmdep.outputFile={folder / 'classpath'}", f"-Dfolder={folder}"]
    told = [maven, "--batch-mode", "--quiet", "--file", str(pom), *goals]
    done = subprocess.run(told, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 and any(words in done.stdout for words in UNREACHABLE):
        pytest.skip(f"{main} could not be fetched: {done.stdout.strip().splitlines()[0][:300]}")
    assert done.returncode == 0, done.stdout
