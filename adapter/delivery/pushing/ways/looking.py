"""What is looked for at a partner before something is sent, and after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from adapter.client import FhirClient, Identifier, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.pushing import parts
from adapter.delivery.pushing.fits.statement import PARTS
from adapter.delivery.pushing.fits.table import PLAN, lacking, needs_apart
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.transaction import Held, Resource, as_held, held_twice, only

TRIES = 3
"""Somebody may change a plan there between our look and our request: read again, and laid over what is there then."""
_PATIENT = re.compile(r"(?:^|/)Patient/([A-Za-z0-9\-.]+)(?:/_history/[^/]+)?$")


@dataclass(frozen=True)
class There:
    """What a partner holds of a plan, or of another record: itself, and its parts that stand by themselves."""

    base_url: str
    itself: Held | None = None
    parts: Mapping[parts.Key, Held] = field(default_factory=dict)

    def whole(self, like: Resource, else_like: Resource | None = None) -> Resource | None:
        """All of it as one resource, to be compared with `like`; None where it is not there."""
        if self.itself is None:
            return None
        return parts.joined(self.itself.resource, self.parts, like, self.base_url, else_like=else_like)


def ours_there(client: FhirClient, sending: Sending) -> There:
    """What the partner holds with our identifiers; refused where it has one of them twice."""
    itself = only(client, sending.type, sending.identifier, "it")
    return There(client.base_url, itself, _parts_there(client, sending))


def read_there(client: FhirClient, sending: Sending, id_: str) -> There:
    """The same where the id of the thing itself is known."""
    itself = as_held(client.read(f"{sending.type}/{id_}"))
    return There(client.base_url, itself, _parts_there(client, sending))


def _parts_there(client: FhirClient, sending: Sending) -> dict[parts.Key, Held]:
    by_type: dict[str, list[Identifier]] = {}
    for type_, identifier in sending.part_keys():
        by_type.setdefault(type_, []).append(identifier)
    held: dict[parts.Key, Held] = {}
    for type_, identifiers in by_type.items():
        for identifier, found in client.find_each(type_, identifiers).items():
            if len(found) > 1:
                raise held_twice(f"a {type_} of it")
            if found:
                held[type_, identifier] = as_held(found[0])
    return held


def standing_apart(sending: Sending, *, conditional: bool) -> Sending:
    """The same, knowing which types of what it consists of stand by themselves at the partner: those that it takes, and
    finds by their identifier."""
    accepted = sending.accepted
    if accepted is None or sending.contained or sending.type != PLAN:
        return sending
    needs = {type_: needs_apart(type_, conditional=conditional) for type_ in PARTS}
    return replace(sending, apart=frozenset(type_ for type_, of_it in needs.items() if not lacking(of_it, accepted)))


def patient_there(client: FhirClient, sending: Sending) -> str | None:
    """The id of the partner's Patient: the one that is known, or the only one that has an identifier of the patient's.

    Never by a name.  Refused where its identifiers lead to several: a person has to say which it is."""
    if sending.patient_there is not None:
        return sending.patient_there
    found: dict[str, Resource] = {}
    for identifier in sending.patient_identifiers():
        found |= {str(one["id"]): one for one in client.find("Patient", identifier) if "id" in one}
    in_force = [id_ for id_, one in found.items() if not _replaced(one)] or list(found)
    if len(in_force) > 1:
        codes = ("multiple-matches", "Patient.identifier")
        raise WillAnswerTheSame("the partner has several patients with this patient's identifiers", codes=codes)
    return in_force[0] if in_force else None


def _replaced(patient: Resource) -> bool:
    links = [one for one in patient.get("link") or [] if isinstance(one, dict)]
    return patient.get("active") is False or any(one.get("type") == "replaced-by" for one in links)


def can_be_looked_for(sending: Sending, type_: str) -> bool:
    """Whether the partner says that it finds resources of a type by their identifier."""
    return sending.accepted is not None and "identifier" in sending.accepted.of(type_).searched_by


def must_be_one_patient(client: FhirClient, sending: Sending, known_by: Identifier) -> None:
    """After a Patient was made there: conditional creates race (HAPI #3141, Medplum #4878), and two of one patient are
    for a person to put right."""
    if can_be_looked_for(sending, "Patient"):
        only(client, "Patient", known_by, "the patient")


def must_be_about(there: There, patient: str | None) -> None:
    """What the partner holds under our identifiers is about this patient, or a person has to see to it."""
    for held in (there.itself, *there.parts.values()):
        subject = held.resource.get("subject") if held is not None else None
        said = _PATIENT.search(str(subject.get("reference"))) if isinstance(subject, dict) else None
        if patient is not None and said is not None and said[1] != patient:
            what = "what the partner holds of it is about another patient"
            raise WillAnswerTheSame(what, codes=("conflict", "CarePlan.subject"))


def may_make_a_patient(sending: Sending) -> bool:
    """Whether the partner does not say that it takes none."""
    return sending.accepted is None or "create" in sending.accepted.of("Patient").interactions


def must_be_known(patient: str | None) -> str:
    """A partner that takes a document takes it about a patient of its own: it makes none for it."""
    if patient is None:
        what = "the partner knows no patient with an identifier of this patient's"
        raise WillAnswerTheSame(what, codes=("not-found", "Patient.identifier"))
    return patient


def changed_meanwhile(refused: WillAnswerTheSame) -> bool:
    """Whether a refusal says that what was read is no longer what is there (409 where others have 412)."""
    return refused.status in (409, 412) and "multiple-matches" not in refused.codes


def keeps_changing() -> WorthAnotherTry:
    return WorthAnotherTry("it changes at the partner while it is being delivered", of_partner=False)


def not_found_after() -> WorthAnotherTry:
    what = "the partner accepted it, and a search does not find it"
    return WorthAnotherTry(what, of_partner=False)
