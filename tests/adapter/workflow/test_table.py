"""The table of states and transitions: every pair of state and action over HTTP, and what the table says of itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter.exchange.workflow.states import ACTIONS, STATES, TRANSITIONS, Deed, allowed, transition
from adapter.store.referrals import STATUSES, Status
from mappings.r4 import validity
from tests.adapter.speaking import get, issues, problem, rows, said
from tests.adapter.workflow.moves import INBOX, TO_REACH, standing_at, task_of, tell

CODES = ["2.0", "3.0", "4.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.2", "6.0", "7.0"]
FINAL = {"declined", "cancelled", "completed", "failed"}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", get_args(Deed))
def test_every_pair_of_state_and_action(client: FlaskClient, status: Status, action: Deed) -> None:
    """Legal: referral and Task stand where the table says.  Illegal: nothing moves, and what may be is named."""
    one = standing_at(client, status)
    before = task_of(client, one)
    answer = tell(client, one, action)
    after, task = get(client, f"{INBOX}/{one['id']}"), task_of(client, one)
    step = transition(action, status)
    last = TO_REACH[status][-1:]
    if [action] == last and action != "inform":
        assert answer.status_code == 200, answer.text  # told again
        assert (after["status"], task) == (status, before)
    elif step is None:
        assert answer.status_code == 409, answer.text
        if ACTIONS[action].by == "sender":
            assert issues(answer) == [("error", "conflict", "Task.status")]
            text = said(answer)["issue"][0]["diagnostics"]
        else:
            assert problem(answer) == [("status", "conflict")]
            text = said(answer)["detail"]
        possible = allowed(ACTIONS[action].by, status)
        assert text.endswith(f"is: {', '.join(possible)}." if possible else "nothing can be done from there.")
        assert (after, task) == (one, before)
    else:
        assert answer.status_code == 200, answer.text
        end = "received" if step.end == "back" else step.end
        assert (after["status"], task["status"]) == (end, STATES[end].task_status)
        assert int(task["meta"]["versionId"]) == int(before["meta"]["versionId"]) + 1
        moved = after["history"][-1]
        assert (moved["action"], moved["from"], moved["to"]) == (action, status, end)
        assert [one for one in validity.check(task) if one.severity == "error"] == []


def test_the_steps_are_those_of_the_guide(client: FlaskClient) -> None:
    """BSeR TaskBusinessStatusCS 2.0.0: every code once; more is asked for where the step before stays."""
    steps = [state.business_status for state in STATES.values() if isinstance(state.business_status, tuple)]
    assert sorted(code for code, _ in steps) == CODES
    one = standing_at(client, "asked")
    task = task_of(client, one)
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("on-hold", "2.0")
    assert task["statusReason"] == {"text": "Is there a recent MRI?"}
    assert "businessStatus" not in task_of(client, standing_at(client, "failed", "R-2"))


def test_every_transition_of_the_guide_is_there_but_those_that_are_explained() -> None:
    told = {number for one in TRANSITIONS for number in re.findall(r"(?<=[ ])\d\d\b", one.source)}
    # 01 is the arrival; 31, 32 and 34 are 06, 08 and 14 by another name
    left_out = {"19", "25", "27"}
    assert told | left_out | {"01", "31", "32", "34"} == {f"{number:02d}" for number in range(1, 35)}


def test_every_pair_leads_to_one_place() -> None:
    assert max(Counter((one.action, one.start) for one in TRANSITIONS).values()) == 1


def test_every_state_is_reached_and_those_that_end_are_never_left() -> None:
    assert set(TO_REACH) == set(STATUSES) == set(STATES)
    assert {one for one in STATUSES if not allowed("clinic", one) and not allowed("sender", one)} == FINAL
    assert all("withdraw" in allowed("sender", one) for one in set(STATUSES) - FINAL - {"cancellation-requested"})


def test_what_is_asked_for_is_taken_up_where_it_was_left(client: FlaskClient) -> None:
    for number, status in enumerate(("received", "accepted", "scheduled", "missed", "appointment-cancelled")):
        for action in ("resume", "inform"):
            one = standing_at(client, status, f"R-{number}-{action}")
            before = task_of(client, one)
            tell(client, one, "ask")
            assert task_of(client, one)["businessStatus"] == before["businessStatus"]
            assert tell(client, one, action).status_code == 200
            after = task_of(client, one)
            assert get(client, f"{INBOX}/{one['id']}")["status"] == status
            assert (after["status"], after["businessStatus"]) == (before["status"], before["businessStatus"])
            assert "statusReason" not in after


def test_the_inbox_is_filtered_by_every_state(client: FlaskClient) -> None:
    for number, status in enumerate(STATUSES):
        standing_at(client, status, f"R-{number}")
    for status in STATUSES:
        (one,) = get(client, f"{INBOX}?status={status}")["referrals"]
        assert (one["status"], one["can"]) == (status, allowed("clinic", status))


def test_nothing_is_stored_by_what_is_refused(client: FlaskClient, engine: Engine) -> None:
    one = standing_at(client, "completed")
    stored = rows(engine)
    for action in ACTIONS:
        if action != "complete":
            assert tell(client, one, action).status_code == 409
    assert rows(engine) == stored
