"""What stands in a care plan's letter: its record, and the records that it points to, as a reader is told of them.

Nothing is worked out here that the records do not say, but for the morphine milligram equivalents of the prescriptions
(mappings/opioids, which says why where there is no figure) and how many of the words have no place in the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.documents import activities
from adapter.documents.beside import Beside, Letterhead, Record, note, number_of
from adapter.documents.figures import scores
from mappings import in_words
from mappings.in_words import joined

NOT_SHOWN = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONG = re.compile(r"\S{40}(?=\S)")
SPOKEN = ("text", "title", "description", "shown_as", "word", "display")
"""The fields whose words a reader would miss."""
SIGNS = {"<": "below", "<=": "at most", ">=": "at least", ">": "above"}
COMPARED = re.compile(r"(<=|>=|<|>)(?= \d)")


def letter(plan: Record, head: Letterhead, beside: Beside) -> dict[str, Any]:
    """What plan.typ is given; texts as they can be printed."""
    planned = [activities.Activity.of(one, beside) for one in plan.get("activities", [])]
    members = [one for team in plan.get("teams", []) for one in team.get("members", [])]
    made = f"made {in_words.when(plan['made_on'])}" if "made_on" in plan else ""
    told = {
        "title": plan.get("title") or "Care plan",
        "clinic": {"name": head.name, "lines": [*head.address.split("\n"), head.telephone]},
        "footer": joined(*_numbers(plan), made),
        "warnings": list(_warnings(plan)),
        "facts": list(_facts(plan, beside)),
        "description": plan.get("description", ""),
        "lists": [
            _section("Problems", map(_problem, plan.get("problems", []))),
            _section("Ruled out", map(in_words.ruled_out, plan.get("ruled_out", [])), loud=True),
        ],
        "goals": [_goal(one) for one in plan.get("goals", [])],
        "scores": scores([plan, *beside.others]),
        "sections": [activities.section(*one, plan, beside) for one in activities.groups(planned)],
        "closing": [
            _section("Your team", map(in_words.member, members)),
            _section("Remarks", map(note, plan.get("notes", []))),
            _section("Whom to call", filter(None, [_call(head), head.urgent])),
        ],
    }
    told["lists"] = [one for one in told["lists"] if one["items"]]
    told["closing"] = [one for one in told["closing"] if one["items"]]
    told["clinic"]["lines"] = [one for one in told["clinic"]["lines"] if one]
    told["more"] = _more(plan, told)
    printed: dict[str, Any] = _printed(told)
    return printed


def _warnings(plan: Record) -> Iterator[str]:
    status = plan.get("status")
    if status == "entered in error":
        yield "Entered in error: this plan does not hold."
    elif status != "active":
        yield f"This plan is {status}: it is not in force as it stands here."
    if plan.get("intent", "plan") != "plan":
        yield f"This is a {plan['intent']}, and no plan that was agreed."


def _facts(plan: Record, beside: Beside) -> Iterator[tuple[str, str]]:
    patient = beside.patient or {}
    named = plan.get("patient", {})
    name = in_words.who(patient) or in_words.who(named)
    yield "Patient", name or "see the number"
    yield from _told("Number", number_of(plan))
    yield from _told("Born", patient.get("birth_date"))
    yield from _told("Sex", patient.get("sex"))
    yield from _told("Holds", in_words.period(plan.get("period")))
    yield from _told("By", in_words.who(plan.get("author")))
    yield from _told("Replaces", ", ".join(map(in_words.pointed, plan.get("replaces", []))))


def _told(label: str, value: Any) -> Iterator[tuple[str, str]]:
    if value:
        yield label, str(value)


def _numbers(plan: Record) -> Iterator[str]:
    """Whose and which plan it is, for the foot of every page."""
    if number := number_of(plan):
        yield f"Patient {number}"
    for one in plan.get("identifiers", []):
        if "value" in one:
            yield f"Plan {one['value']}"


def _section(title: str, items: Iterable[str], *, loud: bool = False) -> dict[str, Any]:
    return {"title": title, "items": [{"text": one, "loud": loud} for one in items if one]}


def _problem(one: Record) -> str:
    sites = ", ".join(
        joined(in_words.concept(site), in_words.concept(site.get("side")), by=", ") for site in one.get("sites", [])
    )
    since = f"since {one['since']}" if "since" in one else ""
    diagnosis = one.get("diagnosis", {})
    code = (
        joined(diagnosis.get("code"), diagnosis.get("display"), by=" ")
        if "text" in diagnosis
        else diagnosis.get("code", "")
    )
    return joined(joined(in_words.problem(one), sites, since), f"({code})" if code else "", by=" ")


def _goal(one: Record) -> dict[str, Any]:
    targets = [COMPARED.sub(lambda sign: SIGNS[sign[1]], in_words.target(each)) for each in one.get("targets", [])]
    notes = [note(each) for each in one.get("notes", [])]
    words = in_words.concept(one.get("description")) or in_words.pointed(one)
    return {"words": words, "targets": targets, "stands": joined(in_words.standing(one), *notes, by="; ")}


def _call(head: Letterhead) -> str:
    return f"{head.name}: {head.telephone}" if head.telephone else ""


def _more(plan: Record, told: dict[str, Any]) -> str:
    """How many of the record's words are not in the letter: what is left out is said, never left out in silence."""
    there = " ".join(_texts(told))
    missing = sum(1 for words in _spoken(plan) if words.casefold() not in there.casefold())
    if not missing:
        return "Codes and identifiers are in the electronic record."
    details = "One further detail is" if missing == 1 else f"{missing} further details are"
    return f"{details} in the electronic record, with all codes and identifiers."


def _spoken(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name in SPOKEN and isinstance(one, str):
                yield one
            else:
                yield from _spoken(one)
    elif isinstance(value, list):
        for one in value:
            yield from _spoken(one)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _printed(value: Any) -> Any:
    """The same with texts that can be set: no control characters, and places to break a word that has none."""
    if isinstance(value, str):
        return LONG.sub(lambda found: found[0] + "\u200b", NOT_SHOWN.sub(" ", value))
    if isinstance(value, dict):
        return {name: _printed(one) for name, one in value.items()}
    return [_printed(one) for one in value] if isinstance(value, (list, tuple)) else value
