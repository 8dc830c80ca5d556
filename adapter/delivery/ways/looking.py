"""What is looked for at a partner before something is sent, and after."""

from __future__ import annotations

from adapter.client import FhirClient, Identifier, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.sending import Sending
from adapter.delivery.transaction import Held, Resource, only

TRIES = 3
"""Somebody may change a plan there between our look and our request: read again, and laid over what is there then."""


def ours_there(client: FhirClient, sending: Sending) -> Held | None:
    """What the partner holds with our identifier; refused where it has it twice."""
    return only(client, sending.type, sending.identifier, "it")


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
