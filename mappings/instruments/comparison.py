"""Delivered scores beside the forms that they come from: what does not agree.

Nothing is ever corrected: a score that its own answers contradict stays as it came, and the report says so.  A sentence
names places and never an answer or a score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mappings.instruments.answers import (
    Record,
    instrument_of,
    items_of,
    listed,
    loinc_codes,
    number,
    number_in_words,
    read_answers,
    unit_of,
    weights_in,
)
from mappings.instruments.evidence import Evidence, Placed, sources
from mappings.instruments.instrument import Instrument
from mappings.instruments.scoring import EXACT, PERCENT, Score, agrees, interpretation, scales, score
from mappings.instruments.table import INSTRUMENTS
from mappings.issues import Issue
from mappings.values import Json

OTHER_TOTALS = ("total-score", "score")
"""The linkIds of the total in PACIO's and CMS ACCESS's forms."""

IN_OTHER_WORDS = ("depression", "anxiety", "disability", "risk", "symptoms", "severity")
"""What a band may be called along with its name: mild depression, low risk."""

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

_NOT_THE_TOTAL = (
    "This is not the total that the answers of {} give in the {}: ask the sender which is right. Both are kept as they"
    " came."
)
_IMPOSSIBLE = "This lies outside what a total of the {} can be: ask the sender. It is kept as it came."
_RESTS_ON_NOTHING = "This score comes from {}, which was entered in error: ask the sender for one that holds."
_OTHER_BAND = "This is not what the published bands of the {} call such a total: ask the sender. It is kept as it came."


def contradictions(
    evidence: Evidence,
    *,
    sex: str | None = None,
    prorate: bool = False,
    instruments: Mapping[str, Instrument] = INSTRUMENTS,
) -> list[Issue]:
    """Where answers, totals and bands do not agree: within a form, and between a score and the form that it comes from.

    A score that does not say which form it comes from is compared with the only one of its instrument, unless the two
    are of different days, or another score might as well come from it.
    """
    kinds = [instrument_of(form.record, instruments) for form in evidence.forms]
    compared = _Comparison(evidence, kinds, instruments, sex, prorate)
    return [*compared.within_forms(), *compared.with_scores()]


@dataclass(frozen=True)
class _Comparison:
    evidence: Evidence
    kinds: list[Instrument | None]  # of the forms, in their order
    instruments: Mapping[str, Instrument]
    sex: str | None
    prorate: bool

    def within_forms(self) -> Iterator[Issue]:
        for form, instrument in zip(self.evidence.forms, self.kinds, strict=True):
            if not form.counts or instrument is None or instrument.method == "delivered":
                continue
            yield from read_answers(form.record, instrument, form.path).issues
            for path, answer in _own_totals(form, instrument):
                for value in sorted(set(weights_in(answer, instrument))):
                    yield from self._differs(instrument, self._expected(instrument, form), form, value, "", path)

    def with_scores(self) -> Iterator[Issue]:
        for path, observation in (one for one in self.evidence.observations if one.counts):
            codes = loinc_codes(observation.get("what"))
            result = _result(observation)
            if "modifier_extensions" in observation or result is None:
                continue
            for instrument in (one for one in self.instruments.values() if one.total in codes):
                named = sources(observation, self.evidence.forms)
                if named and not any(form.counts for form in named):
                    text = _RESTS_ON_NOTHING.format(" and ".join(form.path for form in named))
                    yield Issue("warning", "business-rule", path, text)
                form = self._form(instrument, observation, named)
                yield from self._differs(instrument, form and self._expected(instrument, form), form, *result, path)
                yield from _misnamed(instrument, *result, observation, path)

    def _form(self, instrument: Instrument, observation: Record, named: list[Placed] | None) -> Placed | None:
        """The one form that a score comes from, if that can be told."""
        if named is None:
            of_it = zip(self.evidence.forms, self.kinds, strict=True)
            possible = [one for one, kind in of_it if one.counts and kind == instrument]
            if len(possible) == 1 and (
                self._claims(instrument, possible[0]) > 1 or not _same_day(possible[0], observation)
            ):
                return None
        else:
            possible = [one for one in named if one.counts and read_answers(one.record, instrument).weights]
        return possible[0] if len(possible) == 1 else None

    def _claims(self, instrument: Instrument, form: Placed) -> int:
        """How many scores might come from a form and do not say so: pain is asked before and after, on one day."""
        return sum(
            one.counts
            and instrument.total in loinc_codes(one.record.get("what"))
            and sources(one.record, self.evidence.forms) is None
            and _same_day(form, one.record)
            for one in self.evidence.observations
        )

    def _expected(self, instrument: Instrument, form: Placed) -> Score | None:
        """What the answers of a form give; nothing while it is being filled in."""
        if form.record.get("status") == "in-progress" or "modifier_extensions" in form.record:
            return None
        weights = read_answers(form.record, instrument).weights
        return score(instrument, weights, sex=self.sex, prorate=self.prorate)

    def _differs(
        self, instrument: Instrument, expected: Score | None, form: Placed | None, value: Decimal, unit: str, path: str
    ) -> Iterator[Issue]:
        """The issue, if a delivered total cannot be what it says it is."""
        factors, limits = scales(instrument, unit), instrument.range
        if factors and limits and not any(limits.low * one <= value <= limits.high * one for one in factors):
            yield Issue("warning", "value", path, _IMPOSSIBLE.format(instrument.name))
            return
        total = expected.value if expected else None
        if form is None or total is None or not factors:
            return
        if not any(agrees(value, EXACT.multiply(total, Decimal(one))) for one in factors):
            yield Issue(
                "warning", "business-rule", path, _NOT_THE_TOTAL.format(form.path or "this form", instrument.name)
            )


def _own_totals(form: Placed, instrument: Instrument) -> Iterator[tuple[str, Record]]:
    """The answers in which a form itself says its total."""
    if instrument.total in instrument.items:
        return
    items = list(items_of(form.record, form.path))
    links = {path: link if isinstance(link := item.get("link"), str) else "" for path, item in items}
    ours = bool(instrument.links) and any(link.startswith(f"{instrument.links}-") for link in links.values())
    for path, item in items:
        last = links[path].rpartition("/")[2]
        for place, answer in listed(item, "answers", path):
            # CMS ACCESS 0.9.0 answers with the total's code as the choice, and the total as its weight
            choice = answer.get("choice")
            coded = isinstance(choice, dict) and choice.get("code") == instrument.total
            if last == instrument.total or coded or (ours and last in OTHER_TOTALS):
                yield place, answer


def _result(observation: Record) -> tuple[Decimal, str] | None:
    """The result of an observation as a number with its unit; US Core's example has a PHQ-9 total as a string."""
    quantity = observation.get("quantity")
    if isinstance(quantity, dict):
        unit = unit_of(quantity)
        values = [] if "comparator" in quantity else list(number(quantity.get("value")))
    else:
        unit = ""
        values = [*number(observation.get("number")), *number_in_words(observation.get("text"))]
    return (values[0], unit) if values else None


def _same_day(form: Placed, observation: Record) -> bool:
    """Whether the two may be of one day: also where one of them does not say its day."""
    days = [form.record.get("answered_on"), observation.get("taken_on") or observation.get("taken_at")]
    whole = [day[:10] for day in days if isinstance(day, str) and len(day) >= 10]
    return len(set(whole)) < 2


def _misnamed(instrument: Instrument, value: Decimal, unit: str, observation: Record, path: str) -> Iterator[Issue]:
    """The issue, if an interpretation names another band than the published one: told only where it can be told with
    certainty, by the plain name of a band."""
    band = interpretation(instrument, value, unit)
    factors, doubtful = scales(instrument, unit), instrument.doubtful
    if band is None or (doubtful and doubtful.low * factors[0] <= value <= doubtful.high * factors[0]):
        return
    if instrument.unit == "%" and unit not in PERCENT:  # some send points under the same code
        return
    for place, concept in listed(observation, "interpretations", path):
        claimed = _bands_named(instrument, concept)
        if len(claimed) == 1 and claimed != {band.name}:
            yield Issue("warning", "business-rule", place, _OTHER_BAND.format(instrument.name))


def _bands_named(instrument: Instrument, concept: Record) -> set[str]:
    """The bands that a concept names.  HL7's own codes (High, Positive) speak of a reference range, not of bands."""
    codings = [concept, *(other for _, other in listed(concept, "also", ""))]
    if any(coding.get("system") == _INTERPRETATION for coding in codings):
        return set()
    said = {_words(text) for text in (concept.get("text"), *(coding.get("display") for coding in codings))}
    return {band.name for band in instrument.bands for name in (band.name, *band.also) if _words(name) in said}


def _words(text: Json) -> tuple[str, ...]:
    found = re.findall(r"[^\W\d_]+", text.lower()) if isinstance(text, str) else []
    return tuple(word for word in found if word not in IN_OTHER_WORDS)
