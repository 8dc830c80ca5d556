"""References that lead out of a message: to what is held here, or nowhere that we know.

What a reference means has to be known where the specification or the clinic needs it: a search has to find exactly one
(R4, http.html#trules), and the patient has to be known.  Any other that leads nowhere is kept as it came and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from adapter.exchange.identifiers import searched
from adapter.exchange.receiving.envelope import Entry, Envelope
from adapter.exchange.refusal import refuse
from adapter.store import resources
from adapter.store.resources import Stored
from mappings import Issue
from mappings.r4.fhirpath import leaves

_HERE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Outward:
    """What the references that lead out of a message are found to mean."""

    held: Mapping[str, Stored] = field(default_factory=dict)
    """By the text of the reference."""
    issues: tuple[Issue, ...] = ()

    def places(self) -> dict[str, str]:
        """What each search becomes, where the resource that has it is stored."""
        return {text: f"{one.type}/{one.id}" for text, one in self.held.items() if _SEARCH.fullmatch(text)}


def leads_out(envelope: Envelope) -> list[tuple[str, str]]:
    """The references to nothing within the message, each with its FHIRPath."""
    return [
        (text, place)
        for entry in envelope.kept
        if entry.type != "Bundle"  # the references of a document are its own business
        for text, place in _references(entry)
        if not text.startswith("#") and envelope.links.target(text, entry.index) is None
    ]


def resolved(connection: Connection, envelope: Envelope, sees: str | None) -> Outward:
    """Where they lead; Refusal for a search that does not find exactly one."""
    held: dict[str, Stored] = {}
    issues = []
    needed = {f"{root.where}.subject" for root in envelope.roots}  # who refuses these says it better
    for text, place in leads_out(envelope):
        found = held.get(text) or _found(connection, text, place, sees, needed=place in needed)
        if found is not None:
            held[text] = found
        elif place not in needed:
            issues.append(_unresolved(text, place))
    return Outward(held, tuple(issues))


def _references(entry: Entry) -> Iterator[tuple[str, str]]:
    for _, key, value, expression in leaves(entry.resource, entry.where):
        if key == "reference" and isinstance(value, str):
            yield value, expression.removesuffix(".reference")


def _found(connection: Connection, text: str, place: str, sees: str | None, *, needed: bool) -> Stored | None:
    if here := _HERE.fullmatch(text):
        return _visible(resources.current(connection, here[1], here[2]), sees)
    search = _SEARCH.fullmatch(text)
    if search is None:
        return None
    wanted = searched(search[2])
    ids = resources.with_identifier(connection, search[1], *wanted, sees=sees) if wanted else []
    if len(ids) == 1:
        return resources.current(connection, search[1], ids[0])
    if len(ids) > 1:
        said = "More than one resource here has this identifier: the reference cannot say which is meant."
        raise refuse("several match", "multiple-matches", place, said)
    if needed:
        return None
    said = "This search finds nothing: send what it means along, or search by identifier=system|value for what is here."
    raise refuse("unprocessable", "not-found", place, said)


def _visible(stored: Stored | None, sees: str | None) -> Stored | None:
    return stored if stored is not None and sees in (None, stored.partner) else None


def _unresolved(text: str, place: str) -> Issue:
    if text.startswith(("http:", "https:")):
        said = "This leads to another server: kept as it came, and not looked up."
        return Issue("information", "informational", place, said)
    said = "This leads to nothing in the message and nothing here: kept as it came. Send what it means along."
    return Issue("warning", "not-found", place, said)
