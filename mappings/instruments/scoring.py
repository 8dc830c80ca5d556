"""Totals and their bands.  A total is exact and never rounded: what others rounded is compared with room for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from mappings.instruments.answers import fits, is_plain
from mappings.instruments.instrument import Band, Instrument

EXACT = Context(prec=28, traps=[])
"""Our own, so that no one else's decimal context changes a score."""

PERCENT = ("%", "percent")

FINEST = 6
"""Decimal places that are believed: what comes after them is the noise of binary floating point."""


@dataclass(frozen=True)
class Score:
    """A total with its band, or the sentence that says why there is none.

    prorated: questions were left out, and the total was worked out from the others.
    """

    value: Decimal | None
    unit: str
    band: Band | None
    answered: int
    expected: int
    prorated: bool = False
    because: str = ""


def score(
    instrument: Instrument,
    answers: Mapping[str, Decimal | None],
    *,
    sex: str | None = None,
    prorate: bool = False,
) -> Score:
    """The total of the answers.  sex: as the patient's record has it; prorate: whether the site fills in for a question
    that was left out where the instrument's author only allows it."""
    known = {item: answers[item] for item in instrument.items if item in answers}
    weights = {item: weight for item, weight in known.items() if weight is not None and fits(weight, instrument)}
    count, expected = len(weights), len(instrument.items)
    because = _why_none(instrument, len(known) - count, expected - len(known), sex, prorate)
    if because:
        return Score(None, instrument.unit, None, count, expected, because=because)
    value = _total(instrument, weights, sex)
    return Score(
        value, instrument.unit, interpretation(instrument, value, instrument.unit), count, expected, count < expected
    )


def _why_none(instrument: Instrument, unread: int, missing: int, sex: str | None, prorate: bool) -> str:
    """Why there is no total; empty if there is one."""
    if instrument.method == "delivered":
        return f"The {instrument.name} is taken as delivered: no rule for it is shipped."
    if unread:
        return f"{unread} of {len(instrument.items)} questions have an answer that could not be read as a weight."
    if missing == len(instrument.items):
        return "No question has an answer."
    if instrument.by_sex and sex not in instrument.by_sex:
        return f"What an answer weighs in the {instrument.name} depends on the patient's sex, which is not known."
    if not missing or instrument.missing == "of the answered":
        return ""
    left_out = f"{missing} of {len(instrument.items)} questions have no answer"
    if instrument.missing == "no total":
        return f"{left_out}, and no rule for the {instrument.name} says how to score the others alone."
    if not prorate:
        return f"{left_out}, and this site does not fill in for them."
    return "" if missing == 1 else f"{left_out}, and the author's rule is for one."


def _total(instrument: Instrument, weights: Mapping[str, Decimal], sex: str | None) -> Decimal:
    """The total of the answers there are, always added in the instrument's order."""
    counts = instrument.by_sex[sex] if instrument.by_sex and sex else dict.fromkeys(weights, 1)
    total = Decimal(0)
    for item, weight in weights.items():
        total = EXACT.add(total, EXACT.multiply(weight, Decimal(counts[item])))
    if instrument.method == "mean":
        return EXACT.divide(total, Decimal(len(weights)))
    if instrument.method == "percent":
        return EXACT.divide(EXACT.multiply(total, Decimal(100)), Decimal(instrument.item_range.high * len(weights)))
    if len(weights) < len(instrument.items):  # the mean of the others in the place of the one left out
        return EXACT.divide(EXACT.multiply(total, Decimal(len(instrument.items))), Decimal(len(weights)))
    return total


def scales(instrument: Instrument, unit: str | None) -> tuple[int, ...]:
    """By what a total in the instrument's own unit is multiplied to be a value in this unit: one factor; none, if it is
    no unit of this instrument; two, if the unit leaves open whether it is points or percent."""
    told = (unit or "").strip().lower()
    percent = told in PERCENT
    if not percent and not is_plain(told):
        return ()
    if instrument.unit == "%":
        return (1,)  # LOINC's unit for the ODI's percentage is {score}, PACIO's is %
    if instrument.percent_per_point is None:
        return () if percent else (1,)
    if percent:
        return (instrument.percent_per_point,)
    return (1, instrument.percent_per_point) if told in ("", "1") else (1,)


def interpretation(instrument: Instrument, value: Decimal, unit: str | None = None) -> Band | None:
    """The published band of a total; None where there are no bands, where the value lies between two, and where the
    unit does not say what the value counts."""
    factors = scales(instrument, unit)
    if len(factors) != 1 or not value.is_finite():
        return None
    own = EXACT.divide(Decimal(value), Decimal(factors[0]))
    return next((band for band in instrument.bands if band.low <= own <= band.high), None)


def agrees(delivered: Decimal, exact: Decimal) -> bool:
    """Whether a value can be this total, rounded or cut off to the places that it is written with.

    The ODI's own form cuts off (16 of 45 is 35.5 %), others round (35.6): both are right.
    """
    exponent = EXACT.plus(delivered).normalize(EXACT).as_tuple().exponent
    places = min(FINEST, max(0, -exponent)) if isinstance(exponent, int) else 0
    return EXACT.abs(EXACT.subtract(delivered, exact)) < Decimal((0, (1,), -places))
