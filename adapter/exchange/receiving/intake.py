"""Receiving a referral: everything that it means is committed in one transaction, before anybody is answered.

The bytes as they came, the resources as GET returns them, the clinic's records, the Tasks and the numbers.  A referral
that comes twice, at the same moment too, is one referral: whoever loses the race for a claim starts again and finds it.
One that comes again with other content changes the one that is held (see updates.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from sqlalchemy import Connection, Engine

from adapter.exchange.receiving import sameness, updates
from adapter.exchange.receiving.content import content_hash
from adapter.exchange.receiving.envelope import Entry, Envelope
from adapter.exchange.receiving.incoming import Incoming, Received
from adapter.exchange.receiving.linking import Met, Subject, number_of, subject_of
from adapter.exchange.receiving.opening import opened
from adapter.exchange.receiving.record_document import record_document
from adapter.exchange.receiving.resolving import Outward, leads_out, resolved
from adapter.exchange.receiving.storing import Placing, only, report_of
from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.translation import Referred, not_actionable, read_patient, read_referrals, same_patient, site_of
from adapter.exchange.workflow import acceptance
from adapter.settings import Settings
from adapter.store import claims, numbers, patient_links, referrals, transitions
from adapter.store.clock import now
from adapter.store.engine import committed, reading
from adapter.store.numbers import Numbered
from adapter.store.referrals import Referral


def receive(engine: Engine, settings: Settings, incoming: Incoming) -> Received:
    """Stores a referral; Refusal where it is not taken, and then nothing is stored."""
    prepared = prepare(engine, settings, incoming)
    return committed(engine, prepared.run)


def prepare(engine: Engine, settings: Settings, incoming: Incoming) -> Prepared:
    """A message opened and read, and nothing stored yet; Refusal where it cannot be taken, whatever is held here."""
    envelope = opened(settings, incoming)
    outward = Outward()
    if leads_out(envelope):
        with reading(engine) as connection:
            outward = resolved(connection, envelope, incoming.sees)
    subjects = {root.index: subject_of(envelope, root, outward) for root in envelope.roots}
    return Prepared(settings, incoming, envelope, outward, subjects, _read(settings, envelope, outward))


def _read(settings: Settings, envelope: Envelope, outward: Outward) -> dict[int, Referred]:
    """What each root says in the clinic's words, by its index; places told as the sender knows them."""
    told = record_document(envelope, outward)
    try:
        found = read_referrals(told.document, site_of(settings.site))
    except Refusal as refusal:
        raise Refusal(refusal.kind, told.issues(refusal.issues)) from None
    places = {entry.index: place for place, entry in enumerate(envelope.kept)}
    referred = {}
    for root in envelope.roots:
        one = found.get(places[root.index])
        if one is None:
            text = "This ServiceRequest is told as a part of another one: send it as a referral by itself."
            raise refuse("unprocessable", "not-supported", root.where, text)
        unmapped = tuple(place for text in one.unmapped if (place := told.place(text)) is not None)
        taken = tuple((place, field) for text, field in one.taken if (place := told.place(text)) is not None)
        referred[root.index] = replace(one, issues=told.issues(one.issues), unmapped=unmapped, taken=taken)
    return referred


@dataclass(frozen=True)
class _New:
    """A referral that is not here yet: its root, and what it is named by."""

    root: Entry
    task_id: str
    named: Numbered
    met: Met

    @property
    def told(self) -> tuple[Entry, str, str, str]:
        return self.root, self.task_id, self.named.number, self.met.number


class Prepared:
    """One message on its way into the store; `run` may be told again after a lost race."""

    def __init__(
        self, settings: Settings, incoming: Incoming, envelope: Envelope, outward: Outward,
        subjects: dict[int, Subject], referred: dict[int, Referred],
    ) -> None:  # fmt: skip
        self._settings, self.incoming, self.envelope = settings, incoming, envelope
        self._outward, self._subjects, self._referred = outward, subjects, referred
        site = site_of(settings.site)
        self._patients = {index: read_patient(subject.resource, site) for index, subject in subjects.items()}
        self.hash = content_hash(envelope)
        self.name = sameness.message_name(envelope, incoming.document, incoming.request_id)
        self._keys = {
            root.index: sameness.keys(envelope, root, self.name, self.hash, incoming.sender) for root in envelope.roots
        }

    def run(self, connection: Connection) -> Received:
        held = {root.index: self._held(connection, root) for root in self.envelope.roots}
        known = {index: one for index, one in held.items() if one is not None}
        if not known:
            return self._new(connection)
        if len(known) < len(held):
            text = "Some of these referrals are held here and others are not: send those that are new by themselves."
            raise refuse("conflict", "conflict", "Bundle.entry", text)
        return self._again(connection, known)

    def _held(self, connection: Connection, root: Entry) -> Referral | None:
        """The referral, where this is one that we hold."""
        id_ = claims.first(connection, self._keys[root.index])
        if id_ is None and root.condition is not None:
            id_ = only(connection, root, self.incoming.sees)
        return referrals.of_service_request(connection, id_) if id_ else None

    def _again(self, connection: Connection, held: dict[int, Referral]) -> Received:
        root = self.envelope.root
        only_if_new = root.condition is not None and not root.replaces
        if only_if_new and len(self.envelope.entries) == 1:
            # A ServiceRequest alone with If-None-Exist asks for exactly this: the one that is there, whatever it says.
            return updates.repeated(connection, held[root.index])
        placing = self._placing()
        before = updates.repeat(connection, placing, held)
        if before is not None:
            return before
        if only_if_new:
            # Answering "it is there" would lose the change without a word.  The code is not `duplicate`: there are
            # senders who take that for "already delivered" and stop (NHS BaRS), and this one was not.
            text = (
                "A referral that meets this condition was received before with other content, and nothing was taken "
                "from this one. Send it without the condition, by its number, to change the one that is held."
            )
            raise refuse("conflict", "conflict", root.condition_at, text)
        return updates.change(connection, placing, held, self._referred, self._same_patient, self._keys)

    def _same_patient(self, connection: Connection, root: Entry, held: Referral) -> bool:
        """Whether the patient is still the one that the referral was for: says the same, or is known as this one."""
        before = referrals.as_received(connection, held.id, held.message_id)
        if same_patient(before, self._referred[root.index].record):
            return True
        return self._number(connection, root, self._subjects[root.index].held).number == held.patient_number

    def _number(self, connection: Connection, root: Entry, resource_id: str | None) -> Met:
        subject, told = self._subjects[root.index], self._patients[root.index]
        return number_of(connection, self._settings, subject, resource_id, told)

    def _placing(self) -> Placing:
        return Placing(self._settings, self.incoming, self.envelope, self._outward, self.hash, now())

    def _new(self, connection: Connection) -> Received:
        placing = self._placing()
        placing.find_or_name(connection)
        tasks = {root.index: self.incoming.task_id or str(uuid4()) for root in self.envelope.roots}
        placing.name_tasks(tasks)
        changes = placing.changes(connection)
        placing.add_message(connection)
        met = [self._meet(connection, placing, root) for root in self.envelope.roots]
        named = numbers.new_referrals(connection, len(met))
        roots = zip(self.envelope.roots, named, met, strict=True)
        new = [_New(root, tasks[root.index], by, whose) for root, by, whose in roots]
        placing.store(connection, changes, [placing.task_of(connection, *one.told) for one in new])
        return Received(tuple(self._refer(connection, placing, one) for one in new), placing.all_made())

    def _meet(self, connection: Connection, placing: Placing, root: Entry) -> Met:
        """Claims what this referral is known by, and finds whose it is."""
        made, subject = placing.made[root.index], self._subjects[root.index]
        claims.add(connection, self._keys[root.index], made.type, made.id)
        resource_id = placing.made[subject.entry].id if subject.entry is not None else subject.held
        return self._number(connection, root, resource_id)

    def _refer(self, connection: Connection, placing: Placing, new: _New) -> Referral:
        made, referred, met = placing.made[new.root.index], self._referred[new.root.index], new.met
        referral = Referral(
            id=str(uuid4()),
            serial=new.named.serial,
            number=new.named.number,
            message_id=placing.message_id,
            service_request_id=made.id,
            task_id=new.task_id,
            patient_number=met.number,
            status="received",
            reason=None,
            actionable=not_actionable(referred.record) is None,
            record=referred.record,
            report=self._report(new.root, met),
            mapping_version=referred.mapping_version,
            created_at=placing.at,
            updated_at=placing.at,
            met_as=met.met_as,
        )
        referrals.add(connection, referral)
        referrals.received_in(connection, referral.id, placing.message_id, referred.record)
        if met.known:
            patient_links.by_identifier(connection, met.number, referral.id)
        transitions.begin(connection, referral.id, self.incoming.sender, placing.at)
        return referral

    def _report(self, root: Entry, met: Met) -> dict[str, object]:
        referred = self._referred[root.index]
        warnings = acceptance.warnings(referred.record, root.where)
        issues = [*self.incoming.repairs, *referred.issues, *self._outward.issues, *warnings]
        return report_of(issues, referred, met.issues)
