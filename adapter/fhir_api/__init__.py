"""What an EHR sees, under /fhir: referrals come in, and whoever sent one can follow it.

The routes read the request and write the answer; what happens in between is the exchange's business.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection, Engine
from werkzeug.exceptions import MethodNotAllowed

from adapter.authorisation import caller, fhir_gate
from adapter.bodies import check_address, json_response, read_body, read_json
from adapter.exchange.intake import Incoming, Received, receive
from adapter.exchange.limits import refuse_too_much
from adapter.exchange.refusal import Refusal, refuse
from adapter.fhir_api import capability, errors, smart
from adapter.fhir_api.negotiation import ANSWER_TYPE, MEDIA_TYPES, Return, check_format, is_pretty, preferences
from adapter.fhir_api.outcome import outcome, receipt, warns
from adapter.fhir_api.task_search import search
from adapter.fhir_api.validation import validated
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.clock import now
from adapter.store.engine import reading
from adapter.store.messages import Made
from adapter.store.resources import Stored
from mappings.r4 import exact_json
from mappings.tolerance import repaired

ROOT = "/fhir"


def fhir_api(settings: Settings, engine: Engine) -> Blueprint:
    """The routes."""
    routes = Blueprint("fhir", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(fhir_gate(settings, ROOT))
    routes.before_request(lambda: check_format(request))
    _intake(routes, settings, engine)
    _reading(routes, settings, engine)
    return routes


def _intake(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.post("", strict_slashes=False)
    def transaction() -> Response:
        received = _received("Bundle")
        returns = preferences(request).returns
        entries = [_entry(made, received, returns) for made in received.made]
        if returns == "representation":
            with reading(engine) as connection:
                for entry, made in zip(entries, received.made, strict=True):
                    entry["resource"] = exact_json.loads(_kept(connection, made).json)
        return _answer({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}, 200)

    @routes.post("/<type_>")
    def create(type_: str) -> Response:
        _known(type_)
        if type_ not in capability.CREATED:
            raise MethodNotAllowed(["GET", "HEAD"] if type_ in capability.SEARCHED else None)
        received = _received(type_)
        # not the first: what a condition finds may have come in a transaction, behind its patient
        made = next(one for one in received.made if one.id == received.referral.service_request_id)
        with reading(engine) as connection:
            response = _created(received, _kept(connection, made), preferences(request).returns)
        _stamp(response, made.version, made.last_updated)
        response.headers["Location"] = f"{_base()}/{made.type}/{made.id}/_history/{made.version}"
        return response

    @routes.post("/<type_>/$validate")
    def validate(type_: str) -> Response:
        if type_ not in capability.VALIDATED:
            raise _unknown_type()
        body = read_body(request, settings, MEDIA_TYPES, type_)
        return _answer(outcome(validated(read_json(body, settings, type_), type_)), 200)

    def _received(wanted: str) -> Received:
        body = read_body(request, settings, MEDIA_TYPES, wanted)
        document, repairs = repaired(read_json(body, settings, wanted))
        if not isinstance(document, dict) or document.get("resourceType") != wanted:
            text = f'What is posted here is one {wanted}: an object with "resourceType": "{wanted}".'
            raise refuse("wrong type", "invalid", wanted, text)
        refuse_too_much(document, settings)
        caller().check_entries(document)
        condition = request.headers.get("If-None-Exist") if wanted != "Bundle" else None
        incoming = Incoming(request.path, request.mimetype, body, document, tuple(repairs), condition, caller().partner)
        return receive(engine, settings, incoming)


def _reading(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    started = now()

    @routes.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return json_response(smart.configuration(settings), 200, "application/json", pretty=is_pretty(request))

    @routes.get("/metadata")
    def metadata() -> Response:
        return _answer(capability.statement(settings, _base(), started), 200)

    @routes.get("/<type_>")
    def find(type_: str) -> Response:
        _known(type_)
        if type_ not in capability.SEARCHED:
            raise MethodNotAllowed(["POST"] if type_ in capability.CREATED else None)
        return _answer(search(engine, request, _base(), caller().sees, strict=preferences(request).strict), 200)

    @routes.get("/<type_>/<id_>")
    def read(type_: str, id_: str) -> Response:
        _known(type_)
        with reading(engine) as connection:
            return _resource(resources.current(connection, type_, id_, sees=caller().sees), type_)

    @routes.get("/<type_>/<id_>/_history/<version>")
    def read_version(type_: str, id_: str, version: str) -> Response:
        _known(type_)
        if not re.fullmatch("[1-9][0-9]{0,8}", version):
            return _resource(None, type_)
        with reading(engine) as connection:
            found = resources.at_version(connection, type_, id_, int(version), sees=caller().sees)
            return _resource(found, type_)


def _known(type_: str) -> None:
    if type_ not in capability.READ:
        raise _unknown_type()


def _unknown_type() -> Refusal:
    return refuse("not found", "not-supported", "", "There is no resource of this type: see /fhir/metadata.")


def _base() -> str:
    return request.host_url.rstrip("/") + request.root_path.rstrip("/") + ROOT


def _answer(value: Any, status: int) -> Response:
    return json_response(value, status, ANSWER_TYPE, pretty=is_pretty(request))


def _resource(stored: Stored | None, type_: str) -> Response:
    if stored is None:
        raise refuse("not found", "not-found", type_, "Nothing is stored here under this id and version.")
    response = _answer(stored.json, 200)
    _stamp(response, stored.version, stored.last_updated)
    response.make_conditional(request)
    return response


def _stamp(response: Response, version: int, last_updated: str) -> None:
    response.set_etag(str(version), weak=True)
    response.headers["Last-Modified"] = format_datetime(datetime.fromisoformat(last_updated), usegmt=True)


def _created(received: Received, stored: Stored, returns: Return | None) -> Response:
    if returns == "minimal":
        return Response(status=201)
    if returns == "OperationOutcome":
        return _answer(receipt(received.referral.report, "ServiceRequest"), 201)
    return _answer(stored.json, 201)


def _kept(connection: Connection, made: Made) -> Stored:
    stored = resources.at_version(connection, made.type, made.id, made.version, sees=caller().sees)
    if stored is None:
        raise LookupError("what a message made is not stored")
    return stored


def _entry(made: Made, received: Received, returns: Return | None) -> dict[str, Any]:
    """An entry of a transaction-response; the receipt stands with the ServiceRequest, which is the referral."""
    response: dict[str, Any] = {
        "status": "201 Created",
        "location": f"{made.type}/{made.id}/_history/{made.version}",
        "etag": f'W/"{made.version}"',
        "lastModified": made.last_updated,
    }
    report = received.referral.report
    if made.id == received.referral.service_request_id and (returns != "minimal" or warns(report)):
        response["outcome"] = receipt(report, "Bundle")
    return {"response": response}
