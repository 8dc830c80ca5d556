"""How often in a day, and what is taken at one time: a clinic's timing as an exact number, or why there is none.

Ranges count by the end that gives more: the most times, in the shortest period.  What a schedule says in two ways
(a code and its parts, times and hours of the day) must be the same.  https://hl7.org/fhir/R4/datatypes.html#Timing
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mappings.opioids.refusals import NoFigure, items, part, records

DAYS = {
    "s": Fraction(1, 86400),
    "min": Fraction(1, 1440),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "wk": Fraction(7),
}
"""R4's units of time in days.  A month and a year are left out: neither is a fixed number of days."""

GTS_ABBREVIATION = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
CODES = {
    "QD": Fraction(1),
    "BID": Fraction(2),
    "TID": Fraction(3),
    "QID": Fraction(4),
    "AM": Fraction(1),
    "PM": Fraction(1),
    "QOD": Fraction(1, 2),
    "Q1H": Fraction(24),
    "Q2H": Fraction(12),
    "Q3H": Fraction(8),
    "Q4H": Fraction(6),
    "Q6H": Fraction(4),
    "Q8H": Fraction(3),
}
"""Times a day of the codes whose definition in R4 4.0.1 (CodeSystem v3-GTSAbbreviation) fixes them."""

MORE_OFTEN = "The number of times or the time between is a range: counted by the most often."
NOT_DAILY = "Not taken every day: counted as the average for a day."

_WEEK = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
_EVERY_MEAL = {"AC", "C", "PC"}
_SMALLEST, _GREATEST = Decimal("1e-9"), Decimal("1e9")


def number(value: Any, or_zero: bool = False) -> Fraction:
    """A number above zero, exactly; NoFigure for anything else, and for one that no dose and no time can have."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise NoFigure("number-not-usable")
    decimal = Decimal(value)
    if not decimal.is_finite() or not (_SMALLEST <= decimal <= _GREATEST or (or_zero and not decimal)):
        raise NoFigure("number-not-usable")
    return Fraction(value)


def times_a_day(timing: dict[str, Any]) -> tuple[Fraction, list[str]]:
    """How many times a day at most, and what a reader of the figure has to know about it."""
    notes: list[str] = []
    by_parts = _by_parts(timing, notes)
    by_code = _by_code(part(timing, "code"))
    if by_parts is not None and by_code is not None and by_parts != by_code:
        raise NoFigure("timing-contradictory")
    found = by_code if by_parts is None else by_parts
    if found is None:
        raise NoFigure("not-a-daily-frequency" if timing else "no-timing")
    return found, [*notes, NOT_DAILY] if found < 1 else notes


def in_steps(dosages: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The dosages, those side by side together.

    R4: the same sequence is side by side, another one is another time.  Systems are known to number what runs side by
    side too, so sequences count as steps only where each step says when it ends."""
    if not dosages:
        raise NoFigure("no-dosage")
    sequences = [dosage.get("sequence") for dosage in dosages]
    if all(sequence == sequences[0] for sequence in sequences):
        return [dosages]
    whole = {sequence for sequence in sequences if isinstance(sequence, int)}
    if not all(isinstance(sequence, int) for sequence in sequences):
        raise NoFigure("steps-not-clear")
    steps = [[each for each in dosages if each["sequence"] == sequence] for sequence in sorted(whole)]
    for step, following in pairwise(steps):
        if not all(_ends_before(before, after) for before in step for after in following):
            raise NoFigure("steps-not-clear")
    return steps


def _ends_before(dosage: dict[str, Any], following: dict[str, Any]) -> bool:
    """Whether a dosage is said to be over when the following one begins."""
    timing = part(dosage, "timing")
    if "during" not in timing:
        return any(name in timing for name in ("for_duration", "for_range", "count"))
    end, start = part(timing, "during").get("end"), part(part(following, "timing"), "during").get("start")
    if not (isinstance(end, str) and isinstance(start, str)):
        return False
    return min(len(end), len(start)) >= len("2026-11-23") and end[:10] <= start[:10]


def _by_parts(timing: dict[str, Any], notes: list[str]) -> Fraction | None:
    if items(timing, "at_times") or not _all_week(items(timing, "days")):
        raise NoFigure("not-a-daily-frequency")
    for name in ("count", "count_max"):
        if name in timing:
            number(timing[name])
    found = _by_period(timing, notes)
    if hours := len(items(timing, "clock_times")):
        if found is not None and found != hours:
            raise NoFigure("timing-contradictory")
        found = Fraction(hours)
    events = sum(3 if _is_every_meal(event) else 1 for event in items(timing, "around"))
    if events and (found is None or found < events):  # "before meals" alone: how many meals?
        raise NoFigure("not-a-daily-frequency")
    return found


def _by_period(timing: dict[str, Any], notes: list[str]) -> Fraction | None:
    names = ("times", "times_max", "every", "every_max", "every_unit")
    if not any(name in timing for name in names):
        return None
    unit = timing.get("every_unit")
    if "every" not in timing or not isinstance(unit, str) or unit not in DAYS:
        raise NoFigure("not-a-daily-frequency")
    every = number(timing["every"])
    times = number(timing.get("times", 1))  # R4: without a frequency the event occurs once per period
    most = number(timing.get("times_max", timing.get("times", 1)))
    if most < times or number(timing.get("every_max", timing["every"])) < every:
        raise NoFigure("timing-contradictory")
    if "times_max" in timing or "every_max" in timing:
        notes.append(MORE_OFTEN)
    return most / (every * DAYS[unit])


def _by_code(concept: dict[str, Any]) -> Fraction | None:
    codings = [concept, *records(concept, "also")]
    codes = {f"{coding.get('code')}" for coding in codings if coding.get("system") == GTS_ABBREVIATION}
    if len(codes) > 1:  # AM and PM as translations of each other: once a day, or twice?
        raise NoFigure("timing-contradictory")
    return CODES.get(codes.pop()) if codes else None


def _all_week(days: list[Any]) -> bool:
    return not days or {f"{day}" for day in days} == _WEEK


def _is_every_meal(event: Any) -> bool:
    return isinstance(event, str) and event in _EVERY_MEAL
