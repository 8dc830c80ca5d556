"""What comes over HTTP, as both doors read and write it: within its limits, and as exact JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from adapter.exchange.refusal import refuse
from adapter.settings import Settings
from adapter.store import deadline
from mappings.r4 import exact_json


def read_body(request: Request, settings: Settings, media_types: Sequence[str], what: str) -> bytes:
    """The bytes of a body of one of these types; refused without reading on where there are too many of them.

    `what` is the place that a refusal names: the body is no element yet.
    """
    if request.mimetype not in media_types or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        text = f"Send Content-Type: {media_types[0]}, in UTF-8."
        raise refuse("media type", "not-supported", what, text)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise refuse("media type", "not-supported", what, "Send the body without Content-Encoding.")
    request.max_content_length = settings.max_body
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        text = f"The body is larger than {settings.max_body} bytes, which is what is read here: send less at once."
        raise refuse("too long", "too-long", what, text) from None
    except ClientDisconnected:
        raise refuse("bad request", "incomplete", what, "The body ended early: send all of it.") from None
    deadline.check()
    return body


def check_address(request: Request) -> None:
    """Refuses an address with a character that no database takes, whatever it was meant to find."""
    if "\0" in request.path or any("\0" in name + text for name, text in request.args.items(multi=True)):
        raise refuse("bad request", "invalid", "", "There is a NUL (%00) in the address: take it out.")


def read_json(body: bytes, settings: Settings, what: str) -> Any:
    """What a body says."""
    try:
        told = exact_json.loads(body, max_depth=settings.max_depth)
    except exact_json.MalformedJSON as malformed:
        raise refuse("malformed", "structure", what, str(malformed)) from None
    deadline.check()
    return told


def json_response(value: Any, status: int, media_type: str, *, pretty: bool = False) -> Response:
    """An answer; `bytes` are exact JSON already."""
    if pretty and isinstance(value, bytes):
        value = exact_json.loads(value)
    body = value if isinstance(value, bytes) else exact_json.dumps(value, indent=2 if pretty else None)
    return Response(body, status, content_type=media_type)
