"""What is fetched or built for the tests is kept in pytest's cache; one process at a time makes it, the others wait."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def made(folder: Path, make: Callable[[Path], Path]) -> Path:
    """The folder; where there is none yet, what make gives is moved there, which it makes in a room of its own.

    So a folder is whole or it is not there, whoever asks for it at the same time and whenever one is killed.
    """
    with _alone(folder.parent):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as room:
                make(Path(room)).rename(folder)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
