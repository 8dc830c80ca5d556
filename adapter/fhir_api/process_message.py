"""`$process-message`: a message is answered by a message, and the same message gets the same answer again.

The answer is committed together with what it tells.  It is known by what the sender calls its message; other content
under a name that was used is refused, since taking it would leave one of the two unanswered.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from flask import Response
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from adapter.exchange.receiving import sameness
from adapter.exchange.receiving.envelope import Envelope
from adapter.exchange.receiving.incoming import Incoming, Received
from adapter.exchange.receiving.intake import prepare
from adapter.exchange.receiving.opening import header_of, opened
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, again_later, refuse
from adapter.fhir_api.answers import answer
from adapter.fhir_api.outcome import outcome, receipt
from adapter.settings import Settings
from adapter.store import replies, resources
from adapter.store.clock import now
from adapter.store.engine import committed
from adapter.store.keys import key
from mappings.r4 import exact_json

log = logging.getLogger(__name__)


def process(engine: Engine, settings: Settings, incoming: Incoming, base: str) -> Response:
    """The message that answers one; Refusal where what came has no readable header to answer to."""
    if incoming.document.get("type") != "message":
        text = "What is processed here is a Bundle of type message: send a transaction to /fhir."
        raise refuse("unprocessable", "not-supported", "Bundle.type", text)
    try:
        prepared = prepare(engine, settings, incoming)
        asked = sha256(exact_json.canonical(incoming.document)).hexdigest()
        name = key("answer", incoming.sender, prepared.name) if prepared.name else None

        def run(connection: Connection) -> bytes:
            before = replies.get(connection, name) if name else None
            if before is not None and before.asked == asked:
                return before.body
            if before is not None:
                text = (
                    "A message with this id was received before with other content, and nothing was taken from this "
                    "one: give every message an id of its own."
                )
                raise refuse("conflict", "conflict", "Bundle.entry[0].resource.id", text)
            body = _accepted(connection, settings, prepared.envelope, prepared.run(connection), incoming, base)
            if name:
                replies.add(connection, name, asked, body)
            return body

        return answer(committed(engine, run), 200)
    except Refusal as refusal:
        return _refused(settings, incoming, base, "fatal-error", refusal)
    except SQLAlchemyError as trouble:
        log.error("a message was not stored: %s", type(trouble).__name__)  # noqa: TRY400 - a trace would show its data
        text = "This could not be stored now, and nothing of it was: send the same message again later."
        busy = again_later("unavailable", "transient", text, "Bundle")
        return _refused(settings, incoming, base, "transient-error", busy)


def _accepted(
    connection: Connection, settings: Settings, envelope: Envelope, received: Received, incoming: Incoming, base: str
) -> bytes:
    said = receipt(_report(received), "Bundle")
    identifier = sameness.acknowledged(envelope, incoming.document, incoming.request_id)
    seed = f"{received.referral.message_id}|{identifier}"
    more: list[Node] = []
    if envelope.dialect.answers_with_task:
        for referral in received.referrals:
            task = resources.current(connection, "Task", referral.task_id)
            if task is not None:
                more.append({"fullUrl": f"{base}/Task/{task.id}", "resource": exact_json.loads(task.json)})
    return _message(settings, envelope.header or {}, base, identifier, "ok", said, more, seed)


def _refused(settings: Settings, incoming: Incoming, base: str, code: str, refusal: Refusal) -> Response:
    """An answer that says no, where there is a header to answer to; else the refusal is raised as it is."""
    try:
        envelope: Envelope | None = opened(settings, incoming)
    except Refusal:
        envelope = None
    header = envelope.header if envelope else _readable_header(incoming.document)
    if header is None:
        raise refusal
    own = header.get("id")
    identifier = sameness.acknowledged(envelope, incoming.document, incoming.request_id) if envelope else own
    said = outcome(refusal.issues)
    message = _message(settings, header, base, str(identifier or "unknown"), code, said, [], str(uuid4()))
    response = answer(message, refusal.status)
    response.headers.update(refusal.headers)
    return response


def _readable_header(document: Node) -> Node | None:
    """The header of a message that is broken elsewhere, as far as an answer needs it."""
    entries = document.get("entry")
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries[:1]):
        return None
    if entries and not isinstance(entries[0].get("resource"), dict):
        return None
    header = header_of(document)
    sound = header is not None and (
        isinstance(header.get("id", ""), str)
        and isinstance(header.get("eventCoding", {}), dict)
        and isinstance(header.get("eventUri", ""), str)
        and isinstance(header.get("source"), dict)
        and isinstance(header["source"].get("endpoint"), str)
        and "destination" not in header
    )
    return header if sound else None


def _message(
    settings: Settings, header: Node, base: str, identifier: str, code: str, said: Node, more: list[Node], seed: str
) -> bytes:
    """The answer: source and destination change places, and the details are an entry."""
    ids = {part: str(uuid5(NAMESPACE_OID, f"{seed}|{part}")) for part in ("bundle", "header", "outcome")}
    source = header["source"]
    there = {name: source[name] for name in ("name", "endpoint") if name in source}
    meant = [one.get("endpoint") for one in header.get("destination", [])]
    ours = next(iter(meant), None) or f"{base}/$process-message"
    reply: dict[str, Any] = {
        "resourceType": "MessageHeader",
        "id": ids["header"],
        **{name: header[name] for name in ("eventCoding", "eventUri") if name in header},
        "destination": [there],
        "source": {"name": settings.clinic_name, "software": "paingate", "endpoint": ours},
        "response": {
            "identifier": identifier,
            "code": code,
            "details": {"reference": f"urn:uuid:{ids['outcome']}"},
        },
    }
    if more:
        reply["focus"] = [{"reference": f"Task/{one['resource']['id']}"} for one in more]
    entries = [
        {"fullUrl": f"urn:uuid:{ids['header']}", "resource": reply},
        {"fullUrl": f"urn:uuid:{ids['outcome']}", "resource": said | {"id": ids["outcome"]}},
        *more,
    ]
    bundle = {"resourceType": "Bundle", "id": ids["bundle"], "type": "message", "timestamp": now(), "entry": entries}
    return exact_json.dumps(bundle)


def _report(received: Received) -> Node:
    """The reports of all referrals of a message as one; what they share is said once."""
    issues = {str(sorted(one.items())): one for referral in received.referrals for one in referral.report["issues"]}
    first = received.referral.report
    return first | {"issues": list(issues.values())}
