"""The clinic's decisions on whose a referral is: that a partner's patient is one of ours, or is not after all.

A decision is a row that stays; one that is undone says who took it back and when.  What it moved goes back with it.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from adapter.exchange.receiving.linking import Subject, as_another, subject_of
from adapter.exchange.receiving.resolving import resolved
from adapter.exchange.receiving.updates import reopened
from adapter.exchange.refusal import refuse
from adapter.exchange.sending.own_records import known_patient
from adapter.settings import Settings
from adapter.store import messages, patient_links, referrals
from adapter.store.engine import committed, reading
from adapter.store.patient_links import PatientLink
from adapter.store.referrals import Referral


def links_of(engine: Engine, number: str) -> list[PatientLink]:
    """All that lead to a patient or away from it; those that were undone too."""
    with reading(engine) as connection:
        known_patient(connection, number)
        return patient_links.of_patient(connection, number)


def link(engine: Engine, number: str, linked_number: str, who: str) -> PatientLink:
    """Who was known as `linked_number` is our patient `number`: the referrals of both are one patient's from now on."""
    return committed(engine, lambda connection: _linked(connection, number, linked_number, who))


def _linked(connection: Connection, number: str, linked_number: str, who: str) -> PatientLink:
    known_patient(connection, number)
    known_patient(connection, linked_number)
    patient_links.hold(connection, alone=True)  # two links at once could lead in a circle
    if patient_links.leads_to(connection, number) != number:
        text = "This number is linked to another patient itself: link to that one."
        raise refuse("conflict", "conflict", "number", text)
    already = patient_links.leads_to(connection, linked_number)
    if already == number and linked_number != number:
        return next(
            one
            for one in reversed(patient_links.of_patient(connection, linked_number))
            if one.linked_number == linked_number and one.undone_at is None
        )
    if already != linked_number or linked_number == number:
        text = "This number is linked already, or is the patient's own: undo that link first, or name another one."
        raise refuse("conflict", "conflict", "linked_number", text)
    made = patient_links.by_person(connection, number, linked_number, who)
    _follow(connection, linked_number)
    return made


def undo(engine: Engine, settings: Settings, link_id: str, who: str) -> PatientLink:
    """Takes a link back; one that an identifier made leaves its referral with a patient of its own."""
    return committed(engine, lambda connection: _undone(connection, settings, link_id, who))


def _undone(connection: Connection, settings: Settings, link_id: str, who: str) -> PatientLink:
    patient_links.hold(connection, alone=True)
    held = _link(connection, link_id)
    if patient_links.undo(connection, link_id, who):
        if held.linked_number is not None:
            _follow(connection, held.linked_number)
        elif held.referral_id is not None:
            _separate(connection, settings, held.referral_id)
    return _link(connection, link_id)


def _link(connection: Connection, link_id: str) -> PatientLink:
    held = patient_links.get(connection, link_id)
    if held is None:
        raise refuse("not found", "not-found", "id", "There is no link of this id.")
    return held


def _follow(connection: Connection, number: str) -> None:
    """Every referral that was met under a number, or under one that leads to it, is of whom the number means now."""
    meant = patient_links.leads_to(connection, number)
    waiting, seen = [number], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        referrals.follow_patient(connection, one, meant)
        waiting += [
            row.linked_number
            for row in patient_links.of_patient(connection, one)
            if row.number == one and row.linked_number is not None and row.undone_at is None
        ]


def _separate(connection: Connection, settings: Settings, referral_id: str) -> None:
    referral = referrals.lock(connection, referral_id)
    if referral is None:
        raise LookupError("the referral of a link is not stored")
    number = as_another(connection, settings, _subject(connection, settings, referral))
    referrals.change(connection, referral_id, patient_number=number, met_as=number)


def _subject(connection: Connection, settings: Settings, referral: Referral) -> Subject:
    message = messages.get(connection, referral.message_id)
    envelope = reopened(settings, message)
    index = next(n for n, made in enumerate(message.made) if made.id == referral.service_request_id)
    root = envelope.entries[index]
    return subject_of(envelope, root, resolved(connection, envelope, message.sender or None))
