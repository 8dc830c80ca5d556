"""What is told of a fault of ours: its kind and place, never its words, which may quote a patient."""

from __future__ import annotations

import traceback


def told(surprise: Exception) -> str:
    """The kind of an exception and where it was raised."""
    where = traceback.extract_tb(surprise.__traceback__)[-1]
    return f"unexpected {type(surprise).__name__} in {where.name}, line {where.lineno}"
