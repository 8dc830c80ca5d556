"""Several who move a referral at the same moment, and what does not come to its end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine

from adapter import create_app
from adapter.exchange.deciding import decisions
from adapter.settings import Settings
from adapter.store.referrals import Referral
from tests.adapter.speaking import get, problem, received, rows, said
from tests.adapter.workflow.moves import INBOX, inform, standing_at, task_of, tell, withdraw


def test_of_two_decisions_made_at_once_one_wins_and_the_other_learns_it(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen the referral as received.  Declining what was accepted is legal, but nobody meant that."""
    one, both = received(client), Barrier(2)
    prepared = decisions._prepared

    def prepared_by_both(*told: Any) -> Any:
        both.wait(10)
        return prepared(*told)

    monkeypatch.setattr(decisions, "_prepared", prepared_by_both)
    with ThreadPoolExecutor(2) as clerks:
        told = list(clerks.map(lambda action: tell(app.test_client(), one, action), ["accept", "decline"]))
    assert sorted(answer.status_code for answer in told) == [200, 409]
    won, lost = sorted(told, key=lambda answer: answer.status_code)
    assert problem(lost) == [("status", "conflict")]
    assert f"it stands at {said(won)['status']} now" in said(lost)["detail"]
    assert len(get(client, f"{INBOX}/{one['id']}")["history"]) == 2


def test_a_sender_who_speaks_meanwhile_is_heard_before_the_decision(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = standing_at(client, "accepted")
    prepared = decisions._prepared

    def prepared_meanwhile(*told: Any) -> Any:
        assert withdraw(client, one).status_code == 200
        return prepared(*told)

    monkeypatch.setattr(decisions, "_prepared", prepared_meanwhile)
    answer = tell(client, one, "schedule")
    assert answer.status_code == 409
    assert "cancellation-requested" in said(answer)["detail"]


def test_the_same_decision_made_by_many_at_once_is_one(client: FlaskClient, app: Flask) -> None:
    one = received(client)
    with ThreadPoolExecutor(8) as clerks:
        told = list(clerks.map(lambda _: tell(app.test_client(), one, "accept").status_code, range(24)))
    assert set(told) == {200}
    assert task_of(client, one)["meta"]["versionId"] == "2"


def test_of_many_updates_of_one_version_one_holds(client: FlaskClient, app: Flask) -> None:
    one = received(client)
    with ThreadPoolExecutor(8) as senders:
        told = list(senders.map(lambda number: inform_on(app, one, f"note {number}"), range(8)))
    assert 200 in told
    assert set(told) <= {200, 412}
    assert len(task_of(client, one)["note"]) == told.count(200)


def inform_on(app: Flask, one: Any, text: str) -> int:
    return inform(app.test_client(), one, text).status_code


def test_news_is_told_within_the_transaction_and_nothing_is_done_without_it(settings: Settings, engine: Engine) -> None:
    told: list[tuple[str, int]] = []
    fails = [False]

    def changed(connection: Connection, referral: Referral) -> None:
        if fails[0]:
            raise OSError("the queue is gone")
        told.append(
            (referral.status, connection.exec_driver_sql("SELECT count(*) FROM paingate_transition").scalar_one())
        )

    client = create_app(settings, engine=engine, changed=lambda _: changed).test_client()
    one = standing_at(client, "scheduled")
    assert told == [("accepted", 2), ("scheduled", 3)]
    before, stored = task_of(client, one), rows(engine)
    fails[0] = True
    for action in ("attended", "complete", "no-show", "withdraw", "inform"):
        assert tell(client, one, action).status_code == 500
    fails[0] = False
    assert (task_of(client, one), rows(engine)) == (before, stored)
    assert tell(client, one, "complete").status_code == 200
