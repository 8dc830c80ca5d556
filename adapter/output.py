"""What a command writes, where it may not be written: a full disk is told in one line, whichever stream it is."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


class CannotWrite(Exception):
    """An output takes no more; the message names it and says why."""


def say(text: str) -> None:
    """Writes to standard output."""
    with writing_to(sys.stdout, "Standard output"):
        sys.stdout.write(text)


def flush() -> None:
    """What was said has left this process."""
    with writing_to(sys.stdout, "Standard output"):
        sys.stdout.flush()


@contextmanager
def writing_to(stream: TextIO, name: str) -> Iterator[None]:
    """Turns what the stream complains about into CannotWrite.  That its reader has gone is no complaint."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as trouble:
        let_go(stream)
        raise CannotWrite(f"{name} cannot be written: {trouble.strerror}.") from None


def let_go(stream: TextIO) -> None:
    """What is still buffered is not to be written, and complained about, at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
