"""What the clinic says of a referral beside its decision: its own record of it, and whose it is."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import answer, body
from adapter.clinic_api.told import Decided, Linking, OwnRecord, Undoing, checked, who
from adapter.clinic_api.views import conflict_view, referral_in_full
from adapter.exchange.deciding import decisions, editing, whose
from adapter.settings import Settings


def add_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    _records(routes, settings, engine)
    _links(routes, settings, engine)


def _records(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.put("/referrals/<id_>/record")
    def put_record(id_: str) -> Response:
        told = checked(OwnRecord(), body(settings))
        editing.put_record(engine, settings, id_, told["record"], told["changed_at"])
        return answer(referral_in_full(decisions.standing(engine, id_)))

    @routes.get("/referrals/<id_>/conflicts")
    def conflicts(id_: str) -> Response:
        return answer({"conflicts": [conflict_view(one) for one in editing.conflicts_of(engine, id_)]})

    @routes.post("/referrals/<id_>/conflicts/<conflict>")
    def decide(id_: str, conflict: str) -> Response:
        told = checked(Decided(), body(settings))
        editing.decide_conflict(engine, id_, conflict, told["take"], who(told))
        return answer(referral_in_full(decisions.standing(engine, id_)))


def _links(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.get("/patients/<number>/links")
    def links(number: str) -> Response:
        return answer({"links": [vars(one) for one in whose.links_of(engine, number)]})

    @routes.post("/patients/<number>/links")
    def link(number: str) -> Response:
        told = checked(Linking(), body(settings))
        return answer(vars(whose.link(engine, number, told["linked_number"], who(told))), 201)

    @routes.post("/links/<id_>/undo")
    def undo(id_: str) -> Response:
        return answer(vars(whose.undo(engine, settings, id_, who(checked(Undoing(), body(settings))))))
