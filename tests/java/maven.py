"""Small programs of Java that the tests run: built by Maven, once for each state of their sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.once import made

UNREACHABLE = ("Could not resolve", "Could not transfer", "could not be resolved")

HERE = Path(__file__).parent


def command(project: str, main: str, cache: Path, *options: str) -> list[str]:
    """The command that runs a program of one of the projects; skips, and says why, where it cannot be built."""
    java = shutil.which("java") if shutil.which("javac") else None
    maven = shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip(f"no JDK and Maven here to run {main} with")
    sources = [HERE / project / "pom.xml", *sorted((HERE / project).glob("src/main/java/*.java"))]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    if (cache / state).exists() and not all(Path(jar).exists() for jar in _libraries(cache / state)):
        shutil.rmtree(cache / state)  # Maven's own store has been emptied since
    folder = made(cache / state, lambda room: _built(maven, project, room / "made"))
    return [java, *options, "-cp", ":".join([str(folder / "classes"), *_libraries(folder)]), main]


def _libraries(folder: Path) -> list[str]:
    return (folder / "classpath").read_text("utf-8").split(":")


def _built(maven: str, project: str, folder: Path) -> Path:
    """The folder, with the compiled programs and the class path that they need."""
    goals = ["compile", "dependency:build-classpath", f"-Dmdep.outputFile={folder / 'classpath'}", f"-Dfolder={folder}"]
    told = [maven, "--batch-mode", "--quiet", "--file", str(HERE / project / "pom.xml"), *goals]
    done = subprocess.run(told, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 and any(words in done.stdout for words in UNREACHABLE):
        pytest.skip(f"HAPI FHIR could not be fetched: {done.stdout.strip().splitlines()[0][:300]}")
    assert done.returncode == 0, done.stdout
    return folder
