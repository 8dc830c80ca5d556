"""Both sides telling whatever comes to mind, in any order: repeated, on stale versions, with faults before the commit.

What must come of it is written here by state, apart from the table that the service goes by, which is by action.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine
from werkzeug.test import TestResponse

from adapter import create_app
from adapter.exchange.workflow.states import STATES, TRANSITIONS
from adapter.exchange.workflow.task import BUSINESS_STATUS
from adapter.settings import Settings
from adapter.store.referrals import Referral
from mappings.r4 import validity
from tests.adapter.speaking import Node, get, received, referral
from tests.adapter.workflow.moves import BODIES, INBOX, NOTE, SLOT, TO_REACH, put, task_of, tell

BACK = "back"
UNDER_WAY = {
    "decline": "declined",
    "ask": "asked",
    "schedule": "scheduled",
    "withdraw": "cancellation-requested",
    "fail": "failed",
}
MODEL: dict[str, dict[str, str]] = {
    "received": {
        "accept": "accepted",
        "decline": "declined",
        "ask": "asked",
        "withdraw": "cancelled",
        "inform": "received",
    },
    "asked": {"resume": BACK, "inform": BACK, "decline": "declined", "withdraw": "cancellation-requested"},
    "accepted": {
        **{action: end for action, end in UNDER_WAY.items() if action != "fail"},
        "attended": "attended",
        "complete": "completed",
        "inform": "accepted",
    },
    "scheduled": {
        **UNDER_WAY,
        "no-show": "missed",
        "cancel-appointment": "appointment-cancelled",
        "attended": "attended",
        "complete": "completed",
        "inform": "scheduled",
    },
    "missed": {**UNDER_WAY, "inform": "missed"},
    "appointment-cancelled": {**UNDER_WAY, "inform": "appointment-cancelled"},
    "attended": {
        "schedule": "scheduled",
        "attended": "attended",
        "complete": "completed",
        "fail": "failed",
        "withdraw": "cancellation-requested",
        "inform": "attended",
    },
    "cancellation-requested": {"cancel": "cancelled", "complete": "completed", "inform": "cancellation-requested"},
    "declined": {},
    "cancelled": {},
    "completed": {},
    "failed": {},
}
TASK_STATUS = {
    "received": "received",
    "asked": "on-hold",
    "accepted": "accepted",
    "declined": "rejected",
    "cancelled": "cancelled",
    "completed": "completed",
    "failed": "failed",
}
"""In progress, where it is not here."""
STAYS_BOOKED = {"scheduled", "asked", "cancellation-requested"}
"""Where an appointment may still be to come."""

CLINIC = [
    "accept",
    "decline",
    "ask",
    "resume",
    "schedule",
    "no-show",
    "cancel-appointment",
    "attended",
    "complete",
    "fail",
    "cancel",
]
VARIANTS: dict[str, list[Any]] = {
    "decline": [BODIES["decline"], {"reason": "Too far away"}],
    "ask": [BODIES["ask"], {"question": "Which drugs?"}],
    "schedule": [SLOT, {**SLOT, "end": "2026-12-01T10:00:00+01:00"}],
    "attended": [{}, {**NOTE, "document_status": "preliminary"}],
    "complete": [NOTE, {**NOTE, "description": "The answer"}],
    "cancel-appointment": [{}, {"reason": "Ill"}],
}


STEP = {"coding": [{"system": BUSINESS_STATUS, "code": "5.2"}]}
WAYS = [{"status": "cancelled"}, {"status": "cancelled", "businessStatus": STEP}]
"""To ask for a cancellation, whatever was asked before."""
ACTIONS = [*CLINIC, "withdraw", "inform"]
LONG = 5
"""Moves, before a sequence may come to an end."""
NUMBERS = count(1)
"""Every sequence has a referral of its own."""


class Fault(Exception):
    """The process dies, or the database does, before anything is committed."""


class News:
    """Told of every move; fails when it is to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.fails = False

    def __call__(self, connection: Connection, referral: Referral) -> None:
        assert connection.in_transaction()
        if self.fails:
            raise Fault
        self.told.append(referral.status)


class BothSides(RuleBasedStateMachine):
    """One referral, and what must have become of it."""

    client: FlaskClient
    news: News

    @initialize(data=st.data(), start=st.sampled_from([status for status, moves in MODEL.items() if moves]))
    def arrives_and_comes_so_far(self, data: st.DataObject, start: str) -> None:
        self.one = received(self.client, referral(f"R-{next(NUMBERS)}"))
        self.news.told.clear()
        self.status, self.earlier, self.version = "received", "received", 1
        self.last: tuple[str, Any] | None = None
        self.walked: list[tuple[str, str | None, str]] = [("receive", None, "received")]
        for action in TO_REACH[start]:
            self._say(action, data)

    @rule(data=st.data())
    def goes_on(self, data: st.DataObject) -> None:
        self.goes_on_with(data)

    def goes_on_with(self, data: st.DataObject) -> None:
        """A legal move after which more may come."""
        on = [action for action, end in MODEL[self.status].items() if MODEL.get(end, True)]
        if on:
            self._say(data.draw(st.sampled_from(on)), data)

    @rule(data=st.data())
    def goes_on_further(self, data: st.DataObject) -> None:
        self.goes_on_with(data)

    @precondition(lambda self: len(self.walked) > LONG)
    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        final = [action for action, end in MODEL[self.status].items() if not MODEL.get(end, True)]
        if final:
            self._say(data.draw(st.sampled_from(final)), data)

    @rule(data=st.data(), what=st.sampled_from(("illegal", "stale", "stale at the clinic", "again", "fault")))
    def says_what_moves_nothing(self, data: st.DataObject, what: str) -> None:
        """One rule for all of it, so that about two of three steps are moves."""
        if what == "illegal":
            self._say(data.draw(st.sampled_from([one for one in ACTIONS if one not in MODEL[self.status]])), data)
        elif what == "fault":
            self._fails_before_the_commit(data.draw(st.sampled_from([*CLINIC, "inform"])))
        elif what == "again" and self.last is not None and self.last[0] in CLINIC:
            assert tell(self.client, self.one, *self.last).status_code == 200
        elif what == "stale" and self.version > 1:
            stale = f'W/"{data.draw(st.integers(1, self.version - 1))}"'
            assert put(self.client, {**self._task(), "status": "cancelled"}, stale).status_code == 412
        elif what == "stale at the clinic" and self.version > 1:
            action = data.draw(st.sampled_from(["accept", "resume", "no-show", "cancel"]))
            answer = tell(self.client, self.one, action, If_Match=f'W/"{self.version - 1}"')
            assert answer.status_code == (200 if self.last == (action, {}) else 412)

    @invariant()
    def referral_task_and_history_agree(self) -> None:
        if not hasattr(self, "status"):
            return
        found, task = get(self.client, f"{INBOX}/{self.one['id']}"), self._task()
        assert found["status"] == self.status
        assert task["status"] == TASK_STATUS.get(self.status, "in-progress")
        assert task["meta"]["versionId"] == str(self.version)
        assert [(move["action"], move["from"], move["to"]) for move in found["history"]] == self.walked
        assert [move["task_version"] for move in found["history"]] == list(range(1, self.version + 1))
        assert self.news.told == [end for _, _, end in self.walked[1:]]
        assert [issue for issue in validity.check(task) if issue.severity == "error"] == []

    @invariant()
    def one_appointment_at_most_is_to_come(self) -> None:
        if not hasattr(self, "status"):
            return
        links = [one["valueReference"]["reference"] for one in self._task().get("output", [])]
        assert len(links) == len(set(links))
        read = [get(self.client, f"/fhir/{link}") for link in links]
        booked = [one for one in read if one["resourceType"] == "Appointment" and one["status"] == "booked"]
        assert len(booked) == 1 if self.status == "scheduled" else len(booked) <= int(self.status in STAYS_BOOKED)

    def teardown(self) -> None:
        """Every version of the Task says where the referral stood then."""
        if hasattr(self, "status"):
            for number, (_, _, end) in enumerate(self.walked, 1):
                version = get(self.client, f"/fhir/{self.one['task']}/_history/{number}")
                assert version["status"] == TASK_STATUS.get(end, "in-progress")

    def _fails_before_the_commit(self, action: str) -> None:
        self.news.fails = True
        try:
            answer = tell(self.client, self.one, action)
        finally:
            self.news.fails = False
        again = self.last is not None and self.last == (action, BODIES.get(action, {}))
        assert answer.status_code == (200 if again else 500 if action in MODEL[self.status] else 409)

    def _say(self, action: str, data: st.DataObject) -> None:
        if action in CLINIC:
            body = data.draw(st.sampled_from(VARIANTS.get(action, [BODIES.get(action, {})])))
            self._judge(action, (action, body), tell(self.client, self.one, action, body))
        elif action == "inform":
            note = {"text": data.draw(st.sampled_from(["The MRI is normal", "No allergies"]))}
            task = self._task()
            self._judge(action, None, put(self.client, {**task, "note": [*task.get("note", []), note]}))
        elif self.status != "cancelled":  # a Task that is cancelled and put so asks for nothing
            reason = data.draw(st.sampled_from(["Moved", "Recovered"]))
            said = {**self._task(), **data.draw(st.sampled_from(WAYS)), "statusReason": {"text": reason}}
            self._judge(action, (action, reason), put(self.client, said))

    def _judge(self, action: str, told: tuple[str, Any] | None, answer: TestResponse) -> None:
        """Legal, told again, or refused: the model says which."""
        if told is not None and told == self.last:
            assert answer.status_code == 200, answer.text
            return
        end = MODEL[self.status].get(action)
        if end is None:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        end = self.earlier if end == BACK else end
        if end == "asked":
            self.earlier = self.status
        self.walked.append((action, self.status, end))
        self.status, self.version, self.last = end, self.version + 1, told

    def _task(self) -> Node:
        return task_of(self.client, self.one)


def test_the_table_by_action_says_what_stands_here_by_state() -> None:
    """A sequence comes by chance; here every move is looked at."""
    told: dict[str, dict[str, str]] = {status: {} for status in STATES}
    for one in TRANSITIONS:
        told[one.start][one.action] = one.end
    assert told == MODEL


def test_no_sequence_leads_where_nobody_may_go(settings: Settings, engine: Engine) -> None:
    news = News()
    client = create_app(settings, engine=engine, changed=lambda _: news).test_client()

    class Machine(BothSides):
        pass

    Machine.client, Machine.news = client, news
    examples = max(40, hypothesis_settings().max_examples)
    run_state_machine_as_test(Machine, settings=hypothesis_settings(max_examples=examples, stateful_step_count=40))
