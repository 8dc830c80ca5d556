"""Whose referral it is: the patient of a message, and the number that we know this patient by.

A patient is known again by a business identifier (system and value), never by name.  Where that cannot be right (the
identifiers are of two patients of ours, or the birth dates contradict each other) nothing is guessed: the patient gets
a new number, and the report says that a person has to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from adapter.exchange.identifiers import V2_0203, identifiers
from adapter.exchange.receiving.envelope import Entry, Envelope
from adapter.exchange.receiving.resolving import Outward
from adapter.exchange.references import Node
from adapter.exchange.refusal import refuse
from adapter.exchange.translation import PatientRead, Record, birth_date, read_patient, site_of, with_identifier
from adapter.settings import Settings
from adapter.store import numbers, patient_links, patients
from adapter.store.resources import Identifier
from mappings import Issue
from mappings.r4 import exact_json

_SHARED = frozenset(("MB", "SN", "FN", "ACSN", "VN"))
"""v2-0203 types that a family or a visit may share: member, subscriber, account ... They do not tell persons apart."""


@dataclass(frozen=True)
class Subject:
    """The patient as the message gives it."""

    resource: Node
    entry: int | None
    """The Bundle entry that it is."""
    held: str | None = None
    """The id of the Patient that we hold, where the message only refers to it."""


def subject_of(envelope: Envelope, root: Entry, outward: Outward) -> Subject:
    """Refused where there is none that the clinic could know."""
    said = root.resource["subject"]
    where = f"{root.where}.subject"
    reference = said.get("reference", "")
    if reference.startswith("#"):
        inside = [one for one in root.resource.get("contained", []) if one.get("id") == reference[1:]]
        if inside:
            return Subject(_a_patient(inside[0], where), None)
    elif reference:
        index = envelope.links.target(reference, root.index)
        if index is not None:
            return Subject(_a_patient(envelope.entries[index].resource, where), index)
        held = outward.held.get(reference)
        if held is not None and held.type == "Patient":
            return Subject(exact_json.loads(held.json), None, held.id)
    if said.get("identifier", {}).get("value") and said.get("type", "Patient") == "Patient":
        return Subject({"resourceType": "Patient", "identifier": [said["identifier"]]}, None)
    text = (
        "The patient is neither in this message nor known here: send the Patient in the same transaction, "
        "contain it in the ServiceRequest, or name it by an identifier."
    )
    raise refuse("unprocessable", "not-found", where, text)


@dataclass(frozen=True)
class Met:
    """Which of our patients a message's patient is."""

    number: str
    met_as: str
    """The same before links were followed."""
    known: bool
    """Whether we knew this patient before."""
    issues: tuple[Issue, ...] = ()
    """What a person has to look at."""


def number_of(
    connection: Connection, settings: Settings, subject: Subject, resource_id: str | None, told: PatientRead
) -> Met:
    """The patient's number, a new one where we have not met this patient; told: what the resource says."""
    ours = settings.system("patient")  # the system of the numbers that we give: a sender may know one
    record, mapping_version = told
    known_as = _telling(subject.resource)
    found = patients.known_by(connection, known_as)
    if resource_id is not None and (same := patients.of_resource(connection, resource_id)):
        found.add(same)
    if found:
        patient_links.hold(connection, alone=False)  # a person may be linking at this moment
    issues: list[Issue] = []
    means = {patient_links.leads_to(connection, number) for number in found}
    if len(means) == 1:
        number = means.pop()
        if not _contradicts(connection, number, record):
            return Met(number, min(found), known=True)
        issues = [_to_decide("has the identifier of a patient here whose birth date is another")]
    elif means:
        issues = [_to_decide("has identifiers of two patients here")]
    number = numbers.new_patient(connection)
    theirs = [one for one in known_as if one[0] != ours and not (issues and patients.known_by(connection, [one]))]
    record = with_identifier(record, ours, number)
    patients.add(connection, number, record, mapping_version, resource_id, [(ours, number), *theirs])
    return Met(number, number, known=False, issues=tuple(issues))


def as_another(connection: Connection, settings: Settings, subject: Subject) -> str:
    """A new number for a patient who was taken for somebody else; known by this number alone."""
    ours = settings.system("patient")
    record, mapping_version = read_patient(subject.resource, site_of(settings.site))
    number = numbers.new_patient(connection)
    record = with_identifier(record, ours, number)
    patients.add(connection, number, record, mapping_version, None, [(ours, number)])
    return number


def _telling(patient: Node) -> list[Identifier]:
    """The identifiers that tell this patient from all others."""
    in_force = identifiers(patient)
    return [
        (one["system"], one["value"])
        for one in patient.get("identifier", [])
        if one.get("system") and (one["system"], one.get("value")) in in_force and not _is_shared(one)
        if not one.get("period", {}).get("end")
    ]


def _is_shared(identifier: Node) -> bool:
    codings = identifier.get("type", {}).get("coding", [])
    return any(coding.get("system") == V2_0203 and coding.get("code") in _SHARED for coding in codings)


def _contradicts(connection: Connection, number: str, record: Record) -> bool:
    known = patients.get(connection, number)
    ours, theirs = birth_date(known.record if known else {}), birth_date(record)
    if ours is None or theirs is None:
        return False
    return not (ours.startswith(theirs) or theirs.startswith(ours))


def _to_decide(what: str) -> Issue:
    text = f"The patient {what}: got a new number here; a person has to decide who it is."
    return Issue("warning", "conflict", "ServiceRequest.subject", text)


def _a_patient(resource: Node, where: str) -> Node:
    if resource["resourceType"] != "Patient":
        raise refuse("unprocessable", "not-supported", where, "A referral to this clinic is for one Patient.")
    return resource
