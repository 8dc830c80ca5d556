"""The clinic's own records: put, read, and read as they were."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.authorisation import clinic_caller
from adapter.clinic_api.asking import MOST_DELIVERIES, answer, body, check_id, told_version
from adapter.clinic_api.views import any_delivery_view, kept_view
from adapter.exchange.sending import own_records
from adapter.exchange.sending.own_records import KINDS, OwnKind, Put, Telling
from adapter.settings import Settings
from adapter.store import deliveries
from adapter.store.deliveries import Sought
from adapter.store.engine import reading


def address(kind: str) -> str:
    """What records of a kind stand under: medication-requests."""
    return f"{kind.replace('_', '-')}s"


def record_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    """Adds the routes: for each kind the same."""
    for kind in KINDS:
        _of_kind(routes, settings, engine, kind)

    @routes.get("/patients/<number>")
    def patient(number: str) -> Response:
        record, version = own_records.patient_of(engine, number)
        return answer({"number": number, "version": version, "record": record}, version=version)

    @routes.put("/patients/<number>")
    def put_patient(number: str) -> Response:
        return _answer(own_records.put_patient(engine, settings, number, body(settings), _telling()))


def _of_kind(routes: Blueprint, settings: Settings, engine: Engine, kind: OwnKind) -> None:
    def put(id_: str) -> Response:
        check_id(id_)
        return _answer(own_records.put_record(engine, settings, kind, id_, body(settings), _telling()))

    def read(id_: str) -> Response:
        return _answer(Put(own_records.versions_of(engine, kind, id_)[0], created=False))

    def history(id_: str) -> Response:
        found = own_records.versions_of(engine, kind, id_)
        return answer({"versions": [kept_view(one) for one in found]})

    def of_patient(number: str) -> Response:
        found = own_records.of_patient(engine, kind, number)
        return answer({"records": [kept_view(one) for one in found]})

    def brought(id_: str) -> Response:
        own_records.versions_of(engine, kind, id_)
        with reading(engine) as connection:
            found = deliveries.page(connection, Sought(kind=kind, item_id=id_), None, MOST_DELIVERIES)
        return answer({"deliveries": [any_delivery_view(one) for one in found]})

    here = address(kind)
    ways: list[tuple[str, str, Callable[..., Response], str]] = [
        (f"/{here}/<id_>", f"put_{kind}", put, "PUT"),
        (f"/{here}/<id_>", kind, read, "GET"),
        (f"/{here}/<id_>/history", f"{kind}_history", history, "GET"),
        (f"/{here}/<id_>/deliveries", f"{kind}_deliveries", brought, "GET"),
        (f"/patients/<number>/{here}", f"{kind}_of_patient", of_patient, "GET"),
    ]
    for rule, name, does, method in ways:
        routes.add_url_rule(rule, name, does, methods=[method])


def _telling() -> Telling:
    return Telling(clinic_caller().name or "clinic", told_version())


def _answer(put: Put) -> Response:
    return answer(kept_view(put.kept), 201 if put.created else 200, version=put.kept.version)
