"""What an answered form says: which instrument it is, and what each of its answers weighs.

A form may come from anywhere and be damaged: what cannot be read is an issue, never a guess.  An answer that is there
and cannot be read is not the same as no answer: the first leaves no total, the second is what `missing` is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mappings.instruments.instrument import LOINC, Instrument
from mappings.instruments.table import INSTRUMENTS
from mappings.issues import Issue
from mappings.values import Json

Record = dict[str, Any]

ITEM_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
"""What R5 calls ordinalValue (FHIR extensions pack); CMS ACCESS 0.9.0 sent it in R4."""

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")

VALUES = (
    "choice", "whole_number", "number", "yes", "text", "date", "date_time", "time", "quantity", "url", "attachment",
    "reference",
)  # fmt: skip
"""The names that the value of an answer has in a record, whichever it is."""


class Answers(NamedTuple):
    """What the answers of a form weigh.  A question without an answer is not in it; None: answered, but not as the
    instrument allows, and an issue says what is wrong."""

    weights: dict[str, Decimal | None]
    issues: list[Issue]


def instrument_of(form: Json, instruments: Mapping[str, Instrument] = INSTRUMENTS) -> Instrument | None:
    """Which instrument an answered form is: by the address of its questionnaire, or else by its questions.

    Where two are possible the fullest one wins; nine questions of PHQ-9 are PHQ-9, also under the name of PHQ-2.
    """
    if not isinstance(form, dict):
        return None
    links = [item.get("link") for _, item in items_of(form, "")]
    named = next((one for one in instruments.values() if _is_named(form.get("questionnaire"), one)), None)
    asked = {one.name: len({one.item_of(link) for link in links} - {None}) for one in instruments.values()}
    # most questions; of equals, the one with the least left over.  PROMIS asks the same ones in many forms: they tell
    # nothing.
    possible = [one for one in instruments.values() if one.method != "delivered" and asked[one.name]]
    best = max(possible, key=lambda one: (asked[one.name], -len(one.items)), default=None)
    if named is None or best is None:
        return named or best
    return best if set(named.items) < set(best.items) and asked[best.name] == len(best.items) else named


def _is_named(questionnaire: Json, instrument: Instrument) -> bool:
    if not isinstance(questionnaire, str):
        return False
    url = questionnaire.partition("|")[0]
    return url in instrument.canonicals or (instrument.panel is not None and url.rpartition("/")[2] == instrument.panel)


def answers_of(form: Json, instrument: Instrument) -> dict[str, Decimal | None]:
    """What each answer weighs, by question; read_answers says also what is wrong with the ones that are None."""
    return read_answers(form, instrument).weights


def read_answers(form: Json, instrument: Instrument, at: str = "form") -> Answers:
    """What each answer weighs: its ordinalValue, what its code weighs in the instrument, or the number that it is."""
    found: dict[str, list[Decimal | None]] = {}
    read = Answers({}, [])
    for path, item in items_of(form, at):
        name = instrument.item_of(item.get("link"))
        if name is None:
            continue
        for place, answer in listed(item, "answers", path):
            if any(value in answer for value in VALUES):
                denied = "modifier_extensions" in item or "modifier_extensions" in answer
                found.setdefault(name, []).append(None if denied else _weight(answer, instrument, place, read.issues))
                if denied:
                    read.issues.append(Issue("warning", "extension", place, _DENIED))
        if len(set(found.get(name, ()))) > 1 and None not in found[name]:
            found[name].append(None)
            read.issues.append(Issue("warning", "business-rule", path, _TWICE.format(instrument.name)))
    for name in instrument.items:
        if name in found:
            read.weights[name] = None if None in found[name] else found[name][0]
    return read


_DENIED = "A modifier extension may change what this answer means, so it is not counted: ask the sender."
_TWICE = "This question of the {} has two answers that differ, so it is not counted: ask which one is meant."
_TWO_WEIGHTS = "The weight of this answer and its code say different things, so it is not counted: ask the sender."
_UNKNOWN = (
    "What this answer weighs in the {} is not known, so it is not counted: it has to come with its ordinalValue, a code"
    " of the instrument, or a number."
)
_OUTSIDE = "This answer lies outside what the {} allows, {} to {}{}, so it is not counted: ask the sender."


def _weight(answer: Record, instrument: Instrument, path: str, issues: list[Issue]) -> Decimal | None:
    """What one answer weighs; None with an issue where that cannot be told."""
    weights = set(weights_in(answer, instrument))
    low, high = instrument.item_range
    if not weights:
        problem = ("code-invalid", _UNKNOWN.format(instrument.name))
    elif len(weights) > 1:
        problem = ("business-rule", _TWO_WEIGHTS)
    else:
        (weight,) = weights
        if fits(weight, instrument):
            return weight
        problem = ("value", _OUTSIDE.format(instrument.name, low, high, " in whole steps" if instrument.whole else ""))
    issues.append(Issue("warning", problem[0], path, problem[1]))
    return None


def fits(weight: Decimal, instrument: Instrument) -> bool:
    """Whether an answer may weigh this."""
    low, high = instrument.item_range
    return weight.is_finite() and low <= weight <= high and (not instrument.whole or weight == int(weight))


def weights_in(value: Record, instrument: Instrument) -> Iterator[Decimal]:
    """Every weight that an answer, or the result of an observation, gives: there ought to be one."""
    for name in ("choice", "concept"):
        choice = value.get(name)
        if isinstance(choice, dict):
            for coding in (choice, *(other for _, other in listed(choice, "also", ""))):
                yield from _weights_of_coding(coding, instrument)
    for name in ("whole_number", "number"):
        yield from number(value.get(name))
    quantity = value.get("quantity")
    if isinstance(quantity, dict) and "comparator" not in quantity and is_plain(unit_of(quantity)):
        yield from number(quantity.get("value"))
    if instrument.by_sex and isinstance(value.get("yes"), bool):
        yield Decimal(int(value["yes"]))


def _weights_of_coding(coding: Record, instrument: Instrument) -> Iterator[Decimal]:
    yield from number(coding.get("weight"))
    for _, extension in listed(coding, "coding_extensions", ""):
        if extension.get("url") == ITEM_WEIGHT:
            yield from number(extension.get("valueDecimal"))
    code = coding.get("code")
    if isinstance(code, str) and code in instrument.answers and coding.get("system", LOINC) == LOINC:
        yield Decimal(instrument.answers[code])


def number(value: Json) -> Iterator[Decimal]:
    """The value as a Decimal, if it is a number; true and false are none."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        decimal = Decimal(value)
        if decimal.is_finite():
            yield decimal


def number_in_words(text: Json) -> Iterator[Decimal]:
    """The number that a text consists of; US Core's example has a PHQ-9 total as a string."""
    if isinstance(text, str) and _NUMBER.fullmatch(text.strip()):
        yield Decimal(text.strip())


def unit_of(quantity: Record) -> str:
    """The unit of a quantity: by its code, or else as people read it."""
    unit = quantity.get("code") or quantity.get("unit")
    return unit.strip().lower() if isinstance(unit, str) else ""


def is_plain(unit: str) -> bool:
    """Whether a number with this unit is a number of points: {score} and its like are UCUM's way to say no unit."""
    return unit in ("", "1", "score", "points") or (unit.startswith("{") and unit.endswith("}"))


def loinc_codes(concept: Json) -> set[str]:
    """The LOINC codes of a concept, the first one and the others."""
    if not isinstance(concept, dict):
        return set()
    codings = [concept, *(other for _, other in listed(concept, "also", ""))]
    return {code for one in codings if one.get("system") == LOINC and isinstance(code := one.get("code"), str)}


def listed(record: Record, name: str, path: str) -> list[tuple[str, Record]]:
    """The records of a list, each with its path; what is no record is passed over."""
    value = record.get(name)
    if not isinstance(value, list):
        return []
    return [(f"{path}.{name}[{place}]".lstrip("."), one) for place, one in enumerate(value) if isinstance(one, dict)]


def items_of(form: Json, at: str) -> Iterator[tuple[str, Record]]:
    """Every item of a form in the form's order, also those under headings and under answers."""
    pending = list(reversed(listed(form, "items", at))) if isinstance(form, dict) else []
    while pending:
        path, item = pending.pop()
        yield path, item
        below = [deeper for place, answer in listed(item, "answers", path) for deeper in listed(answer, "items", place)]
        pending += reversed(below + listed(item, "items", path))
