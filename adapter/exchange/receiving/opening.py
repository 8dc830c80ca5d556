"""Opening what a sender sent: a Bundle of one of three types, or a ServiceRequest alone, become one envelope.

The reader is tolerant of what senders are known to do (a fullUrl that is relative or missing, ids or none, a focus that
is the ServiceRequest, a Task or nothing), and refuses with a sentence what it would have to guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapter.exchange.receiving.dialects import PLAIN, Dialect, asks_for_a_referral, dialect_of
from adapter.exchange.receiving.envelope import ROOT, TASK, Entry, Envelope, condition, envelope
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.older import refuse_older
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.settings import Settings
from mappings.issues import errors
from mappings.r4 import structure

NOT_STORED = {
    "MessageHeader": "A MessageHeader stands first in a Bundle of type message, and nowhere else: send it there.",
    "Parameters": "Parameters are no record: leave them out.",
}
_UNPACKED = frozenset(("transaction", "batch", "message"))
"""Types of Bundle that are only taken as the whole of what is sent."""


def opened(settings: Settings, incoming: Incoming) -> Envelope:
    """The envelope of a message, whatever door it came through."""
    document = incoming.document
    refuse_older(document)
    found = errors(structure.check(document))
    if found:
        raise Refusal("unprocessable", found)
    partner = settings.partner(incoming.sender)
    dialect = dialect_of(document, partner.dialect if partner else None)
    if document["resourceType"] != "Bundle":
        return open_alone(document, incoming.condition, dialect)
    match document["type"]:
        case "transaction":
            return open_transaction(document, dialect)
        case "message":
            return open_message(document, dialect)
        case _:
            text = "A referral is a Bundle of type transaction or message: send one of these."
            raise refuse("unprocessable", "not-supported", "Bundle.type", text)


def open_alone(resource: Node, wanted: str | None, dialect: Dialect = PLAIN) -> Envelope:
    """A ServiceRequest by itself; `wanted` is the text of If-None-Exist."""
    found = condition(wanted, ROOT, ROOT) if wanted else None
    return envelope([Entry(0, ROOT, None, resource, found, condition_at=ROOT)], dialect)


def open_transaction(bundle: Node, dialect: Dialect = PLAIN) -> Envelope:
    entries = [_sent(index, entry) for index, entry in enumerate(bundle.get("entry", []))]
    _refuse_twins(entries)
    return envelope(entries, dialect)


def open_message(bundle: Node, dialect: Dialect = PLAIN) -> Envelope:
    """A message: its header first, and what it brings behind."""
    told = bundle.get("entry", [])
    header = header_of(bundle)
    if header is None:
        text = "The first entry of a message is its MessageHeader: put it there."
        raise refuse("unprocessable", "required", "Bundle.entry[0].resource", text)
    if not asks_for_a_referral(header):
        text = "This event is not known here; a referral is I12 of http://terminology.hl7.org/CodeSystem/v2-0003."
        raise refuse("unprocessable", "not-supported", "Bundle.entry[0].resource.event", text)
    if "response" in header:
        text = "This is an answer to a message, and nothing was asked here: send a referral."
        raise refuse("unprocessable", "not-supported", "Bundle.entry[0].resource.response", text)
    entries: list[Entry] = []
    for index, entry in enumerate(told[1:], 1):
        where = f"Bundle.entry[{index}].resource"
        if "resource" not in entry:
            raise refuse("unprocessable", "required", where, "An entry of a message is a resource: add it.")
        _refuse_what_is_not_stored(entry["resource"], where)
        entries.append(Entry(len(entries), where, entry.get("fullUrl"), entry["resource"]))
    _refuse_twins(entries)
    return envelope(entries, dialect, header)


def header_of(bundle: Node) -> Node | None:
    """The MessageHeader of a message, where it stands where it has to."""
    first: Any = next(iter(bundle.get("entry", [])), {})
    header = first.get("resource", {})
    return header if header.get("resourceType") == "MessageHeader" else None


def _sent(index: int, entry: Node) -> Entry:
    """An entry of a transaction: a POST, or a PUT to a search by identifier."""
    where = f"Bundle.entry[{index}]"
    request, resource = entry.get("request"), entry.get("resource")
    if request is None:
        raise refuse("unprocessable", "required", f"{where}.request", "Say what is asked for: request.method is POST.")
    method = request["method"]
    if method not in ("POST", "PUT") or (method == "PUT" and "?" not in request["url"]):
        text = (
            "Within a referral POST is taken (with ifNoneExist where it may be there already), and PUT to a search, as "
            "in Patient?identifier=system|value: send it so."
        )
        raise refuse("unprocessable", "not-supported", f"{where}.request.method", text)
    if resource is None:
        raise refuse("unprocessable", "required", f"{where}.resource", f"A {method} needs its resource.")
    type_ = resource["resourceType"]
    path, _, query = request["url"].removeprefix("/").partition("?")
    if path != type_ or (method == "POST" and query):
        text = f"request.url of a {method} starts with the type of its resource: {type_}."
        raise refuse("unprocessable", "invalid", f"{where}.request.url", text)
    _refuse_what_is_not_stored(resource, f"{where}.resource")
    member = "url" if method == "PUT" else "ifNoneExist"
    said = query if method == "PUT" else request.get("ifNoneExist")
    at = f"{where}.request.{member}"
    wanted = condition(said, at, type_) if said is not None else None
    return Entry(index, f"{where}.resource", entry.get("fullUrl"), resource, wanted, method == "PUT", at)


def _refuse_what_is_not_stored(resource: Node, where: str) -> None:
    type_ = resource["resourceType"]
    if type_ in NOT_STORED:
        raise refuse("unprocessable", "not-supported", where, NOT_STORED[type_])
    if type_ == "Bundle" and resource["type"] in _UNPACKED:
        text = "A Bundle of this type within another is not unpacked: send its entries as entries."
        raise refuse("unprocessable", "not-supported", where, text)


def _refuse_twins(entries: Sequence[Entry]) -> None:
    """Two entries of one address, or with one condition: the specification calls both wrong."""
    seen: set[Any] = set()
    for entry in entries:
        marks: list[tuple[Any, str]] = []
        if entry.full_url is not None:
            marks.append((entry.full_url, f"{entry.where.removesuffix('.resource')}.fullUrl"))
        if entry.condition is not None and entry.type != TASK:
            marks.append(((entry.type, entry.condition), entry.condition_at))
        for mark, where in marks:
            if mark in seen:
                raise refuse("unprocessable", "duplicate", where, "Another entry has the same: send it once.")
            seen.add(mark)
