"""Units as UCUM writes them, by its own examples and by what is often written instead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.issues import Issue
from mappings.r4 import validity
from mappings.r4.ucum import MEND, is_unit
from tests.mappings.r4.not_valid import UCUM, observation

# from the "Table of Example UCUM Codes for Electronic Messaging" 1.5, R4's ucum-common, and the table of units itself
UNITS = [
    "m", "mg", "kg", "dag", "mL", "ml", "cm3", "10*6/L", "10^6/uL", "/min", "1", "%", "mm[Hg]", "cm[H2O]", "[IU]/L",
    "k[IU]/mL", "[in_i'H2O]", "B[10.nV]", "ug/kg/min", "L/(24.h)", "mL/(kg.min)", "10.uN.s/(cm5.m2)", "m/s2", "g.m-2",
    "kg.m.s-2", "m2.kg.s-3.A-1", "Cel", "[degF]", "meq/L", "U/L", "{score}", "{tot}", "mg/{tablet}", "ng/mL{rbc}",
    "g/(8.h){shift}", "/100{WBC}", "{}", "[m/s2/Hz^(1/2)]",
]  # fmt: skip

# what HL7's own examples have in their place, other names of units, and broken grammar
NO_UNITS = [
    "", "mcg", "hr", "IU", "mEq", "tbl", "drop", "ea", "month", "milligram", "mmHg", "m²", "µg", "kgm", "k%", "m.",
    "m..s", "//s", "m/", "(m", "m)", "()", "m{a}{b}", "m{a}2", "2m", "{a b}", "{", "}", "{a{b}}", "[IU", "m s", " m",
    "m\n", "(" * 40 + "m", "m" * 300,
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_of_ucum(unit: str) -> None:
    assert is_unit(unit)
    assert told(unit) == []


@pytest.mark.parametrize("unit", NO_UNITS)
def test_what_is_none(unit: str) -> None:
    assert not is_unit(unit)


@pytest.mark.parametrize("unit", ["mcg", "hr", "IU", "tbl"])
def test_a_quantity_says_it_at_its_code(unit: str) -> None:
    (issue,) = told(unit)
    assert issue == Issue("warning", "code-invalid", "Observation.value.code", MEND)


def test_a_unit_of_another_system_is_not_ours_to_judge() -> None:
    assert validity.check(quantity(system="urn:oid:1.2.3", code="mcg")) == []


def told(unit: str) -> list[Issue]:
    return validity.check(quantity(system=UCUM, code=unit))


def quantity(**more: Any) -> Any:
    return observation(valueQuantity={"value": 1, **more})


@given(st.text("mg/.(){}[]1*^-µ ", max_size=30))
def test_any_text_is_judged(unit: str) -> None:
    assert is_unit(unit) in (True, False)


@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=4), st.sampled_from("./"))
def test_units_joined_are_a_unit(units: list[str], by: str) -> None:
    assert is_unit(by.join(f"({unit})" for unit in units))
