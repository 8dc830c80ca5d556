"""What each request asks for, by its method and address alone.

One table, in FHIR's own grammar (hl7.org/fhir/R4/http.html): it goes by addresses and not by our routes, so that a
route that is added is under it at once.  What no row knows is refused to everybody who has to bring a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from adapter.authorisation.scopes import ANY, Need
from mappings.r4 import definitions

OPEN = ("/metadata", "/.well-known/smart-configuration", "/.well-known/jwks.json")
"""What says how to get in is for everybody."""
MESSAGE = "/$process-message"
_TYPE, _ID = "/(?P<type>[A-Za-z]{1,64})", "/[^/$_][^/]*"


class Row(NamedTuple):
    method: str
    address: re.Pattern[str]
    letters: str
    type: str = ""
    """Where the address names none."""


def _row(method: str, address: str, letters: str, type_: str = "") -> Row:
    return Row(method, re.compile(address), letters, type_)


ROWS = (
    _row("POST", "/?", ""),  # by its entries
    _row("POST", re.escape(MESSAGE), "c", "ServiceRequest"),  # and by its entries
    _row("POST", f"{_TYPE}/\\$validate", ""),  # nothing is stored by it, nor read
    _row("GET", "/?", "s", ANY),
    _row("GET", "/_history", "s", ANY),
    _row("GET", _TYPE, "s"),
    _row("POST", f"{_TYPE}/_search", "s"),
    _row("GET", f"{_TYPE}/_history", "s"),
    _row("GET", f"{_TYPE}{_ID}", "r"),
    _row("GET", f"{_TYPE}{_ID}/_history", "r"),
    _row("GET", f"{_TYPE}{_ID}/_history/[^/]+", "r"),
    _row("POST", _TYPE, "c"),
    _row("PUT", _TYPE, "cu"),
    _row("PUT", f"{_TYPE}{_ID}", "u"),
    _row("PATCH", _TYPE, "u"),
    _row("PATCH", f"{_TYPE}{_ID}", "u"),
    _row("DELETE", _TYPE, "d"),
    _row("DELETE", f"{_TYPE}{_ID}", "d"),
)
"""History of one resource is read, of a type or of all is searched (SMART 2.2, "Scopes for requesting FHIR Resources").
A conditional PUT may create, and so needs both."""
_ENVELOPES = ("MessageHeader",)


def needs(method: str, address: str) -> tuple[Need, ...] | None:
    """What a request needs; `address` is below /fhir, without a query.  None where nothing is known of it."""
    method = "GET" if method == "HEAD" else method
    for row in ROWS:
        if row.method == method and (told := row.address.fullmatch(address)):
            return tuple(Need(row.type or told["type"], letter) for letter in row.letters)
    return None


def needs_of_entries(document: Any) -> list[tuple[Need, ...] | None]:
    """What each entry of a Bundle needs, in their order.

    What is no sound Bundle needs nothing: it is refused for that.
    """
    is_bundle = isinstance(document, dict) and document.get("resourceType") == "Bundle"
    entries = document.get("entry") if is_bundle else None
    listed = entries if isinstance(entries, list) else []
    return [needs_of_entry(entry, index) for index, entry in enumerate(listed)]


def needs_of_entry(entry: Any, index: int) -> tuple[Need, ...] | None:
    """What one entry needs.

    In a batch or transaction it is what its request would need by itself, and the same of the type of what it brings;
    in a message or document an entry brings what is to be created.
    """
    where = f"Bundle.entry[{index}]"
    if not isinstance(entry, dict):
        return ()
    brought = entry.get("resource")
    type_ = _type_of(brought) if isinstance(brought, dict) else None
    request = entry.get("request")
    if not isinstance(request, dict):
        return () if type_ is None or type_ in _ENVELOPES else (Need(type_, "c", where),)
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        return ()
    found = needs(method, "/" + unquote(url.partition("?")[0]).strip("/"))
    if not found:
        return None
    asked = [need._replace(where=f"{where}.request") for need in found]
    return tuple(dict.fromkeys([*asked, *_of_resource(asked, type_)]))


def _type_of(resource: dict[str, Any]) -> str | None:
    """None for what is no resource of R4: it is refused for that, and repeated to nobody."""
    told = resource.get("resourceType")
    return told if isinstance(told, str) and definitions.is_resource(told) else None


def _of_resource(asked: list[Need], type_: str | None) -> Iterator[Need]:
    """The address and what is brought are to be of one type; where they are not, both are asked about."""
    if type_ is not None:
        yield from (need._replace(type=type_) for need in asked if need.letter in "cu")
