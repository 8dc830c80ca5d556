"""The clinic API described as OpenAPI 3.1, out of what it runs by: its routes, and the schemas that check and describe.

`GET /clinic/v1/openapi.json` answers with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app

from adapter.clinic_api.asking import answer
from adapter.exchange.translation import site_of
from adapter.settings import Settings


def openapi_route(routes: Blueprint, settings: Settings) -> None:
    """Adds the route; the description is made when it is first asked for."""

    @cache
    def description() -> dict[str, Any]:
        from adapter.clinic_api.openapi.document import document

        return document(current_app.url_map, site_of(settings.site), closed=bool(settings.clinic_tokens))

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return answer(description())
