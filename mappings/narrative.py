"""A care plan in words, as the narrative of its resource: what a reader without any software of ours sees.

Everything that comes from the record is escaped, so that no text of anybody's can become markup.  What must not be
done, and what was entered in error, is said first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

Record = dict[str, Any]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00(?:\.0+)?)?(Z|[+-]\d\d:\d\d)")

_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def plan_in_words(plan: Record) -> str:
    """The narrative of a care plan record, as the XHTML div of a Narrative; equal records give equal text."""
    parts = [
        _heading(plan),
        _list("Replaces", (str(one.get("shown_as") or one.get("ref", "")) for one in plan.get("replaces", []))),
        *_paragraphs([plan.get("description")]),
        _list("Problems", (_problem(one) for one in plan.get("problems", []))),
        _list("Ruled out", (_ruled_out(one) for one in plan.get("ruled_out", []))),
        _list("Goals", (_goal(one) for one in plan.get("goals", []))),
        _list("Team", (_member(one) for team in plan.get("teams", []) for one in team.get("members", []))),
        _list("What is to be done", (_activity(one) for one in plan.get("activities", []))),
        _list("Remarks", (str(note["text"]) for note in plan.get("notes", []) if "text" in note)),
    ]
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


def _text(words: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", words))


def _heading(plan: Record) -> str:
    withdrawn = "Entered in error: this plan does not hold. " if plan.get("status") == "entered in error" else ""
    status = ", ".join(filter(None, (str(plan.get("status", "")), _period(plan.get("period")))))
    title = _text(str(plan.get("title", "Care plan")))
    return f"<p><b>{withdrawn}{title}</b>{f' ({_text(status)})' if status else ''}</p>"


def _paragraphs(texts: Iterable[Any]) -> Iterator[str]:
    yield from (f"<p>{_text(str(text))}</p>" for text in texts if text)


def _list(title: str, items: Iterable[str]) -> str:
    told = [f"<li>{_text(item)}</li>" for item in items if item]
    return f"<p><b>{title}</b></p><ul>{''.join(told)}</ul>" if told else ""


def _joined(*words: str | None, by: str = ", ") -> str:
    return by.join(word for word in words if word)


def _concept(concept: Any) -> str:
    """What a coded value says to people; its code where it says nothing else."""
    if not isinstance(concept, dict):
        return ""
    if "word" in concept and not {"text", "display"} & concept.keys():
        return str(concept["word"])[:1].upper() + str(concept["word"])[1:]
    found = next((concept[name] for name in ("text", "display", "code") if name in concept), None)
    return str(found) if found is not None else next(map(_concept, concept.get("also", [])), "")


def _quantity(quantity: Any) -> str:
    if not isinstance(quantity, dict) or "value" not in quantity:
        return ""
    value = getattr(quantity["value"], "text", None) or str(quantity["value"])
    return _joined(quantity.get("comparator"), value, quantity.get("unit") or quantity.get("code"), by=" ")


def _range(values: Any) -> str:
    if not isinstance(values, dict):
        return ""
    low, high = _quantity(values.get("low")), _quantity(values.get("high"))
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""


def _period(period: Any) -> str:
    if not isinstance(period, dict):
        return ""
    start, end = period.get("start"), period.get("end")
    return _joined(f"from {_when(start)}" if start else None, f"until {_when(end)}" if end else None, by=" ")


def _when(date: Any) -> str:
    """2026-01-05T09:00:00-05:00 as people read it, with its zone: 2026-01-05 09:00 (-05:00)."""
    found = _MOMENT.fullmatch(str(date))
    return f"{found[1]} {found[2]} ({found[3]})" if found else str(date)


def _who(record: Any) -> str:
    """A person or organisation, told or pointed to."""
    if not isinstance(record, dict):
        return ""
    name = record.get("name")
    if isinstance(name, dict):
        name = name.get("text") or _joined(
            *name.get("prefix", []), *name.get("given", []), name.get("family"), *name.get("suffix", []), by=" "
        )
    return str(record.get("shown_as") or name or _who(record.get("practitioner")) or "")


def _problem(problem: Record) -> str:
    words = _concept(problem.get("diagnosis")) or str(problem.get("shown_as", ""))
    return _joined(words, _concept(problem.get("clinical_status")), _concept(problem.get("verification")))


def _ruled_out(problem: Record) -> str:
    return f"NOT so: {_problem(problem)}"


def _goal(goal: Record) -> str:
    aims = [_joined(_concept(target.get("measure")), _aim(target), by=": ") for target in goal.get("targets", [])]
    words = _concept(goal.get("description")) or str(goal.get("shown_as", ""))
    whose = f"set by {_who(goal.get('set_by'))}" if _who(goal.get("set_by")) else ""
    stands = _joined(_concept(goal.get("priority")), whose, goal.get("stage"), _concept(goal.get("achievement")))
    return _joined(words, stands, *aims, by="; ")


def _aim(target: Record) -> str:
    value = _quantity(target.get("quantity")) or _range(target.get("range")) or _concept(target.get("concept"))
    other = next((str(target[name]) for name in ("text", "number") if name in target), "")
    due = f"by {target['due']}" if "due" in target else ""
    within = f"within {_quantity(target['due_in'])}" if "due_in" in target else ""
    return _joined(value or other, due or within, by=" ")


def _member(member: Record) -> str:
    return _joined(", ".join(filter(None, map(_concept, member.get("roles", [])))), _who(member.get("who")), by=": ")


def _activity(activity: Record) -> str:
    told = _detail(activity["detail"]) if "detail" in activity else _order(activity.get("order") or {})
    return _joined(told, *(str(note["text"]) for note in activity.get("progress", []) if "text" in note), by="; ")


def _not(record: Record, words: str) -> str:
    """The words with what takes their meaning away said first."""
    denied = "NOT to be done: " if record.get("must_not_be_done") or record.get("must_not_be_given") else ""
    withdrawn = "Entered in error: " if record.get("status") in ("entered in error", "entered-in-error") else ""
    return f"{withdrawn}{denied}{words or 'what is not said here'}"


def _detail(detail: Record) -> str:
    when = detail.get("scheduled_text") or _period(detail.get("scheduled")) or _timing(detail.get("schedule"))
    daily = f"{_quantity(detail['daily_amount'])} a day" if "daily_amount" in detail else ""
    what = _joined(_concept(detail.get("what")), _concept(detail.get("product")), by=": ")
    status = _joined(detail.get("status"), _concept(detail.get("status_reason")), by=": ")
    by_whom = ", ".join(filter(None, map(_who, detail.get("performers", []))))
    told = _joined(what, str(when), daily, detail.get("description"), by_whom, status, by="; ")
    return _not(detail, told)


def _order(order: Record) -> str:
    """An order, prescription, talk or appointment of its own."""
    medication = order.get("medication")
    drug = _concept(medication.get("drug")) or _who(medication) if isinstance(medication, dict) else ""
    what = _concept(order.get("service")) or _concept(order.get("drug")) or drug or str(order.get("description", ""))
    talk = [str(content["text"]) for content in order.get("contents", []) if "text" in content]
    doses = [str(dosage["text"]) for dosage in order.get("dosages", []) if "text" in dosage]
    when = order.get("wanted_on") or _period(order.get("wanted_during")) or _timing(order.get("wanted_repeatedly"))
    meeting = _period({name: order[name] for name in ("start", "end") if name in order})
    pointed = str(order.get("shown_as") or order.get("ref") or "")
    told = _joined(what or pointed, *talk, *doses, _when(when), meeting, order.get("status"), by="; ")
    return _not(order, told) if order else ""


def _timing(timing: Any) -> str:
    if not isinstance(timing, dict):
        return ""
    times = ""
    if "times" in timing or "every" in timing:
        count, every = str(timing.get("times", 1)), str(timing.get("every", 1))
        most = f" to {timing['times_max']}" if "times_max" in timing else ""
        longest = f" to {timing['every_max']}" if "every_max" in timing else ""
        code = str(timing.get("every_unit", ""))
        often = "once" if count + most == "1" else f"{count}{most} times"
        unit = _UNITS.get(code, code)
        times = f"{often} every {unit if every + longest == '1' else f'{every}{longest} {unit}s'}".rstrip()
    lasting = f"for {_quantity(timing['for_duration'])}" if "for_duration" in timing else ""
    return _joined(_concept(timing.get("code")), times, lasting or _period(timing.get("during")))
