"""For whoever keeps the service running: is it there, can it do its work, and the figures for Prometheus.

`/health` answers as long as the process does.  `/ready` answers 200 only where the database can be written and, in a
process that delivers, the worker is at work.  No patient's data is in any of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from adapter.authorisation import clinic_gate
from adapter.bodies import json_response
from adapter.clinic_api import errors
from adapter.delivery.outage import DOWN_AFTER
from adapter.metering import COUNTED, REQUESTS
from adapter.settings import Settings
from adapter.store import deliveries, partner_states, workers
from adapter.store.clock import milliseconds
from adapter.store.engine import reading, writing
from adapter.store.tables import work

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Those that are counted by name: whoever calls may make up others without end."""
OPEN = ("/health", "/ready")
"""What a balancer or a supervisor asks, which has no token: nothing of anybody is in it."""


def monitoring(settings: Settings, engine: Engine, at_work: Callable[[], bool] | None) -> Blueprint:
    """The routes; at_work: whether the worker of this process is, where it has one."""
    routes = Blueprint("monitoring", __name__)
    routes.register_error_handler(Exception, errors.answer)
    admit = clinic_gate(settings, "")

    @routes.before_request
    def who() -> None:
        if request.path not in OPEN:
            admit()

    @routes.get("/health")
    def health() -> Response:
        return json_response({"status": "ok"}, 200, JSON)

    @routes.get("/ready")
    def ready() -> Response:
        found = {"database": _database(engine)}
        if at_work is not None:
            found["worker"] = "ok" if at_work() else "not at work"
        well = all(one == "ok" for one in found.values())
        return json_response({"status": "ok" if well else "not ready", **found}, 200 if well else 503, JSON)

    @routes.get("/metrics")
    def metrics() -> Response:
        known = CollectorRegistry()
        known.register(_Stored(settings, engine))
        return Response(generate_latest(COUNTED) + generate_latest(known), content_type=PROMETHEUS)

    return routes


def measured(app: Flask) -> None:
    """Counts every request of the app, by its door."""

    @app.before_request
    def begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        door = (request.blueprint or "none") if request.url_rule is not None else "none"
        took = time.perf_counter() - g.get("begun", time.perf_counter())
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(door, method, str(response.status_code)).observe(took)
        return response


def _database(engine: Engine) -> str:
    """Whether it can be written: a disk that is full can still be read."""
    try:
        with writing(engine) as connection:
            workers.touch(connection)
    except SQLAlchemyError as trouble:
        return type(trouble).__name__
    return "ok"


class _Stored(Collector):
    """What the database says when it is asked."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings, self._engine = settings, engine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        of = ["partner", "state"]
        held = GaugeMetricFamily("paingate_deliveries", "Deliveries in each state.", labels=of)
        waiting = GaugeMetricFamily("paingate_work", "Work that waits or is done now.", labels=["partner"])
        oldest = GaugeMetricFamily(
            "paingate_work_overdue_seconds", "For how long the longest due has been due.", labels=["partner"]
        )
        down = GaugeMetricFamily("paingate_partner_down", "1 while a partner is down.", labels=["partner"])
        there = GaugeMetricFamily("paingate_workers", "Workers that count on.")
        with reading(self._engine) as connection:
            for (partner, state), number in sorted(deliveries.counts(connection).items()):
                held.add_metric([partner, state], number)
            counted = select(work.c.partner, func.count(), func.min(work.c.due_at)).group_by(work.c.partner)
            now = milliseconds()
            for partner, number, due_at in connection.execute(counted):
                waiting.add_metric([partner], number)
                oldest.add_metric([partner], max(0, now - due_at) / 1000)
            for one in self._settings.partners:
                is_down = partner_states.get(connection, one.name).failures >= DOWN_AFTER
                down.add_metric([one.name], int(is_down))
            there.add_metric([], len(workers.everybody(connection)))
        yield from (held, waiting, oldest, down, there)
