"""What the clinic's own system sees, under /clinic/v1: the inbox, the decisions, and its plans going out."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from adapter.authorisation import clinic_gate
from adapter.bodies import check_address
from adapter.clinic_api import changes, errors
from adapter.clinic_api.asking import answer, body, check_parameters
from adapter.clinic_api.decisions import decision_routes
from adapter.clinic_api.feed import feed_routes
from adapter.clinic_api.inbox import inbox_routes
from adapter.clinic_api.openapi import openapi_route
from adapter.clinic_api.views import delivery_view, plan_view
from adapter.exchange import plans, way_back
from adapter.exchange.refusal import refuse
from adapter.exchange.workflow.moving import Changed
from adapter.settings import Settings
from adapter.store.deliveries import Enqueue

ROOT = "/clinic/v1"
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def clinic_api(settings: Settings, engine: Engine, enqueue: Enqueue | None, changed: Changed) -> Blueprint:
    """The routes."""
    routes = Blueprint("clinic", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(clinic_gate(settings, ROOT))
    routes.before_request(check_parameters)
    inbox_routes(routes, engine)
    decision_routes(routes, settings, engine, changed)
    _way_back(routes, engine, enqueue)
    _plans(routes, settings, engine, enqueue)
    changes.add_routes(routes, settings, engine)
    feed_routes(routes, engine)
    openapi_route(routes, settings)
    return routes


def _way_back(routes: Blueprint, engine: Engine, enqueue: Enqueue | None) -> None:
    @routes.get("/referrals/<id_>/deliveries")
    def brought_back(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in way_back.brought_back(engine, id_)]})

    @routes.post("/referrals/<id_>/deliveries")
    def bring_again(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in way_back.bring_again(engine, enqueue, id_)]})


def _plans(routes: Blueprint, settings: Settings, engine: Engine, enqueue: Enqueue | None) -> None:
    @routes.put("/care-plans/<id_>")
    def put_plan(id_: str) -> Response:
        if not _ID.fullmatch(id_):
            raise refuse("unprocessable", "value", "id", "A plan's id is of letters, digits, - and ., at most 64.")
        return _plan(plans.put_plan(engine, settings, enqueue, id_, body(settings)))

    @routes.get("/care-plans/<id_>")
    def plan(id_: str) -> Response:
        return _plan(plans.plan_of(engine, id_))

    @routes.get("/care-plans/<id_>/deliveries")
    def deliveries(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in plans.plan_of(engine, id_).deliveries]})


def _plan(held: plans.Held) -> Response:
    response = answer(plan_view(held), 201 if held.created else 200)
    response.set_etag(str(held.plan.version), weak=True)
    return response
