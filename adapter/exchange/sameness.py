"""When two messages are the same referral.

Always of one sender, and in this order: its own condition (If-None-Exist); the placer's number with whoever assigned
it; else the same canonical text.  A referral that comes again by its number is compared by its content, without what
a client makes anew for each attempt: the Bundle's id and time, the urn:uuids, the ids that a POST ignores anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from adapter.exchange.envelope import Entry, Envelope
from adapter.exchange.references import Node
from adapter.store.keys import key
from mappings.r4 import exact_json

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
SERVERS_OWN = ("id",)


def content_hash(envelope: Envelope) -> str:
    """The hash of what is said, whatever door and whatever temporary names it was said with."""
    told = []
    for entry in envelope.entries:
        resource = {name: value for name, value in entry.resource.items() if name not in SERVERS_OWN}
        meta = {k: v for k, v in resource.pop("meta", {}).items() if k not in ("versionId", "lastUpdated")}
        if meta:
            resource["meta"] = meta
        told.append(envelope.links.rewritten(resource, entry.index, lambda index, _: f"entry/{index}"))
    return sha256(exact_json.canonical(told)).hexdigest()


def keys(envelope: Envelope, document: Node, sender: str) -> list[str]:
    """What this referral is known by, the strongest first."""
    root = envelope.root
    found = []
    if root.condition is not None:
        found.append(condition_key(root, sender))
    placers = list(_placers(envelope, sender))
    found += placers or [key("text", sender, sha256(exact_json.canonical(document)).hexdigest())]
    return found


def condition_key(entry: Entry, sender: str) -> str:
    """One for all entries of a sender that are conditional on the same identifier."""
    system, value = entry.condition or ("", "")
    return key("condition", *_of(sender), entry.type, system or "", value)


def identifiers(resource: Node) -> list[tuple[str | None, str]]:
    """The identifiers of a resource, system and value, that are in force and have a value."""
    told = resource.get("identifier", [])
    listed = told if isinstance(told, list) else [told]
    return [
        (one.get("system"), one["value"])
        for one in listed
        if isinstance(one, dict) and one.get("value") and one.get("use") != "old"
    ]


def is_typed(identifier: Node, code: str) -> bool:
    """Whether an identifier is of this type of HL7's table 0203: PLAC, FILL ..."""
    codings = identifier.get("type", {}).get("coding", [])
    return any(coding.get("system") == V2_0203 and coding.get("code") == code for coding in codings)


def _of(sender: str) -> tuple[str, ...]:
    """What makes a claim one partner's: the same number from another is another referral, and neither learns of it.

    Without authorisation there is one sender, and claims are what they always were.
    """
    return (sender,) if sender else ()


def _placers(envelope: Envelope, sender: str) -> Iterator[str]:
    for identifier in envelope.root.resource.get("identifier", []):
        if not is_typed(identifier, "PLAC") or not identifier.get("value") or identifier.get("use") == "old":
            continue
        assigner = identifier.get("system") or _assigner(envelope, identifier.get("assigner", {}))
        if assigner:  # a number alone is not one referral's: every sender has its number 1
            yield key("placer", *_of(sender), assigner, identifier["value"])


def _assigner(envelope: Envelope, assigner: Node) -> str | None:
    """A name for who gave the number that is the same in every message."""
    told: list[Any] = [assigner]
    reference = assigner.get("reference", "")
    if reference.startswith("#"):
        told += [one for one in envelope.root.resource.get("contained", []) if one.get("id") == reference[1:]]
        reference = ""
    index = envelope.links.target(reference, envelope.root.index) if reference else None
    if index is not None:
        told.append(envelope.entries[index].resource)
        reference = ""
    for one in told:
        for system, value in identifiers(one):
            return f"{system or ''}|{value}"
    names = [*(one.get("name") for one in told), reference, assigner.get("display")]
    return next((name for name in names if isinstance(name, str) and name), None)
