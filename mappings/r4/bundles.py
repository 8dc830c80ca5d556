"""The rules of Bundles that R4 states in words: identities of entries, and what a request goes with.

Those that it states as invariants (bdl-*) are in invariants/exchange.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappings.r4.definitions import is_resource
from mappings.r4.fhirpath import Key
from mappings.r4.references import ABSOLUTE
from mappings.values import Json

Fault = tuple[tuple[Key, ...], str, str]
"""Where in the Bundle, the code, and how to mend it."""

Node = dict[str, Json]

_RESTFUL = re.compile(r"https?://\S*/([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_INSTANCE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_STATUS = re.compile(r"\d{3}(?:\s.*)?", re.DOTALL)
_SENDS = ("POST", "PUT", "PATCH")
_REQUESTS = ("batch", "transaction")
_KNOWN = ("collection", "document", "history", "message", "searchset")
"""The Bundles of resources that are known by where they are; what a server answers in may not be."""


def faults(bundle: Node) -> Iterator[Fault]:
    """What is wrong with the entries of a Bundle as entries."""
    entries = bundle.get("entry")
    touched = set[str]()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        resource = entry.get("resource")
        resource = resource if isinstance(resource, dict) else None
        found = [*_full_url(entry, resource, wanted=bundle.get("type") in _KNOWN), *_response(entry)]
        request = entry.get("request")
        if isinstance(request, dict) and bundle.get("type") in _REQUESTS:
            found += _request(request, resource)
            found += _twice(request, touched) if bundle["type"] == "transaction" else ()
        for place, code, text in found:
            yield ("entry", index, *place), code, text


def _full_url(entry: Node, resource: Node | None, *, wanted: bool) -> Iterator[Fault]:
    """fullUrl is absolute and does not disagree with the id of the resource, and what is identified has one where it
    is wanted (R4, Bundle.entry.fullUrl)."""
    url = entry.get("fullUrl")
    if not isinstance(url, str) or not url:
        if "fullUrl" not in entry and "_fullUrl" not in entry and resource and "id" in resource and wanted:
            yield ("fullUrl",), "required", "Say what the resource is known by: https://.../Type/id, or urn:uuid:..."
        return
    if not ABSOLUTE.fullmatch(url):
        yield ("fullUrl",), "value", "Write an absolute URL: https://.../Type/id, or urn:uuid: with a UUID."
    elif resource is not None and (match := _RESTFUL.fullmatch(url)) and is_resource(match[1]):
        if resource.get("resourceType") != match[1]:
            yield ("fullUrl",), "value", "Let the fullUrl name the type of the resource that it is of."
        elif "id" in resource and resource["id"] != match[2]:
            yield ("fullUrl",), "value", "Let the fullUrl end in the id of the resource that it is of."


def _request(request: Node, resource: Node | None) -> Iterator[Fault]:
    """A request sends what its method wants, to where that belongs (R4, 3.1.0.11)."""
    method, url = request.get("method"), request.get("url")
    if method in _SENDS and resource is None:
        yield ("resource",), "required", f"{method} sends a resource: add it to the entry."
    if isinstance(url, str) and ABSOLUTE.fullmatch(url.partition("?")[0]):
        yield ("request", "url"), "value", "Write the URL as it is below the server's own: Patient, or Patient/1."
    if not isinstance(url, str) or resource is None or method not in ("POST", "PUT"):
        return
    type_, path = resource.get("resourceType"), url.partition("?")[0]
    instance = _INSTANCE.fullmatch(path)
    named = instance[1] if instance else path
    if is_resource(named) and type_ != named and (method == "PUT" or not instance):
        yield ("request", "url"), "value", "Let the URL name the type of the resource that is sent."
    elif method == "PUT" and instance and "id" in resource and resource["id"] != instance[2]:
        yield ("request", "url"), "value", "Let the URL end in the id of the resource that is sent."
    elif method == "PUT" and not instance and "?" not in url and is_resource(path):
        yield ("request", "url"), "value", "PUT goes to Type/id, or to a search: Type?identifier=..."


def _response(entry: Node) -> Iterator[Fault]:
    """A status starts with the three digits of HTTP (R4, Bundle.entry.response.status)."""
    response = entry.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if isinstance(status, str) and not _STATUS.fullmatch(status):
        yield ("response", "status"), "value", "Start with the three digits of the HTTP status: 201, or 201 Created."


def _twice(request: Node, touched: set[str]) -> Iterator[Fault]:
    """No resource is written twice in one transaction (R4, 3.1.0.11.2)."""
    method, url = request.get("method"), request.get("url")
    if method not in ("PUT", "PATCH", "DELETE") or not isinstance(url, str):
        return
    if url in touched:
        yield ("request", "url"), "duplicate", "A transaction writes each resource once: take one of the entries out."
    touched.add(url)
