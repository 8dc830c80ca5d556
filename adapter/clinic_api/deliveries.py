"""What goes to partners and what came of it, for whoever sees to it that everything arrives."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import MOST_DELIVERIES, answer, asked, page_of
from adapter.clinic_api.views import any_delivery_view
from adapter.delivery import by_hand
from adapter.delivery.by_hand import NoSuchDelivery, NotPossible
from adapter.delivery.standing import standings
from adapter.exchange.refusal import refuse
from adapter.settings import Settings
from adapter.store import deliveries, partner_knowledge
from adapter.store.deliveries import Delivery, Sought
from adapter.store.engine import reading, writing


def delivery_routes(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    """Adds the routes."""
    _deliveries(routes, engine)
    _partners(routes, settings, engine)


def _deliveries(routes: Blueprint, engine: Engine) -> None:
    @routes.get("/deliveries")
    def all_deliveries() -> Response:
        told = asked()
        most = page_of(told, MOST_DELIVERIES)
        sought = Sought(tuple(told["state"].split(",")) if "state" in told else (), told.get("partner"))
        behind = told["cursor"].split("~") if "cursor" in told else None
        with reading(engine) as connection:
            found = deliveries.page(connection, sought, (behind[0], behind[1]) if behind else None, most + 1)
        page = found[:most]
        following = f"{page[-1].updated_at}~{page[-1].id}" if len(found) > most else None
        return answer({"deliveries": [any_delivery_view(one) for one in page], "next": following})

    @routes.get("/deliveries/<id_>")
    def delivery(id_: str) -> Response:
        with reading(engine) as connection:
            found = deliveries.get(connection, id_)
        if found is None:
            raise refuse("not found", "not-found", "id", "There is no delivery of this id.")
        return answer(any_delivery_view(found))

    @routes.post("/deliveries/<id_>/replay")
    def replay_delivery(id_: str) -> Response:
        return _done(lambda: by_hand.replay(engine, id_))

    @routes.post("/deliveries/<id_>/cancel")
    def cancel_delivery(id_: str) -> Response:
        return _done(lambda: by_hand.cancel(engine, id_))


def _partners(routes: Blueprint, settings: Settings, engine: Engine) -> None:
    @routes.get("/partners")
    def partners() -> Response:
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
            raise refuse("not found", "not-found", "name", "There is no partner of this name.")


def _done(does: Callable[[], Delivery]) -> Response:
    try:
        return answer(any_delivery_view(does()))
    except NoSuchDelivery as none:
        raise refuse("not found", "not-found", "id", str(none)) from None
    except NotPossible as why:
        raise refuse("conflict", "business-rule", "id", str(why)) from None
