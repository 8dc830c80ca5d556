"""What holds of every list of prescriptions: no exception, no total silently lower, and the order does not matter."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.opioids import daily_mme, daily_mme_of, depressants
from mappings.values import Number
from tests.mappings.prescriptions import (
    FENTANYL_PATCH_25,
    MORPHINE,
    ORAL,
    OXYCODONE,
    OXYCODONE_5,
    PATCH,
    RXNORM,
    TABLET,
    dosage,
    every,
    mg,
    prescription,
)
from tests.mappings.test_opioid_refusals import CASES
from tests.mappings.test_opioids import FIGURES

Json = dict[str, Any]
named = st.sampled_from([record for _, _, record in CASES] + [record for _, record, _ in FIGURES])

amounts = st.integers(1, 400).map(lambda n: Number(f"{n / 4}"))
schedules = st.builds(every, st.integers(1, 72), st.sampled_from(["h", "d"]), times=st.integers(1, 8))
counted = st.one_of(
    st.builds(lambda dose, when: prescription(MORPHINE, dosage(mg(dose), when, route=ORAL)), amounts, schedules),
    st.builds(
        lambda dose, when: prescription(OXYCODONE_5, dosage({**TABLET, "value": dose}, when)), amounts, schedules
    ),
    st.builds(lambda n: prescription(FENTANYL_PATCH_25, dosage(PATCH | {"value": n}, every(3))), st.integers(1, 4)),
)
rubbish = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.sampled_from(["", "mg", "active", "unknown", "NaN", "h", RXNORM, OXYCODONE, Number("-0"), Number("1e-400")]),
    st.sampled_from([Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), 10**40]),
    st.lists(st.sampled_from([{}, [], "x", None, {"value": 1}]), max_size=2),
    st.dictionaries(st.sampled_from(["code", "system", "value", "also", "high", "start"]), st.text(max_size=3)),
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A prescription of the table, of which one to three parts are gone, or something else."""
    record: Any = copy.deepcopy(draw(st.one_of(named, counted)))
    for _ in range(draw(st.integers(1, 3))):
        at = record
        while isinstance(at, dict | list) and at:
            name = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if not isinstance(at[name], dict | list) or not at[name] or draw(st.integers(0, 2)) == 0:
                at[name] = draw(rubbish)
                break
            at = at[name]
    return record


@given(st.lists(st.one_of(damaged(), rubbish), max_size=3))
def test_nothing_in_a_record_is_an_exception(prescriptions: list[Any]) -> None:
    total = daily_mme_of(prescriptions)
    depressants(prescriptions)
    assert total.complete is not any(daily.outcome == "refused" for daily in total.prescriptions)
    assert all((daily.mme is None) is (daily.reason is not None) for daily in total.prescriptions)


@given(counted, amounts, st.integers(1, 9))
def test_more_or_more_often_is_never_less(record: Json, more: Number, times: int) -> None:
    (only,) = record["dosages"]
    before = daily_mme(record).mme
    only["doses"][0]["dose"]["value"] += more
    dose_raised = daily_mme(record).mme
    only["timing"]["times"] += times
    often = daily_mme(record)
    assert before is not None
    assert dose_raised is not None
    assert before < dose_raised
    assert often.reason is not None or (often.mme is not None and dose_raised <= often.mme)


@given(
    st.lists(st.one_of(counted, damaged()), max_size=5).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_the_order_does_not_matter(lists: tuple[list[Json], list[Json]]) -> None:
    first, second = map(daily_mme_of, lists)
    assert (first.mme, first.complete, first.attention, first.sentence) == (
        second.mme,
        second.complete,
        second.attention,
        second.sentence,
    )
    assert depressants(lists[0]).sentence == depressants(lists[1]).sentence


@given(st.lists(counted, min_size=1, max_size=3), named)
def test_one_more_never_lowers_a_total_without_a_sign(records: list[Json], other: Json) -> None:
    alone, together, added = daily_mme_of(records), daily_mme_of([*records, other]), daily_mme(other)
    assert alone.mme is not None
    assert together.mme is not None
    assert abs(together.mme - alone.mme - (added.mme or 0)) < Decimal("1e-6")
    assert together.complete is (added.outcome != "refused")
    assert together.complete or "Incomplete" in together.sentence
