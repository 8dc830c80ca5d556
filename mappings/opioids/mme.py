"""The opioids a patient takes, in morphine milligram equivalents (MME) a day, and the depressants that run beside them.

The factors are CDC's of 2022 (MMWR Recomm Rep 2022;71(3)), applied to the labelled strength.  Two ideas carry this:
nothing is guessed, so a prescription has a figure or a reason in words why it has none; and nothing makes a figure
silently lower, so ranges and as-needed doses count by the most they allow, and a total with a refusal in it says that
it is incomplete.

A prescription is a clinic record `medication_request`.  Nothing here raises for what stands in one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, Literal

from mappings.lens.gates import not_actionable
from mappings.opioids.doses import Amount, amount
from mappings.opioids.drugs import FACTORS, Depressant, Drug, depressants_of, may_be_opioid, opioid_of
from mappings.opioids.refusals import SENTENCES, NoFigure, Reason, records
from mappings.opioids.timing import in_steps

ATTENTION_FROM = Decimal(50)
"""MME a day from which the guideline asks to pause and to weigh benefits and risks again."""

CAUTIONS = (
    "MME are estimates: they cannot account for how patients differ in genetics and pharmacokinetics.",
    "Not for converting one opioid to another: the new one is typically dosed substantially lower.",
    "Particular care with methadone: its half-life varies, and it acts on breathing later and longer than on pain.",
    "Particular care with fentanyl patches: dosed in micrograms an hour, and heat changes what is absorbed.",
    "Buprenorphine has no factor and is in no figure.",
    "Not for decisions on doses in the treatment of opioid use disorder.",
)
"""What the guideline says beside its table, in short; belongs beside every figure."""

NOT_COUNTED = ("draft", "on-hold", "stopped", "completed", "cancelled", "entered-in-error")
HIGHEST_STEP = "The dose changes in steps: the figure is that of the highest step, not of today."

Outcome = Literal["figure", "refused", "not counted", "not an opioid"]


@dataclass(frozen=True)
class Part:
    """The arithmetic of one dosage: amount (`unit` mg/d, or ug/h for patches) times factor is mme."""

    drug: str
    amount: Decimal
    unit: str
    factor: Decimal
    mme: Decimal
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What is taken at one time: dosages side by side.  One step, or several in their order."""

    mme: Decimal
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class DailyMME:
    """One prescription: a figure with its arithmetic, or the reason why it has none.

    `mme` is a day's, of the highest of `steps`.  `attention` is true from 50 MME a day; false says nothing of one that
    was refused."""

    outcome: Outcome
    mme: Decimal | None = None
    steps: tuple[Step, ...] = ()
    reason: Reason | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    attention: bool = False


@dataclass(frozen=True)
class TotalMME:
    """A patient's prescriptions, each in its place, and what those with a figure come to.

    `mme` is None where there is nothing but refusals.  Where `complete` is false it is a least figure, `sentence` says
    so, and `attention` false does not say that the patient is below 50 MME a day."""

    mme: Decimal | None
    complete: bool
    attention: bool
    sentence: str
    prescriptions: tuple[DailyMME, ...]
    cautions: tuple[str, ...] = CAUTIONS


@dataclass(frozen=True)
class Concurrent:
    """What depresses the central nervous system beside an opioid: each as (place in the list, depressant).

    `unknown` counts the running prescriptions whose drug is not known here: they may be depressants too."""

    opioid: bool
    depressants: tuple[tuple[int, Depressant], ...]
    unknown: int
    sentence: str


def daily_mme(prescription: dict[str, Any]) -> DailyMME:
    """The MME a day of one prescription, or why there is no figure."""
    return _daily(prescription)[0]


def daily_mme_of(prescriptions: Iterable[dict[str, Any]]) -> TotalMME:
    """The MME a day of a patient's prescriptions together; their order does not matter."""
    each = [_daily(prescription) for prescription in prescriptions]
    exact = sum((value for _, value in each), Fraction(0))
    refused = sum(daily.outcome == "refused" for daily, _ in each)
    counted = sum(daily.outcome == "figure" for daily, _ in each)
    mme = None if refused and not counted else _decimal(exact)
    return TotalMME(
        mme, not refused, exact >= ATTENTION_FROM, _sentence(mme, refused), tuple(daily for daily, _ in each)
    )


def depressants(prescriptions: Iterable[dict[str, Any]]) -> Concurrent:
    """The benzodiazepines and other CNS depressants that run beside an opioid, buprenorphine and any that has no figure
    among them; none where no opioid runs.

    Whatever is not surely over counts as running, and an opioid counts also where only its name tells it: a warning too
    many does less harm than one too few.  Source: the guideline's recommendation 11."""
    running = [(place, record) for place, record in enumerate(prescriptions) if _may_run(record)]
    opioid = any(may_be_opioid(record) for _, record in running)
    found = [(place, each) for place, record in running for each in depressants_of(record)]
    unknown = sum(_is_unknown(record) for _, record in running)
    if not opioid:
        return Concurrent(False, (), unknown, "No opioid is known to be running, so nothing is said of depressants.")
    sentence = "With an opioid: no depressant is known to be running."
    if found:
        names = ", ".join(sorted({f"{each.name} ({each.kind})" for _, each in found}))
        sentence = f"With an opioid there runs what depresses the central nervous system too: {names}."
    if unknown:
        sentence += f"  Drugs that are not known here: {unknown}."
    return Concurrent(True, tuple(found), unknown, sentence)


def _daily(prescription: Any) -> tuple[DailyMME, Fraction]:
    """The answer, and its exact figure: sums are made of these."""
    try:
        drug = _counted_drug(prescription)
        if isinstance(drug, DailyMME):
            return drug, Fraction(0)
        steps = [[amount(dosage, drug) for dosage in dosages] for dosages in in_steps(records(prescription, "dosages"))]
    except NoFigure as refused:
        return DailyMME("refused", reason=refused.reason), Fraction(0)
    factor = FACTORS[drug.name]
    exact = max(sum((each.value for each in step), Fraction(0)) for step in steps) * Fraction(factor)
    told = tuple(_step(step, drug.name, factor) for step in steps)
    notes = dict.fromkeys(note for step in told for each in step.parts for note in each.notes)
    if len(told) > 1:
        notes[HIGHEST_STEP] = None
    return DailyMME(
        "figure", _decimal(exact), told, None, tuple(notes), CAUTIONS, attention=exact >= ATTENTION_FROM
    ), exact


def _counted_drug(prescription: Any) -> Drug | DailyMME:
    """The opioid to count, or the answer where there is nothing to count."""
    if not isinstance(prescription, dict) or _kind(prescription) not in ("medication_request", "prescription"):
        raise NoFigure("not-readable")
    if prescription.get("actionable") is False or not_actionable(prescription):
        raise NoFigure("must-not-act")
    status, must_not = prescription.get("status"), prescription.get("must_not_be_given", False)
    if not isinstance(must_not, bool):
        raise NoFigure("not-readable")
    if must_not or status in NOT_COUNTED:
        return _no_figure("not counted", "must-not-be-given" if must_not else "active-only")
    drug = opioid_of(prescription)
    if drug is None:
        return _no_figure("not an opioid", "not-an-opioid")
    if status != "active":
        raise NoFigure("status-not-known")
    return drug


def _kind(prescription: dict[str, Any]) -> Any:
    """What sort of record it is: one of its own, or one that is told inside another."""
    return prescription.get("record", prescription.get("kind"))


def _no_figure(outcome: Outcome, code: str) -> DailyMME:
    return DailyMME(outcome, reason=Reason(code, SENTENCES[code]))


def _step(amounts: list[Amount], drug: str, factor: Decimal) -> Step:
    parts = tuple(
        Part(drug, _decimal(each.value), each.unit, factor, _decimal(each.value * Fraction(factor)), each.notes)
        for each in amounts
    )
    return Step(_decimal(sum((each.value for each in amounts), Fraction(0)) * Fraction(factor)), parts)


def _decimal(value: Fraction) -> Decimal:
    """To twelve digits: exact for every dose that is not a third of something."""
    twelve = Context(prec=12, rounding=ROUND_HALF_UP)
    return Decimal(f"{twelve.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(twelve):f}")


def _sentence(mme: Decimal | None, refused: int) -> str:
    if mme is None:
        return f"No figure; prescriptions that might count and cannot be counted: {refused}."
    if refused:
        return f"Incomplete: at least {mme} MME a day; prescriptions without a figure: {refused}."
    return f"{mme} MME a day."


def _may_run(prescription: Any) -> bool:
    if not isinstance(prescription, dict):
        return False
    return prescription.get("status") not in NOT_COUNTED and prescription.get("must_not_be_given") is not True


def _is_unknown(prescription: dict[str, Any]) -> bool:
    try:
        opioid_of(prescription)
    except NoFigure as refused:
        return refused.reason.code in ("drug-unknown", "not-readable")
    return False
