"""Several senders, clerks and workers at once, each doing whatever comes to its mind, on one database.

Nobody is ever told that something went wrong here, and afterwards everything is whole.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text

from adapter import create_app
from adapter.client import FhirClient, WillAnswerTheSame, WorthAnotherTry
from adapter.delivery import by_hand
from adapter.delivery.answering.answers import BringBack
from adapter.delivery.attempt import Bring, Courier, Goods
from adapter.delivery.transaction import Delivered
from adapter.settings import Settings
from adapter.store import patient_links, referrals, work, workers
from adapter.store.deliveries import Kind
from adapter.store.engine import committed, reading, writing
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.speaking import Node, alone, changed, get, inbox, post, referral, send
from tests.adapter.test_doors import resources
from tests.adapter.test_own_records import RECORDS
from tests.adapter.workflow import moves
from tests.adapter.workflow.test_machine import MODEL

CLERKS, THINGS_EACH, WORKERS = 6, 60, 2
CLINIC = "/clinic/v1"
PARTNERS = ("hospital", "registry", "east", "west")


class Clerk:
    """One who does things, by dice of its own."""

    def __init__(self, settings: Settings, engine: Engine, client: FlaskClient, seed: int) -> None:
        self._settings, self._engine, self._client = settings, engine, client
        self._dice = random.Random(seed)
        self.answers: list[Any] = []

    def does(self) -> None:
        everything: list[Callable[[], Any]] = [
            *[self._refers] * 2, self._by_some_door, self._tells_of_it, *[self._decides] * 3, self._adds,
            *[self._plans] * 2, self._keeps, self._mends, *[self._links] * 3, self._unlinks, self._changes,
            self._sets_up, self._takes_away, self._pushes, self._replays, self._searches,
        ]  # fmt: skip
        for _ in range(THINGS_EACH):
            answer = self._dice.choice(everything)()
            if answer is not None:
                self.answers.append(answer)

    def _number(self, most: int = 6) -> str:
        return f"P-{self._dice.randrange(1, most):06}"

    def _one(self) -> Node | None:
        found = inbox(self._client)
        return self._dice.choice(found) if found else None

    def _put(self, path: str, told: Any) -> Any:
        return self._client.put(f"{CLINIC}/{path}", data=exact_json.dumps(told), content_type="application/json")

    def _refers(self) -> Any:
        dice = self._dice
        number, mrn = f"R-{dice.randrange(12)}", str(dice.randrange(5))
        if dice.random() < 0.3:
            return send(self._client, alone(number, mrn))
        why = [{"text": dice.choice(["since a fall", "since surgery"])}]
        return send(self._client, changed(referral(number, mrn), "entry", 0, "resource", "reasonCode", to=why))

    def _by_some_door(self) -> Any:
        path, document = self._dice.choice(list(doors.EVERY.values()))(resources(f"R-{self._dice.randrange(12)}"))
        return post(self._client, path, document)

    def _tells_of_it(self) -> Any:
        one = self._one()
        if one is None:
            return None
        task = doors.gravity_task(one["service_request"])
        task["identifier"] = [{"system": "urn:theirs", "value": str(self._dice.randrange(5))}]
        return post(self._client, "/fhir/Task", task)

    def _decides(self) -> Any:
        one = self._one()
        actions = sorted(MODEL[one["status"]]) if one else []
        return moves.tell(self._client, one, self._dice.choice(actions)) if one and actions else None

    def _adds(self) -> Any:
        one = self._one()
        return moves.inform(self._client, one, str(self._dice.random())) if one else None

    def _plans(self) -> Any:
        dice = self._dice
        which = len(self.answers) // 6 + dice.randrange(2)  # a new one now and then, for all at about the same moment
        about = {"ref_identifier": {"value": f"P-{1 + which % 5:06}"}}
        status = dice.choice(["active", "active", "withdrawn"])
        plan = {"record": "care_plan", "status": status, "title": dice.choice("abcd"), "patient": about}
        return self._put(f"care-plans/p{which}", plan)

    def _keeps(self) -> Any:
        kind = self._dice.choice(sorted(RECORDS))
        notes = [{"text": self._dice.choice("abc")}]
        return self._put(f"{kind}/{self._dice.choice('ab')}", RECORDS[kind] | {"notes": notes})

    def _mends(self) -> Any:
        held = self._client.get(f"{CLINIC}/patients/{self._number()}")
        if held.status_code != 200:
            return held
        record = exact_json.loads(held.data)["record"] | {"marital_status": {"text": self._dice.choice("abc")}}
        return self._put(f"patients/{self._number()}", record)

    def _links(self) -> Any:
        told = {"linked_number": self._number(), "by": "M. Ito"}
        return self._client.post(f"{CLINIC}/patients/{self._number()}/links", json=told)

    def _unlinks(self) -> Any:
        links = exact_json.loads(self._client.get(f"{CLINIC}/patients/{self._number()}/links").data).get("links")
        if not links:
            return None
        return self._client.post(f"{CLINIC}/links/{self._dice.choice(links)['id']}/undo", json={"by": "M. Ito"})

    def _changes(self) -> Any:
        one = self._one()
        if one is None:
            return None
        record = one["record"] | {"urgency": self._dice.choice(["urgent", "routine"])}
        return self._put(f"referrals/{one['id']}/record", {"record": record, "changed_at": one["changed_at"]})

    def _sets_up(self) -> Any:
        partner = {"base_url": "http://x.invalid/fhir", "sends": ["care_plan"], "at_once": self._dice.randrange(1, 5)}
        return self._put(f"partners/{self._dice.choice(PARTNERS[2:])}", partner)

    def _takes_away(self) -> Any:
        return self._client.delete(f"{CLINIC}/partners/{self._dice.choice(PARTNERS[2:])}")

    def _pushes(self) -> None:
        plan, partner = f"p{len(self.answers) // 6}", self._dice.choice(PARTNERS[:2])
        with suppress(by_hand.NotPossible):
            by_hand.push_now(self._settings, self._engine, plan, partner)

    def _replays(self) -> Any:
        found = get(self._client, f"{CLINIC}/deliveries")["deliveries"]
        if not found:
            return None
        what = self._dice.choice(["replay", "cancel"])
        return self._client.post(f"{CLINIC}/deliveries/{self._dice.choice(found)['id']}/{what}")

    def _searches(self) -> Any:
        if self._dice.random() < 0.5:
            return self._client.get(f"{CLINIC}/changes?cursor=0")
        return self._client.get(f"/fhir/{self._dice.choice(['Task', 'Patient'])}?_sort=-_lastUpdated&_count=3")


def works(engine: Engine, name: str, over: list[bool]) -> None:
    """A worker whose attempts end in every way."""
    dice, owner = random.Random(name), f"{name}/1"

    def load(*_: Any) -> Bring:
        def bring(client: FhirClient, *, first: bool) -> Delivered:
            client.before_writing()
            time.sleep(dice.random() / 50)
            end = dice.random()
            if end < 0.2:
                raise WorthAnotherTry("down", status=503)
            if end < 0.3:
                raise WillAnswerTheSame("no", status=422)
            return Delivered("9", "1", sent=first)

        return bring

    goods = {kind: Goods(load, every_version=kind != "answers") for kind in get_args(Kind)}
    courier = Courier(engine, partner=lambda _: FhirClient("http://partner.example"), goods=goods)

    def claimed(partner: str, connection: Connection) -> list[Callable[[], str] | None]:
        return [courier.begin(connection, one) for one in work.claim(connection, partner, ("delivery",), owner, 3)]

    with writing(engine) as connection:
        workers.beat(connection, owner, name, "here")
    while not over:
        for partner in PARTNERS:
            for run in filter(None, committed(engine, partial(claimed, partner))):
                run()
        if dice.random() < 0.1:
            committed(engine, lambda connection: work.let_go(connection, owner))
        time.sleep(0.01)


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_at_once(settings: Settings, engine: Engine, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    app = create_app(settings, engine=engine, changed=BringBack)
    clerks = [Clerk(settings, engine, app.test_client(), 100 * seed + number) for number in range(CLERKS)]
    over: list[bool] = []
    with caplog.at_level(logging.ERROR, "adapter"), ThreadPoolExecutor(CLERKS + WORKERS) as pool:
        working = [pool.submit(works, engine, f"worker-{number}", over) for number in range(WORKERS)]
        doing = [pool.submit(clerk.does) for clerk in clerks]
        try:
            for one in doing:
                one.result(120)
        finally:
            over.append(True)
        for each in working:
            each.result(60)
    answers = [answer for clerk in clerks for answer in clerk.answers]
    assert len(answers) > CLERKS * THINGS_EACH / 3
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
    assert [one for one in caplog.messages if " is down since " not in one] == []
    assert {name: found for name, query in BROKEN.items() if (found := rows_of(engine, query))} == {}
    with reading(engine) as connection:
        for (id_,) in connection.execute(text("SELECT id FROM paingate_referral")).all():
            one_ = referrals.get(connection, id_)
            assert one_ is not None
            assert one_.patient_number == patient_links.leads_to(connection, one_.met_as)


BROKEN = {
    "a plan lacks a version": "SELECT id FROM paingate_care_plan GROUP BY id HAVING count(*) <> max(version)",
    "a record lacks a version": """SELECT kind, id FROM paingate_kept_record
        GROUP BY kind, id HAVING count(*) <> max(version)""",
    "a resource lacks a version": """SELECT type, id FROM paingate_resource
        GROUP BY type, id HAVING count(*) <> max(version)""",
    "what is pending is nobody's work": """SELECT d.id FROM paingate_delivery d LEFT JOIN paingate_work w ON w.id = d.id
        WHERE d.state = 'pending' AND w.id IS NULL""",
    "what is settled is still to be done": """SELECT w.id FROM paingate_work w
        LEFT JOIN paingate_delivery d ON w.id = d.id
        WHERE w.what = 'delivery' AND (d.id IS NULL OR d.state <> 'pending')""",
    "a referral stands where no move led": """SELECT r.id FROM paingate_referral r JOIN paingate_transition t
        ON t.referral_id = r.id WHERE t.to_status <> r.status
        AND t.number = (SELECT max(number) FROM paingate_transition o WHERE o.referral_id = r.id)""",
    "a move has no Task": """SELECT t.referral_id FROM paingate_transition t JOIN paingate_referral r
        ON t.referral_id = r.id WHERE NOT EXISTS (SELECT 1 FROM paingate_resource o
        WHERE o.type = 'Task' AND o.id = r.task_id AND o.version = t.task_version)""",
}
"""What must not be, and the query that finds it."""


def rows_of(engine: Engine, query: str) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(text(query)).all())
