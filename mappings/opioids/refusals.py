"""Why a prescription has no figure: a code that stays the same, and a sentence for a clinician, without the record's
values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SENTENCES = {
    # not counted
    "active-only": "Only active prescriptions count; this is a draft, on hold, over, cancelled or entered in error.",
    "must-not-be-given": "This says that the drug must not be given, so there is nothing to count.",
    "not-an-opioid": "The drug is known, and it is not an opioid.",
    # the record
    "not-readable": "This is not a prescription, or a part of it does not have the form of one.",
    "must-not-act": "The record carries something that nobody here understands and that may change its meaning.",
    "status-not-known": "The status does not say whether the prescription is running.",
    # the drug
    "drug-unknown": "The drug is not known here: its code is missing, or stands in no table.",
    "drug-contradictory": "The codes and names of the drug speak of different drugs or strengths.",
    "buprenorphine": "Buprenorphine has no conversion factor in the CDC guideline.",
    "no-factor": "This opioid has no conversion factor in the CDC guideline.",
    "strength-not-known": "The strength of this product is not known here, and the dose is not given in milligrams.",
    # the route
    "route-not-covered": "CDC has factors by mouth and for fentanyl patches; this route is another, or not understood.",
    "fentanyl-not-patch": "The CDC guideline has a factor for fentanyl patches only.",
    "route-not-said": "Neither the prescription nor the product says whether it is taken by mouth or worn as a patch.",
    "route-contradictory": "The route and the form of the product do not go together.",
    # the dose
    "no-dosage": "No dosage is given.",
    "text-only": "The dosage is given in words only.",
    "no-dose": "The dosage does not say how much at a time, or says it as a rate.",
    "no-upper-end": "The dose is a range without an upper end, or is not given exactly.",
    "doses-contradictory": "Several doses are given for one time, and they are not the same.",
    "number-not-usable": "A number is zero or negative, or is not one that a dose or a time can have.",
    "unit-not-understood": "The unit of the dose is missing or not understood.",
    "unit-contradictory": "The code and the word of a unit do not say the same.",
    "unit-not-for-product": "A dose in this unit cannot be turned into an amount of this product.",
    "milligrams-of-which": "The product has several drugs in it, and the dose does not say milligrams of which.",
    # the time
    "no-timing": "The dosage does not say how often.",
    "not-a-daily-frequency": "The timing cannot be turned into times a day exactly.",
    "timing-contradictory": "The parts of the timing do not say the same.",
    "as-needed-without-maximum": "The drug is taken as needed, and neither a schedule nor a maximum a day bounds it.",
    "maximum-contradictory": "The stated maximum a day is less than one dose.",
    "patch-change-not-clear": "The patch is changed sooner than after 48 hours: how many are worn at once is open.",
    "steps-not-clear": "The dosages are numbered, but not said to end before the next begin: they may run together.",
}


@dataclass(frozen=True)
class Reason:
    """Why there is no figure."""

    code: str
    sentence: str


class NoFigure(Exception):
    """What stands in the record allows no figure; `reason` says why."""

    def __init__(self, code: str) -> None:
        self.reason = Reason(code, SENTENCES[code])
        super().__init__(self.reason.sentence)


def part(record: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is a record itself, {} if there is none; NoFigure if it is something else."""
    value = record.get(name, {})
    if not isinstance(value, dict):
        raise NoFigure("not-readable")
    return value


def items(record: dict[str, Any], name: str) -> list[Any]:
    """A member that is a list, [] if there is none; NoFigure if it is something else."""
    value = record.get(name, [])
    if not isinstance(value, list):
        raise NoFigure("not-readable")
    return value


def records(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A member that is a list of records, [] if there is none; NoFigure if it is something else."""
    found = items(record, name)
    if not all(isinstance(item, dict) for item in found):
        raise NoFigure("not-readable")
    return found
