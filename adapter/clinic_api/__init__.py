"""What the clinic's own system sees, under /clinic/v1: the inbox, the decisions, and its plans going out."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from adapter.authorisation import clinic_gate
from adapter.bodies import check_address
from adapter.clinic_api import changes, errors
from adapter.clinic_api.asking import answer, check_parameters
from adapter.clinic_api.decisions import decision_routes
from adapter.clinic_api.deliveries import delivery_routes
from adapter.clinic_api.feed import feed_routes
from adapter.clinic_api.inbox import inbox_routes
from adapter.clinic_api.openapi import openapi_route
from adapter.clinic_api.partners import partner_routes
from adapter.clinic_api.plans import plan_routes
from adapter.clinic_api.records import record_routes
from adapter.clinic_api.views import delivery_view
from adapter.delivery.partner_book import PartnerBook
from adapter.exchange.sending import way_back
from adapter.exchange.workflow.moving import Changed
from adapter.settings import Settings

ROOT = "/clinic/v1"


def clinic_api(settings: Settings, engine: Engine, changed: Changed, book: PartnerBook) -> Blueprint:
    """The routes."""
    routes = Blueprint("clinic", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(clinic_gate(settings, ROOT))
    routes.before_request(check_parameters)
    inbox_routes(routes, engine)
    decision_routes(routes, settings, engine, changed)
    _way_back(routes, engine)
    plan_routes(routes, settings, engine)
    changes.add_routes(routes, settings, engine)
    record_routes(routes, settings, engine)
    feed_routes(routes, engine)
    delivery_routes(routes, engine)
    partner_routes(routes, settings, engine, book)
    openapi_route(routes, settings)
    return routes


def _way_back(routes: Blueprint, engine: Engine) -> None:
    @routes.get("/referrals/<id_>/deliveries")
    def brought_back(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in way_back.brought_back(engine, id_)]})

    @routes.post("/referrals/<id_>/deliveries")
    def bring_again(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in way_back.bring_again(engine, id_)]})
