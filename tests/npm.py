"""Programs on packages of npm: fetched once, and where they cannot be, the tests say so and are skipped."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.once import made


def command(script: Path, packages: tuple[str, ...], cache: pytest.Cache) -> list[str]:
    """How to run a script with Node, with these packages beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip(f"no Node and npm here to run {', '.join(packages)} with")

    def installed(room: Path) -> Path:
        folder = room / "installed"
        folder.mkdir()
        (folder / script.name).write_bytes(script.read_bytes())  # Node looks for packages beside the script
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *packages]
        done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip(f"{', '.join(packages)} could not be fetched: {done.stderr[:300]}")
        return folder

    state = hashlib.sha256(script.read_bytes() + repr(packages).encode()).hexdigest()[:16]
    return [node, str(made(cache.mkdir("npm") / state, installed) / script.name)]
