"""How much of an opioid one dosage comes to: milligrams a day by mouth, or micrograms an hour from the patches worn.

A dose counts by its upper end, and one as needed as if all of it were taken; every such choice is told in a note.  A
unit is decided by its system and code; one without a code only by a short list of written words.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mappings.opioids.drugs import Drug, Product
from mappings.opioids.refusals import NoFigure, part, records
from mappings.opioids.timing import DAYS, number, times_a_day
from mappings.r4.ucum import UCUM

DRUG_FORM = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"
SNOMED = "http://snomed.info/sct"

ROUTES = {"26643006": "oral", "45890007": "transdermal"}
"""SNOMED CT: in HL7's R4 4.0.1 examples (Bundle-valueset-expansions) and in the guide github.com/ONCOFAIR."""

_WRITTEN = {
    "mg": "mg milligram milligrams",
    "ug": "ug µg mcg microgram micrograms",
    "g": "g gram grams",
    "mL": "ml milliliter milliliters millilitre millilitres",
    "ug/h": "ug/h µg/h mcg/h ug/hr µg/hr mcg/hr",
    "mg/h": "mg/h mg/hr",
    "Tablet": "tablet tablets tab tabs tablet(s)",
    "Capsule": "capsule capsules cap caps capsule(s)",
    "Transdermal System": "patch patches patch(es)",
    "h": "h hr hrs hour hours",
    "min": "min minute minutes",
    "d": "d day days",
    "wk": "wk week weeks",
}
WORDS = {word: unit for unit, words in _WRITTEN.items() for word in words.split()}
"""Written units, in small letters, and what they mean."""

CODES = {
    **{(UCUM, code): code for code in ("mg", "ug", "g", "mL", "ug/h", "mg/h", "h", "min", "d", "wk")},
    (UCUM, "ml"): "mL",
    (UCUM, "mcg"): "ug",  # no UCUM, and often sent as if it were
    (UCUM, "mcg/h"): "ug/h",
    **{(UCUM, f"{{{word}}}"): "Tablet" for word in ("tbl", "tab", "tablet", "tablets")},
    **{(UCUM, f"{{{word}}}"): "Capsule" for word in ("cap", "capsule", "capsules")},
    **{(UCUM, f"{{{word}}}"): "Transdermal System" for word in ("patch", "patches")},
    **{(DRUG_FORM, code): "Tablet" for code in ("TAB", "ORTAB", "ERTAB", "ERTAB12", "ERTAB24")},
    **{(DRUG_FORM, code): "Capsule" for code in ("CAP", "ORCAP", "ERCAP", "ERCAP12", "ERCAP24")},
    **{(DRUG_FORM, code): "Transdermal System" for code in ("PATCH", "TPATCH", "TPATH72")},
}
"""UCUM (what stands in braces is a note, and these are the ones in use), and R4's CodeSystem v3-orderableDrugForm."""

_IN_MILLIGRAMS = {"mg": Fraction(1), "ug": Fraction(1, 1000), "g": Fraction(1000)}
_IN_MICROGRAMS_AN_HOUR = {"ug/h": Fraction(1), "mg/h": Fraction(1000)}
_MOST_CHANGES_A_DAY = Fraction(
    1, 2
)  # Duragesic prescribing information (DailyMed): a patch for 72 hours, for some patients for 48

UPPER_END = "The dose is a range: counted by its upper end."
AS_NEEDED = "Taken as needed: counted as if every dose of the schedule were taken."
MAXIMUM_TOO = "A maximum is stated too, and not used: counted by the schedule."
BY_MAXIMUM = "Taken as needed: counted by the stated maximum."
PATCH = "A patch is worn all the time: counted by what is worn at once, not divided by the time between changes."


@dataclass(frozen=True)
class Amount:
    """What one dosage comes to: `unit` is mg/d, or ug/h for patches."""

    value: Fraction
    unit: str
    notes: tuple[str, ...]


def amount(dosage: dict[str, Any], drug: Drug) -> Amount:
    """What a dosage of this opioid comes to, the most that it allows; NoFigure if that cannot be told exactly."""
    spoken = dosage.get("text") or dosage.get("instructions_for_patient")
    if spoken and not any(name in dosage for name in ("timing", "doses", "max_per_period")):
        raise NoFigure("text-only")
    if _route(dosage, drug) == "transdermal":
        return _worn(dosage, drug)
    return _taken(dosage, drug)


def _route(dosage: dict[str, Any], drug: Drug) -> str:
    """oral, or transdermal of fentanyl: as the dosage says, else as the product's form does."""
    said = _said_route(part(dosage, "route"))
    own = drug.product.route if drug.product else ""
    if drug.name == "fentanyl" and {said, own} & {"oral", "another way"}:
        raise NoFigure("fentanyl-not-patch")
    if own == "another way":
        raise NoFigure("route-not-covered")
    if said and own and said != own:
        raise NoFigure("route-contradictory")
    if not said and not own:
        raise NoFigure("route-not-said")
    if (said or own) == "transdermal" and drug.name != "fentanyl":
        raise NoFigure("route-not-covered")
    return said or own


def _said_route(concept: dict[str, Any]) -> str:
    if not concept:
        return ""
    codings = [concept, *records(concept, "also")]
    codes = {f"{coding.get('code')}" for coding in codings if coding.get("system") == SNOMED}
    if len(codes) != 1 or not codes <= ROUTES.keys():
        raise NoFigure("route-not-covered")
    return ROUTES[codes.pop()]


def _taken(dosage: dict[str, Any], drug: Drug) -> Amount:
    notes: list[str] = []
    doses = {_milligrams(*dose, drug) for dose in _doses(dosage, notes)}
    if len(doses) > 1:
        raise NoFigure("doses-contradictory")
    dose = doses.pop() if doses else None
    as_needed = _as_needed(dosage)
    if as_needed and (maximum := _maximum_a_day(dosage, drug)):
        if dose and maximum < dose:
            raise NoFigure("maximum-contradictory")
        return Amount(maximum, "mg/d", (BY_MAXIMUM,))
    if dose is None:
        raise NoFigure("no-dose")
    try:
        times, more = times_a_day(part(dosage, "timing"))
    except NoFigure as refused:
        unbounded = refused.reason.code in ("no-timing", "not-a-daily-frequency")
        raise NoFigure("as-needed-without-maximum") if as_needed and unbounded else refused from None
    if as_needed:
        more.append(AS_NEEDED)
    elif "max_per_period" in dosage:
        more.append(MAXIMUM_TOO)
    return Amount(dose * times, "mg/d", (*notes, *more))


def _worn(dosage: dict[str, Any], drug: Drug) -> Amount:
    notes: list[str] = []
    as_needed = _as_needed(dosage)
    doses = {_micrograms_an_hour(*dose, drug) for dose in _doses(dosage, notes, rates=True)}
    if len(doses) != 1:
        raise NoFigure("doses-contradictory" if doses else "no-dose")
    if drug.product and drug.product.unit != "mg/h":  # a patch that gives a dose when its button is pressed
        raise NoFigure("fentanyl-not-patch")
    times, _ = times_a_day(part(dosage, "timing"))
    if times > _MOST_CHANGES_A_DAY:
        raise NoFigure("patch-change-not-clear")
    return Amount(doses.pop(), "ug/h", (*notes, PATCH, *([AS_NEEDED] if as_needed else [])))


def _as_needed(dosage: dict[str, Any]) -> bool:
    said = dosage.get("as_needed", False)
    if not isinstance(said, bool):
        raise NoFigure("not-readable")
    return said or "as_needed_for" in dosage


def _doses(dosage: dict[str, Any], notes: list[str], rates: bool = False) -> list[tuple[Fraction, str]]:
    """Every dose that is stated, as a number and its unit; a rate only where RATES are wanted."""
    found = []
    for given in records(dosage, "doses"):
        if not rates and any(name in given for name in ("rate", "rate_range", "rate_quantity")):
            raise NoFigure("no-dose")
        found += [_quantity(part(given, name)) for name in ("dose", "rate_quantity") if name in given]
        ranges = [_upper_end(part(given, name)) for name in ("dose_range", "rate_range") if name in given]
        notes += [UPPER_END] * bool(ranges)
        found += [*ranges, *([_rate(part(given, "rate"))] if "rate" in given else [])]
    return found


def _quantity(quantity: dict[str, Any]) -> tuple[Fraction, str]:
    if "comparator" in quantity:
        raise NoFigure("no-upper-end")
    if "value" not in quantity:
        raise NoFigure("no-dose")
    return number(quantity["value"]), _unit(quantity)


def _unit(quantity: dict[str, Any]) -> str:
    word, code = quantity.get("unit"), quantity.get("code")
    written = WORDS.get(word.strip().lower(), "") if isinstance(word, str) else ""
    coded = CODES.get((f"{quantity.get('system')}", code), "") if isinstance(code, str) else ""
    if coded and written and coded != written:
        raise NoFigure("unit-contradictory")
    if code is None and "system" not in quantity:
        coded = written
    if not coded:
        raise NoFigure("unit-not-understood")
    return coded


def _upper_end(range_: dict[str, Any]) -> tuple[Fraction, str]:
    if "high" not in range_:
        raise NoFigure("no-upper-end")
    high = _quantity(part(range_, "high"))
    low = part(range_, "low")
    if "value" in low:
        least = number(low["value"], or_zero=True)
        if ("unit" in low or "code" in low) and _unit(low) == high[1] and least > high[0]:
            raise NoFigure("no-upper-end")
    return high


def _rate(ratio: dict[str, Any]) -> tuple[Fraction, str]:
    """So many micrograms or milligrams in so many hours, as a rate for an hour."""
    over, time = _quantity(part(ratio, "denominator"))
    value, unit = _quantity(part(ratio, "numerator"))
    if unit not in _IN_MILLIGRAMS or time not in DAYS:
        raise NoFigure("unit-not-understood")
    return value * _IN_MILLIGRAMS[unit] / (over * DAYS[time] * 24), "mg/h"


def _maximum_a_day(dosage: dict[str, Any], drug: Drug) -> Fraction | None:
    """The stated maximum for a day; one for a longer time bounds no day."""
    if "max_per_period" not in dosage:
        return None
    ratio = part(dosage, "max_per_period")
    over, time = _quantity(part(ratio, "denominator"))
    if time not in DAYS:
        raise NoFigure("unit-not-understood")
    days = over * DAYS[time]
    return _milligrams(*_quantity(part(ratio, "numerator")), drug) / days if days <= 1 else None


def _milligrams(value: Fraction, unit: str, drug: Drug) -> Fraction:
    product = drug.product
    if unit in _IN_MILLIGRAMS:
        if product and product.combined:
            raise NoFigure("milligrams-of-which")
        return value * _IN_MILLIGRAMS[unit]
    return value * _strength(unit, product, {"mL": "mg/mL", "Tablet": "mg", "Capsule": "mg"})


def _micrograms_an_hour(value: Fraction, unit: str, drug: Drug) -> Fraction:
    if unit in _IN_MICROGRAMS_AN_HOUR:
        return value * _IN_MICROGRAMS_AN_HOUR[unit]
    return value * _strength(unit, drug.product, {"Transdermal System": "mg/h"}) * 1000


def _strength(unit: str, product: Product | None, wanted: dict[str, str]) -> Fraction:
    """What one tablet, capsule, mL or patch of the product contains."""
    if unit not in wanted:
        raise NoFigure("unit-not-for-product")
    if product is None:
        raise NoFigure("strength-not-known")
    if product.unit != wanted[unit] or unit not in ("mL", *product.form.split(), product.form):
        raise NoFigure("unit-not-for-product")
    return product.strength
