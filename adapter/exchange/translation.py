"""FHIR to clinic records and back, as the exchange needs it: the one place where it touches the mappings.

Also the one place that knows the names of a record's fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import mappings
from adapter.exchange.refusal import Refusal, refuse
from mappings import Issue, Refused
from mappings.issues import errors
from mappings.sites import AS_SHIPPED, Site
from mappings.values import same

Record = dict[str, Any]


class PatientRead(NamedTuple):
    """A Patient's record, and the version of the mapping that made it."""

    record: Record
    mapping_version: str


@dataclass(frozen=True)
class Referred:
    """What a message said, in the clinic's words, and what there is to say about the reading of it."""

    record: Record
    mapping_version: str
    issues: tuple[Issue, ...]
    unmapped: tuple[str, ...]
    ledger: dict[str, int]
    taken: tuple[tuple[str, str], ...]
    """The FHIRPath of every leaf that is in the record, and the place there."""


@cache
def site_of(folder: str) -> Site:
    """The clinic's site: what its folder changes in the mappings; nothing where there is no folder.

    DeclarationError for what in it cannot be right: a service starts with all of what was meant, or not at all.
    """
    return mappings.site(folder) if folder else AS_SHIPPED


def read_referrals(document: dict[str, Any], site: Site) -> dict[int, Referred]:
    """The referrals of a Bundle or ServiceRequest that was found sound, by the index of their entry (0 where it came
    alone).  All are told by one report: the patient that they share is read once."""
    try:
        reading = mappings.from_fhir(document, kinds=("referral",), site=site)
    except Refused as refused:
        raise Refusal("unprocessable", refused.issues) from None
    report = reading.report
    made_by = mappings.version("referral", site=site)
    unmapped, ledger = tuple(report.unmapped), dict(report.ledger)
    taken = tuple((line.expression, line.record) for line in report.lineage if line.record)
    return {
        one.entry or 0: Referred(one.record, made_by, report.issues, unmapped, ledger, taken)
        for one in reading.conversions
    }


def read_patient(resource: dict[str, Any], site: Site) -> PatientRead:
    """What a Patient says in the clinic's words."""
    try:
        reading = mappings.from_fhir(resource, kinds=("patient",), site=site)
    except Refused as refused:
        raise Refusal("unprocessable", refused.issues) from None
    record = next(conversion.record for conversion in reading.conversions if conversion.kind == "patient")
    return PatientRead(record, mappings.version("patient", site=site))


def check_own(record: Record, site: Site) -> str:
    """Refuses a record of the clinic's that its schema or its mapping would not take; the version of the mapping."""
    found = errors(mappings.check_record(record, site=site))
    if found:
        raise Refusal("unprocessable", found)
    try:
        mappings.to_fhir(record, site=site)
    except Refused as refused:
        raise Refusal("unprocessable", refused.issues) from None
    return mappings.version(record["record"], site=site)


# ---- the fields that the exchange itself reads and writes


def not_actionable(record: Record) -> list[str] | None:
    """Why a record must not be acted upon; None where it may."""
    if record.get("actionable", True):
        return None
    return list(record.get("not_actionable_because", [])) or ["the record does not say why"]


def request_status(referral: Record) -> str | None:
    """Where a referral stands, in the clinic's word; None where there is no word for what it says."""
    found = referral.get("status")
    return found if isinstance(found, str) else None


def must_not_be_done(referral: Record) -> bool:
    """Whether it asks for something not to be done; whatever it says there but a plain no, counts."""
    return referral.get("must_not_be_done", False) is not False


PARTS = ("patient",)
"""Fields of a referral's record whose own fields are compared one by one where both sides changed something."""
SENDERS_WORD = ("status", "must_not_be_done", "actionable", "not_actionable_because", "needs_attention")
"""What only the sender, or the reading of what it sent, can say of a referral: the clinic cannot change it."""


def same_patient(one: Record, other: Record) -> bool:
    """Whether two records of a referral say the same of its patient, temporary names apart."""
    left, right = one.get("patient"), other.get("patient")
    if not isinstance(left, dict) or not isinstance(right, dict):
        return False
    return same(*({name: value for name, value in told.items() if name != "id"} for told in (left, right)))


def check_referral(record: Any, held: Record, site: Site) -> None:
    """Refuses a record that the clinic put for a referral, where it is none or says what only its sender can say."""
    if not isinstance(record, dict) or record.get("record") != "referral":
        raise refuse("unprocessable", "value", "record", 'A referral is put: an object with "record": "referral".')
    found = errors(mappings.check_record(record, site=site))
    if found:
        raise Refusal("unprocessable", found)
    for name in SENDERS_WORD:
        if (name in record) != (name in held) or not same(record.get(name), held.get(name)):
            raise refuse("conflict", "business-rule", name, "Only the sender of a referral can change this: leave it.")


def birth_date(patient: Record) -> str | None:
    found = patient.get("birth_date")
    return found if isinstance(found, str) else None


def patient_pointer(record: Record) -> Any:
    """How a record names its patient: an identifier, system and value."""
    patient = record.get("patient")
    return patient.get("ref_identifier") if isinstance(patient, dict) else None


def with_patient(record: Record, system: str, number: str) -> Record:
    """The record with its patient named in full."""
    patient = record["patient"]
    pointer = {"system": system, **patient["ref_identifier"], "value": number}
    return {**record, "patient": {**patient, "ref_identifier": pointer}}


def refuse_another_patient(record: Record, system: str, number: str) -> None:
    """Refuses a record that names its patient in another way too, or that holds anything of another patient's."""
    extra = record["patient"].keys() - {"ref_type", "ref_identifier"}
    if extra:
        text = "A record names its patient by the number here and by nothing beside it: leave this out."
        raise Refusal("unprocessable", [Issue("error", "value", f"patient.{name}", text) for name in sorted(extra)])
    rest = {name: value for name, value in record.items() if name != "patient"}
    for path, said in _patients_in(rest, ""):
        named = said.get("ref_identifier") if isinstance(said, dict) else None
        ours = isinstance(named, dict) and (named.get("system"), named.get("value")) == (system, number)
        if not ours or "ref" in said:
            text = "This is said of another patient than the record's: leave it out, or put it in one of that patient."
            raise refuse("unprocessable", "value", path, text)


def _patients_in(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _patients_in(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, inside in value.items():
            place = f"{path}.{name}".lstrip(".")
            if name in ("patient", "patient_as_written"):
                yield place, inside
            else:
                yield from _patients_in(inside, place)


def refuse_another_number(record: Record, system: str, value: str) -> None:
    """Refuses a record that says another number of ours than the one it has."""
    for index, one in _numbers_of(record, system):
        if one.get("value") != value:
            text = "Under this system stands the id in the address: say the same here, or leave the identifier out."
            raise refuse("unprocessable", "value", f"identifiers[{index}].value", text)


def with_identifier(record: Record, system: str, value: str) -> Record:
    """The record with our number among its identifiers, and no other number of ours."""
    held = record.get("identifiers", [])
    if not isinstance(held, list):
        return record  # the schema says what is wrong with it
    ours = [one for _, one in _numbers_of(record, system)]
    if ours and all(one.get("value") == value for one in ours):
        return record
    others = [one for one in held if one not in ours]
    return {**record, "identifiers": [*others, {"system": system, "value": value}]}


def _numbers_of(record: Record, system: str) -> list[tuple[int, Record]]:
    held = record.get("identifiers", [])
    listed = enumerate(held) if isinstance(held, list) else ()
    return [(index, one) for index, one in listed if isinstance(one, dict) and one.get("system") == system]


def referral_pointers(plan: Record, system: str) -> list[str]:
    """The referrals of ours that a plan says it rests on, by the numbers that we gave."""
    pointers = plan.get("supporting", [])
    listed = pointers if isinstance(pointers, list) else []
    named = [one.get("ref_identifier") for one in listed if isinstance(one, dict)]
    return [one["value"] for one in named if isinstance(one, dict) and one.get("system") == system and "value" in one]
