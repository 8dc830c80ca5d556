"""Receiving a referral: everything that it means is committed in one transaction, before anybody is answered.

The bytes as they came, the resources as GET returns them, the clinic's record, the Task and the numbers.  A referral
that comes twice, at the same moment too, is one referral: whoever loses the race for a claim starts again and finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from adapter.exchange import acceptance, sameness
from adapter.exchange.envelope import Entry, Envelope, open_alone, open_transaction
from adapter.exchange.linking import number_of, subject_of
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.task import new_task
from adapter.exchange.translation import Referred, not_actionable, read_referral, site_of
from adapter.settings import Settings
from adapter.store import claims, deadline, messages, numbers, referrals, resources
from adapter.store.clock import now
from adapter.store.engine import writing
from adapter.store.messages import Made, Message
from adapter.store.referrals import Referral
from adapter.store.resources import Stored
from mappings.issues import Issue
from mappings.r4 import exact_json, structure

_TRIES = 8
_BEGIN_AGAIN = frozenset(("40001", "40P01"))  # PostgreSQL: serialization failure, deadlock detected


@dataclass(frozen=True)
class Incoming:
    """A message at one of the doors."""

    route: str
    content_type: str
    body: bytes
    document: Node
    """What the body says, with what was repaired in it."""
    repairs: tuple[Issue, ...] = ()
    condition: str | None = None
    """If-None-Exist, where the door has that."""
    sender: str = ""


@dataclass(frozen=True)
class Received:
    """A referral that is stored, now or before."""

    referral: Referral
    made: tuple[Made, ...]
    """What each entry became, in the order in which they first came."""


def receive(engine: Engine, settings: Settings, incoming: Incoming) -> Received:
    """Stores a referral; Refusal where it is not taken, and then nothing is stored."""
    document = incoming.document
    found = [issue for issue in structure.check(document) if issue.severity in ("fatal", "error")]
    if found:
        raise Refusal("unprocessable", found)
    deadline.check()
    if document["resourceType"] == "Bundle":
        envelope = open_transaction(document)
    else:
        envelope = open_alone(document, incoming.condition)
    storing = _Storing(settings, incoming, envelope, read_referral(document, site_of(settings.site), incoming.repairs))
    for _ in range(_TRIES - 1):
        try:
            with writing(engine) as connection:
                return storing.run(connection)
        except (IntegrityError, OperationalError) as lost:
            if not _lost_a_race(lost):
                raise
    with writing(engine) as connection:
        return storing.run(connection)


def _lost_a_race(error: IntegrityError | OperationalError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _BEGIN_AGAIN


class _Storing:
    """One message on its way into the store; `run` may be told again after a lost race."""

    def __init__(self, settings: Settings, incoming: Incoming, envelope: Envelope, referred: Referred) -> None:
        self._settings, self._incoming, self._envelope, self._referred = settings, incoming, envelope, referred
        self._keys = sameness.keys(envelope, incoming.document, incoming.sender)
        self._hash = sameness.content_hash(envelope)
        self._sees = incoming.sender or None

    def run(self, connection: Connection) -> Received:
        return self._held(connection) or self._new(connection)

    def _held(self, connection: Connection) -> Received | None:
        """The referral, where this is one that we hold."""
        root = self._envelope.root
        id_ = claims.first(connection, self._keys)
        if id_ is None and root.condition is not None:
            id_ = self._only(connection, root)
        referral = referrals.of_service_request(connection, id_) if id_ else None
        if referral is None:
            return None
        first = messages.get(connection, referral.message_id)
        # A ServiceRequest alone with If-None-Exist asks for exactly this: the one that is there, whatever it says.
        if first.content_hash != self._hash and (root.condition is None or len(self._envelope.entries) > 1):
            raise self._changed()
        return Received(referral, first.made)

    def _changed(self) -> Refusal:
        # Answering "created" would lose the change without a word.  The code is not `duplicate`: there are senders who
        # take that for "already delivered" and stop (NHS BaRS), and this one was not.
        text = (
            "A referral with this number was received before with other content, and nothing was taken from this one. "
            "Send a changed referral under a new number (and say in ServiceRequest.replaces which one it replaces)."
        )
        return refuse("conflict", "conflict", f"{self._envelope.root.where}.identifier", text)

    def _new(self, connection: Connection) -> Received:
        at, message_id = now(), str(uuid4())
        subject = subject_of(connection, self._envelope, self._sees)
        there = [self._there(connection, entry) for entry in self._envelope.entries]
        made = [
            one or Made(entry.type, str(uuid4()), 1, at)
            for one, entry in zip(there, self._envelope.entries, strict=True)
        ]
        messages.add(connection, self._message(message_id, at, made))
        for entry in self._envelope.entries:
            if there[entry.index] is None:
                self._store(connection, entry, made, message_id)
        root = made[self._envelope.root.index]
        claims.add(connection, self._keys, root.type, root.id)
        resource_id = made[subject.entry].id if subject.entry is not None else subject.held
        patient, to_decide = number_of(connection, self._settings, subject, resource_id)
        warnings = list(acceptance.warnings(self._referred.record, self._envelope.root.where))
        serial, number = numbers.new_referral(connection)
        task_id = str(uuid4())
        self._store_task(connection, made, task_id, number, patient)
        referral = Referral(
            id=str(uuid4()),
            serial=serial,
            number=number,
            message_id=message_id,
            service_request_id=root.id,
            task_id=task_id,
            patient_number=patient,
            status="received",
            reason=None,
            actionable=not_actionable(self._referred.record) is None,
            record=self._referred.record,
            report=_report(self._referred, warnings, to_decide),
            mapping_version=self._referred.mapping_version,
            created_at=at,
            updated_at=at,
        )
        referrals.add(connection, referral)
        return Received(referral, tuple(made))

    def _only(self, connection: Connection, entry: Entry) -> str | None:
        """The id of the one resource of this sender's that an entry's condition finds."""
        system, value = entry.condition or (None, "")
        found = resources.with_identifier(connection, entry.type, system, value, sees=self._sees)
        if len(found) > 1:
            where = entry.where.replace(".resource", ".request.ifNoneExist")
            text = "More than one resource here has this identifier: the condition cannot say which is meant."
            raise refuse("several match", "multiple-matches", where, text)
        return found[0] if found else None

    def _there(self, connection: Connection, entry: Entry) -> Made | None:
        """What an entry's condition finds; None where it is to be stored."""
        if entry.condition is None or entry is self._envelope.root:
            return None
        key = sameness.condition_key(entry, self._incoming.sender)
        id_ = claims.first(connection, [key]) or self._only(connection, entry)
        stored = resources.current(connection, entry.type, id_, sees=self._sees) if id_ else None
        return Made(stored.type, stored.id, stored.version, stored.last_updated) if stored else None

    def _store(self, connection: Connection, entry: Entry, made: list[Made], message_id: str) -> None:
        one = made[entry.index]
        resource = self._as_kept(entry, made)
        stored = Stored(
            one.type,
            one.id,
            one.version,
            one.last_updated,
            exact_json.dumps(resource),
            message_id,
            self._incoming.sender,
        )
        resources.add(connection, stored)
        resources.identify(connection, one.type, one.id, sameness.identifiers(entry.resource))
        if entry.condition is not None and entry is not self._envelope.root:
            claims.add(connection, [sameness.condition_key(entry, self._incoming.sender)], one.type, one.id)

    def _as_kept(self, entry: Entry, made: list[Made]) -> Node:
        """What GET returns: under our id and version, its references leading to what is kept here."""
        one = made[entry.index]

        def place(index: int, versioned: bool) -> str:
            there = made[index]
            return f"{there.type}/{there.id}" + (f"/_history/{there.version}" if versioned else "")

        rewritten = self._envelope.links.rewritten(entry.resource, entry.index, place)
        meta = {**rewritten.get("meta", {}), "versionId": str(one.version), "lastUpdated": one.last_updated}
        return {"resourceType": one.type, "id": one.id, "meta": meta} | {
            name: value for name, value in rewritten.items() if name not in ("resourceType", "id", "meta")
        }

    def _store_task(self, connection: Connection, made: list[Made], task_id: str, number: str, patient: str) -> None:
        root = self._envelope.root
        at = made[root.index].last_updated
        task = new_task(self._settings, task_id, self._as_kept(root, made), number, patient, at)
        resources.add(connection, Stored("Task", task_id, 1, at, exact_json.dumps(task), None, self._incoming.sender))
        resources.identify(connection, "Task", task_id, sameness.identifiers(task))

    def _message(self, id_: str, at: str, made: list[Made]) -> Message:
        incoming = self._incoming
        return Message(
            id=id_,
            received_at=at,
            route=incoming.route,
            sender=incoming.sender,
            content_type=incoming.content_type,
            conditional=incoming.condition,
            body=incoming.body,
            content_hash=self._hash,
            made=tuple(made),
        )


def _report(referred: Referred, more: list[Issue], to_decide: list[Issue]) -> Node:
    """What was said about the reading, as it is kept beside the record.

    What a person has to decide is told to the clinic alone: it says whom we know, and from whom else.
    """
    return {
        "issues": [vars(issue) for issue in (*referred.issues, *more)],
        "to_decide": [vars(issue) for issue in to_decide],
        "unmapped": list(referred.unmapped),
        "ledger": referred.ledger,
    }
