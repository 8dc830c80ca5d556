"""Every error under /fhir as an OperationOutcome: one renderer, whatever raised it."""

from __future__ import annotations

import logging
import traceback

from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from adapter.bodies import json_response
from adapter.exchange.refusal import Refusal, instead_of
from adapter.fhir_api.negotiation import ANSWER_TYPE, is_pretty
from adapter.fhir_api.outcome import outcome
from mappings import Issue

log = logging.getLogger(__name__)

_ROUTING = {
    404: Issue("error", "not-found", "", "There is nothing at this address: see /fhir/metadata for what there is."),
    405: Issue("error", "not-supported", "", "This cannot be done at this address: see /fhir/metadata for what can."),
}


def answer(error: Exception) -> Response:
    if (refusal := instead_of(error)) is not error:
        log.error("%s in %s", type(error).__name__, request.url_rule)
        error = refusal
    if isinstance(error, Refusal):
        response = _rendered(error.issues, error.status)
        response.headers.update(error.headers)
        return response
    if isinstance(error, HTTPException):
        status = error.code or 500
        other = Issue("error", "processing", "", "The request cannot be understood: check its address and headers.")
        response = _rendered([_ROUTING.get(status, other)], status)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
        return response
    # The message of an exception may quote a patient; where it was raised does not.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in %s\n%s", type(error).__name__, request.url_rule, where)
    text = "The fault is ours and was noted; nothing was stored.  Sending the same again does no harm."
    return _rendered([Issue("fatal", "exception", "", text)], 500)


def _rendered(issues: tuple[Issue, ...] | list[Issue], status: int) -> Response:
    return json_response(outcome(issues), status, ANSWER_TYPE, pretty=is_pretty(request))
