"""What a clinician has to look at, whatever a total says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mappings.instruments.answers import (
    VALUES,
    Record,
    instrument_of,
    items_of,
    listed,
    loinc_codes,
    number_in_words,
    weights_in,
)
from mappings.instruments.evidence import Evidence, Placed
from mappings.instruments.table import PHQ_9, PHQ_9_ITEM_9

RESULTS = (*VALUES, "concept", "range", "ratio", "during", "samples")
"""The names that the result of an observation, or an answer, has in a record."""


def needs_attention(evidence: Evidence) -> list[str]:
    """A sentence for each answer to the last question of PHQ-9 that is above zero, or that nobody here can read.

    It does not matter which form it stands in, whether that is finished, or what the total is; only what was entered in
    error does not count.  A form that calls itself PHQ-9 and numbers its questions in a way of its own is told as well.
    """
    blind = [form.path for form in evidence.forms if form.counts and _is_blind(form)]
    answers = [
        (place, answer)
        for form in evidence.forms
        if form.counts
        for path, item in items_of(form.record, form.path)
        if PHQ_9.item_of(item.get("link")) == PHQ_9_ITEM_9
        for place, answer in listed(item, "answers", path)
    ]
    results = [
        (path, observation)
        for path, observation in (one for one in evidence.observations if one.counts)
        if PHQ_9_ITEM_9 in loinc_codes(observation.get("what"))
    ]
    worries = [sentence for path, value in (*answers, *results) for sentence in _worry(path, value)]
    return [*worries, *(_BLIND.format(path) for path in blind)]


_ABOVE = "{}: question 9 of the PHQ-9 is answered above zero: a clinician has to look at it."
_UNREAD = "{}: question 9 of the PHQ-9 has an answer that could not be read: a clinician has to look at it."
_BLIND = "{}: which question of this PHQ-9 is question 9 could not be told: a clinician has to look at it."


def _worry(path: str, value: Record) -> Iterator[str]:
    weights = {*weights_in(value, PHQ_9), *number_in_words(value.get("text"))}
    if isinstance(value.get("yes"), bool):
        weights.add(Decimal(int(value["yes"])))
    if any(weight > 0 for weight in weights):
        yield _ABOVE.format(path)
    elif weights != {0} and any(name in value for name in RESULTS):
        yield _UNREAD.format(path)


def _is_blind(form: Placed) -> bool:
    """Whether a form is a PHQ-9 by its name, has answers, and none of its questions is known."""
    items = [item for _, item in items_of(form.record, "")]
    answered = any(listed(item, "answers", "") for item in items)
    return (
        answered and instrument_of(form.record) is PHQ_9 and not any(PHQ_9.item_of(item.get("link")) for item in items)
    )
