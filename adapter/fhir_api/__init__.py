"""What an EHR sees, under /fhir: referrals come in, and whoever sent one can follow it.

The routes read the request and write the answer; what happens in between is the exchange's business.
"""

from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy import Engine

from adapter.authorisation import fhir_gate
from adapter.bodies import check_address, packed
from adapter.exchange.workflow.moving import Changed
from adapter.fhir_api import errors, posting
from adapter.fhir_api.answers import ROOT
from adapter.fhir_api.negotiation import check_format
from adapter.fhir_api.reading import reading_routes
from adapter.fhir_api.task_update import task_update
from adapter.settings import Settings

__all__ = ["ROOT", "errors", "fhir_api"]


def fhir_api(settings: Settings, engine: Engine, changed: Changed) -> Blueprint:
    """The routes."""
    routes = Blueprint("fhir", __name__, url_prefix=ROOT)
    routes.register_error_handler(Exception, errors.answer)
    routes.before_request(lambda: check_address(request))
    routes.before_request(fhir_gate(settings, ROOT))
    routes.before_request(lambda: check_format(request))
    routes.after_request(lambda response: packed(request, response))
    posting.add_routes(routes, settings, engine)
    reading_routes(routes, settings, engine)
    task_update(routes, settings, engine, changed)
    return routes
