"""Every error under /clinic as a problem (RFC 9457), with a list of places and sentences."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from adapter.bodies import json_response
from adapter.exchange.refusal import Refusal, instead_of

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"


def answer(error: Exception) -> Response:
    if (refusal := instead_of(error)) is not error:
        log.error("%s in %s", type(error).__name__, request.url_rule)
        error = refusal
    if isinstance(error, Refusal):
        errors = [{"path": issue.expression, "code": issue.code, "text": issue.text} for issue in error.issues]
        response = _problem(error.status, errors[0]["text"] if len(errors) == 1 else "See errors.", errors)
        response.headers.update(error.headers)
        return response
    if isinstance(error, HTTPException):
        response = _problem(error.code or 500, "There is nothing like this here: check the address and the method.", [])
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
        return response
    # The message of an exception may quote a patient; where it was raised does not.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in %s\n%s", type(error).__name__, request.url_rule, where)
    return _problem(500, "The fault is ours and was noted; nothing was stored.", [])


def _problem(status: int, detail: str, errors: list[dict[str, Any]]) -> Response:
    problem = {"title": HTTP_STATUS_CODES.get(status, "Error"), "status": status, "detail": detail, "errors": errors}
    return json_response(problem, status, PROBLEM)
