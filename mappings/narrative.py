"""A care plan in words, as the narrative of its resource: what a reader without any software of ours sees.

Everything that comes from the record is escaped, so that no text of anybody's can become markup.  What must not be
done, and what was entered in error, is said first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from mappings import in_words

Record = dict[str, Any]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plan_in_words(plan: Record) -> str:
    """The narrative of a care plan record, as the XHTML div of a Narrative; equal records give equal text."""
    parts = [
        _heading(plan),
        _list("Replaces", (str(one.get("shown_as") or one.get("ref", "")) for one in plan.get("replaces", []))),
        *_paragraphs([plan.get("description")]),
        _list("Problems", (in_words.problem(one) for one in plan.get("problems", []))),
        _list("Ruled out", (in_words.ruled_out(one) for one in plan.get("ruled_out", []))),
        _list("Goals", (in_words.goal(one) for one in plan.get("goals", []))),
        _list("Team", (in_words.member(one) for team in plan.get("teams", []) for one in team.get("members", []))),
        _list("What is to be done", (in_words.activity(one) for one in plan.get("activities", []))),
        _list("Remarks", (str(note["text"]) for note in plan.get("notes", []) if "text" in note)),
    ]
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


def _text(words: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", words))


def _heading(plan: Record) -> str:
    withdrawn = "Entered in error: this plan does not hold. " if plan.get("status") == "entered in error" else ""
    status = ", ".join(filter(None, (str(plan.get("status", "")), in_words.period(plan.get("period")))))
    title = _text(str(plan.get("title", "Care plan")))
    return f"<p><b>{withdrawn}{title}</b>{f' ({_text(status)})' if status else ''}</p>"


def _paragraphs(texts: Iterable[Any]) -> Iterator[str]:
    yield from (f"<p>{_text(str(text))}</p>" for text in texts if text)


def _list(title: str, items: Iterable[str]) -> str:
    told = [f"<li>{_text(item)}</li>" for item in items if item]
    return f"<p><b>{title}</b></p><ul>{''.join(told)}</ul>" if told else ""
