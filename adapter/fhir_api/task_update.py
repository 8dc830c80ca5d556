"""PUT of a Task: how a sender has its referral cancelled, and answers what it was asked."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from adapter.authorisation import caller
from adapter.bodies import if_match, read_json
from adapter.exchange.receiving.limits import refuse_too_much
from adapter.exchange.refusal import refuse
from adapter.exchange.workflow.moving import Changed
from adapter.exchange.workflow.updates import Update, update_task
from adapter.fhir_api.answers import answer, stamp
from adapter.fhir_api.negotiation import preferences, resource_body
from adapter.fhir_api.outcome import outcome
from adapter.settings import Settings
from adapter.store.resources import Stored
from mappings import Issue


def task_update(routes: Blueprint, settings: Settings, engine: Engine, changed: Changed) -> None:
    """Adds the route."""

    @routes.put("/Task/<id_>")
    def update(id_: str) -> Response:
        version = _version()
        document = read_json(resource_body(request, settings, "Task"), settings, "Task")
        if not isinstance(document, dict) or document.get("resourceType") != "Task":
            text = 'What is put here is one Task: an object with "resourceType": "Task".'
            raise refuse("wrong type", "invalid", "Task", text)
        refuse_too_much(document, settings)
        if document.get("id") != id_:
            raise refuse("wrong type", "invalid", "Task.id", "The Task's id is the one in the address: say the same.")
        stored = update_task(engine, Update(id_, document, version, who=caller().partner, sees=caller().sees), changed)
        response = _answered(stored)
        stamp(response, stored.version, stored.last_updated)
        return response


def _version() -> int:
    """What If-Match says: R4 lets a server require it, with 400 where it is missing (http.html#concurrency)."""
    version = if_match(request, "Task", 'If-Match is one version of the Task, such as W/"1".')
    if version is None:
        text = 'Say which version this was made from: If-Match: W/"1", the ETag that the Task was read with.'
        raise refuse("bad request", "required", "Task", text)
    return version


def _answered(stored: Stored) -> Response:
    returns = preferences(request).returns
    if returns == "minimal":
        return Response(status=200)
    if returns == "OperationOutcome":
        return answer(outcome([Issue("information", "informational", "Task", "It was taken as it was sent.")]), 200)
    return answer(stored.json, 200)
