"""What a command says where its database cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class UnusableDatabase(Exception):
    """It cannot be reached, opened or brought up to date; the message is the first line of why."""


@contextmanager
def usable_database() -> Iterator[None]:
    """Around whatever opens it."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError) as trouble:
        raise UnusableDatabase(f"The database cannot be used: {str(trouble).splitlines()[0]}") from None
