"""What an EHR reads: single resources, their versions, what it searches for, and what this server says of itself.

Nothing that is stored can be deleted yet, so nothing answers 410.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from sqlalchemy import Engine
from werkzeug.exceptions import MethodNotAllowed

from adapter.authorisation import caller
from adapter.bodies import json_response, read_body
from adapter.exchange.refusal import refuse
from adapter.fhir_api import capability, smart
from adapter.fhir_api.answers import answer, base, known, stamp
from adapter.fhir_api.history import history_bundle
from adapter.fhir_api.negotiation import is_pretty, preferences
from adapter.fhir_api.search.answer import searchset
from adapter.fhir_api.search.asking import understood
from adapter.fhir_api.search.shape import asked_shape, shaped
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.clock import now
from adapter.store.engine import reading
from adapter.store.history import Versions
from adapter.store.resources import Stored
from adapter.store.searching import index
from mappings.r4 import exact_json

FORM = "application/x-www-form-urlencoded"

Parameters = list[tuple[str, str]]


def reading_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    started = now()

    @routes.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return json_response(smart.configuration(settings), 200, "application/json", pretty=is_pretty(request))

    @routes.get("/.well-known/jwks.json")
    def keys() -> Response:
        return json_response(smart.key_set(settings), 200, "application/json", pretty=is_pretty(request))

    @routes.get("/metadata")
    def metadata() -> Response:
        return answer(capability.statement(settings, base(), started), 200)

    _searches(routes, settings, engine)
    _reads(routes, engine)
    _histories(routes, engine)


def _searches(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    secret = _secret(engine)

    @routes.get("/<type_>")
    def find(type_: str) -> Response:
        return found(type_, _in_address())

    @routes.post("/<type_>/_search")
    def find_posted(type_: str) -> Response:
        known(type_)  # before the body: what is wrong with that is told by the type
        return found(type_, _in_address() + _in_body(settings, type_))

    def found(type_: str, parameters: Parameters) -> Response:
        known(type_)
        if type_ not in capability.SEARCHED:
            raise MethodNotAllowed(["POST"] if type_ in capability.CREATED else None)
        asked = understood(type_, parameters, base(), strict=preferences(request).strict)
        with reading(engine) as connection:
            return answer(searchset(connection, asked, secret, base(), caller()), 200)


def _reads(routes: Blueprint, engine: Engine) -> None:
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
            return _resource(resources.at_version(connection, type_, id_, int(version), sees=caller().sees), type_)


def _histories(routes: Blueprint, engine: Engine) -> None:
    secret = _secret(engine)

    @routes.get("/<type_>/_history")
    def history_of_type(type_: str) -> Response:
        return told(type_, None)

    @routes.get("/<type_>/<id_>/_history")
    def history(type_: str, id_: str) -> Response:
        return told(type_, id_)

    def told(type_: str, id_: str | None) -> Response:
        known(type_)
        strict = preferences(request).strict
        with reading(engine) as connection:
            if id_ is not None and resources.current(connection, type_, id_, sees=caller().sees) is None:
                return _resource(None, type_)
            wanted = Versions(type_, id_, sees=caller().sees)
            return answer(history_bundle(connection, wanted, _in_address(), secret, base(), strict=strict), 200)


def _secret(engine: Engine) -> str:
    with reading(engine) as connection:
        return index.secret_of(connection)


def _in_address() -> Parameters:
    return list(request.args.items(multi=True))


def _in_body(settings: Settings, type_: str) -> Parameters:
    """The parameters of a search that is posted, so that no log of addresses holds a patient's number."""
    body = read_body(request, settings, (FORM,), type_)
    try:
        told = parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise refuse("bad request", "invalid", type_, "The body is no UTF-8: send the parameters in that.") from None
    if any("\0" in name + text for name, text in told):
        raise refuse("bad request", "invalid", type_, "There is a NUL (%00) in a parameter: take it out.")
    return told


def _resource(stored: Stored | None, type_: str) -> Response:
    if stored is None:
        raise refuse("not found", "not-found", type_, "Nothing is stored here under this id and version.")
    shape = asked_shape(request.args)
    response = answer(stored.json if shape.whole else shaped(_document(stored), shape), 200)
    stamp(response, stored.version, stored.last_updated)
    response.make_conditional(request)
    return response


def _document(stored: Stored) -> dict[str, object]:
    document: dict[str, object] = exact_json.loads(stored.json)
    return document
