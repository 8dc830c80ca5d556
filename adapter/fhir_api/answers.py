"""What the routes under /fhir share: their address, and how an answer is written and stamped."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from flask import Response, request

from adapter.bodies import json_response
from adapter.exchange.refusal import Refusal, refuse
from adapter.fhir_api import capability
from adapter.fhir_api.negotiation import ANSWER_TYPE, is_pretty

ROOT = "/fhir"


def known(type_: str) -> None:
    """Refuses a type that nothing is stored of."""
    if type_ not in capability.READ:
        raise unknown_type()


def unknown_type() -> Refusal:
    return refuse("not found", "not-supported", "", "There is no resource of this type: see /fhir/metadata.")


def base() -> str:
    return request.host_url.rstrip("/") + request.root_path.rstrip("/") + ROOT


def answer(value: Any, status: int) -> Response:
    return json_response(value, status, ANSWER_TYPE, pretty=is_pretty(request))


def stamp(response: Response, version: int, last_updated: str) -> None:
    response.set_etag(str(version), weak=True)
    response.headers["Last-Modified"] = format_datetime(datetime.fromisoformat(last_updated), usegmt=True)
