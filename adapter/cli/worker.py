"""`paingate worker`: another process that delivers, on the database of the service."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from adapter.cli.database import UnusableDatabase, usable_database
from adapter.delivery.partners import refuse_unfit_keys
from adapter.exchange.translation import site_of
from adapter.settings import SettingsError, read_settings
from mappings.lens.paths import DeclarationError

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Delivers until it is told to stop (SIGTERM or Ctrl-C); 2 for settings that contradict each other."""
    from adapter.delivery import worker
    from adapter.delivery.naming import NameTaken
    from adapter.store.engine import open_engine
    from adapter.store.migrate import migrate

    stopped = threading.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, lambda *_: stopped.set())
    try:
        settings = read_settings(arguments.config, database_url=arguments.database_url)
        refuse_unfit_keys(settings)
        site_of(settings.site)
        with usable_database():
            engine = open_engine(settings.database_url)
            migrate(engine)
            working = worker.start(settings, engine, name=arguments.name or "")
    except (SettingsError, DeclarationError, NameTaken) as contradiction:
        sys.stderr.write(f"paingate: {contradiction}\n")
        return 2
    except UnusableDatabase as trouble:
        sys.stderr.write(f"paingate: {trouble}\n")
        return 1
    sys.stderr.write(f"paingate worker {working.name} is at work\n")
    stopped.wait()
    working.stop()
    engine.dispose()
    return 0
