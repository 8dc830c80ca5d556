"""Notify and pull: a Task alone tells of a referral that its sender holds, or of one that is here already.

It is stored and answered first, and what it tells of is fetched afterwards by the durable worker: from configured
partners only, whatever address a Task names.  The Task that is answered says how far that is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import Connection, Engine

from adapter.exchange import keeping
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.older import refuse_older
from adapter.exchange.references import Links, Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.settings import Partner, Settings
from adapter.store import messages, pulls, referrals, resources
from adapter.store.clock import now
from adapter.store.engine import committed
from adapter.store.keys import key
from adapter.store.messages import Made, Message
from adapter.store.pulls import Pull
from adapter.store.referrals import Referral
from adapter.store.resources import Stored
from mappings.issues import errors
from mappings.r4 import exact_json, structure

TASK = "Task"
_FOCUS = re.compile(r"(ServiceRequest/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")


@dataclass(frozen=True)
class Notified:
    """The Task that stands for the sender's here."""

    task: Stored


def notified(engine: Engine, settings: Settings, incoming: Incoming, base: str) -> Notified:
    """Stores what a Task tells; Refusal where it tells of nothing that is here or that may be fetched.

    base: where we are, as the sender may name us."""
    task = incoming.document
    refuse_older(task)
    found = errors(structure.check(task))
    if found:
        raise Refusal("unprocessable", found)
    said = task.get("focus", {}).get("reference", "")
    focus = said.removeprefix(f"{base}/")

    def run(connection: Connection) -> Notified:
        ours = _ours(connection, focus, incoming)
        if ours is not None:
            return Notified(_also_known(connection, ours, incoming))
        partner, theirs = _at_partner(settings, incoming, said)
        return Notified(_pull(connection, incoming, partner, theirs))

    return committed(engine, run)


def _ours(connection: Connection, focus: str, incoming: Incoming) -> Referral | None:
    """The referral here that a Task is about."""
    found = _FOCUS.fullmatch(focus)
    id_ = found[1].partition("/")[2] if found else ""
    stored = resources.current(connection, "ServiceRequest", id_) if found else None
    if stored is None or incoming.sees not in (None, stored.partner):
        return None
    return referrals.of_service_request(connection, id_)


def _also_known(connection: Connection, referral: Referral, incoming: Incoming) -> Stored:
    """Our Task of a referral, which has the sender's identifiers too from now on."""
    held = resources.current(connection, TASK, referral.task_id)
    if held is None:
        raise LookupError("the referral's Task is not stored")
    task = exact_json.loads(held.json)
    known = task.get("identifier", [])
    new = [one for one in incoming.document.get("identifier", []) if one not in known]
    if not new:
        return held
    return _next(connection, held, task | {"identifier": [*known, *new]})


def _at_partner(settings: Settings, incoming: Incoming, said: str) -> tuple[Partner, str]:
    """The partner that holds a Task's focus, and what it is called there."""
    sender = settings.partner(incoming.sender)
    for partner in settings.partners if sender is None else (sender,):
        if not partner.base_url:  # it only calls here, and holds nothing that could be fetched
            continue
        found = _FOCUS.fullmatch(said.removeprefix(f"{partner.base_url}/"))
        if found and (said.startswith(f"{partner.base_url}/") or partner is sender):
            return partner, found[1]
    text = (
        "A Task leads to a ServiceRequest that is here, or to one at the address of a partner that is configured here: "
        "this leads to neither. Send the referral itself, or have your address configured."
    )
    raise refuse("unprocessable", "not-found", "Task.focus", text)


def _pull(connection: Connection, incoming: Incoming, partner: Partner, focus: str) -> Stored:
    """The Task of what is to be fetched; the one that is there, where the same was told before."""
    told = key("pull", partner.name, focus, incoming.sender)
    before = pulls.of_key(connection, told)
    if before is not None:
        return _told_again(connection, before, incoming)
    at, task_id, message_id, pull_id = now(), *(str(uuid4()) for _ in range(3))
    messages.add(connection, _message(incoming, message_id, task_id, at))
    task = as_of_partner(incoming.document, partner.base_url)
    kept = {name: value for name, value in task.items() if name not in ("id", "meta", "resourceType", "status")}
    kept = {"resourceType": TASK, "meta": task.get("meta", {}), **kept, "status": "requested"}
    new = keeping.kept(keeping.version_of(kept, task_id, 1, at), incoming.sender, message_id)
    resources.add(connection, new)
    pulls.add(connection, Pull(pull_id, told, partner.name, focus, task_id, message_id, "pending", 0, None, at))
    return new.stored


def _told_again(connection: Connection, before: Pull, incoming: Incoming) -> Stored:
    held = resources.current(connection, TASK, before.task_id)
    if held is None:
        raise LookupError("the Task of a pull is not stored")
    if before.state != "refused":
        return held
    pulls.begin_again(connection, before)
    task = {name: value for name, value in exact_json.loads(held.json).items() if name != "statusReason"}
    return _next(connection, held, task | {"status": incoming.document["status"]})


def as_of_partner(resource: Node, base_url: str) -> Node:
    """A resource of a partner's with every relative reference said as an absolute one."""
    texts = {text for text in _texts(resource) if RELATIVE.fullmatch(text)}
    elsewhere = {text: f"{base_url}/{text}" for text in texts}
    return Links([None], [{}]).rewritten(resource, 0, lambda index, _: str(index), elsewhere)


def settle_task(connection: Connection, task_id: str, status: str, why: str) -> None:
    """The next version of a Task that comes to nothing, with the reason."""
    held = resources.current(connection, TASK, task_id)
    if held is not None:
        _next(connection, held, exact_json.loads(held.json) | {"status": status, "statusReason": {"text": why}})


def _next(connection: Connection, held: Stored, task: Node) -> Stored:
    at = now()
    return keeping.keep_next(connection, held, task | {"lastModified": at}, at)


def _message(incoming: Incoming, id_: str, task_id: str, at: str) -> Message:
    return Message(
        id=id_,
        received_at=at,
        route=incoming.route,
        sender=incoming.sender,
        content_type=incoming.content_type,
        conditional=incoming.condition,
        body=incoming.body,
        content_hash=sha256(exact_json.canonical(incoming.document)).hexdigest(),
        made=(Made(TASK, task_id, 1, at),),
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
