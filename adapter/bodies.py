"""What comes over HTTP, as both doors read and write it: within its limits, and as exact JSON."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from adapter.exchange.refusal import refuse
from adapter.settings import Settings
from adapter.store import deadline
from mappings.r4 import exact_json

ETAG = r'(?:W/)?"([1-9][0-9]{0,8})"'
"""As it was given; some clients leave the W/ out (hapifhir/hapi-fhir#2979)."""
WORTH_PACKING = 1024
"""Bytes of an answer below which gzip saves nothing that counts."""


def read_body(request: Request, settings: Settings, media_types: Sequence[str], what: str) -> bytes:
    """The bytes of a body of one of these types; refused without reading on where there are too many of them.

    `what` is the place that a refusal names: the body is no element yet.
    """
    if request.mimetype not in media_types or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        text = f"Send Content-Type: {media_types[0]}, in UTF-8."
        raise refuse("media type", "not-supported", what, text)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise refuse("media type", "not-supported", what, "Send the body as it is, or with Content-Encoding: gzip.")
    request.max_content_length = settings.max_body
    try:
        body = request.get_data(cache=False)
        body = body if encoding == "identity" else _unpacked(body, settings.max_body, what)
    except (RequestEntityTooLarge, OverflowError):
        text = f"The body is larger than {settings.max_body} bytes, which is what is read here: send less at once."
        raise refuse("too long", "too-long", what, text) from None
    except ClientDisconnected:
        raise refuse("bad request", "incomplete", what, "The body ended early: send all of it.") from None
    deadline.check()
    return body


def _unpacked(body: bytes, most: int, what: str) -> bytes:
    """What was sent with gzip; OverflowError where it is more than `most`, and no more than that is unpacked."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(body, most + 1)
    except zlib.error:
        raise refuse("malformed", "structure", what, "The body is no sound gzip: pack it again.") from None
    if len(found) > most:
        raise OverflowError
    if not unpacking.eof or unpacking.unused_data:
        raise refuse("malformed", "structure", what, "The body is not one whole gzip: pack it again.")
    return found


def packed(request: Request, response: Response) -> Response:
    """The answer with gzip, where that is worth it and the client takes it."""
    if response.direct_passthrough or response.status_code == 304 or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= WORTH_PACKING and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def check_address(request: Request) -> None:
    """Refuses an address with a character that no database takes, whatever it was meant to find."""
    if "\0" in request.path or any("\0" in name + text for name, text in request.args.items(multi=True)):
        raise refuse("bad request", "invalid", "", "There is a NUL (%00) in the address: take it out.")


def if_match(request: Request, where: str, says: str) -> int | None:
    """The version that If-Match names, None where it is not sent; refused at `where` with `says` for anything else."""
    told = request.headers.get("If-Match")
    if told is None:
        return None
    found = re.fullmatch(ETAG, told.strip())
    if found is None:
        raise refuse("bad request", "invalid", where, says)
    return int(found[1])


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
