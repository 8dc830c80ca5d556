"""What a worker is called, and that no two live ones of this machine are called the same.

The lock on a name dies with its process.  Who starts under a name that was somebody's before knows that this one is
gone, and what it was doing is taken up at once; what a worker of another machine was doing is taken up once that one is
seen to stand still.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import make_url

_MOST = 100
"""Workers of one machine on one database that were given no name."""


class NameTaken(Exception):
    """A live worker of this machine has the name."""


class Name:
    """A name that is this process's until `give_back`."""

    def __init__(self, name: str, lock: FileLock) -> None:
        self.name = name
        self._lock = lock

    def give_back(self) -> None:
        self._lock.release()


def take_name(database_url: str, wanted: str = "") -> Name:
    """The name that is wanted, or the first free one after this machine; NameTaken where there is none."""
    host = socket.gethostname()
    names = [wanted] if wanted else [host, *(f"{host}-{number}" for number in range(2, _MOST))]
    for name in names:
        lock = FileLock(_file(database_url, name))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return Name(name, lock)
    raise NameTaken(f"A worker called {names[0]} runs on this machine already: choose another --name.")


def _file(database_url: str, name: str) -> Path:
    """Beside a database that is a file, from wherever that is named; else in the folder for what does not last."""
    user = getattr(os, "getuid", int)()  # a lock of another user's could not be opened
    url = make_url(database_url)
    file = Path(url.database).resolve() if url.get_backend_name() == "sqlite" and url.database else None
    of = hashlib.sha256(f"{user}\n{file or database_url}\n{name}".encode()).hexdigest()[:32]
    if file is not None and file.name != ":memory:":
        return file.with_name(f".{file.name}-{of[:16]}.lock")
    return Path(tempfile.gettempdir()) / f"paingate-{of}.lock"
