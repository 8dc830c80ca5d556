"""Waiting for what has to happen, and no longer."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

WITHIN = 40.0
"""Seconds; the machine may be busy with other tests."""


def until(ask: Callable[[], Answer], what: str, process: subprocess.Popen[bytes] | None = None) -> Answer:
    """Asks until the answer is true; says what did not happen, also when the process that should do it has died."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if answer := ask():
            return answer
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{what}: the process ended with {process.returncode}")
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {WITHIN:.0f} seconds")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
