"""The figures of a letter: morphine milligram equivalents of a day, and the patient's ratings of pain over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapter.documents.beside import Record
from mappings import instruments, opioids
from mappings.resources.observation import LOINC, VERBAL_NUMERIC_RATING


def equivalents(records: Sequence[Record]) -> list[str]:
    """The daily morphine milligram equivalents of all prescriptions here, or why there is no figure."""
    prescriptions = [one for one in _all_in(records) if _is_prescription(one)]
    if not prescriptions:
        return []
    total = opioids.daily_mme_of(prescriptions)
    if not any(one.outcome in ("figure", "refused") for one in total.prescriptions):
        return []
    reasons = {one.reason.sentence for one in total.prescriptions if one.outcome == "refused" and one.reason}
    figure = (
        f"Opioids: {total.mme} MME a day. {total.sentence}" if total.mme is not None else f"Opioids: {total.sentence}"
    )
    beside = opioids.depressants(prescriptions)
    said = [figure, *sorted(reasons), beside.sentence if beside.depressants else "", total.cautions[0]]
    return [one for one in said if one]


def _is_prescription(record: Record) -> bool:
    return record.get("record") == "medication_request" or record.get("kind") == "prescription"


def _all_in(value: Any) -> Iterator[Record]:
    """Every record in a value, itself among them."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _all_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _all_in(one)


def scores(records: Sequence[Record]) -> dict[str, Any] | None:
    """The patient's own ratings from 0 to 10 over time; nothing where there are fewer than two."""
    ratings = sorted({one for record in records for one in _ratings(record)})
    if len(ratings) < 2 or ratings[0][0] == ratings[-1][0]:
        return None
    first, last = ratings[0][0], ratings[-1][0]
    span = (last - first).days
    points = [{"at": round((day - first).days / span, 4), "score": float(score)} for day, score in ratings]
    spoken = ", ".join(f"{score} on {day}" for day, score in ratings)
    caption = "The patient's own rating: 0 is no pain, 10 the worst that can be thought of."
    return {
        "points": points, "first": str(first), "last": str(last), "caption": caption,
        "alt": f"Pain ratings from 0 to 10 over time: {spoken}.",
    }  # fmt: skip


def _ratings(record: Record) -> Iterator[tuple[date, Decimal]]:
    for placed in instruments.found_in(record).observations:
        one = placed.record
        codes = [one.get("what", {}), *one.get("what", {}).get("also", [])]
        rated = any((code.get("system"), code.get("code")) == (LOINC, VERBAL_NUMERIC_RATING) for code in codes)
        day = _day(one.get("taken_on") or one.get("taken_at"))
        value = one.get("quantity", {}).get("value", one.get("number"))
        if rated and placed.counts and day is not None and value is not None:
            score = Decimal(str(getattr(value, "text", value)))
            if 0 <= score <= 10:
                yield day, score


def _day(told: Any) -> date | None:
    try:
        return date.fromisoformat(str(told)[:10])
    except ValueError:
        return None
