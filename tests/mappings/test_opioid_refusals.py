"""Opioids that have no figure: each reason by name."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.opioids import daily_mme, daily_mme_of
from mappings.opioids.refusals import SENTENCES
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
    ORAL,
    OXYCODONE,
    OXYCODONE_5,
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
MODIFIED = {"modifier_extensions": [{"url": "urn:x", "valueBoolean": True}]}
INTRATHECAL = {"system": "http://snomed.info/sct", "code": "72607000"}


def oxycodone(*dosages: Json, **more: Any) -> Json:
    return prescription(OXYCODONE_5, *(dosages or (dosage(TABLET, DAILY),)), **more)


def dosed(dose: Json, **more: Any) -> Json:
    return oxycodone(dosage(dose, DAILY), **more)


def timed(timing: Json, **more: Any) -> Json:
    return oxycodone(dosage(TABLET, timing, **more))


def coded(*codes: str) -> Json:
    first, *rest = ({"system": GTS, "code": code} for code in codes)
    return {"code": first | ({"also": rest} if rest else {})}


def named(*codes: str, **more: Any) -> Json:
    first, *rest = ({"system": RXNORM, "code": code} for code in codes)
    return oxycodone(drug={**first, "also": rest, **more})


def in_range(**ends: Json) -> Json:
    return oxycodone({"doses": [{"dose_range": ends}], "timing": DAILY})


def by_mouth(code: str, dose: Json, **more: Any) -> Json:
    return prescription(code, dosage(dose, DAILY, route=ORAL, **more))


def steps(*timings: Json) -> Json:
    return oxycodone(*(dosage(TABLET, DAILY | more, sequence=n) for n, more in enumerate(timings, 1)))


CASES: list[tuple[str, str, Json]] = [
    *(("active-only", status, oxycodone(status=status)) for status in ("draft", "on-hold", "stopped", "completed")),
    *(("active-only", status, oxycodone(status=status)) for status in ("cancelled", "entered-in-error")),
    ("must-not-be-given", "", oxycodone(must_not_be_given=True)),
    ("not-an-opioid", "an ingredient", prescription(IBUPROFEN)),
    ("not-an-opioid", "a product", prescription("197806")),
    ("not-an-opioid", "naloxone", prescription("1725059")),
    ("not-an-opioid", "a benzodiazepine", prescription("104699")),
    ("not-an-opioid", "a stimulant", prescription("977860")),
    ("not-an-opioid", "in its own record", oxycodone(drug={}, medication={"drug": prescription("5640")["drug"]})),
    ("not-readable", "another record", oxycodone(record="referral")),
    ("not-readable", "no list", oxycodone() | {"dosages": {}}),
    ("not-readable", "a drug that is a word", oxycodone(drug="oxycodone")),
    ("not-readable", "a dosage that is a word", oxycodone() | {"dosages": ["one"]}),
    ("not-readable", "a word that is neither yes nor no", oxycodone(must_not_be_given="no")),
    ("not-readable", "as needed, in words", timed(DAILY, as_needed="yes")),
    ("must-not-act", "as it was read", oxycodone(actionable=False)),
    ("must-not-act", "as it stands", oxycodone(dosage(TABLET, DAILY, **MODIFIED))),
    ("status-not-known", "", oxycodone(status="unknown")),
    ("status-not-known", "none", {name: value for name, value in oxycodone().items() if name != "status"}),
    ("drug-unknown", "a code", named("1")),
    ("drug-unknown", "text only", oxycodone(drug={"text": "oxycodone 5 mg"})),
    ("drug-unknown", "a pointer", {**oxycodone(drug={}), "medication": {"ref": "Medication/1"}}),
    ("drug-unknown", "another system's code", oxycodone(drug={"system": "urn:x", "code": OXYCODONE_5})),
    ("drug-unknown", "acetaminophen, and what else?", named("161", "1")),
    ("drug-contradictory", "two opioids", named(OXYCODONE, MORPHINE)),
    ("drug-contradictory", "two strengths", named(OXYCODONE_5, "1049683")),
    ("drug-contradictory", "opioid or not", named(OXYCODONE, IBUPROFEN)),
    ("drug-contradictory", "its name is another", named(OXYCODONE_5, text="Morphine 15 mg")),
    ("drug-contradictory", "its name is an opioid's", named("161", text="acetaminophen with codeine")),
    (
        "drug-contradictory",
        "an opioid is in it",
        named(IBUPROFEN) | {"medication": {"ingredients": [{"substance": {"system": RXNORM, "code": HYDROCODONE}}]}},
    ),
    ("buprenorphine", "", prescription(BUPRENORPHINE)),
    ("buprenorphine", "a patch", prescription("904870", dosage(PATCH, every(7)))),
    ("no-factor", "meperidine", prescription("861467", dosage(TABLET, DAILY))),
    ("no-factor", "levorphanol", by_mouth("6378", mg(2))),
    ("no-factor", "pentazocine", by_mouth("8001", mg(50))),
    ("no-factor", "butorphanol", prescription("886634")),
    ("no-factor", "dihydrocodeine", prescription("1236179", dosage(TABLET, DAILY))),
    ("strength-not-known", "an ingredient's tablet", by_mouth(OXYCODONE, TABLET)),
    ("strength-not-known", "a name that was not read", prescription("637540", dosage(TABLET, DAILY))),
    ("route-not-covered", "an injection", prescription("892531", dosage(of(1, "mL"), DAILY))),
    ("route-not-covered", "a suppository", prescription("892516", dosage(mg(10), DAILY))),
    (
        "route-not-covered",
        "intrathecal",
        by_mouth(MORPHINE, mg(1)) | {"dosages": [dosage(mg(1), DAILY, route=INTRATHECAL)]},
    ),
    ("route-not-covered", "in words", oxycodone(dosage(TABLET, DAILY, route={"text": "by mouth"}))),
    ("route-not-covered", "two routes", oxycodone(dosage(TABLET, DAILY, route=ORAL | {"also": [PATCH_ROUTE]}))),
    ("route-not-covered", "morphine through the skin", prescription(MORPHINE, dosage(mg(1), DAILY, route=PATCH_ROUTE))),
    ("fentanyl-not-patch", "a lozenge", prescription("261106", dosage(mg(1), DAILY))),
    ("fentanyl-not-patch", "a spray", prescription("1237050", dosage(mg(1), DAILY))),
    ("fentanyl-not-patch", "by mouth", by_mouth(FENTANYL, mg(1))),
    ("fentanyl-not-patch", "a patch with a button", prescription("1666831", dosage(of(25, "ug/h"), every(3)))),
    ("route-not-said", "", prescription(MORPHINE, dosage(mg(15), DAILY))),
    ("route-contradictory", "", oxycodone(dosage(TABLET, DAILY, route=PATCH_ROUTE))),
    ("no-dosage", "", oxycodone() | {"dosages": []}),
    ("text-only", "", oxycodone(dosage(text="one tablet twice a day"))),
    ("no-dose", "", timed(DAILY) | {"dosages": [dosage(timing=DAILY)]}),
    ("no-dose", "a rate by mouth", oxycodone({"doses": [{"rate_quantity": of(1, "mg/h")}], "timing": DAILY})),
    ("no-dose", "no value", dosed({"unit": "tablet"})),
    ("no-dose", "a patch", prescription(FENTANYL_PATCH_25, dosage(timing=every(3)))),
    ("no-upper-end", "", in_range(low=TABLET)),
    ("no-upper-end", "turned round", in_range(low=of(3, "{tbl}"), high=of(2, "{tbl}"))),
    ("no-upper-end", "more than", dosed(TABLET | {"comparator": ">"})),
    ("doses-contradictory", "", oxycodone({"doses": [{"dose": TABLET}, {"dose": mg(10)}], "timing": DAILY})),
    *(("number-not-usable", f"{bad}", dosed(mg(bad))) for bad in (0, -5, True, "5", 0.5, Number("1e400"), None)),
    ("number-not-usable", "never", timed(every(1, times=0))),
    ("number-not-usable", "every 0 days", timed(every(0))),
    ("number-not-usable", "a negative end", in_range(low=mg(-1), high=mg(5))),
    ("unit-not-understood", "", dosed({"value": 1})),
    ("unit-not-understood", "a word", dosed({"value": 1, "unit": "dose"})),
    ("unit-not-understood", "no system", dosed({"value": 1, "unit": "mg", "code": "mg"})),
    (
        "unit-not-understood",
        "a rate of tablets",
        prescription(
            FENTANYL,
            dosage(
                timing=every(3), route=PATCH_ROUTE, doses=[{"rate": {"numerator": TABLET, "denominator": of(1, "h")}}]
            ),
        ),
    ),
    (
        "unit-not-understood",
        "a maximum in no time",
        timed(DAILY, as_needed=True, max_per_period={"numerator": TABLET, "denominator": mg(1)}),
    ),
    ("unit-not-understood", "by weight", dosed(of(1, "mg/kg"))),
    ("unit-contradictory", "", dosed(mg(5) | {"unit": "tablet"})),
    ("unit-not-for-product", "a capsule of tablets", dosed(of(1, "{capsule}"))),
    ("unit-not-for-product", "mL of tablets", dosed(of(1, "mL"))),
    ("unit-not-for-product", "mg of a patch", prescription(FENTANYL_PATCH_25, dosage(mg(1), every(3)))),
    ("milligrams-of-which", "", prescription(HYDROCODONE_5_WITH_ACETAMINOPHEN, dosage(mg(325), DAILY))),
    ("no-timing", "", oxycodone(dosage(TABLET))),
    ("no-timing", "a patch", prescription(FENTANYL_PATCH_25, dosage(PATCH))),
    ("not-a-daily-frequency", "at bedtime only", timed({"around": ["HS"]})),
    ("not-a-daily-frequency", "before meals, once?", timed(every(1, around=["AC"]))),
    ("not-a-daily-frequency", "a month is no number of days", timed(every(1, "mo"))),
    ("not-a-daily-frequency", "some days", timed({"days": ["mon"], "clock_times": ["08:00:00"]})),
    ("not-a-daily-frequency", "once", timed({"at_times": ["2026-11-23T08:00:00Z"]})),
    ("not-a-daily-frequency", "a code that fixes none", timed(coded("BED"))),
    ("not-a-daily-frequency", "times in no time", timed({"times": 2})),
    ("not-a-daily-frequency", "words", timed({"code": {"text": "twice a day"}})),
    ("timing-contradictory", "code and parts", timed(coded("BID") | every(1, times=3))),
    ("timing-contradictory", "two codes", timed(coded("AM", "PM"))),
    ("timing-contradictory", "times and hours", timed(every(1, clock_times=["08:00:00", "20:00:00"]))),
    ("timing-contradictory", "a range turned round", timed(every(1, times=4, times_max=2))),
    ("as-needed-without-maximum", "", oxycodone(dosage(TABLET, as_needed=True))),
    ("as-needed-without-maximum", "for pain, at bedtime", timed({"around": ["HS"]}, as_needed_for={"text": "pain"})),
    (
        "maximum-contradictory",
        "",
        timed(DAILY, as_needed=True, max_per_period={"numerator": mg(1), "denominator": of(1, "d")}),
    ),
    ("patch-change-not-clear", "daily", prescription(FENTANYL_PATCH_25, dosage(PATCH, DAILY))),
    ("steps-not-clear", "no ends", steps({}, {})),
    ("steps-not-clear", "at one time", steps(*[{"during": {"start": "2026-11-01", "end": "2026-11-30"}}] * 2)),
    ("steps-not-clear", "some numbered", oxycodone(dosage(TABLET, DAILY), dosage(TABLET, DAILY, sequence=1))),
]


@pytest.mark.parametrize(
    ("code", "record"), [pytest.param(code, record, id=f"{code} {why}".strip()) for code, why, record in CASES]
)
def test_a_reason_in_words(code: str, record: Json) -> None:
    daily = daily_mme(record)
    assert daily.reason is not None
    assert (daily.reason.code, daily.mme) == (code, None)
    assert daily.reason.sentence == SENTENCES[code]
    total = daily_mme_of([record, prescription(MORPHINE, dosage(mg(15), DAILY, route=ORAL))])
    assert total.mme == 15
    assert total.complete is (daily.outcome != "refused")


def test_every_reason_has_a_case() -> None:
    assert {code for code, _, _ in CASES} == SENTENCES.keys()
