"""The change feed: what has happened since, so that the clinic's system need not ask for everything again and again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import MOST_CHANGES, answer, asked, page_of
from adapter.store import changes
from adapter.store.changes import Change
from adapter.store.engine import writing


def feed_routes(routes: Blueprint, engine: Engine) -> None:
    """Adds the route."""

    @routes.get("/changes")
    def feed() -> Response:
        told = asked()
        position = told.get("cursor", 0)
        with writing(engine) as connection:
            found = changes.after(connection, position, page_of(told, MOST_CHANGES))
        following = found[-1].position if found else position
        return answer({"changes": [change_view(one) for one in found], "next": str(following)})


def change_view(change: Change) -> dict[str, Any]:
    return {"at": change.at, "of": change.of, "id": change.id, "what": change.what}
