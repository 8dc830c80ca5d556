"""The opioids of a patient in MME: every figure and every refusal by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.opioids import CAUTIONS, HIGHEST_STEP, daily_mme, daily_mme_of, depressants
from mappings.opioids.drugs import FACTORS
from mappings.values import Number
from tests.mappings.prescriptions import (
    BUPRENORPHINE,
    FENTANYL,
    FENTANYL_PATCH_25,
    GTS,
    HYDROCODONE,
    HYDROCODONE_5_WITH_ACETAMINOPHEN,
    IBUPROFEN,
    MORPHINE,
    MORPHINE_SOLUTION_2,
    ORAL,
    OXYCODONE_5,
    OXYCODONE_10_ER,
    PATCH,
    PATCH_ROUTE,
    RXNORM,
    TABLET,
    dosage,
    every,
    mg,
    of,
    prescription,
)

Json = dict[str, Any]
DAILY = every(1)
Q6H = every(6, "h")
ONE_DAILY = dosage(TABLET, DAILY)


def coded(code: str) -> Json:
    return {"code": {"system": GTS, "code": code}}


def step(sequence: int, milligrams: int, **timing: Any) -> Json:
    return dosage(mg(milligrams), every(1, **timing), route=ORAL, sequence=sequence)


def over(value: Json, time: Json) -> Json:
    return {"numerator": value, "denominator": time}


def told_inside(record: Json) -> Json:
    return {"kind": "prescription"} | {name: value for name, value in record.items() if name != "record"}


def a_day(value: Json) -> Json:
    return over(value, of(1, "d"))


FIGURES: list[tuple[str, Json, str]] = [
    ("the guideline's hydrocodone", prescription(HYDROCODONE, dosage(mg(5), every(1, times=4), route=ORAL)), "20"),
    ("the same in tablets", prescription(HYDROCODONE_5_WITH_ACETAMINOPHEN, dosage(TABLET, every(1, times=4))), "20"),
    ("the guideline's oxycodone", prescription(OXYCODONE_10_ER, dosage(TABLET, every(1, times=2))), "30"),
    ("in milligrams of the product", prescription(OXYCODONE_5, dosage(mg(5), every(12, "h"))), "15"),
    ("in micrograms", prescription(MORPHINE, dosage(of(500, "ug"), DAILY, route=ORAL)), "0.5"),
    ("in grams", prescription(MORPHINE, dosage(of(Number("0.010"), "g"), DAILY, route=ORAL)), "10"),
    ("in millilitres", prescription(MORPHINE_SOLUTION_2, dosage(of(Number("2.5"), "mL"), every(4, "h"))), "30"),
    ("a unit only in words", prescription(OXYCODONE_5, dosage({"value": 2, "unit": "Tablets"}, DAILY)), "15"),
    (
        "a form's code as unit",
        prescription(
            OXYCODONE_5,
            dosage(
                {"value": 1, "system": "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm", "code": "TAB"},
                DAILY,
            ),
        ),
        "7.5",
    ),
    ("methadone by one factor", prescription("864706", dosage(TABLET, every(8, "h"))), "141"),
    ("a dose range", prescription(OXYCODONE_5, {"doses": [{"dose_range": {"high": TABLET}}], "timing": Q6H}), "30"),
    ("times from 2 to 4", prescription(OXYCODONE_5, dosage(TABLET, every(1, times=2, times_max=4))), "30"),
    ("every 4 to 6 hours", prescription(OXYCODONE_5, dosage(TABLET, every(4, "h", every_max=6))), "45"),
    ("R4: no times is once", prescription(OXYCODONE_5, dosage(TABLET, {"every": 1, "every_unit": "d"})), "7.5"),
    ("weekly, as an average", prescription(OXYCODONE_5, dosage(TABLET, every(1, "wk", times=7))), "7.5"),
    ("a third a day stays exact", prescription(MORPHINE, dosage(mg(30), every(72, "h"), route=ORAL)), "10"),
    ("BID", prescription(OXYCODONE_5, dosage(TABLET, coded("BID"))), "15"),
    ("QOD", prescription(OXYCODONE_5, dosage(TABLET, coded("QOD"))), "3.75"),
    ("Q4H beside its parts", prescription(OXYCODONE_5, dosage(TABLET, coded("Q4H") | every(4, "h"))), "45"),
    ("hours of the day", prescription(OXYCODONE_5, dosage(TABLET, {"clock_times": ["08:00:00", "20:00:00"]})), "15"),
    ("with every meal", prescription(OXYCODONE_5, dosage(TABLET, every(1, times=3, around=["C"]))), "22.5"),
    ("as needed, all of it", prescription(OXYCODONE_5, dosage(TABLET, Q6H, as_needed=True)), "30"),
    (
        "as needed, by its maximum",
        prescription(OXYCODONE_5, dosage(TABLET, Q6H, as_needed=True, max_per_period=a_day(of(3, "{tbl}")))),
        "22.5",
    ),
    (
        "as needed for pain, only a maximum",
        prescription(
            OXYCODONE_5, dosage(as_needed_for={"text": "pain"}, max_per_period=over(of(2, "{tbl}"), of(12, "h")))
        ),
        "30",
    ),
    (
        "a week's maximum bounds no day",
        prescription(
            OXYCODONE_5,
            dosage(TABLET, Q6H, as_needed=True, max_per_period=over(of(7, "{tbl}"), of(1, "wk"))),
        ),
        "30",
    ),
    (
        "a maximum beside a schedule",
        prescription(OXYCODONE_5, dosage(TABLET, Q6H, max_per_period=a_day(of(2, "{tbl}")))),
        "30",
    ),
    ("told inside another record", told_inside(prescription(OXYCODONE_5, ONE_DAILY)), "7.5"),
    ("dosages side by side", prescription(OXYCODONE_5, ONE_DAILY, dosage(TABLET, every(1, times=2))), "22.5"),
    ("of one number", prescription(MORPHINE, step(1, 15), step(1, 30)), "45"),
    (
        "steps: the highest",
        prescription(MORPHINE, step(1, 30, for_duration=of(7, "d")), step(2, 60, for_duration=of(7, "d")), step(3, 15)),
        "60",
    ),
    ("a patch is not divided", prescription(FENTANYL_PATCH_25, dosage(PATCH, every(72, "h"))), "60"),
    ("two patches at once", prescription(FENTANYL_PATCH_25, dosage(PATCH | {"value": 2}, every(3))), "120"),
    ("a patch by its rate", prescription(FENTANYL, dosage(of(50, "ug/h"), every(3), route=PATCH_ROUTE)), "120"),
    (
        "a rate beside the patch",
        prescription(
            FENTANYL_PATCH_25,
            {"doses": [{"dose": PATCH, "rate": over(of(25, "ug"), of(1, "h"))}], "timing": every(3)},
        ),
        "60",
    ),
    (
        "a product in its own record, with what is in it",
        prescription(
            HYDROCODONE_5_WITH_ACETAMINOPHEN,
            ONE_DAILY,
            medication={"ingredients": [{"substance": {"system": RXNORM, "code": each}} for each in ("161", "5489")]},
        ),
        "5",
    ),
]


@pytest.mark.parametrize(("record", "figure"), [pytest.param(*case[1:], id=case[0]) for case in FIGURES])
def test_a_figure(record: Json, figure: str) -> None:
    daily = daily_mme(record)
    assert (daily.reason, daily.mme) == (None, Decimal(figure))
    assert daily.cautions == CAUTIONS


def test_the_factors_are_those_of_2022() -> None:
    said = "codeine .15 fentanyl 2.4 hydrocodone 1 hydromorphone 5 methadone 4.7 morphine 1 oxycodone 1.5 oxymorphone 3"
    words = f"{said} tapentadol .4 tramadol .2".split()
    assert dict(zip(words[::2], map(Decimal, words[1::2]), strict=True)) == FACTORS


def test_the_arithmetic_is_told() -> None:
    (only,) = daily_mme(prescription(OXYCODONE_5, dosage(TABLET, Q6H, as_needed=True))).steps
    (told,) = only.parts
    assert (told.drug, told.unit) == ("oxycodone", "mg/d")
    assert (f"{told.amount}", f"{told.factor}", f"{told.mme}") == ("20", "1.5", "30")
    assert told.notes == ("Taken as needed: counted as if every dose of the schedule were taken.",)


def test_steps_are_told_each_with_its_figure() -> None:
    first, second = (
        {"during": {"start": "2026-11-02", "end": "2026-11-08"}},
        {"during": {"start": "2026-11-09"}},
    )
    daily = daily_mme(prescription(MORPHINE, step(2, 15, **second), step(1, 30, **first)))
    assert [each.mme for each in daily.steps] == [30, 15]
    assert daily.mme == 30
    assert HIGHEST_STEP in daily.notes


@pytest.mark.parametrize(("milligrams", "attention"), [(49, False), (50, True), (51, True)])
def test_attention_from_50_mme_a_day(milligrams: int, attention: bool) -> None:
    record = prescription(MORPHINE, dosage(mg(milligrams), DAILY, route=ORAL))
    assert daily_mme(record).attention is attention
    assert daily_mme_of([record]).attention is attention


def test_an_attention_that_only_the_sum_deserves() -> None:
    half = prescription(MORPHINE, dosage(mg(25), DAILY, route=ORAL))
    assert not daily_mme(half).attention
    total = daily_mme_of([half, half])
    assert total.mme == 50
    assert (total.attention, total.complete, total.sentence) == (True, True, "50 MME a day.")


def test_a_total_with_a_refusal_says_that_it_is_incomplete() -> None:
    total = daily_mme_of([prescription(OXYCODONE_5, ONE_DAILY), prescription(BUPRENORPHINE), prescription(IBUPROFEN)])
    assert (total.mme, total.complete) == (Decimal("7.5"), False)
    assert total.sentence == "Incomplete: at least 7.5 MME a day; prescriptions without a figure: 1."
    assert [daily.outcome for daily in total.prescriptions] == ["figure", "refused", "not an opioid"]


def test_nothing_but_refusals_is_no_zero() -> None:
    total = daily_mme_of([prescription(BUPRENORPHINE)])
    assert (total.mme, total.complete) == (None, False)
    assert daily_mme_of([prescription(IBUPROFEN)]).mme == 0


LORAZEPAM, GABAPENTIN_300, ZOLPIDEM_10, CODEINE_WITH_CARISOPRODOL, METHAMPHETAMINE_5 = (
    *("6470", "310431", "854873", "994226", "977860"),
)


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        ([OXYCODONE_5, LORAZEPAM], ["lorazepam"]),
        ([BUPRENORPHINE, "104699"], ["diazepam 2 MG Oral Tablet [Valium]"]),
        (["861455", GABAPENTIN_300], ["gabapentin 300 MG Oral Capsule"]),
        ([OXYCODONE_5, ZOLPIDEM_10], ["zolpidem tartrate 10 MG Oral Tablet"]),
        ([CODEINE_WITH_CARISOPRODOL], ["carisoprodol"]),
        ([OXYCODONE_5, METHAMPHETAMINE_5, IBUPROFEN], []),
        ([LORAZEPAM, GABAPENTIN_300], []),
    ],
)
def test_a_depressant_is_named_beside_an_opioid_whether_or_not_that_has_a_figure(
    codes: list[str], names: list[str]
) -> None:
    concurrent = depressants([prescription(code) for code in codes])
    assert [each.name for _, each in concurrent.depressants] == names
    assert all(name in concurrent.sentence for name in names)


def test_what_is_over_is_not_concurrent_and_what_is_not_known_is_counted() -> None:
    over_ = prescription(LORAZEPAM, status="stopped")
    named = prescription("none", drug={"text": "Oxycodone 5 mg"}, status="unknown")
    concurrent = depressants([over_, named, prescription("0")])
    assert (concurrent.opioid, concurrent.depressants, concurrent.unknown) == (True, (), 2)
    assert not depressants([prescription(OXYCODONE_5, must_not_be_given=True), prescription(LORAZEPAM)]).opioid
