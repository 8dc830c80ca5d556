"""`paingate demo`: the whole loop on this machine, with a hospital whose server we did not write.

Both servers are processes of their own, and everything goes over real HTTP on loopback.  Nothing is taken on trust: the
plan is read back from the hospital and compared, leaf by leaf, with the bytes that left the clinic.
"""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

NEEDS_THE_OTHER_SIDE = """paingate: the demo's hospital is the FHIR server sekmet-fhir, which is not installed here.
Install it with: pip install 'paingate[demo]'
"""


def run(_: argparse.Namespace) -> int:
    """The demo; 1 where anything came out otherwise than it should."""
    if find_spec("sekmet") is None:
        sys.stderr.write(NEEDS_THE_OTHER_SIDE)
        return 1
    from adapter.demo.processes import DidNotWork
    from adapter.demo.story import tell

    with _ended_like_ctrl_c():
        try:
            return tell(sys.stdout)
        except DidNotWork as trouble:
            sys.stderr.write(f"\npaingate: {trouble}\n")
            return 1


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A terminated demo ends its servers too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
