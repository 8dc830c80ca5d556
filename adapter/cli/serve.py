"""`paingate serve`: the service and its delivery worker in one process."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from adapter.cli.database import UnusableDatabase, usable_database
from adapter.delivery.naming import NameTaken
from adapter.delivery.partners import refuse_unfit_keys
from adapter.exchange.translation import site_of
from adapter.settings import SettingsError, open_doors, read_settings, refuse_open_address
from mappings.lens.paths import DeclarationError

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from adapter.settings import Settings

THREADS = 8
TIMES_TOO_LARGE = 2
NOBODY_IS_ASKED = (
    "paingate: DEVELOPMENT ONLY: whoever can reach {} on this machine sees and may everything, "
    "because no authorisation is configured for it.\n"
)


def serve(arguments: argparse.Namespace) -> int:
    """Serves until it is told to stop (SIGTERM or Ctrl-C); 2 for settings that contradict each other."""
    try:
        settings = read_settings(
            arguments.config, host=arguments.host, port=arguments.port, database_url=arguments.database_url
        )
        refuse_open_address(settings)
        refuse_unfit_keys(settings)
        site_of(settings.site)
        return _serve(settings, arguments.name or "")
    except (SettingsError, DeclarationError, NameTaken) as contradiction:
        sys.stderr.write(f"paingate: {contradiction}\n")
        return 2
    except UnusableDatabase as trouble:
        sys.stderr.write(f"paingate: {trouble}\n")
        return 1


def _serve(settings: Settings, name: str) -> int:
    from waitress.server import create_server

    from adapter import create_app
    from adapter.delivery import worker
    from adapter.delivery.answering.answers import BringBack
    from adapter.delivery.partner_book import PartnerBook
    from adapter.store.engine import open_engine

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait for a thread is nobody's trouble
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, _stop)

    def at_work() -> bool:
        """Asked by requests, and by then there is a worker: it begins once the tables are this release's."""
        return working.at_work()

    with usable_database():
        engine = open_engine(settings.database_url)
        book = PartnerBook(settings, engine)
        app = create_app(settings, engine=engine, changed=BringBack, at_work=at_work, book=book)
        working = worker.start(settings, engine, name=name, book=book)
    try:
        server: Any = create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=THREADS,
            ident="paingate",
            max_request_header_size=settings.max_header,
            # what is somewhat too large is answered by the door that it came to; beyond that nothing is taken in
            max_request_body_size=TIMES_TOO_LARGE * settings.max_body,
        )
        several = getattr(server, "effective_listen", None)  # localhost may be two addresses
        for host, port in several or [(server.effective_host, server.effective_port)]:
            sys.stderr.write(f"paingate listens on http://{host}:{port}\n")
        if doors := open_doors(settings):
            sys.stderr.write(NOBODY_IS_ASKED.format(" and ".join(doors)))
        server.run()  # until SIGTERM or Ctrl-C; what is being answered then is answered to the end
    except OSError as trouble:
        sys.stderr.write(f"paingate: {settings.host}:{settings.port} cannot be listened on: {trouble.strerror}\n")
        return 1
    finally:
        working.stop()
        engine.dispose()
    return 0


def _stop(_: int, __: FrameType | None) -> NoReturn:
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, signal.SIG_IGN)  # it ends already, in so many seconds
    raise SystemExit(0)
