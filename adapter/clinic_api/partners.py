"""The partners: how they are doing, and their settings, for whoever runs the service."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.authorisation import clinic_caller
from adapter.clinic_api.asking import answer, body, told_version
from adapter.delivery import by_hand, partner_book
from adapter.delivery.partner_book import PartnerBook, Stale
from adapter.delivery.standing import standings
from adapter.exchange.refusal import Refusal, refuse
from adapter.settings import PARTNER_KEYS, Partner, Settings, SettingsError
from adapter.store import partner_knowledge, partners
from adapter.store.engine import reading, writing
from adapter.store.partners import PutPartner


def partner_routes(routes: Blueprint, settings: Settings, engine: Engine, book: PartnerBook) -> None:
    """Adds the routes."""
    _standing(routes, settings, engine)

    @routes.get("/partners/<name>")
    def partner(name: str) -> Response:
        configured = settings.partner(name)
        if configured is not None and not configured.of_api:
            told = {"name": name, "settings": _told(configured), "of_api": False}
            return answer(told | {"stored_at": None, "stored_by": None})
        with reading(engine) as connection:
            found = partners.get(connection, name)
        if found is None or found.settings is None:
            raise _unknown()
        return _put_view(found)

    @routes.put("/partners/<name>")
    def put_partner(name: str) -> Response:
        return _put(settings, engine, book, name)

    @routes.delete("/partners/<name>")
    def remove_partner(name: str) -> Response:
        return _removed(settings, engine, book, name)


def _put(settings: Settings, engine: Engine, book: PartnerBook, name: str) -> Response:
    held, seen = body(settings), told_version()
    if not isinstance(held, dict):
        raise refuse("unprocessable", "structure", "", "A partner is an object with the keys of [partners.NAME].")
    try:
        put = partner_book.put(engine, settings, name, held, _who(), seen)
    except SettingsError as contradiction:
        raise refuse("unprocessable", "business-rule", "", str(contradiction)) from None
    except Stale as stale:
        raise _stale(stale) from None
    book.look_again()
    return _put_view(put, 201 if put.version == 1 else 200)


def _removed(settings: Settings, engine: Engine, book: PartnerBook, name: str) -> Response:
    try:
        removed = partner_book.remove(engine, name, _who(), told_version())
    except Stale as stale:
        raise _stale(stale) from None
    configured = settings.partner(name)
    if not removed and configured is not None and not configured.of_api:
        what = "This partner stands in paingate.toml: take it away there."
        raise refuse("conflict", "business-rule", "name", what)
    if not removed:
        raise _unknown()
    book.look_again()
    return Response(status=204)


def _who() -> str:
    return clinic_caller().name or "clinic"


def _standing(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.get("/partners")
    def all_partners() -> Response:
        return answer({"partners": [vars(one) for one in standings(engine, settings)]})

    @routes.post("/partners/<name>/replay")
    def replay_all(name: str) -> Response:
        known(name)
        return answer({"replayed": by_hand.replay_all(engine, name)})

    @routes.post("/partners/<name>/ask-again")
    def ask_again(name: str) -> Response:
        known(name)
        with writing(engine) as connection:
            partner_knowledge.forget(connection, name)
        return answer({"partners": [vars(one) for one in standings(engine, settings) if one.name == name]})

    def known(name: str) -> None:
        if settings.partner(name) is None:
            raise _unknown()


def _put_view(put: PutPartner, status: int = 200) -> Response:
    told = {"name": put.name, "settings": put.settings, "of_api": True}
    told |= {"stored_at": put.stored_at, "stored_by": put.stored_by}
    return answer(told, status, version=put.version)


def _told(configured: Partner) -> dict[str, Any]:
    """What paingate.toml and the environment say of it; no secret, and not where it is."""
    untold = ("secret_file", "certificate_file", "certificate_key_file", "ca_file")
    held = {key: getattr(configured, key) for key in PARTNER_KEYS if key not in untold}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in held.items() if value}


def _unknown() -> Refusal:
    return refuse("not found", "not-found", "name", "There is no partner of this name.")


def _stale(stale: Stale) -> Refusal:
    return refuse("another version", "conflict", "If-Match", str(stale))
