"""What a sender put around a referral, opened: whatever door it came through, all behind knows this one shape."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapter.exchange.identifiers import searched
from adapter.exchange.receiving.dialects import PLAIN, Dialect
from adapter.exchange.references import Links, Node
from adapter.exchange.refusal import refuse
from adapter.store.resources import Identifier

ROOT = "ServiceRequest"
TASK = "Task"


@dataclass(frozen=True)
class Entry:
    """One resource of a message."""

    index: int
    where: str
    """Its FHIRPath in what was sent: "Bundle.entry[0].resource"; "ServiceRequest" where it came alone."""
    full_url: str | None
    resource: Node
    condition: Identifier | None = None
    """The identifier that tells whether it is there already (ifNoneExist, or a PUT to a search)."""
    replaces: bool = False
    """A PUT: what the condition finds is replaced by this."""
    condition_at: str = ""
    """The FHIRPath of the condition."""

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True)
class Envelope:
    """What one message asks for."""

    entries: tuple[Entry, ...]
    links: Links
    roots: tuple[Entry, ...]
    """The ServiceRequests that are referrals: one, or several with one requisition."""
    dialect: Dialect = PLAIN
    header: Node | None = None
    """The MessageHeader, where it was a message."""

    @property
    def root(self) -> Entry:
        return self.roots[0]

    @property
    def kept(self) -> tuple[Entry, ...]:
        """The entries that are stored as they came: a Task of the sender's is not, since the clinic makes its own."""
        return tuple(entry for entry in self.entries if entry.type != TASK)

    def task_of(self, task: Entry) -> Entry:
        """The root that a Task of the sender's is about."""
        index = self.links.target(task.resource.get("focus", {}).get("reference", ""), task.index)
        return next((root for root in self.roots if root.index == index), self.root)


def envelope(entries: list[Entry], dialect: Dialect = PLAIN, header: Node | None = None) -> Envelope:
    """The entries with their roots found: what a header or a Task names; else every ServiceRequest, where they belong
    together.  `header` is a MessageHeader whose focus counts."""
    links = Links(
        [entry.full_url for entry in entries],
        [entry.resource for entry in entries],
        [entry.condition for entry in entries],
    )
    found = _focused(entries, links, header) or [entry for entry in entries if entry.type == ROOT]
    if not found:
        text = "There is no ServiceRequest in this Bundle: send one, the referral."
        raise refuse("unprocessable", "required", "Bundle.entry", text)
    if len(found) > 1 and len({_requisition(entry) for entry in found} - {None}) != 1:
        text = (
            "There is more than one ServiceRequest and they have no requisition in common: send each referral by "
            "itself, or give those of one order the same requisition."
        )
        raise refuse("unprocessable", "not-supported", "Bundle.entry", text)
    return Envelope(tuple(entries), links, tuple(found), dialect, header)


def _focused(entries: list[Entry], links: Links, header: Node | None) -> list[Entry]:
    """The ServiceRequests that the header's focus or the sender's Tasks name."""
    told = [links.target(focus.get("reference", ""), None) for focus in (header or {}).get("focus", [])]
    tasks = [entry for entry in entries if entry.type == TASK]
    named = [index for index in told if index is not None and entries[index].type == TASK]
    told += [
        links.target(task.resource.get("focus", {}).get("reference", ""), task.index)
        for task in tasks
        if not named or task.index in named
    ]
    return [entry for entry in entries if entry.index in told and entry.type == ROOT]


def _requisition(entry: Entry) -> tuple[str, str] | None:
    said = entry.resource.get("requisition", {})
    return (said.get("system", ""), said["value"]) if said.get("value") else None


def condition(text: str, where: str, type_: str) -> Identifier:
    """The identifier that a condition names.  A leading `?` or `Patient?` is what some clients write before it."""
    query = re.sub(rf"^(?:/?{type_})?\?", "", text)
    found = searched(query)
    if found is None:
        sentence = "The condition that is understood is identifier=system|value, with one identifier: send that."
        raise refuse("unprocessable", "not-supported", where, sentence)
    return found
