"""Writing down what a message brought: the bytes, the resources as GET returns them, and the Tasks of its referrals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import Connection

from adapter.exchange.keeping import kept, version_of
from adapter.exchange.receiving import sameness
from adapter.exchange.receiving.content import same_content
from adapter.exchange.receiving.envelope import TASK, Entry, Envelope
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.resolving import Outward
from adapter.exchange.references import Node
from adapter.exchange.refusal import refuse
from adapter.exchange.translation import Referred
from adapter.exchange.workflow.task import new_task
from adapter.settings import Settings
from adapter.store import claims, messages, resources
from adapter.store.messages import Made, Message
from mappings import Issue
from mappings.r4 import exact_json

_ELEMENT = re.compile(r"(?:Bundle\.entry\[\d+\]\.resource|[A-Z]\w*)(?:\.contained\[\d+\])?\.\w+(?:\[\d+\])?")
"""An element of a resource, with all that is in it."""
_WORD = re.compile(r"\w+(?:\.\w+)?")
"""The clinic's word for a place in a record: a field, or a field of what lies in it."""


@dataclass
class Placing:
    """Where the entries of one message are kept, as it becomes known."""

    settings: Settings
    incoming: Incoming
    envelope: Envelope
    outward: Outward
    content_hash: str
    at: str
    message_id: str = field(default_factory=lambda: str(uuid4()))
    made: dict[int, Made] = field(default_factory=dict)
    """By the index of the entry."""
    _new: set[int] = field(default_factory=set)
    """The entries that nothing is here of yet."""

    def find_or_name(self, connection: Connection) -> None:
        """A place for every entry that has none yet: what its condition finds, or a new one."""
        for entry in self.envelope.kept:
            if entry.index not in self.made:
                there = self._there(connection, entry)
                self.made[entry.index] = there or Made(entry.type, str(uuid4()), 1, self.at)
                if there is None:
                    self._new.add(entry.index)

    def name_tasks(self, task_ids: dict[int, str], version: int = 1) -> None:
        """The sender's Tasks stand for ours; task_ids: by the index of the root."""
        for entry in self.envelope.entries:
            if entry.type == TASK:
                id_ = task_ids[self.envelope.task_of(entry).index]
                self.made[entry.index] = Made(TASK, id_, version, self.at)

    def add_message(self, connection: Connection) -> None:
        """The message itself; once every entry has its place."""
        incoming = self.incoming
        messages.add(
            connection,
            Message(
                id=self.message_id,
                received_at=self.at,
                route=incoming.route,
                sender=incoming.sender,
                content_type=incoming.content_type,
                conditional=incoming.condition,
                body=incoming.body,
                content_hash=self.content_hash,
                made=self.all_made(),
            ),
        )

    def all_made(self) -> tuple[Made, ...]:
        return tuple(self.made[entry.index] for entry in self.envelope.entries)

    def changes(self, connection: Connection) -> list[tuple[Entry, Node]]:
        """What has to be stored: all that is new, and what says something else than the version that is there, which
        gets its next version."""
        changed: list[Entry] = []
        for entry in self.envelope.kept:
            one = self.made[entry.index]
            held = None if entry.index in self._new else resources.current(connection, one.type, one.id)
            if held is None:
                changed.append(entry)
            elif self._may_replace(entry) and not same_content(exact_json.loads(held.json), self.as_kept(entry)):
                self.made[entry.index] = Made(one.type, one.id, held.version + 1, self.at, created=False)
                changed.append(entry)
            else:
                self.made[entry.index] = Made(held.type, held.id, held.version, held.last_updated, created=False)
        return [(entry, self.as_kept(entry)) for entry in changed]

    def store(self, connection: Connection, changes: list[tuple[Entry, Node]], tasks: Iterable[Node] = ()) -> None:
        """What changes() gave, and the Tasks of new referrals."""
        brought = [kept(one, self.incoming.sender, self.message_id) for _, one in changes]
        resources.add(connection, *brought, *(kept(task, self.incoming.sender) for task in tasks))
        for entry, _ in changes:
            one = self.made[entry.index]
            if entry.condition is not None and entry not in self.envelope.roots and one.created:
                claims.add(connection, [sameness.condition_key(entry, self.incoming.sender)], one.type, one.id)

    def as_kept(self, entry: Entry) -> Node:
        """What GET returns: under our id and version, its references leading to what is kept here."""
        one = self.made[entry.index]

        def place(index: int, versioned: bool) -> str:
            there = self.made[index]
            return f"{there.type}/{there.id}" + (f"/_history/{there.version}" if versioned else "")

        rewritten = self.envelope.links.rewritten(entry.resource, entry.index, place, self.outward.places())
        return version_of(rewritten, one.id, one.version, one.last_updated)

    def task_of(self, connection: Connection, root: Entry, task_id: str, number: str, patient: str) -> Node:
        """Our Task of a root, which is found by the identifiers of the sender's too."""
        task = new_task(self.settings, self.as_kept(root), number, patient, self.at)
        theirs = [
            one
            for entry in self.envelope.entries
            if entry.type == TASK and self.envelope.task_of(entry) is root
            for one in entry.resource.get("identifier", [])
            if one not in task["identifier"]
        ]
        task["identifier"] = [*theirs, *task["identifier"]]
        held = resources.current(connection, TASK, task_id) if self.incoming.task_id else None
        return version_of(task, task_id, held.version + 1 if held else 1, self.at)

    def _there(self, connection: Connection, entry: Entry) -> Made | None:
        """What an entry's condition finds; None where it is to be stored."""
        if entry.condition is None or entry in self.envelope.roots:
            return None
        key = sameness.condition_key(entry, self.incoming.sender)
        id_ = claims.first(connection, [key]) or only(connection, entry, self.incoming.sees)
        stored = resources.current(connection, entry.type, id_) if id_ else None
        return Made(stored.type, stored.id, stored.version, stored.last_updated, created=False) if stored else None

    def _may_replace(self, entry: Entry) -> bool:
        """A POST with ifNoneExist leaves what is there as it is."""
        return entry.replaces or entry.condition is None or entry in self.envelope.roots


def only(connection: Connection, entry: Entry, sees: str | None) -> str | None:
    """The id of the one resource that an entry's condition finds."""
    system, value = entry.condition or (None, "")
    found = resources.with_identifier(connection, entry.type, system, value, sees=sees)
    if len(found) > 1:
        text = "More than one resource here has this identifier: the condition cannot say which is meant."
        raise refuse("several match", "multiple-matches", entry.condition_at, text)
    return found[0] if found else None


def report_of(issues: list[Issue], referred: Referred, to_decide: Iterable[Issue] = ()) -> Node:
    """What was said about the reading, as it is kept beside the record.

    What a person has to decide is told to the clinic alone: it says whom we know, and from whom else.
    """
    taken: dict[str, dict[str, None]] = {}
    for place, field_ in referred.taken:
        element, word = _ELEMENT.match(place), _WORD.match(field_)
        if element and word:
            taken.setdefault(word[0], {})[element[0]] = None
    return {
        "issues": [vars(issue) for issue in dict.fromkeys(issues)],
        "to_decide": [vars(issue) for issue in to_decide],
        "unmapped": list(referred.unmapped),
        "taken": {word: list(elements) for word, elements in taken.items()},
        "ledger": referred.ledger,
    }
