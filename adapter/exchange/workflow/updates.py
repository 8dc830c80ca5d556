"""What a sender says by putting its Task: that it wants the referral cancelled, or something that it adds.

A Task is the clinic's, and of it a sender may change this: status and businessStatus, to have it cancelled, with
statusReason saying why; and note, input and what they contain, by adding to them.  Anything else that differs from what
is stored is refused by its name.  Real senders ask for a cancellation in several ways, which all are taken for one:
status `cancelled` (Gravity, AU eRequesting), or businessStatus 5.2 with or without status in-progress (BSeR; its first
published version has 5.4 for that, hl7.org/fhir/us/bser/STU1/CodeSystem-TaskBusinessStatusCS.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.workflow import answering
from adapter.exchange.workflow.moving import Changed, Told, move
from adapter.exchange.workflow.states import Deed
from adapter.exchange.workflow.task import BUSINESS_STATUS, STATE
from adapter.store import referrals, resources
from adapter.store.engine import committed
from adapter.store.resources import Stored
from mappings import Issue
from mappings.r4 import exact_json
from mappings.r4.fhirpath import leaves
from mappings.values import same

ADDED_TO = ("note", "input", "contained")
CANCELS = ("5.2", "5.4")
_CANCELLED = "6.0"
_GOES_ON = ("requested", "received", "accepted", "in-progress")
"""What a sender may set in place of on-hold, when it answers."""

_ONLY = (
    "A sender may have a referral cancelled (status cancelled, or businessStatus 5.2, with statusReason.text) and add "
    "to note and input; leave everything else as it was read."
)


@dataclass(frozen=True)
class Update:
    """A Task as a sender puts it."""

    task_id: str
    document: Node
    version: int
    """The one that it was made from (If-Match)."""
    who: str = ""
    sees: str | None = None
    """Whose Tasks may be seen; None: all."""


@dataclass(frozen=True)
class _Asked:
    """What differs from the stored Task."""

    cancels: bool = False
    status_reason: Node | None = None
    added: dict[str, list[Node]] = field(default_factory=dict)


def update_task(engine: Engine, update: Update, changed: Changed) -> Stored:
    """The Task as it stands afterwards; Refusal, and nothing is changed, for what a sender may not say."""
    answering.refuse_invalid(update.document)
    return committed(engine, lambda connection: _updated(connection, update, changed))


def _updated(connection: Connection, update: Update, changed: Changed) -> Stored:
    referral = referrals.of_task(connection, update.task_id)
    referral = referrals.lock(connection, referral.id) if referral else None
    stored = resources.current(connection, "Task", update.task_id)
    if referral is None or stored is None or (update.sees is not None and stored.partner != update.sees):
        raise refuse("not found", "not-found", "Task", "There is no Task of this id.")
    if stored.version != update.version:
        text = f"The Task was changed since: its version is {stored.version}. Read it again and decide anew."
        raise refuse("another version", "conflict", "Task", text)
    asked = _asked(exact_json.loads(stored.json), update.document)
    if not asked.cancels and not asked.added:
        return stored
    if asked.added:
        _check_additions(connection, update.document, asked, stored.partner)
    move(connection, referral, _told(asked, update.who or "sender"), changed, "Task.status")
    after = resources.current(connection, "Task", update.task_id)
    return after or stored


def _told(asked: _Asked, who: str) -> Told:
    action: Deed = "withdraw" if asked.cancels else "inform"
    answer = answering.information(asked.added) if asked.added else None
    words = (asked.status_reason or {}).get("text") if asked.cancels else None
    return Told(action, who, words, asked.status_reason, answer, asked.added)


def _asked(before: Node, after: Node) -> _Asked:
    """What a Task asks for; Refusal for anything that is not a sender's to change."""
    cancels = after["status"] == "cancelled" and before["status"] != "cancelled"
    cancels = cancels or (_step(after) in CANCELS and _step(before) not in CANCELS)
    added = {name: items for name in ADDED_TO if (items := _more(before, after, name))}
    wrong = [
        name
        for name in sorted(before.keys() | after.keys())
        if not same(_comparable(before, name), _comparable(after, name))
        and not (name in added or (name in STATE and _may_say(name, before, after, cancels=cancels, adds=bool(added))))
    ]
    if wrong:
        raise Refusal("unprocessable", [Issue("error", "business-rule", f"Task.{name}", _ONLY) for name in wrong])
    reason = after.get("statusReason")
    # what stands there already is the clinic's word, unless it is of a cancellation that was asked for before
    said = cancels and (_step(before) in CANCELS or not same(reason, before.get("statusReason")))
    return _Asked(cancels, reason if said else None, added)


def _comparable(task: Node, name: str) -> Any:
    """An element without what a server writes itself."""
    if name == "meta":
        return {k: v for k, v in task.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return None if name == "lastModified" else task.get(name)


def _more(before: Node, after: Node, name: str) -> list[Node]:
    """What was added to a list; nothing where the list is another one."""
    held, told = before.get(name, []), after.get(name, [])
    return told[len(held) :] if same(held, told[: len(held)]) else []


def _step(task: Node) -> str | None:
    codings = task.get("businessStatus", {}).get("coding", [])
    return next((one.get("code") for one in codings if one.get("system") == BUSINESS_STATUS), None)


def _may_say(name: str, before: Node, after: Node, *, cancels: bool, adds: bool) -> bool:
    """Whether a change of this element belongs to what is asked for."""
    answers = adds and before["status"] == "on-hold"
    if name == "status":
        return (cancels and after["status"] in ("cancelled", "in-progress")) or (
            answers and after["status"] in _GOES_ON
        )
    if name == "businessStatus":
        return cancels and _step(after) in (*CANCELS, _CANCELLED)
    return cancels or (answers and "statusReason" not in after)


def _check_additions(connection: Connection, task: Node, asked: _Asked, partner: str) -> None:
    """Refuses additions that lead nowhere, or that may mean something else than they say."""
    places = tuple(
        f"Task.{name}[{index}]"
        for name, items in asked.added.items()
        for index in range(len(task[name]) - len(items), len(task[name]))
    )
    answering.refuse_dead_links(connection, task, partner, places)
    text = "This may change what the rest means, and is not understood here: leave it out, or say it in words."
    found = [
        Issue("error", "not-supported", place, text)
        for _, _, _, place in leaves(task)
        if place.startswith(places) and (".modifierExtension" in place or place.endswith(".implicitRules"))
    ]
    if found:
        raise Refusal("unprocessable", found)
