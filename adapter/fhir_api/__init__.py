"""What an EHR sees, under /fhir: referrals come in, and whoever sent one can follow it.

The routes read the request and write the answer; what happens in between is the exchange's business.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from sqlalchemy import Engine
from werkzeug.exceptions import MethodNotAllowed

from adapter.authorisation import caller, fhir_gate
from adapter.bodies import check_address, json_response
from adapter.exchange.refusal import refuse
from adapter.exchange.workflow.moving import Changed
from adapter.fhir_api import capability, errors, posting, smart
from adapter.fhir_api.answers import ROOT, answer, base, known, stamp
from adapter.fhir_api.negotiation import check_format, is_pretty, preferences
from adapter.fhir_api.task_search import search
from adapter.fhir_api.task_update import task_update
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.clock import now
from adapter.store.engine import reading
from adapter.store.pulls import EnqueuePull
from adapter.store.resources import Stored


def fhir_api(settings: Settings, engine: Engine, enqueue_pull: EnqueuePull | None, changed: Changed) -> Blueprint:
    """The routes."""
    routes = Blueprint("fhir", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(fhir_gate(settings, ROOT))
    routes.before_request(lambda: check_format(request))
    posting.add_routes(routes, settings, engine, enqueue_pull)
    _reading(routes, settings, engine)
    task_update(routes, settings, engine, changed)
    return routes


def _reading(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    started = now()

    @routes.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return json_response(smart.configuration(settings), 200, "application/json", pretty=is_pretty(request))

    @routes.get("/metadata")
    def metadata() -> Response:
        return answer(capability.statement(settings, base(), started), 200)

    @routes.get("/<type_>")
    def find(type_: str) -> Response:
        known(type_)
        if type_ not in capability.SEARCHED:
            raise MethodNotAllowed(["POST"] if type_ in capability.CREATED else None)
        return answer(search(engine, request, base(), caller().sees, strict=preferences(request).strict), 200)

    @routes.get("/<type_>/<id_>")
    def read(type_: str, id_: str) -> Response:
        known(type_)
        with reading(engine) as connection:
            return _resource(resources.current(connection, type_, id_, sees=caller().sees), type_)

    @routes.get("/<type_>/<id_>/_history/<version>")
    def read_version(type_: str, id_: str, version: str) -> Response:
        known(type_)
        if not re.fullmatch("[1-9][0-9]{0,8}", version):
            return _resource(None, type_)
        with reading(engine) as connection:
            found = resources.at_version(connection, type_, id_, int(version), sees=caller().sees)
            return _resource(found, type_)


def _resource(stored: Stored | None, type_: str) -> Response:
    if stored is None:
        raise refuse("not found", "not-found", type_, "Nothing is stored here under this id and version.")
    response = answer(stored.json, 200)
    stamp(response, stored.version, stored.last_updated)
    response.make_conditional(request)
    return response
