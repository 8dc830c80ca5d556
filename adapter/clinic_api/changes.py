"""What the clinic says of a referral beside its decision: its own record of it, and whose it is."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from adapter.bodies import json_response, read_body, read_json
from adapter.clinic_api.asking import JSON
from adapter.clinic_api.views import conflict_view, referral_in_full
from adapter.exchange import decisions, editing, whose
from adapter.exchange.refusal import refuse
from adapter.settings import Settings

_NAME = re.compile(r"[^\x00-\x1f]{1,200}")


def add_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    _records(routes, settings, engine)
    _links(routes, settings, engine)


def _records(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.put("/referrals/<id_>/record")
    def put_record(id_: str) -> Response:
        told = _body(settings, "record", "changed_at")
        editing.put_record(engine, settings, id_, told["record"], _text(told, "changed_at"))
        return _answer(referral_in_full(decisions.standing(engine, id_)))

    @routes.get("/referrals/<id_>/conflicts")
    def conflicts(id_: str) -> Response:
        return _answer({"conflicts": [conflict_view(one) for one in editing.conflicts_of(engine, id_)]})

    @routes.post("/referrals/<id_>/conflicts/<conflict>")
    def decide(id_: str, conflict: str) -> Response:
        told = _body(settings, "take", "by")
        if told["take"] not in editing.SIDES:
            raise refuse("unprocessable", "value", "take", f"take is one of {', '.join(editing.SIDES)}.")
        editing.decide_conflict(engine, id_, conflict, told["take"], _who(told))
        return _answer(referral_in_full(decisions.standing(engine, id_)))


def _links(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.get("/patients/<number>/links")
    def links(number: str) -> Response:
        return _answer({"links": [vars(one) for one in whose.links_of(engine, number)]})

    @routes.post("/patients/<number>/links")
    def link(number: str) -> Response:
        told = _body(settings, "linked_number", "by")
        return _answer(vars(whose.link(engine, number, _text(told, "linked_number"), _who(told))), 201)

    @routes.post("/links/<id_>/undo")
    def undo(id_: str) -> Response:
        return _answer(vars(whose.undo(engine, settings, id_, _who(_body(settings, "by")))))


def _body(settings: Settings, *names: str) -> dict[str, Any]:
    """An object with just these members."""
    told = read_json(read_body(request, settings, (JSON,), ""), settings, "")
    if not isinstance(told, dict) or told.keys() != set(names):
        raise refuse("unprocessable", "required", names[0], f"Send an object with {' and '.join(names)}.")
    return told


def _text(told: dict[str, Any], name: str) -> str:
    if not isinstance(told[name], str):
        raise refuse("unprocessable", "value", name, "This is a text.")
    return str(told[name])


def _who(told: dict[str, Any]) -> str:
    who = told["by"]
    if not isinstance(who, str) or not who.strip() or not _NAME.fullmatch(who):
        raise refuse("unprocessable", "required", "by", 'Say who decides: "by": "...".')
    return who


def _answer(value: Any, status: int = 200) -> Response:
    return json_response(value, status, JSON)
