"""What a clinic's records say, in the words that people read: of a narrative, and of what is printed."""

from __future__ import annotations

import re
from typing import Any

Record = dict[str, Any]

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00(?:\.0+)?)?(Z|[+-]\d\d:\d\d)")

_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def joined(*words: str | None, by: str = ", ") -> str:
    """Those of the words that say something."""
    return by.join(word for word in words if word)


def concept(coded: Any) -> str:
    """What a coded value says to people; its code where it says nothing else."""
    if not isinstance(coded, dict):
        return ""
    if "word" in coded and not {"text", "display"} & coded.keys():
        return str(coded["word"])[:1].upper() + str(coded["word"])[1:]
    found = next((coded[name] for name in ("text", "display", "code") if name in coded), None)
    return str(found) if found is not None else next(map(concept, coded.get("also", [])), "")


def quantity(amount: Any) -> str:
    """<= 4 score; the value as it was written."""
    if not isinstance(amount, dict) or "value" not in amount:
        return ""
    value = getattr(amount["value"], "text", None) or str(amount["value"])
    return joined(amount.get("comparator"), value, amount.get("unit") or amount.get("code"), by=" ")


def range_of(values: Any) -> str:
    if not isinstance(values, dict):
        return ""
    low, high = quantity(values.get("low")), quantity(values.get("high"))
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""


def period(span: Any) -> str:
    """from 2026-11-16 until 2027-05-16."""
    if not isinstance(span, dict):
        return ""
    start, end = span.get("start"), span.get("end")
    return joined(f"from {when(start)}" if start else None, f"until {when(end)}" if end else None, by=" ")


def when(date: Any) -> str:
    """2026-01-05T09:00:00-05:00 as people read it, with its zone: 2026-01-05 09:00 (-05:00)."""
    found = _MOMENT.fullmatch(str(date))
    return f"{found[1]} {found[2]} ({found[3]})" if found else str(date)


def who(record: Any) -> str:
    """A person or organisation, told or pointed to."""
    if not isinstance(record, dict):
        return ""
    name = record.get("name")
    if isinstance(name, dict):
        name = name.get("text") or joined(
            *name.get("prefix", []), *name.get("given", []), name.get("family"), *name.get("suffix", []), by=" "
        )
    return str(record.get("shown_as") or name or who(record.get("practitioner")) or "")


def pointed(record: Record) -> str:
    """What something that is only pointed to is shown as."""
    return str(record.get("shown_as") or record.get("ref") or "")


def problem(one: Record) -> str:
    words = concept(one.get("diagnosis")) or str(one.get("shown_as", ""))
    return joined(words, concept(one.get("clinical_status")), concept(one.get("verification")))


def ruled_out(one: Record) -> str:
    return f"NOT so: {problem(one)}"


def goal(one: Record) -> str:
    aims = [target(each) for each in one.get("targets", [])]
    words = concept(one.get("description")) or str(one.get("shown_as", ""))
    return joined(words, standing(one), *aims, by="; ")


def standing(one: Record) -> str:
    """How much a goal matters, whose it is, and how far it is reached."""
    whose = f"set by {who(one.get('set_by'))}" if who(one.get("set_by")) else ""
    return joined(concept(one.get("priority")), whose, one.get("stage"), concept(one.get("achievement")))


def target(one: Record) -> str:
    return joined(concept(one.get("measure")), aim(one), by=": ")


def aim(one: Record) -> str:
    """What a target wants reached, and by when."""
    value = quantity(one.get("quantity")) or range_of(one.get("range")) or concept(one.get("concept"))
    other = next((str(one[name]) for name in ("text", "number") if name in one), "")
    due = f"by {one['due']}" if "due" in one else ""
    within = f"within {quantity(one['due_in'])}" if "due_in" in one else ""
    return joined(value or other, due or within, by=" ")


def member(one: Record) -> str:
    """Physiotherapist: Tom Hale."""
    return joined(", ".join(filter(None, map(concept, one.get("roles", [])))), who(one.get("who")), by=": ")


def activity(one: Record) -> str:
    told = detail(one["detail"]) if "detail" in one else order(one.get("order") or {})
    return joined(told, *(str(note["text"]) for note in one.get("progress", []) if "text" in note), by="; ")


def negation(record: Record) -> str:
    """What takes the meaning of a record away; "" where nothing does."""
    negated = "NOT to be done:" if record.get("must_not_be_done") or record.get("must_not_be_given") else ""
    withdrawn = "Entered in error:" if record.get("status") in ("entered in error", "entered-in-error") else ""
    return joined(withdrawn, negated, by=" ")


def denied(record: Record, words: str) -> str:
    """The words with what takes their meaning away said first."""
    return joined(negation(record), words or "what is not said here", by=" ")


def detail(one: Record) -> str:
    """What is to be done, as the plan itself says it."""
    at = one.get("scheduled_text") or period(one.get("scheduled")) or timing(one.get("schedule"))
    daily = f"{quantity(one['daily_amount'])} a day" if "daily_amount" in one else ""
    what = joined(concept(one.get("what")), concept(one.get("product")), by=": ")
    status = joined(one.get("status"), concept(one.get("status_reason")), by=": ")
    by_whom = ", ".join(filter(None, map(who, one.get("performers", []))))
    return denied(one, joined(what, str(at), daily, one.get("description"), by_whom, status, by="; "))


def order(one: Record) -> str:
    """An order, prescription, talk or appointment of its own."""
    what = concept(one.get("service")) or drug(one) or str(one.get("description", ""))
    talk = [str(content["text"]) for content in one.get("contents", []) if "text" in content]
    wanted = one.get("wanted_on") or period(one.get("wanted_during")) or timing(one.get("wanted_repeatedly"))
    meeting = period({name: one[name] for name in ("start", "end") if name in one})
    told = joined(what or pointed(one), *talk, *doses(one), when(wanted), meeting, one.get("status"), by="; ")
    return denied(one, told) if one else ""


def drug(prescription: Record) -> str:
    """What is given."""
    medication = prescription.get("medication")
    of_record = concept(medication.get("drug")) or who(medication) if isinstance(medication, dict) else ""
    return concept(prescription.get("drug")) or of_record


def doses(prescription: Record) -> list[str]:
    """How it is taken, as the prescription says it in words."""
    return [str(dosage["text"]) for dosage in prescription.get("dosages", []) if "text" in dosage]


def timing(schedule: Any) -> str:
    """2 times every week, for 8 weeks."""
    if not isinstance(schedule, dict):
        return ""
    times = ""
    if "times" in schedule or "every" in schedule:
        count, every = str(schedule.get("times", 1)), str(schedule.get("every", 1))
        most = f" to {schedule['times_max']}" if "times_max" in schedule else ""
        longest = f" to {schedule['every_max']}" if "every_max" in schedule else ""
        code = str(schedule.get("every_unit", ""))
        often = "once" if count + most == "1" else f"{count}{most} times"
        unit = _UNITS.get(code, code)
        times = f"{often} every {unit if every + longest == '1' else f'{every}{longest} {unit}s'}".rstrip()
    lasting = f"for {quantity(schedule['for_duration'])}" if "for_duration" in schedule else ""
    return joined(concept(schedule.get("code")), times, lasting or period(schedule.get("during")))
