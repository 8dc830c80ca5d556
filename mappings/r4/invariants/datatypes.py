"""Invariants of the data types."""

from __future__ import annotations

from mappings.r4.invariants.reading import Node, each, has, has_choice, invariant, not_after
from mappings.r4.ucum import UCUM
from mappings.r4.xhtml import has_content, is_basic
from mappings.values import Json, Number

_CURRENCY = "urn:iso:std:iso:4217"


@invariant("per-1", "Let the period end when it starts or later, or leave the wrong end out.")
def per_1(period: Node) -> bool:
    return not ("start" in period and "end" in period) or not_after(period["start"], period["end"])


@invariant("rng-2", "Write the lower value as low and the higher as high.")
def rng_2(range_: Node) -> bool:
    low, high = range_.get("low", {}), range_.get("high", {})
    if "value" not in low or "value" not in high or not _of_one_unit(low, high):
        return True
    return bool(low["value"] <= high["value"])


def _of_one_unit(low: Node, high: Node) -> bool:
    """Amounts in different units are not compared: that is for who knows the units."""
    return all(low.get(name) == high.get(name) for name in ("system", "code")) and (
        "code" in low or low.get("unit") == high.get("unit")
    )


@invariant("rat-1", "Give numerator and denominator, or neither and an extension instead.")
def rat_1(ratio: Node) -> bool:
    both_or_none = ("numerator" in ratio) == ("denominator" in ratio)
    return both_or_none and ("numerator" in ratio or "extension" in ratio)


@invariant("qty-3", "Add the system of the unit's code (http://unitsofmeasure.org for UCUM).")
def qty_3(quantity: Node) -> bool:
    return not has(quantity, "code") or has(quantity, "system")


def _measured_in(quantity: Node, system: str) -> bool:
    """A value has a code, and the code is of this system."""
    return (has(quantity, "code") or not has(quantity, "value")) and (
        not has(quantity, "system") or quantity.get("system") == system
    )


@invariant("age-1", "Give a positive value with its UCUM code (a for years) and system.")
def age_1(age: Node) -> bool:
    return _measured_in(age, UCUM) and ("value" not in age or age["value"] > 0)


@invariant("cnt-3", 'Give a whole number with the code "1" and the system of UCUM.')
def cnt_3(count: Node) -> bool:
    is_one = not has(count, "code") or count.get("code") == "1"
    return _measured_in(count, UCUM) and is_one and "." not in _written(count.get("value", 0))


def _written(number: Json) -> str:
    return number.text if isinstance(number, Number) else str(number)


@invariant("dis-1", "Give the UCUM code of a length (m, cm) and its system.")
def dis_1(distance: Node) -> bool:
    return _measured_in(distance, UCUM)


@invariant("drt-1", "Give a value with its UCUM code (min, h, d, wk, mo, a) and system.")
def drt_1(duration: Node) -> bool:
    return not has(duration, "code") or (duration.get("system") == UCUM and has(duration, "value"))


@invariant("mqty-1", "Give the currency's code of ISO 4217 and the system urn:iso:std:iso:4217.")
def mqty_1(money: Node) -> bool:
    return _measured_in(money, _CURRENCY)


@invariant("att-1", "Say with contentType what the data is, such as application/pdf.")
def att_1(attachment: Node) -> bool:
    return not has(attachment, "data") or has(attachment, "contentType")


@invariant("cpt-2", "Say with system what it is: phone, email, fax ...")
def cpt_2(contact_point: Node) -> bool:
    return not has(contact_point, "value") or has(contact_point, "system")


@invariant("exp-1", "Write the expression, or where it is to be found.")
def exp_1(expression: Node) -> bool:
    return has(expression, "expression", "reference")


@invariant("drq-1", "Give path or searchParam, one of the two.")
def drq_1(code_filter: Node) -> bool:
    return has(code_filter, "path") != has(code_filter, "searchParam")


@invariant("drq-2", "Give path or searchParam, one of the two.")
def drq_2(date_filter: Node) -> bool:
    return has(date_filter, "path") != has(date_filter, "searchParam")


@invariant("trd-1", "Leave out data or timing.")
def trd_1(trigger: Node) -> bool:
    return not has(trigger, "data") or not has_choice(trigger, "timing")


@invariant("trd-2", "Add the data that the condition is about, or leave it out.")
def trd_2(trigger: Node) -> bool:
    return not has(trigger, "condition") or has(trigger, "data")


@invariant("trd-3", "Give what this type of trigger needs: name, timing or data.")
def trd_3(trigger: Node) -> bool:
    kind = trigger.get("type", "")
    if kind == "named-event":
        return has(trigger, "name")
    if kind == "periodic":
        return has_choice(trigger, "timing")
    return not kind.startswith("data-") or has(trigger, "data")


@invariant("txt-1", "Write well-formed XHTML of text, tables, lists, links and images: no scripts, forms or frames.")
def txt_1(div: str) -> bool:
    return is_basic(div)


@invariant("txt-2", "Write something into the div, or leave the narrative out.")
def txt_2(div: str) -> bool:
    return has_content(div)


@invariant("tim-1", "Add durationUnit.")
def tim_1(repeat: Node) -> bool:
    return not has(repeat, "duration") or has(repeat, "durationUnit")


@invariant("tim-2", "Add periodUnit.")
def tim_2(repeat: Node) -> bool:
    return not has(repeat, "period") or has(repeat, "periodUnit")


@invariant("tim-4", "Write the duration without its sign.")
def tim_4(repeat: Node) -> bool:
    return bool(repeat.get("duration", 0) >= 0)


@invariant("tim-5", "Write the period without its sign.")
def tim_5(repeat: Node) -> bool:
    return bool(repeat.get("period", 0) >= 0)


@invariant("tim-6", "Add period, the shortest it may be.")
def tim_6(repeat: Node) -> bool:
    return not has(repeat, "periodMax") or has(repeat, "period")


@invariant("tim-7", "Add duration, the shortest it may be.")
def tim_7(repeat: Node) -> bool:
    return not has(repeat, "durationMax") or has(repeat, "duration")


@invariant("tim-8", "Add count, the fewest it may be.")
def tim_8(repeat: Node) -> bool:
    return not has(repeat, "countMax") or has(repeat, "count")


@invariant("tim-9", "Add when, before or after an event (AC, PC, HS ...), or leave the offset out.")
def tim_9(repeat: Node) -> bool:
    return not has(repeat, "offset") or (
        has(repeat, "when") and {"C", "CM", "CD", "CV"}.isdisjoint(each(repeat, "when"))
    )


@invariant("tim-10", "Leave out timeOfDay or when.")
def tim_10(repeat: Node) -> bool:
    return not has(repeat, "timeOfDay") or not has(repeat, "when")
