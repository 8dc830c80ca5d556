"""What a command says where its database cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.settings import Settings


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


def with_put_partners(settings: Settings) -> Settings:
    """The settings with the partners that were put through the clinic API, where there is a database already."""
    from sqlalchemy import make_url

    from adapter.delivery.partner_book import PartnerBook
    from adapter.store.engine import open_engine

    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return settings
    with usable_database():
        engine = open_engine(settings.database_url)
    try:
        return PartnerBook(settings, engine).settings()
    finally:
        engine.dispose()
