"""The clinic's care plans: put, read, and followed to the partners that they are brought to."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import answer, body, check_id
from adapter.clinic_api.views import delivery_view, plan_view
from adapter.delivery.pushing.plan_letter import plan_letter
from adapter.documents.pdf import Unprintable
from adapter.exchange.refusal import refuse
from adapter.exchange.sending import plans
from adapter.settings import Settings
from adapter.store.engine import reading

PDF = "application/pdf"


def plan_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    """Adds the routes."""

    @routes.put("/care-plans/<id_>")
    def put_plan(id_: str) -> Response:
        check_id(id_)
        return _answer(plans.put_plan(engine, settings, id_, body(settings)))

    @routes.get("/care-plans/<id_>")
    def plan(id_: str) -> Response:
        return _answer(plans.plan_of(engine, id_))

    @routes.get("/care-plans/<id_>/pdf")
    def pdf(id_: str) -> Response:
        held = plans.plan_of(engine, id_)
        with reading(engine) as connection:
            try:
                made = plan_letter(connection, settings, held.plan)
            except Unprintable as trouble:
                raise refuse("unprocessable", "not-supported", "record", str(trouble)) from None
        response = Response(made, mimetype=PDF)
        response.set_etag(str(held.plan.version), weak=True)
        return response

    @routes.get("/care-plans/<id_>/deliveries")
    def deliveries(id_: str) -> Response:
        return answer({"deliveries": [delivery_view(one) for one in plans.plan_of(engine, id_).deliveries]})


def _answer(held: plans.Held) -> Response:
    return answer(plan_view(held), 201 if held.created else 200, version=held.plan.version)
