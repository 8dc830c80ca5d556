"""paingate's adapter: what has state, network and time.

`create_app` is the service as a WSGI application, without a server and without a delivery worker: whoever serves it
brings those.  Importing this package loads nothing: the command line has to answer at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy import Engine

    from adapter.delivery.partner_book import PartnerBook
    from adapter.exchange.workflow.moving import Changed
    from adapter.settings import Settings


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    changed: Callable[[Settings], Changed] | None = None,
    at_work: Callable[[], bool] | None = None,
    book: PartnerBook | None = None,
) -> Flask:
    """The service on its database, which is brought to this release's tables first.

    `changed` makes what is told of every move of a referral within its transaction; without it senders come and read.
    `at_work` says whether the worker of this process is, where it has one.
    `book`: the partners of now, where somebody else in this process goes by them too.
    """
    from adapter.delivery.partner_book import PartnerBook, following
    from adapter.store.engine import open_engine
    from adapter.store.migrate import migrate

    engine = engine or open_engine(settings.database_url)
    migrate(engine)
    known = book or PartnerBook(settings, engine)

    def made(now: Settings) -> Flask:
        return _app(now, engine, changed(now) if changed else None, at_work, known)

    app = made(settings)
    app.wsgi_app = following(known, settings, app.wsgi_app, lambda now: made(now).wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _app(
    settings: Settings,
    engine: Engine,
    changed: Changed | None,
    at_work: Callable[[], bool] | None,
    book: PartnerBook,
) -> Flask:
    """The service by settings that do not change."""
    from flask import Flask, Response, request
    from werkzeug.exceptions import HTTPException

    from adapter import clinic_api, fhir_api, monitoring
    from adapter.exchange.workflow.moving import told_to_nobody
    from adapter.fhir_api import answers
    from adapter.store import deadline

    app = Flask("paingate", static_folder=None)
    app.url_map.merge_slashes = False  # or else an address with an empty part is answered with a redirect in HTML
    app.before_request(lambda: deadline.begin(settings.request_seconds))
    app.teardown_request(lambda _: deadline.end())
    app.register_blueprint(fhir_api.fhir_api(settings, engine, changed or told_to_nobody))
    monitoring.measured(app)
    app.register_blueprint(monitoring.monitoring(settings, engine, at_work))
    app.register_blueprint(clinic_api.clinic_api(settings, engine, changed or told_to_nobody, book))

    @app.errorhandler(HTTPException)
    def not_routed(error: HTTPException) -> Response:
        """What no route takes, in the words of the door it was meant for."""
        if request.path.startswith(answers.ROOT):
            return fhir_api.errors.answer(error)
        return clinic_api.errors.answer(error)

    return app
