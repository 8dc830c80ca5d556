"""The figures of a letter: morphine milligram equivalents of a day, and the patient's ratings of pain over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapter.documents.beside import Record, names_of, replaced
from mappings import in_words, instruments, opioids
from mappings.resources.observation import LOINC, VERBAL_NUMERIC_RATING


def equivalents(plan: Record, beside: Sequence[Record]) -> list[str]:
    """The daily morphine milligram equivalents of the prescriptions that are known here, each named; or why there is no
    figure.

    A prescription counts once, as it stands beside the plan where it does, and not where another one replaces it.
    """
    prescriptions = _each_once([one for one in _all_in([plan, *beside]) if _is_prescription(one)])
    total = opioids.daily_mme_of(prescriptions)
    if not any(one.outcome in ("figure", "refused") for one in total.prescriptions):
        return ["Opioids: no MME a day was calculated, since no running opioid prescription is known here."]
    both = list(zip(prescriptions, total.prescriptions, strict=True))
    counted = [f"{in_words.drug(record)} ({one.mme})" for record, one in both if one.outcome == "figure"]
    without = [
        (in_words.drug(record), one.reason.sentence) for record, one in both if one.outcome == "refused" and one.reason
    ]
    running = opioids.depressants(prescriptions)
    said = [
        f"Opioids: {total.sentence}",
        f"Counted, in MME a day: {'; '.join(counted)}." if counted else "",
        *(f"Without a figure: {drug or 'a prescription'}. {sentence}" for drug, sentence in without),
        running.sentence if running.depressants else "",
        " ".join(total.cautions),
    ]
    return [one for one in said if one]


def _each_once(found: Sequence[Record]) -> list[Record]:
    """The prescriptions without those that another one replaces; of two with one number the later one given."""
    known: dict[Any, Record] = {}
    for place, one in enumerate(found):
        names = names_of(one)
        same = next((key for key in known if set(names) & set(key)), tuple(names) or (place,))
        known[same] = one
    gone = replaced(found)
    return [one for key, one in known.items() if not gone & set(key)]


def _is_prescription(record: Record) -> bool:
    return record.get("record") == "medication_request" or record.get("kind") == "prescription"


def _all_in(value: Any) -> Iterator[Record]:
    """Every record in a value, itself among them; not what one replaces."""
    if isinstance(value, dict):
        yield value
        for name, one in value.items():
            if name != "replaces":
                yield from _all_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _all_in(one)


def scores(records: Sequence[Record]) -> dict[str, Any] | None:
    """The patient's own ratings from 0 to 10 over time, a line for each site; nothing where no two days have one.

    Those before and after a procedure tell of the procedure, and not how the pain goes: they are left out.
    """
    ratings = sorted({one for record in records if record.get("record") != "procedure" for one in _ratings(record)})
    if len(ratings) < 2 or ratings[0][0] == ratings[-1][0]:
        return None
    first, last = ratings[0][0], ratings[-1][0]
    span = (last - first).days
    lines: dict[str, list[tuple[date, Decimal]]] = {}
    for day, score, site in ratings:
        lines.setdefault(site, []).append((day, score))
    spoken = {site: ", ".join(f"{score} on {day}" for day, score in of_it) for site, of_it in lines.items()}
    told = "; ".join(f"{site}: {words}" if site else words for site, words in spoken.items())
    return {
        "lines": [
            {
                "site": site or ("site not told" if len(lines) > 1 else ""),
                "points": [{"at": round((day - first).days / span, 4), "score": float(score)} for day, score in of_it],
            }
            for site, of_it in lines.items()
        ],
        "first": str(first),
        "last": str(last),
        "caption": "The patient's own rating: 0 is no pain, 10 the worst that can be thought of.",
        "alt": f"Pain ratings from 0 to 10 over time: {told}.",
    }


def _ratings(record: Record) -> Iterator[tuple[date, Decimal, str]]:
    for placed in instruments.found_in(record).observations:
        one = placed.record
        codes = [one.get("what", {}), *one.get("what", {}).get("also", [])]
        rated = any((code.get("system"), code.get("code")) == (LOINC, VERBAL_NUMERIC_RATING) for code in codes)
        day = _day(one.get("taken_on") or one.get("taken_at"))
        value = one.get("quantity", {}).get("value", one.get("number"))
        if rated and placed.counts and day is not None and value is not None:
            score = Decimal(str(getattr(value, "text", value)))
            if 0 <= score <= 10:
                yield day, score, _site(one.get("site"))


def _site(site: Any) -> str:
    if not isinstance(site, dict):
        return ""
    return in_words.joined(in_words.concept(site), in_words.concept(site.get("side")).lower())


def _day(told: Any) -> date | None:
    try:
        return date.fromisoformat(str(told)[:10])
    except ValueError:
        return None
