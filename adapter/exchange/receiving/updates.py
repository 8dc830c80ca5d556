"""A referral that is held comes again: the same, and it is answered as before; or changed, and both sides' words count.

The sender's resources get their next versions.  The record is merged of three: as it was received before, as it is
received now, and as the clinic has it.  What both changed stays as the clinic has it and is shown to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from adapter.exchange.identifiers import identifiers
from adapter.exchange.receiving.envelope import TASK, Entry, Envelope
from adapter.exchange.receiving.incoming import Incoming, Received
from adapter.exchange.receiving.merging import Contested, merged
from adapter.exchange.receiving.opening import opened
from adapter.exchange.receiving.storing import Placing, report_of
from adapter.exchange.refusal import refuse
from adapter.exchange.translation import Referred, not_actionable
from adapter.exchange.workflow import acceptance
from adapter.settings import Settings
from adapter.store import claims, conflicts, messages, referrals, resources
from adapter.store.messages import Made, Message
from adapter.store.referrals import Referral
from mappings import Issue
from mappings.r4 import exact_json
from mappings.tolerance import repaired

OVER = frozenset(("declined", "rejected", "completed", "cancelled", "failed"))
"""Where a referral that stands there is not changed any more: a new one is sent instead."""

SamePatient = Callable[[Connection, Entry, Referral], bool]


def repeat(connection: Connection, placing: Placing, held: Mapping[int, Referral]) -> Received | None:
    """The answer to a message that says what the last one said; None where it says something else.

    Refused where it says what an earlier one said: a late repeat and a change taken back look the same, and taking the
    one for the other would undo a change."""
    last = [messages.get(connection, one.message_id) for one in held.values()]
    if all(one.content_hash == placing.content_hash for one in last):
        return Received(tuple(held.values()), _as_answered(placing, last[0], held))
    if any(referrals.message_with(connection, one.id, placing.content_hash) for one in held.values()):
        text = (
            "This referral said the same before and was changed since: a late repeat cannot be told from a change that "
            "is taken back. Nothing was taken from this one; to take the change back, send it with a note that says so."
        )
        raise refuse("conflict", "conflict", "ServiceRequest", text)
    return None


def repeated(connection: Connection, referral: Referral) -> Received:
    """The referral as its last message was answered."""
    return Received((referral,), messages.get(connection, referral.message_id).made)


def _as_answered(placing: Placing, first: Message, held: Mapping[int, Referral]) -> tuple[Made, ...]:
    """What became of the entries: as it was told first, in the order in which they come this time.  What was contained
    then and comes as an entry now is nowhere by itself."""
    before = reopened(placing.settings, first).entries
    entries = placing.envelope.entries
    if [one.type for one in before] == [one.type for one in entries]:
        return first.made
    by_id = {one.id: one for one in first.made}
    found: list[Made] = []
    for entry in entries:
        referral = held.get(entry.index)
        if entry.type == TASK:
            task = held[placing.envelope.task_of(entry).index].task_id
            found.append(by_id.get(task) or Made(TASK, task, 1, first.received_at))
        elif referral is not None:
            found.append(by_id[referral.service_request_id])
        else:
            alike = [made for old, made in zip(before, first.made, strict=False) if _same_thing(old, entry)]
            sorts = [made for made in first.made if made.type == entry.type]
            found.append(next(iter(alike or sorts), Made(entry.type, "", 0, first.received_at, created=False)))
    return tuple(found)


def reopened(settings: Settings, message: Message) -> Envelope:
    """The envelope of a message that is stored."""
    document, _ = repaired(exact_json.loads(message.body))
    incoming = Incoming(
        message.route,
        message.content_type,
        message.body,
        document,
        condition=message.conditional,
        sender=message.sender,
    )
    return opened(settings, incoming)


def change(
    connection: Connection, placing: Placing, held: Mapping[int, Referral], referred: Mapping[int, Referred],
    same_patient: SamePatient, keys: Mapping[int, Sequence[str]],
) -> Received:  # fmt: skip
    """Takes a changed message for referrals that are held."""
    roots = {root.index: root for root in placing.envelope.roots}
    current = {index: _locked(connection, roots[index], one, same_patient) for index, one in held.items()}
    _keep_places(connection, placing, current)
    placing.find_or_name(connection)
    placing.name_tasks({index: one.task_id for index, one in current.items()})
    changes = placing.changes(connection)
    placing.add_message(connection)
    placing.store(connection, changes)
    changed = [_merge(connection, placing, roots[index], one, referred[index]) for index, one in current.items()]
    for index, one in current.items():
        new = [key for key in keys[index] if claims.first(connection, [key]) is None]
        claims.add(connection, new, "ServiceRequest", one.service_request_id)
    return Received(tuple(changed), placing.all_made())


def _locked(connection: Connection, root: Entry, held: Referral, same_patient: SamePatient) -> Referral:
    """The referral as it stands now; refused where it is not changed any more, or is another patient's."""
    referral = referrals.lock(connection, held.id)
    if referral is None:
        raise LookupError("a referral that was just found is not stored")
    if referral.status in OVER:
        text = (
            f"This referral is {referral.status} and is not changed any more: send a new one under a new number (and "
            "say in ServiceRequest.replaces which one it replaces)."
        )
        raise refuse("conflict", "business-rule", root.where, text)
    if not same_patient(connection, root, referral):
        text = "The referral held under this number is another patient's: send this one under a number of its own."
        raise refuse("conflict", "conflict", f"{root.where}.subject", text)
    return referral


def _keep_places(connection: Connection, placing: Placing, held: Mapping[int, Referral]) -> None:
    """What came before keeps its place, where the message says that it is the same thing."""
    first = next(iter(held.values()))
    message = messages.get(connection, first.message_id)
    before = reopened(placing.settings, message)
    taken: set[int] = set()
    for index, referral in held.items():
        stored = resources.current(connection, "ServiceRequest", referral.service_request_id)
        if stored is not None:
            placing.made[index] = Made(stored.type, stored.id, stored.version, stored.last_updated, created=False)
    for entry in placing.envelope.kept:
        if entry.index in placing.made:
            continue
        for old, one in zip(before.entries, message.made, strict=False):
            if old.index not in taken and entry.type != TASK and _same_thing(old, entry):
                taken.add(old.index)
                placing.made[entry.index] = one
                break


def _same_thing(one: Entry, other: Entry) -> bool:
    """Whether two entries are one thing in two versions: by identifier where both have any, else by their address."""
    if one.type != other.type:
        return False
    left, right = set(identifiers(one.resource)), set(identifiers(other.resource))
    if left and right:
        return bool(left & right)
    if "id" in one.resource and "id" in other.resource:
        return bool(one.resource["id"] == other.resource["id"])
    return one.full_url is not None and one.full_url == other.full_url


def _merge(connection: Connection, placing: Placing, root: Entry, referral: Referral, referred: Referred) -> Referral:
    """The referral with both sides' changes in its record."""
    before = referrals.as_received(connection, referral.id, referral.message_id)
    record, contested = merged(before, referred.record, referral.record)
    referrals.received_in(connection, referral.id, placing.message_id, referred.record)
    for one in contested:
        conflicts.add(connection, referral.id, placing.message_id, one.field, one.sides)
    issues = [
        *referred.issues, *placing.outward.issues, *acceptance.warnings(record, root.where), *_told(contested, root)
    ]  # fmt: skip
    referrals.change(
        connection,
        referral.id,
        record=record,
        report=report_of(issues, referred, [Issue(**one) for one in referral.report.get("to_decide", ())]),
        actionable=not_actionable(record) is None,
        message_id=placing.message_id,
        mapping_version=referred.mapping_version,
    )
    changed = referrals.get(connection, referral.id)
    if changed is None:
        raise LookupError("a referral that was just changed is not stored")
    return changed


def _told(contested: Sequence[Contested], root: Entry) -> list[Issue]:
    text = "The clinic has changed {} since it was received: a person there decides what holds."
    return [Issue("warning", "conflict", root.where, text.format(one.field)) for one in contested]
