"""The partners of now: those of paingate.toml, and those that were put through the clinic API, by whichever process.

Settings are never changed: who goes by them asks here now and then, and gets others where the partners are others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from adapter.delivery.partners import refuse_unfit_keys
from adapter.settings import Settings
from adapter.settings.put import with_partner, with_put
from adapter.store import partners
from adapter.store.engine import reading, writing
from adapter.store.partners import PutPartner

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

Wsgi = Callable[[Any, Any], Iterable[bytes]]


class Stale(Exception):
    """It was changed since it was read; the message says which version there is."""


def put(
    engine: Engine, settings: Settings, name: str, held: Mapping[str, Any], by: str, seen: int | None
) -> PutPartner:
    """Keeps a partner; SettingsError for what cannot be, Stale where `seen` is not the version that there is."""
    with writing(engine) as connection:
        partners.hold(connection)
        stored = {one.name: one.settings or {} for one in partners.everyone(connection)}
        now, _ = with_put(settings, stored)
        made = with_partner(now, name, held)
        refuse_unfit_keys(replace(made, partners=tuple(one for one in made.partners if one.name == name)))
        _must_be_seen(partners.get(connection, name), seen)
        return partners.put(connection, name, held, by)


def remove(engine: Engine, name: str, by: str, seen: int | None) -> bool:
    """Nothing goes there any more; what waits for it goes on waiting.  False where none of that name was put."""
    with writing(engine) as connection:
        partners.hold(connection)
        found = partners.get(connection, name)
        if found is None or found.settings is None:
            return False
        _must_be_seen(found, seen)
        partners.put(connection, name, None, by)
        return True


def _must_be_seen(found: PutPartner | None, seen: int | None) -> None:
    version = found.version if found is not None and found.settings is not None else 0
    if seen is not None and seen != version:
        raise Stale(f"It is version {version} by now." if version else "There is none of this name.")


class PartnerBook:
    """Looks at the database at most once a second; safe to be asked by any thread."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._engine = engine
        self._settings = settings
        self._mark: int | None = None
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    def settings(self) -> Settings:
        """The settings with the partners of now: the same object as long as they are the same."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS or not self._lock.acquire(blocking=self._mark is None):
            return self._settings
        try:
            self._looked_at = time.monotonic()
            self._look()
        except SQLAlchemyError as trouble:
            log.error("the partners cannot be read: %s", type(trouble).__name__)  # noqa: TRY400 - those that are known go on
        finally:
            self._lock.release()
        return self._settings

    def look_again(self) -> None:
        """The next who asks gets what holds then."""
        self._looked_at = float("-inf")

    def _look(self) -> None:
        with reading(self._engine) as connection:
            mark = partners.mark(connection)
            if mark == self._mark:
                return
            stored = {one.name: one.settings or {} for one in partners.everyone(connection)}
        self._mark = mark
        now, troubles = with_put(self._settings, stored)
        if now != self._settings:
            self._settings = now
        for trouble in troubles:
            log.error("a partner that was put cannot be used: %s", trouble)


def following(book: PartnerBook, settings: Settings, first: Wsgi, make: Callable[[Settings], Wsgi]) -> Wsgi:
    """A service that is made anew where the partners are others than those that it goes by; what it was asked before
    is answered as it began."""
    lock = threading.Lock()
    by = [(settings, first)]

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        now = book.settings()
        if now is not by[0][0]:
            with lock:
                if now is not by[0][0]:
                    by[0] = (now, make(now))
        return by[0][1](environ, start_response)

    return answer
