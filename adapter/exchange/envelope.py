"""What a sender puts around a referral: a transaction Bundle, or nothing (a ServiceRequest alone).

Both become the same list of entries, so that everything behind knows one shape.  The first version of the intake takes
POST entries with or without a condition and exactly one ServiceRequest; all else is refused with a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from adapter.exchange.references import Links, Node
from adapter.exchange.refusal import refuse
from adapter.store.resources import Identifier
from mappings.tolerance.systems import system_of

ROOT = "ServiceRequest"
_system_repaired = system_of(of_codes=False)
"""What an identifier's system is read as in the resources, so also in what is asked of them."""
NOT_STORED = {
    "Task": "The clinic makes the Task of a referral itself: leave yours out, and find ours by Task?focus=.",
    "Bundle": "A Bundle within a transaction is not unpacked: send its entries as entries.",
    "Parameters": "Parameters are no record: leave them out.",
}


@dataclass(frozen=True)
class Entry:
    """One resource that a message asks to be stored."""

    index: int
    where: str
    """Its FHIRPath in what was sent: "Bundle.entry[0].resource"; "ServiceRequest" where it came alone."""
    full_url: str | None
    resource: Node
    condition: Identifier | None
    """Only if there is none with this identifier yet (ifNoneExist)."""

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True)
class Envelope:
    """What one message asks for."""

    entries: tuple[Entry, ...]
    links: Links
    root: Entry


def open_alone(resource: Node, condition: str | None) -> Envelope:
    """A ServiceRequest by itself; the condition is the text of If-None-Exist."""
    wanted = _condition(condition, "ServiceRequest", ROOT) if condition else None
    return _envelope([Entry(0, ROOT, None, resource, wanted)])


def open_transaction(bundle: Node) -> Envelope:
    if bundle["type"] != "transaction":
        raise refuse("unprocessable", "not-supported", "Bundle.type", "Send a Bundle of type transaction.")
    entries = [_entry(index, entry) for index, entry in enumerate(bundle.get("entry", []))]
    roots = [entry for entry in entries if entry.type == ROOT]
    if len(roots) != 1:
        what = "There is no ServiceRequest in this Bundle" if not roots else "There is more than one ServiceRequest"
        code = "required" if not roots else "not-supported"
        raise refuse("unprocessable", code, "Bundle.entry", f"{what}: send exactly one, the referral.")
    _refuse_twins(entries)
    return _envelope(entries)


def _envelope(entries: list[Entry]) -> Envelope:
    links = Links([entry.full_url for entry in entries], [entry.resource for entry in entries])
    return Envelope(tuple(entries), links, next(entry for entry in entries if entry.type == ROOT))


def _entry(index: int, entry: Node) -> Entry:
    where = f"Bundle.entry[{index}]"
    request, resource = entry.get("request"), entry.get("resource")
    if request is None:
        raise refuse("unprocessable", "required", f"{where}.request", "Say what is asked for: request.method is POST.")
    if request["method"] != "POST":
        text = "Only POST is taken within a referral; an entry that may be there already is a POST with ifNoneExist."
        raise refuse("unprocessable", "not-supported", f"{where}.request.method", text)
    if resource is None:
        raise refuse("unprocessable", "required", f"{where}.resource", "A POST needs its resource.")
    type_ = resource["resourceType"]
    if request["url"].removeprefix("/") != type_:
        text = f"request.url of a POST is the type of its resource: {type_}."
        raise refuse("unprocessable", "invalid", f"{where}.request.url", text)
    if type_ in NOT_STORED:
        raise refuse("unprocessable", "not-supported", f"{where}.resource", NOT_STORED[type_])
    said = request.get("ifNoneExist")
    wanted = _condition(said, f"{where}.request.ifNoneExist", type_) if said is not None else None
    return Entry(index, f"{where}.resource", entry.get("fullUrl"), resource, wanted)


def _condition(text: str, where: str, type_: str) -> Identifier:
    """The identifier that a condition names.  A leading `?` or `Patient?` is what some clients write before it."""
    query = re.sub(rf"^(?:/?{type_})?\?", "", text)
    parameters = parse_qsl(query, keep_blank_values=True)
    if len(parameters) == 1 and parameters[0][0] == "identifier":
        system, bar, value = parameters[0][1].rpartition("|")
        if value and "," not in value:
            repaired = _system_repaired(system)
            return ((repaired[0] if repaired else system) if bar else None), value
    sentence = "The condition that is understood is identifier=system|value, with one identifier: send that."
    raise refuse("unprocessable", "not-supported", where, sentence)


def _refuse_twins(entries: list[Entry]) -> None:
    """Two entries of one address, or with one condition: the specification calls both wrong."""
    seen: set[Any] = set()
    for entry in entries:
        marks: list[tuple[Any, str]] = []
        if entry.full_url is not None:
            marks.append((entry.full_url, "fullUrl"))
        if entry.condition is not None:
            marks.append(((entry.type, entry.condition), "request.ifNoneExist"))
        for mark, member in marks:
            if mark in seen:
                where = f"Bundle.entry[{entry.index}].{member}"
                raise refuse("unprocessable", "duplicate", where, "Another entry has the same: send it once.")
            seen.add(mark)
