"""What is to be done, as the letter of a plan tells it: under headings, with who, when, and what must not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapter.documents.beside import Beside, Record, names_of, note, replaced
from adapter.documents.figures import equivalents
from mappings import in_words
from mappings.in_words import joined
from mappings.terminology import table

HEADINGS = ("Medication", "Procedures", "Therapies", "Education", "Devices", "Follow-up", "Also to be done")
SORTS = {
    "prescription": "MedicationRequest",
    "appointment": "Appointment",
    "communication": "CommunicationRequest",
    "device": "DeviceRequest",
}
"""What a record that is told in a plan is as a resource."""


@dataclass(frozen=True)
class Activity:
    """One activity, and the record of it where that is here."""

    said: Record
    """The detail, the order, or the pointer to one."""
    record: Record
    progress: Sequence[str]

    @classmethod
    def of(cls, activity: Record, beside: Beside) -> Activity:
        said = activity.get("detail") or activity.get("order") or {}
        outcomes = [in_words.concept(one) for one in activity.get("outcomes", [])]
        progress = [note(one) for one in activity.get("progress", [])]
        return cls(said, beside.found(said) or said, [*outcomes, *progress])

    @property
    def sort(self) -> str:
        """What it would be as a resource of its own."""
        told = self.said.get("kind_of_activity") or self.said.get("ref_type")
        return str(told or SORTS.get(str(self.said.get("kind")), ""))

    @property
    def word(self) -> str:
        concept = self.record.get("what") or self.record.get("service") or {}
        return str(concept.get("word", "")) if isinstance(concept, dict) else ""


def groups(activities: Sequence[Activity]) -> list[tuple[str, list[Activity]]]:
    """The activities under their headings, in the order of the letter."""
    found = [(name, [one for one in activities if _heading(one) == name]) for name in HEADINGS]
    return [(name, group) for name, group in found if group]


def _heading(one: Activity) -> str:
    by_sort = {"MedicationRequest": "Medication", "Appointment": "Follow-up", "DeviceRequest": "Devices"}
    if one.sort in by_sort:
        return by_sort[one.sort]
    if one.sort == "CommunicationRequest" or "education" in one.word:
        return "Education"
    if one.word in table("procedures").outward:
        return "Procedures"
    return "Therapies" if one.word in table("therapies").outward else "Also to be done"


def section(title: str, group: Sequence[Activity], plan: Record, beside: Beside) -> dict[str, Any]:
    drugs = title == "Medication"
    gone = replaced(beside.others) if drugs else set()
    rows = sorted((_row(one, gone, drugs=drugs) for one in group), key=lambda row: not row["denied"])
    columns = ["What", "How it is taken" if drugs else "When, and by whom", "Where it stands"]
    notes = equivalents(plan, beside.others) if drugs else []
    return {"title": title, "columns": columns, "rows": rows, "notes": notes}


def _row(one: Activity, gone: set[tuple[Any, Any]], *, drugs: bool) -> dict[str, str]:
    record = one.record
    what = in_words.drug(record) or joined(
        in_words.concept(record.get("what") or record.get("service")), in_words.concept(record.get("product")), by=": "
    )
    talk = [str(content["text"]) for content in record.get("contents", []) if "text" in content]
    planned = in_words.pointed(one.said) if one.said is not record else ""
    more = [planned, record.get("description"), *talk] if what else [planned, *talk]
    daily = f"{in_words.quantity(record['daily_amount'])} a day" if "daily_amount" in record else ""
    doses = in_words.doses(record) if drugs else []
    by_whom = ", ".join(filter(None, map(in_words.who, record.get("performers", []))))
    why = in_words.concept(record.get("status_reason"))
    later = "replaced since" if gone & set(names_of(record)) else ""
    return {
        "denied": in_words.negation(record),
        "what": what or record.get("description") or in_words.pointed(record) or "see the electronic record",
        "more": joined(*more, *one.progress, by="; "),
        "how": joined(*doses, daily, _when(record), by_whom, by="; "),
        "stands": later or joined(str(record.get("status", "")).replace("-", " "), why, by=": "),
    }


def _when(record: Record) -> str:
    """When it is to happen, by whatever name the record has for that."""
    meeting = {name: record[name] for name in ("start", "end") if name in record}
    told = record.get("scheduled_text") or record.get("wanted_on")
    spans = (meeting, record.get("scheduled"), record.get("wanted_during"))
    repeated = (record.get("schedule"), record.get("wanted_repeatedly"))
    words = [in_words.when(told) if told else "", *map(_span, spans), *map(in_words.timing, repeated)]
    return joined(*words, by="; ")


def _span(span: Any) -> str:
    """A period; one day or one meeting as that."""
    if not isinstance(span, dict) or not {"start", "end"} <= span.keys():
        return in_words.period(span)
    start, end = in_words.when(span["start"]), in_words.when(span["end"])
    if start == end:
        return start
    same_day = start[:10] == end[:10] and len(start) > 10 and start[16:] == end[16:]
    return f"{start[:16]} to {end[11:]}" if same_day else in_words.period(span)
