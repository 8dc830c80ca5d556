"""What the clinic says of a referral beside its decision: its own record of it, and whose it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema
from sqlalchemy import Engine

from adapter.bodies import json_response, read_body, read_json
from adapter.clinic_api.asking import JSON
from adapter.clinic_api.told import Decided, Linking, OwnRecord, Undoing, checked, who
from adapter.clinic_api.views import conflict_view, referral_in_full
from adapter.exchange import decisions, editing, whose
from adapter.settings import Settings


def add_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    _records(routes, settings, engine)
    _links(routes, settings, engine)


def _records(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.put("/referrals/<id_>/record")
    def put_record(id_: str) -> Response:
        told = _body(settings, OwnRecord)
        editing.put_record(engine, settings, id_, told["record"], told["changed_at"])
        return _answer(referral_in_full(decisions.standing(engine, id_)))

    @routes.get("/referrals/<id_>/conflicts")
    def conflicts(id_: str) -> Response:
        return _answer({"conflicts": [conflict_view(one) for one in editing.conflicts_of(engine, id_)]})

    @routes.post("/referrals/<id_>/conflicts/<conflict>")
    def decide(id_: str, conflict: str) -> Response:
        told = _body(settings, Decided)
        editing.decide_conflict(engine, id_, conflict, told["take"], who(told))
        return _answer(referral_in_full(decisions.standing(engine, id_)))


def _links(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.get("/patients/<number>/links")
    def links(number: str) -> Response:
        return _answer({"links": [vars(one) for one in whose.links_of(engine, number)]})

    @routes.post("/patients/<number>/links")
    def link(number: str) -> Response:
        told = _body(settings, Linking)
        return _answer(vars(whose.link(engine, number, told["linked_number"], who(told))), 201)

    @routes.post("/links/<id_>/undo")
    def undo(id_: str) -> Response:
        return _answer(vars(whose.undo(engine, settings, id_, who(_body(settings, Undoing)))))


def _body(settings: Settings, schema: type[Schema]) -> dict[str, Any]:
    return checked(schema(), read_json(read_body(request, settings, (JSON,), ""), settings, ""))


def _answer(value: Any, status: int = 200) -> Response:
    return json_response(value, status, JSON)
