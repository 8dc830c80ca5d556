"""What goes to partners and what came of it, for whoever sees to it that everything arrives."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import MOST_DELIVERIES, answer, asked, page_of
from adapter.clinic_api.views import any_delivery_view
from adapter.delivery import by_hand
from adapter.delivery.by_hand import NoSuchDelivery, NotPossible
from adapter.exchange.refusal import refuse
from adapter.store import deliveries
from adapter.store.deliveries import Delivery, Sought
from adapter.store.engine import reading


def delivery_routes(routes: Blueprint, engine: Engine) -> None:
    """Adds the routes."""

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


def _done(does: Callable[[], Delivery]) -> Response:
    try:
        return answer(any_delivery_view(does()))
    except NoSuchDelivery as none:
        raise refuse("not found", "not-found", "id", str(none)) from None
    except NotPossible as why:
        raise refuse("conflict", "business-rule", "id", str(why)) from None
