"""A progress bar, for a person only: on a terminal that shows nothing else meanwhile."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.cli.inputs import Document, Inputs

WIDTH = 30
EVERY = 0.1  # seconds
CLEAR = "\r\x1b[K"


def watched(inputs: Inputs) -> Iterator[Document]:
    """The documents, with a bar on standard error where that is a terminal and the data goes elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from inputs
        return
    drawn = time.monotonic()
    try:
        for count, document in enumerate(inputs, start=1):
            if time.monotonic() - drawn >= EVERY:
                sys.stderr.write(CLEAR + bar(count, inputs.done, inputs.total))
                sys.stderr.flush()
                drawn = time.monotonic()
            yield document
    finally:
        sys.stderr.write(CLEAR)


def bar(count: int, done: int, total: int | None) -> str:
    """`[######........]  42 %  1234 documents`; only the count where it is not known how many bytes there are."""
    if not total:
        return f"{count} documents"
    share = min(done / total, 1.0)
    full = int(share * WIDTH)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  {count} documents"
