"""What requests to the clinic API may ask for, and how what goes both ways is read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, g, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from adapter.bodies import if_match, json_response, read_body, read_json
from adapter.exchange.refusal import refuse
from adapter.settings import Settings
from adapter.store.deliveries import STATES
from adapter.store.referrals import STATUSES

JSON = "application/json"
ID = r"[A-Za-z0-9.-]{1,64}"
"""What the clinic may put its records under."""
PAGE = 50
MOST_REFERRALS = 200
MOST_CHANGES = 1000
MOST_DELIVERIES = 500
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_DAY_OR_INSTANT = rf"{_DAY}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,6}})?Z)?"
_STATUS = f"({'|'.join(STATUSES)})"
_STATE = f"({'|'.join(STATES)})"


def _place(least: int, says: str) -> fields.Integer:
    return fields.Integer(
        validate=validate.Range(least, 999_999_999, error=says),
        metadata={"description": says},
        error_messages={"invalid": says},
    )


def _page(most: int) -> fields.Integer:
    return _place(1, f"limit is a whole number from 1; {most} are the most of one page.")


def _text(says: str, pattern: str = r"[^\x00-\x1f]{1,200}") -> fields.String:
    return fields.String(validate=validate.Regexp(f"^{pattern}$", error=says), metadata={"description": says})


class Inbox(Schema):
    """What the inbox may be asked for; several together mean all of them."""

    status = _text(
        f"status is one of {', '.join(STATUSES)}, or several with commas between them.", f"{_STATUS}(,{_STATUS})*"
    )
    patient = _text("patient is the patient's number here, such as P-000001.")
    number = _text("number is the referral's number here, such as R-000001.")
    sender = _text("sender is the name of a partner.")
    received_from = _text("received_from is a day, or an instant in UTC that ends in Z.", _DAY_OR_INSTANT)
    received_before = _text("received_before is a day, or an instant in UTC that ends in Z.", _DAY_OR_INSTANT)
    contested = fields.String(
        validate=validate.Equal("true", error="contested is true, or left out."),
        metadata={"description": "true: those of which a person has to decide what holds."},
    )
    cursor = _place(1, "cursor is what the page before gave as `next`.")
    limit = _page(MOST_REFERRALS)


class Feed(Schema):
    """What the change feed may be asked for."""

    cursor = _place(0, "cursor is what the answer before gave as `next`, or left out.")
    limit = _page(MOST_CHANGES)


class AllDeliveries(Schema):
    """What the list of deliveries may be asked for."""

    state = _text(f"state is one of {', '.join(STATES)}, or several with commas between them.", f"{_STATE}(,{_STATE})*")
    partner = _text("partner is the name of a partner.")
    cursor = _text("cursor is what the page before gave as `next`.", r"[0-9TZ:.-]{20,40}~[A-Za-z0-9-]{1,64}")
    limit = _page(MOST_DELIVERIES)


PARAMETERS: Mapping[str, Schema] = {
    "clinic.inbox": Inbox(unknown=EXCLUDE),
    "clinic.feed": Feed(unknown=EXCLUDE),
    "clinic.all_deliveries": AllDeliveries(unknown=EXCLUDE),
}
"""By the route; the others have none."""


def check_parameters() -> None:
    """Reads the parameters of a request, before its route; refused where one is not known, is given twice, or says what
    it cannot.

    One that is not known would be left out in silence: the answer to another question than was asked.
    """
    g.asked = _parameters()


def asked() -> dict[str, Any]:
    """The parameters of this request."""
    told: dict[str, Any] = g.asked
    return told


def _parameters() -> dict[str, Any]:
    schema = PARAMETERS.get(request.endpoint or "")
    known = list(schema.fields) if schema is not None else []
    for name, values in request.args.lists():
        if name not in known:
            there = f"what is known here is {', '.join(known)}" if known else "there are none at this address"
            raise refuse("bad request", "not-supported", name, f"This parameter is not known: {there}.")
        if len(values) > 1:
            raise refuse("bad request", "invalid", name, "This parameter is given more than once: give it once.")
    if schema is None:
        return {}
    try:
        told: dict[str, Any] = schema.load(request.args.to_dict())
    except ValidationError as wrong:
        name, texts = next(iter(dict(wrong.messages).items()))  # type: ignore[arg-type]
        raise refuse("bad request", "value", name, texts[0]) from None
    return told


def page_of(told: Mapping[str, Any], most: int) -> int:
    """How many are wanted: PAGE where nothing is said, never more than `most`."""
    wanted: int = told.get("limit", PAGE)
    return min(wanted, most)


def body(settings: Settings) -> Any:
    """What a request says."""
    return read_json(read_body(request, settings, (JSON,), ""), settings, "")


def check_id(id_: str) -> None:
    """Refuses an id that a record of the clinic's cannot be put under."""
    if not re.fullmatch(ID, id_):
        raise refuse("unprocessable", "value", "id", "An id is of letters, digits, - and ., at most 64.")


def told_version() -> int | None:
    """The version that what is told was made from, where that is said (If-Match)."""
    return if_match(request, "If-Match", 'If-Match is the ETag that was read, such as W/"1".')


def answer(value: Any, status: int = 200, *, version: int | None = None) -> Response:
    """The answer, with the ETag of that version."""
    response = json_response(value, status, JSON)
    if version is not None:
        response.set_etag(str(version), weak=True)
    return response
