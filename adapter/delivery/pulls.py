"""Fetching a referral that a partner's Task tells of, one attempt at a time: read there, then let in as any other.

What is fetched is the ServiceRequest and what it needs, one step from it, at the partner's own address and nowhere else
(the client follows no redirects).  It comes to the intake as a transaction with the partner's Task, so that behind this
door is what is behind every other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Engine

from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery import outage
from adapter.delivery.backoff import Pace, due_again
from adapter.delivery.partners import configured
from adapter.delivery.surprise import told as surprise_told
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.intake import receive
from adapter.exchange.receiving.notification import RELATIVE, as_of_partner, settle_task
from adapter.exchange.refusal import Refusal
from adapter.exchange.workflow.moving import Changed, told_to_nobody
from adapter.settings import Settings
from adapter.store import messages, pulls, work
from adapter.store.engine import committed
from adapter.store.pulls import Pull
from adapter.store.work import Work
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
    """What an attempt needs of its surroundings."""

    engine: Engine
    settings: Settings
    partner: Callable[[str], FhirClient]
    changed: Changed = told_to_nobody
    """Told of each referral that was fetched."""
    pace: Pace = field(default_factory=Pace)

    def begin(self, connection: Connection, mine: Work) -> Callable[[], str] | None:
        """Begins what was claimed, as the courier does."""
        pull = pulls.get(connection, mine.id)
        if pull is None or pull.state != "pending":
            work.done(connection, mine.id)
            return None
        pulls.begin_attempt(connection, pull)
        told = messages.get(connection, pull.message_id)
        return lambda: self.run(mine, replace(pull, attempts=pull.attempts + 1), told)

    def run(self, mine: Work, pull: Pull, told: messages.Message) -> str:
        """Makes the attempt, and says in a word what came of it."""
        try:
            return self._received(pull, told)
        except WorthAnotherTry as trouble:
            return self._later(mine, pull, str(trouble), trouble)
        except WillAnswerTheSame as refused:
            return self._refused(pull, f"The ServiceRequest could not be read: {refused}")
        except Refusal as refusal:
            return self._refused(pull, refusal.in_words)
        except Exception as surprise:  # noqa: BLE001 - a referral must not be lost to a fault of ours: tried again
            what = surprise_told(surprise)
            log.error("pull %s: %s", pull.id, what)  # noqa: TRY400 - a trace would show the patient's data
            return self._later(mine, pull, what, None)

    def _received(self, pull: Pull, told: messages.Message) -> str:
        partner = configured(self.settings, pull.partner)
        with self.partner(pull.partner) as client:
            fetched = fetch(client, pull.focus, self.settings.max_body)
        bundle = as_transaction(fetched, exact_json.loads(told.body), partner.base_url, pull.focus)
        body = exact_json.dumps(bundle)
        document, repairs = repaired(bundle)
        incoming = Incoming(
            ROUTE, told.content_type, body, document, tuple(repairs), sender=told.sender, task_id=pull.task_id
        )
        received = receive(self.engine, self.settings, incoming)

        def settle(connection: Connection) -> None:
            outage.answered(connection, pull.partner)
            pulls.settle(connection, pull.id, "done", None)
            if received.referral.task_id != pull.task_id:
                why = f"This referral came before: Task/{received.referral.task_id} says where it stands."
                settle_task(connection, pull.task_id, "cancelled", why)
            else:
                self.changed(connection, received.referral)

        committed(self.engine, settle)
        return "received"

    def _later(self, mine: Work, pull: Pull, why: str, trouble: WorthAnotherTry | None) -> str:
        if pull.attempts >= ATTEMPTS:
            return self._refused(pull, f"The ServiceRequest could not be read in {pull.attempts} attempts: {why}")
        due_at = due_again(self.pace, pull.attempts, pull.id, trouble)

        def put_back(connection: Connection) -> None:
            pulls.note_failure(connection, pull.id, why)
            outage.noticed(connection, pull.partner, trouble, self.pace)
            work.put_back(connection, mine, due_at, alone=False)

        committed(self.engine, put_back)
        return "tried again later"

    def _refused(self, pull: Pull, why: str) -> str:
        log.warning("pull %s from partner %s was refused", pull.id, pull.partner)

        def settle(connection: Connection) -> None:
            pulls.settle(connection, pull.id, "refused", why)
            settle_task(connection, pull.task_id, "failed", why)

        committed(self.engine, settle)
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
