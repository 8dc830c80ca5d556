"""What the clinic's own system sees, under /clinic/v1: the inbox, the decisions, and its plans going out."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from adapter.authorisation import clinic_gate
from adapter.bodies import check_address, json_response, read_body, read_json
from adapter.clinic_api import changes, errors
from adapter.clinic_api.decisions import decision_routes
from adapter.clinic_api.views import delivery_view, plan_view, referral_view
from adapter.exchange import plans, way_back
from adapter.exchange.refusal import refuse
from adapter.exchange.workflow.moving import Changed
from adapter.settings import Settings
from adapter.store import referrals
from adapter.store.deliveries import Enqueue
from adapter.store.engine import reading
from adapter.store.referrals import STATUSES, Status

ROOT = "/clinic/v1"
JSON = "application/json"
PARAMETERS = ("status", "cursor", "limit")
"""Of the inbox; nothing else has any."""
PAGE = 50
LARGEST_PAGE = 200
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def clinic_api(settings: Settings, engine: Engine, enqueue: Enqueue | None, changed: Changed) -> Blueprint:
    """The routes."""
    routes = Blueprint("clinic", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(clinic_gate(settings, ROOT))
    routes.before_request(_check_parameters)
    _inbox(routes, engine)
    decision_routes(routes, settings, engine, changed)
    _way_back(routes, engine, enqueue)
    _plans(routes, settings, engine, enqueue)
    changes.add_routes(routes, settings, engine)
    return routes


def _inbox(routes: Blueprint, engine: Engine) -> None:
    @routes.get("/referrals")
    def inbox() -> Response:
        status, before, limit = _status(), _cursor(), _limit()
        with reading(engine) as connection:
            found = referrals.inbox(connection, status, before, limit + 1)
        page = found[:limit]
        following = str(page[-1].serial) if len(found) > limit else None
        return _answer({"referrals": [referral_view(one) for one in page], "next": following})


def _way_back(routes: Blueprint, engine: Engine, enqueue: Enqueue | None) -> None:
    @routes.get("/referrals/<id_>/deliveries")
    def brought_back(id_: str) -> Response:
        return _answer({"deliveries": [delivery_view(one) for one in way_back.brought_back(engine, id_)]})

    @routes.post("/referrals/<id_>/deliveries")
    def bring_again(id_: str) -> Response:
        return _answer({"deliveries": [delivery_view(one) for one in way_back.bring_again(engine, enqueue, id_)]})


def _plans(routes: Blueprint, settings: Settings, engine: Engine, enqueue: Enqueue | None) -> None:
    @routes.put("/care-plans/<id_>")
    def put_plan(id_: str) -> Response:
        if not _ID.fullmatch(id_):
            raise refuse("unprocessable", "value", "id", "A plan's id is of letters, digits, - and ., at most 64.")
        return _plan(plans.put_plan(engine, settings, enqueue, id_, _body(settings)))

    @routes.get("/care-plans/<id_>")
    def plan(id_: str) -> Response:
        return _plan(plans.plan_of(engine, id_))

    @routes.get("/care-plans/<id_>/deliveries")
    def deliveries(id_: str) -> Response:
        return _answer({"deliveries": [delivery_view(one) for one in plans.plan_of(engine, id_).deliveries]})


def _check_parameters() -> None:
    """A parameter that is not known would be left out in silence: the answer to another question than was asked."""
    known = PARAMETERS if request.endpoint == "clinic.inbox" else ()
    for name, values in request.args.lists():
        if name not in known:
            there = f"what is known here is {', '.join(known)}" if known else "there are none at this address"
            raise refuse("bad request", "not-supported", name, f"This parameter is not known: {there}.")
        if len(values) > 1:
            raise refuse("bad request", "invalid", name, "This parameter is given more than once: give it once.")


def _body(settings: Settings) -> Any:
    return read_json(read_body(request, settings, (JSON,), ""), settings, "")


def _status() -> Status | None:
    text = request.args.get("status")
    if text is not None and text not in STATUSES:
        raise refuse("bad request", "value", "status", f"status is one of {', '.join(STATUSES)}.")
    return text


def _cursor() -> int | None:
    return _whole("cursor", "cursor is what the page before gave as `next`.") if "cursor" in request.args else None


def _limit() -> int:
    if "limit" not in request.args:
        return PAGE
    return min(
        _whole("limit", f"limit is a whole number from 1; {LARGEST_PAGE} are the most of one page."), LARGEST_PAGE
    )


def _whole(name: str, says: str) -> int:
    text = request.args[name]
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise refuse("bad request", "value", name, says)
    return int(text)


def _answer(value: Any, status: int = 200) -> Response:
    return json_response(value, status, JSON)


def _plan(held: plans.Held) -> Response:
    response = _answer(plan_view(held), 201 if held.created else 200)
    response.set_etag(str(held.plan.version), weak=True)
    return response
