"""Fetching a referral that a partner's Task tells of, one turn at a time: read it there, then let it in as any other.

What is fetched is the ServiceRequest and what it needs, one step from it, at the partner's own address and nowhere else
(the client follows no redirects).  It comes to the intake as a transaction with the partner's Task, so that behind this
door is what is behind every other.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery.backoff import Pace, wait_before_next
from adapter.delivery.outbox import Outbox, PullTurn
from adapter.exchange.incoming import Incoming
from adapter.exchange.intake import receive
from adapter.exchange.notification import RELATIVE, as_of_partner, settle_task
from adapter.exchange.refusal import Refusal
from adapter.exchange.workflow.moving import Changed, told_to_nobody
from adapter.settings import Settings
from adapter.store import messages, pulls
from adapter.store.engine import writing
from adapter.store.pulls import Pull
from mappings.r4 import exact_json
from mappings.tolerance import repaired

log = logging.getLogger(__name__)

Resource = dict[str, Any]

FOLLOWED = (
    "subject", "requester", "performer", "reasonReference", "insurance", "supportingInfo", "specimen",
)  # fmt: skip
"""The elements of a ServiceRequest whose targets a referral needs."""
MOST = 50
"""Resources that are fetched for one referral."""
ATTEMPTS = 12
"""After that many the Task says that it failed: with the usual pace, some hours."""
ROUTE = "/fhir/Task (fetched)"


@dataclass(frozen=True)
class Puller:
    """What a turn needs of its surroundings."""

    engine: Engine
    settings: Settings
    outbox: Outbox
    partner: Callable[[str], FhirClient]
    changed: Changed = told_to_nobody
    """Told of each referral that was fetched."""
    pace: Pace = field(default_factory=Pace)

    def take(self, turn: PullTurn) -> str:
        """Takes the turn and says in a word what came of it."""
        with writing(self.engine) as connection:
            pull = pulls.get(connection, turn.pull_id)
            if pull is None or pull.state != "pending":
                return "settled before"
            pulls.change(connection, pull.id, attempts=pull.attempts + 1)
            told = messages.get(connection, pull.message_id)
        try:
            return self._received(pull, told)
        except WorthAnotherTry as trouble:
            return self._later(turn, pull, str(trouble), trouble.retry_after)
        except WillAnswerTheSame as refused:
            return self._refused(pull, f"The ServiceRequest could not be read: {refused}")
        except Refusal as refusal:
            return self._refused(pull, " ".join(f"{one.expression}: {one.text}" for one in refusal.issues))
        except Exception as surprise:  # noqa: BLE001 - a referral must not be lost to a fault of ours: tried again
            where = traceback.extract_tb(surprise.__traceback__)[-1]
            what = f"unexpected {type(surprise).__name__} in {where.name}, line {where.lineno}"
            log.error("pull %s: %s", pull.id, what)  # noqa: TRY400 - a trace would show the patient's data
            return self._later(turn, pull, what, None)

    def _received(self, pull: Pull, told: messages.Message) -> str:
        partner = self.settings.partner(pull.partner)
        if partner is None:
            raise WorthAnotherTry("no partner of this name is configured", codes=("configuration",))
        with self.partner(pull.partner) as client:
            fetched = fetch(client, pull.focus, self.settings.max_body)
        bundle = as_transaction(fetched, exact_json.loads(told.body), partner.base_url, pull.focus)
        body = exact_json.dumps(bundle)
        document, repairs = repaired(bundle)
        incoming = Incoming(
            ROUTE, told.content_type, body, document, tuple(repairs), sender=told.sender, task_id=pull.task_id
        )
        received = receive(self.engine, self.settings, incoming)
        with writing(self.engine) as connection:
            pulls.change(connection, pull.id, state="done", last_error=None)
            if received.referral.task_id != pull.task_id:
                why = f"This referral came before: Task/{received.referral.task_id} says where it stands."
                settle_task(connection, pull.task_id, "cancelled", why)
            else:
                self.changed(connection, received.referral)
        return "received"

    def _later(self, turn: PullTurn, pull: Pull, why: str, asked_for: float | None) -> str:
        attempts = pull.attempts + 1
        if attempts >= ATTEMPTS:
            return self._refused(pull, f"The ServiceRequest could not be read in {attempts} attempts: {why}")
        wait = wait_before_next(self.pace, attempts, pull.id, asked_for)
        with writing(self.engine) as connection:
            pulls.change(connection, pull.id, last_error=why)
            self.outbox.put_pull(connection, turn.following(), delay=wait)
        return "tried again later"

    def _refused(self, pull: Pull, why: str) -> str:
        log.warning("pull %s from partner %s was refused", pull.id, pull.partner)
        with writing(self.engine) as connection:
            pulls.change(connection, pull.id, state="refused", last_error=why)
            settle_task(connection, pull.task_id, "failed", why)
        return "refused"


def fetch(client: FhirClient, focus: str, most_bytes: int) -> dict[str, Resource]:
    """The ServiceRequest and what it needs of the same server, by Type/id; what is not there or not for us is left
    out.  WillAnswerTheSame where all of it is too much."""
    root = client.read(focus)
    found = {focus: root}
    size = len(exact_json.dumps(root))
    for name in _needed(root, client.base_url):
        if name in found:
            continue
        if len(found) >= MOST:
            raise WillAnswerTheSame("it refers to more than is fetched for one referral", codes=("too-costly",))
        try:
            found[name] = client.read(name)
        except WillAnswerTheSame:
            continue  # the intake says what is missing, and refuses where it is needed
        size += len(exact_json.dumps(found[name]))
        if size > most_bytes:
            raise WillAnswerTheSame("it is larger than is read for one referral", codes=("too-long",))
    return found


def as_transaction(fetched: dict[str, Resource], task: Resource, base_url: str, focus: str) -> Resource:
    """What was fetched as the partner could have sent it, with its Task."""
    entries = [
        {
            "fullUrl": f"{base_url}/{name}",
            "resource": as_of_partner(resource, base_url),
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for name, resource in fetched.items()
    ]
    told = as_of_partner(task | {"focus": {"reference": focus}}, base_url)
    there = {"fullUrl": f"{base_url}/Task/{task['id']}"} if "id" in task else {}
    entries.append({**there, "resource": told, "request": {"method": "POST", "url": "Task"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _needed(root: Resource, base_url: str) -> Iterator[str]:
    """The targets at the same server, as Type/id, in the order of FOLLOWED."""
    for member in FOLLOWED:
        told = root.get(member)
        for one in told if isinstance(told, list) else [told]:
            text = one.get("reference") if isinstance(one, dict) else None
            name = text.removeprefix(f"{base_url}/") if isinstance(text, str) else ""
            if RELATIVE.fullmatch(name):
                yield name.partition("/_history/")[0]
