"""The doors: every way in which a referral comes.  Behind all of them is one intake."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection, Engine
from werkzeug.exceptions import MethodNotAllowed

from adapter.authorisation import caller
from adapter.bodies import read_json
from adapter.exchange.receiving.incoming import Incoming, Received
from adapter.exchange.receiving.intake import receive
from adapter.exchange.receiving.limits import refuse_too_much
from adapter.exchange.receiving.notification import notified
from adapter.exchange.receiving.older import refuse_older
from adapter.exchange.refusal import refuse
from adapter.fhir_api import capability
from adapter.fhir_api.answers import answer, base, known, stamp, unknown_type
from adapter.fhir_api.batch import batch_response
from adapter.fhir_api.negotiation import Return, preferences, resource_body
from adapter.fhir_api.outcome import outcome, receipt, warns
from adapter.fhir_api.process_message import process
from adapter.fhir_api.validation import validated
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.engine import reading
from adapter.store.messages import Made
from adapter.store.resources import Stored
from mappings.r4 import exact_json
from mappings.tolerance import repaired


def add_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.post("", strict_slashes=False)
    def bundle() -> Response:
        incoming = _incoming(settings, "Bundle")
        returns = preferences(request).returns
        if incoming.document.get("type") == "batch":
            return answer(batch_response(engine, settings, incoming, returns), 200)
        if incoming.document.get("type") == "message":
            text = "A message is sent to /fhir/$process-message: send it there."
            raise refuse("unprocessable", "not-supported", "Bundle.type", text)
        received = receive(engine, settings, incoming)
        entries = [transaction_entry(made, received, returns) for made in received.made]
        if returns == "representation":
            with reading(engine) as connection:
                stored = [(entry, made) for entry, made in zip(entries, received.made, strict=True) if made.id]
                for entry, made in stored:
                    entry["resource"] = exact_json.loads(_kept(connection, made).json)
        return answer({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}, 200)

    @routes.post("/<type_>/$validate")
    def validate(type_: str) -> Response:
        if type_ not in capability.VALIDATED:
            raise unknown_type()
        body = resource_body(request, settings, type_)
        return answer(outcome(validated(read_json(body, settings, type_), type_)), 200)

    _singles(routes, settings, engine)


def _singles(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.post("/$process-message")
    def process_message() -> Response:
        return process(engine, settings, _incoming(settings, "Bundle"), base())

    @routes.post("/<type_>")
    def create(type_: str) -> Response:
        refuse_older({"resourceType": type_})
        known(type_)
        if type_ not in capability.CREATED:
            raise MethodNotAllowed(["GET", "HEAD"] if type_ in capability.SEARCHED else None)
        if type_ == "Task":
            task = notified(engine, settings, _incoming(settings, type_), base()).task
            return _located(_told(task), "Task", task.id, task.version, task.last_updated)
        received = receive(engine, settings, _incoming(settings, type_))
        # not the first: what a condition finds may have come in a transaction, behind its patient
        made = next(one for one in received.made if one.id == received.referral.service_request_id)
        with reading(engine) as connection:
            response = _created(received, made, _kept(connection, made), preferences(request).returns)
        return _located(response, made.type, made.id, made.version, made.last_updated)


def _incoming(settings: Settings, wanted: str) -> Incoming:
    """What was posted, where it is one resource of the wanted type."""
    body = resource_body(request, settings, wanted)
    document, repairs = repaired(read_json(body, settings, wanted))
    if not isinstance(document, dict) or document.get("resourceType") != wanted:
        refuse_older(document)
        text = f'What is posted here is one {wanted}: an object with "resourceType": "{wanted}".'
        raise refuse("wrong type", "invalid", wanted, text)
    refuse_too_much(document, settings)
    if document.get("type") != "batch":  # its entries each stand alone
        caller().check_entries(document if wanted == "Bundle" else None)
    return Incoming(
        sender=caller().partner,
        route=request.path,
        content_type=request.mimetype,
        body=body,
        document=document,
        repairs=tuple(repairs),
        condition=request.headers.get("If-None-Exist") if wanted != "Bundle" else None,
        request_id=request.headers.get("X-Request-Id"),
    )


def transaction_entry(made: Made, received: Received, returns: Return | None) -> dict[str, Any]:
    """An entry of a transaction-response; the receipt stands with the ServiceRequest, which is the referral."""
    if not made.id:
        return {"response": {"status": "200 OK"}}
    response: dict[str, Any] = {
        "status": "201 Created" if made.created else "200 OK",
        "location": f"{made.type}/{made.id}/_history/{made.version}",
        "etag": f'W/"{made.version}"',
        "lastModified": made.last_updated,
    }
    for referral in received.referrals:
        if made.id == referral.service_request_id and (returns != "minimal" or warns(referral.report)):
            response["outcome"] = receipt(referral.report, "Bundle")
    return {"response": response}


def _located(response: Response, type_: str, id_: str, version: int, last_updated: str) -> Response:
    stamp(response, version, last_updated)
    response.headers["Location"] = f"{base()}/{type_}/{id_}/_history/{version}"
    return response


def _told(task: Stored) -> Response:
    """The Task that stands here for one that was sent."""
    if preferences(request).returns == "minimal":
        return Response(status=201)
    return answer(task.json, 201)


def _created(received: Received, made: Made, stored: Stored, returns: Return | None) -> Response:
    status = 201 if made.created else 200
    if returns == "minimal":
        return Response(status=status)
    if returns == "OperationOutcome":
        return answer(receipt(received.referral.report, "ServiceRequest"), status)
    return answer(stored.json, status)


def _kept(connection: Connection, made: Made) -> Stored:
    stored = resources.at_version(connection, made.type, made.id, made.version)
    if stored is None:
        raise LookupError("what a message made is not stored")
    return stored
