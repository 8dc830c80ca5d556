"""Somebody else does something between our look and our writing: what follows is as if one had come after the other.

SQLite lets nobody write meanwhile; on PostgreSQL whatever is looked at has to be held.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from adapter import create_app
from adapter.delivery import by_hand
from adapter.exchange.receiving import linking
from adapter.exchange.workflow import moving
from adapter.settings import Issuer, Settings
from adapter.store import deliveries, partners, patient_links, plans, referrals, rows
from adapter.store.engine import writing
from adapter.store.plans import Plan
from adapter.store.tables import care_plan
from tests.adapter import doors
from tests.adapter.authorisation.issuing import AUDIENCE, ISSUER, key_set
from tests.adapter.speaking import get, inbox, post, received, referral, send
from tests.adapter.workflow.moves import task_of
from tests.adapter.workflow.moves import tell as decide

LONG_ENOUGH = 0.3
"""Seconds for the other, where nobody holds what it is about."""


def meanwhile(monkeypatch: pytest.MonkeyPatch, where: object, name: str, other: Callable[[], Any]) -> Callable[[], Any]:
    """Before the first call of `where.name` the other begins, and has a moment; returned is what it came to."""
    real, at_it, begun = getattr(where, name), ThreadPoolExecutor(1), list[Future[Any]]()

    def then(*told: Any, **named: Any) -> Any:
        if not begun:
            begun.append(at_it.submit(other))
            wait(begun, LONG_ENOUGH)
        return real(*told, **named)

    def came_to() -> Any:
        with at_it:
            return begun[0].result(30)

    monkeypatch.setattr(where, name, then)
    return came_to


def link(client: FlaskClient, ours: str, theirs: str) -> int:
    told = {"linked_number": theirs, "by": "M. Ito"}
    return client.post(f"/clinic/v1/patients/{ours}/links", json=told).status_code


def test_two_links_at_once_do_not_make_a_circle(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (received(client, referral(number, number))["patient_number"] for number in ("R-1", "R-2"))
    other = meanwhile(monkeypatch, patient_links, "by_person", lambda: link(app.test_client(), two, one))
    assert sorted((link(client, one, two), other())) == [201, 409]
    assert len({each["patient_number"] for each in inbox(client)}) == 1
    assert received(client, referral("R-3", "R-1"))["patient_number"] == inbox(client)[-1]["patient_number"]


def test_a_referral_that_comes_while_its_patient_is_linked_is_of_whom_the_link_says(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (received(client, referral(number, number))["patient_number"] for number in ("R-1", "R-2"))
    other = meanwhile(monkeypatch, linking, "_contradicts", lambda: link(app.test_client(), one, two))
    assert send(client, referral("R-3", "R-2")).status_code == 200
    assert other() == 201
    assert {each["patient_number"] for each in inbox(client)} == {one}


def test_a_link_far_along_the_chain_counts_too(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes under the third number means the second one, and that is linked to the first at this moment."""
    one, two, three = (received(client, referral(number, number))["patient_number"] for number in ("R-1", "R-2", "R-3"))
    assert link(client, two, three) == 201
    other = meanwhile(monkeypatch, linking, "_contradicts", lambda: link(app.test_client(), one, two))
    assert send(client, referral("R-4", "R-3")).status_code == 200
    assert other() == 201
    assert {each["patient_number"] for each in inbox(client)} == {one}


def test_a_link_that_is_undone_while_the_chain_grows_leads_nowhere(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (received(client, referral(number, number))["patient_number"] for number in ("R-1", "R-2", "R-3"))
    assert link(client, two, three) == 201
    (made,) = get(client, f"/clinic/v1/patients/{three}/links")["links"]

    def undone() -> int:
        return app.test_client().post(f"/clinic/v1/links/{made['id']}/undo", json={"by": "K. Lund"}).status_code

    other = meanwhile(monkeypatch, referrals, "follow_patient", undone)
    assert (link(client, one, two), other()) == (201, 200)
    assert [each["patient_number"] for each in inbox(client)] == [three, one, one]


def test_a_task_that_tells_of_a_referral_while_it_is_decided_is_heard_too(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = received(client)
    theirs = doors.gravity_task(one["service_request"])
    other = meanwhile(monkeypatch, moving, "moved", lambda: post(app.test_client(), "/fhir/Task", theirs).status_code)
    assert (decide(client, one, "accept").status_code, other()) == (200, 201)
    task = task_of(client, one)
    assert (task["status"], task["meta"]["versionId"]) == ("accepted", "3")
    assert "task-1" in [each["value"] for each in task["identifier"]]


def test_of_two_who_change_a_partner_at_once_one_is_told(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(by: FlaskClient, at_once: int) -> int:
        told = {"base_url": "http://127.0.0.1:9/fhir", "at_once": at_once}
        return by.put("/clinic/v1/partners/lakeside", json=told, headers=seen).status_code

    seen: dict[str, str] = {}
    assert put(client, 1) == 201
    seen["If-Match"] = 'W/"1"'
    other = meanwhile(monkeypatch, partners, "put", lambda: put(app.test_client(), 2))
    assert (put(client, 3), other()) == (200, 412)
    assert get(client, "/clinic/v1/partners/lakeside")["settings"]["at_once"] == 3


def test_what_names_one_partner_does_not_name_another_at_the_same_moment(
    settings: Settings, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_bytes(key_set("RS384-1"))
    issuers = (Issuer("login", ISSUER, jwks_file=str(keys)),)
    known = (replace(settings.partners[0], client_ids=("another",)),)
    app = create_app(replace(settings, partners=known, issuers=issuers, audience=AUDIENCE), engine=engine)

    def put(name: str) -> int:
        return app.test_client().put(f"/clinic/v1/partners/{name}", json={"client_ids": ["one-client"]}).status_code

    other = meanwhile(monkeypatch, partners, "put", lambda: put("east"))
    assert (put("west"), other()) == (201, 422)


def test_a_plan_pushed_twice_at_once_has_one_delivery(
    client: FlaskClient, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"ref_identifier": {"value": received(client)["patient_number"]}}
    plan = {"record": "care_plan", "status": "active", "patient": about}
    client.put("/clinic/v1/care-plans/p1", json=plan)
    other = meanwhile(
        monkeypatch, deliveries, "insert_pending", lambda: by_hand.push_now(settings, engine, "p1", "registry")
    )
    assert by_hand.push_now(settings, engine, "p1", "registry").id == other().id
    told = get(client, "/clinic/v1/care-plans/p1/deliveries")["deliveries"]
    assert [one["partner"] for one in told] == ["hospital", "registry"]


def test_a_version_that_came_between_two_looks_is_locked_after_all(client: FlaskClient, engine: Engine) -> None:
    number = received(client)["patient_number"]
    first = select(care_plan.c.id).where(care_plan.c.id == "p1", care_plan.c.version == 1)
    looks: list[bool] = []
    with writing(engine) as connection:

        def newest() -> Plan | None:
            if not looks:
                plans.add(connection, Plan("p1", 1, {}, "1", number, None, "2026"))
            looks.append(True)
            return plans.current(connection, "p1")

        found = rows.newest_locked(connection, first, newest)
    assert (len(looks), found is not None and found.version) == (2, 1)
