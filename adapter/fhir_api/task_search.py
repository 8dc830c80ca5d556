"""Searching Tasks: how a referrer finds where its referral stands.

The parameters are one table, which the CapabilityStatement is made of too.  Within a parameter, values that a comma
separates are alternatives; a parameter that is given again has to hold as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Request
from sqlalchemy import Engine

from adapter.exchange.refusal import refuse
from adapter.exchange.task import TASK_STATUS
from adapter.exchange.workflow.states import STATES
from adapter.fhir_api.negotiation import GENERAL_PARAMETERS
from adapter.store import referrals, resources
from adapter.store.engine import reading
from adapter.store.referrals import Status, TaskQuery
from mappings.r4 import exact_json

PAGE = 50
LARGEST_PAGE = 200


class Parameter(NamedTuple):
    name: str
    type: str
    says: str


PARAMETERS = (
    Parameter("_id", "token", "The id of the Task."),
    Parameter("focus", "reference", "The ServiceRequest that it is about."),
    Parameter("identifier", "token", "The placer's number or ours."),
    Parameter(
        "status",
        "token",
        "Where the referral stands: " + ", ".join(dict.fromkeys(step.task_status for step in STATES.values())),
    ),
)
"""What is searched by; _count and _before (the place of a page) only divide what is found."""


@dataclass(frozen=True)
class _Asked:
    query: TaskQuery
    used: tuple[tuple[str, str], ...]
    """The parameters that were understood, as they were given: the self link."""
    count: int = PAGE
    before: int | None = None


def search(engine: Engine, request: Request, base: str, sees: str | None, *, strict: bool) -> dict[str, Any]:
    """The searchset."""
    asked = _asked(request, base, strict=strict)
    with reading(engine) as connection:
        total, found = referrals.find_tasks(connection, asked.query, asked.before, asked.count + 1, sees=sees)
        page = found[: asked.count]
        tasks = [resources.current(connection, "Task", id_, sees=sees) for _, id_ in page]
    links = [("self", asked.used)]
    if len(found) > len(page) and page:
        kept = tuple(one for one in asked.used if one[0] != "_before")
        links.append(("next", (*kept, ("_before", str(page[-1][0])))))
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": _address(base, used)} for relation, used in links],
        "entry": [
            {
                "fullUrl": f"{base}/Task/{task.id}",
                "resource": exact_json.loads(task.json),
                "search": {"mode": "match"},
            }
            for task in tasks
            if task is not None
        ],
    }
    if not bundle["entry"]:
        del bundle["entry"]  # FHIR has no empty lists
    return bundle


def _address(base: str, used: tuple[tuple[str, str], ...]) -> str:
    return f"{base}/Task?{urlencode(used)}" if used else f"{base}/Task"


def _asked(request: Request, base: str, *, strict: bool) -> _Asked:
    asked = _Asked(TaskQuery(), ())
    for name, text in request.args.items(multi=True):
        if name in GENERAL_PARAMETERS or not text:
            continue  # the specification: a parameter without a value says nothing
        understood = _with(asked, name, text, base)
        if understood is None and strict:
            known = ", ".join(parameter.name for parameter in PARAMETERS)
            said = f"A parameter is not known here (Prefer: handling=strict): Task is searched by {known}."
            raise refuse("bad request", "not-supported", "", said)
        asked = replace(understood, used=(*asked.used, (name, text))) if understood else asked
    return asked


def _with(asked: _Asked, name: str, text: str, base: str) -> _Asked | None:
    """What is asked, and this parameter too; None for one that is not known."""
    query, values = asked.query, text.split(",")
    match name:
        case "_id":
            return replace(asked, query=replace(query, ids=(*query.ids, values)))
        case "focus" | "focus:ServiceRequest":
            return replace(asked, query=replace(query, focuses=(*query.focuses, [_focus(one, base) for one in values])))
        case "status":
            statuses = [status for one in values for status in _status(one)]
            return replace(asked, query=replace(query, statuses=(*query.statuses, statuses)))
        case "identifier":
            tokens = [_identifier(one) for one in values]
            return replace(asked, query=replace(query, identifiers=(*query.identifiers, tokens)))
        case "_count":
            return replace(asked, count=min(_whole(name, text), LARGEST_PAGE))
        case "_before":
            return replace(asked, before=_whole(name, text))
        case _:
            return None


def _focus(text: str, base: str) -> str:
    """The id of a ServiceRequest; what leads elsewhere is no ServiceRequest of ours."""
    named = re.fullmatch(r"(?:ServiceRequest/)?([A-Za-z0-9.-]{1,64})", text.removeprefix(f"{base}/"))
    return named[1] if named else ""


def _status(text: str) -> list[Status]:
    system, bar, code = text.rpartition("|")
    if bar and system != TASK_STATUS:
        return []
    return [status for status, step in STATES.items() if step.task_status == code]


def _identifier(text: str) -> tuple[str | None, str]:
    system, bar, value = text.rpartition("|")
    if not value:
        raise refuse("bad request", "invalid", "", "identifier is system|value, or a value alone.")
    return (system if bar else None), value


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise refuse("bad request", "invalid", "", f"{name} is a whole number.")
    return int(text)
