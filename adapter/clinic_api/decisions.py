"""One referral, and what the clinic may decide on it: a route for each action of the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import RAISE, Schema, fields, validate
from sqlalchemy import Engine

from adapter.authorisation import clinic_caller
from adapter.bodies import read_body, read_json
from adapter.clinic_api.asking import JSON, answer, told_version
from adapter.clinic_api.told import issues
from adapter.clinic_api.views import history_view, referral_in_full
from adapter.exchange.deciding import decisions
from adapter.exchange.deciding.decisions import Decision, Standing
from adapter.exchange.refusal import Refusal
from adapter.exchange.workflow.moving import Changed
from adapter.exchange.workflow.states import ACTIONS, Action, Deed
from adapter.settings import Settings
from mappings import Issue

_FHIR_STRING = re.compile(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*[^\x00-\x20][^\x00-\x08\x0b\x0c\x0e-\x1f]*$")
_LONGEST = 1048576
"""What R4 lets a string be (datatypes.html#string): the words go into a Task."""


def decision_routes(routes: Blueprint, settings: Settings, engine: Engine, changed: Changed) -> None:
    """Adds the routes."""

    @routes.get("/referrals/<id_>")
    def referral(id_: str) -> Response:
        return _answer(decisions.standing(engine, id_))

    @routes.get("/referrals/<id_>/history")
    def history(id_: str) -> Response:
        return answer({"history": history_view(decisions.standing(engine, id_))})

    for name, action in ACTIONS.items():
        if action.by == "clinic":
            told = _decided(settings, engine, changed, name, action)
            routes.add_url_rule(f"/referrals/<id_>/{name}", name, told, methods=["POST"])


def _decided(
    settings: Settings, engine: Engine, changed: Changed, name: Deed, action: Action
) -> Callable[[str], Response]:
    def decided(id_: str) -> Response:
        told = _body(settings, action)
        if action.record:
            nothing = told == {} and not action.needs_record
            decision = Decision(name, record=None if nothing else told, version=told_version(), who=_who())
        else:
            _check(schema_of(name), told)
            decision = Decision(name, told.get(action.text), version=told_version(), who=_who())
        return _answer(decisions.decide(engine, settings, id_, decision, changed))

    return decided


def _who() -> str:
    """Who decides: the name of the clinic's token; "clinic" while there are none."""
    return clinic_caller().name or "clinic"


@cache
def schema_of(name: Deed) -> Schema:
    """What the body of a decision may say; that of one with a record is the record's own schema."""
    action = ACTIONS[name]
    words = fields.String(
        required=action.needs_text,
        validate=[
            validate.Length(max=_LONGEST, error=f"A text has at most {_LONGEST} characters."),
            validate.Regexp(_FHIR_STRING, error="Say it in words, and without characters that no text has."),
        ],
        metadata={"description": "For the referrer."},
        error_messages={"required": "Say it, for the referrer.", "invalid": "This must be a text."},
    )
    made = Schema.from_dict({action.text: words} if action.text else {}, name=name)
    return made(unknown=RAISE)


def _check(schema: Schema, told: Any) -> None:
    found = issues(schema, told) if isinstance(told, dict) else [_NO_OBJECT]
    if found:
        raise Refusal("unprocessable", found)


_NO_OBJECT = Issue("error", "structure", "", "What is sent here is an object.")


def _body(settings: Settings, action: Action) -> Any:
    """What is told; nothing is said by an empty body where nothing has to be."""
    if not (action.needs_text or action.needs_record) and not request.content_length and not request.mimetype:
        return {}
    body = read_body(request, settings, (JSON,), "")
    if not body and not (action.needs_text or action.needs_record):
        return {}
    return read_json(body, settings, "")


def _answer(standing: Standing) -> Response:
    return answer(referral_in_full(standing), version=standing.version)
