"""When two messages are the same referral.

In this order: the sender's own condition (If-None-Exist, or a PUT to a search); the placer's number with whoever
assigned it; what the dialect says names a message; else the same canonical content of the same sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.exchange.identifiers import identifiers, is_typed
from adapter.exchange.receiving.dialects import Place
from adapter.exchange.receiving.envelope import Entry, Envelope
from adapter.exchange.references import Node
from adapter.store.keys import key

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def keys(envelope: Envelope, root: Entry, name: str | None, content: str, sender: str) -> list[str]:
    """What a referral of a message is known by, the strongest first.

    name: what the sender calls the message; content: the hash of what it says.
    """
    found = []
    if root.condition is not None:
        found.append(condition_key(root, sender))
    if placers := list(_placers(envelope, root, sender)):
        return found + placers
    which = str(envelope.roots.index(root))
    if name is not None:
        found.append(key("message", sender, name, which))
    return [*found, key("content", sender, content, which)]


def condition_key(entry: Entry, sender: str) -> str:
    """One for all entries of a sender that are conditional on the same identifier."""
    system, value = entry.condition or ("", "")
    return key("condition", entry.type, system or "", value, *_of(sender))


def _of(sender: str) -> tuple[str, ...]:
    """The same number from another partner is another's; nothing while nobody is told apart."""
    return (sender,) if sender else ()


def message_name(envelope: Envelope, document: Node, request_id: str | None) -> str | None:
    """What the sender calls a message, by its dialect; None where it has no name."""
    said = (_said(place, envelope.header, document, request_id) for place in envelope.dialect.message_ids)
    return next((one for one in said if one), None)


def acknowledged(envelope: Envelope, document: Node, request_id: str | None) -> str:
    """What an answer repeats, so that the sender knows which message it is about; it has to be a FHIR id."""
    for place in envelope.dialect.acknowledged:
        said = _said(place, envelope.header, document, request_id) or ""
        text = said.partition("|")[2].removeprefix("urn:uuid:")
        if _ID.fullmatch(text):
            return text
    return "unknown"


def _said(place: Place, header: Node | None, document: Node, request_id: str | None) -> str | None:
    """The text at a place, with what kind of name it is before it."""
    bundle = document if document.get("resourceType") == "Bundle" else {}
    url = bundle["entry"][0].get("fullUrl", "") if header is not None else ""
    texts: dict[Place, str | None] = {
        "MessageHeader.id": (header or {}).get("id") or url.replace(":", "/").rpartition("/")[2],
        "Bundle.identifier": bundle.get("identifier", {}).get("value"),
        "Bundle.id": bundle.get("id"),
        "X-Request-Id": request_id,
    }
    return f"{place}|{texts[place]}" if texts[place] else None


def _placers(envelope: Envelope, root: Entry, sender: str) -> Iterator[str]:
    for identifier in root.resource.get("identifier", []):
        if not is_typed(identifier, "PLAC") or not identifier.get("value") or identifier.get("use") == "old":
            continue
        assigner = identifier.get("system") or _assigner(envelope, root, identifier.get("assigner", {}))
        if assigner:  # a number alone is not one referral's: every sender has its number 1
            yield key("placer", assigner, identifier["value"], *_of(sender))


def _assigner(envelope: Envelope, root: Entry, assigner: Node) -> str | None:
    """A name for who gave the number that is the same in every message."""
    told: list[Any] = [assigner]
    reference = assigner.get("reference", "")
    if reference.startswith("#"):
        told += [one for one in root.resource.get("contained", []) if one.get("id") == reference[1:]]
        reference = ""
    index = envelope.links.target(reference, root.index) if reference else None
    if index is not None:
        told.append(envelope.entries[index].resource)
        reference = ""
    for one in told:
        for system, value in identifiers(one):
            return f"{system or ''}|{value}"
    names = [*(one.get("name") for one in told), reference, assigner.get("display")]
    return next((name for name in names if isinstance(name, str) and name), None)
