"""Kill -9 in the middle of a thousand posts: what was answered as stored is there, and nothing is there by halves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from sqlalchemy import Connection, func, select

from adapter.store.engine import open_engine, reading
from adapter.store.tables import claim, message, referral, referral_message, resource
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.test_doors import resources
from tests.journeys.push.service import Service

POSTS = 1000
SENDERS = 8
KILLED_AFTER = (150, 400, 700)
"""Answers after which the service dies, each time it does."""
DOORS = ("alone", "transaction", "gravity", "bser")


def test_a_killed_service_loses_no_referral_that_it_answered(service: Service, database_url: str) -> None:
    service.start()
    waiting = list(range(POSTS))
    answered: dict[int, str] = {}
    for until in (*KILLED_AFTER, POSTS):
        _sent(service, waiting, answered, until)
        if until < POSTS:
            service.kill()
            _whole(database_url, answered)
            service.start()
        waiting = [n for n in range(POSTS) if n not in answered]
    assert len(answered) == POSTS
    assert _whole(database_url, answered) == POSTS  # what was sent again is no second one


def _sent(service: Service, waiting: list[int], answered: dict[int, str], until: int) -> None:
    """Posts by several senders; stops asking once so many were answered, while others are still on their way."""
    enough = threading.Event()

    def once(n: int) -> None:
        if enough.is_set():
            return
        path, document = _dressed(n)
        try:
            answer = requests.post(
                service.url + path,
                data=exact_json.dumps(document),
                headers={"Content-Type": "application/fhir+json"},
                timeout=60,
            )
        except requests.RequestException:
            return
        assert answer.status_code in (200, 201), answer.text
        answered[n] = f"R-{n}"
        if len(answered) >= until < POSTS:
            enough.set()
            service.kill()  # while the others wait for their answers

    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(once, waiting))


def _dressed(n: int) -> doors.Door:
    """One of a thousand referrals, each of another patient, by one door after the other."""
    told = resources(f"R-{n}")
    told["patient"]["identifier"][0]["value"] = str(n)
    path, document = doors.EVERY[DOORS[n % len(DOORS)]](told)
    if document.get("type") == "message":
        document["entry"][0] = {"resource": document["entry"][0]["resource"] | {"id": f"m-{n}"}}
    return path, document


def _whole(database_url: str, answered: dict[int, str]) -> int:
    """How many referrals there are: all that were answered, each with everything that belongs to it."""
    engine = open_engine(database_url)
    with reading(engine) as connection:
        stored = connection.execute(
            select(referral.c.record, referral.c.service_request_id, referral.c.task_id, referral.c.message_id)
        ).all()
        numbers = [exact_json.loads(bytes(row.record))["identifiers"][0]["value"] for row in stored]
        assert sorted(numbers) == sorted(set(numbers))
        assert set(answered.values()) <= set(numbers)
        there = {(row.type, row.id) for row in connection.execute(select(resource.c.type, resource.c.id))}
        for row in stored:
            assert {("ServiceRequest", row.service_request_id), ("Task", row.task_id)} <= there
        assert _count(connection, message) == _count(connection, referral_message) == len(stored)
        assert _count(connection, claim) >= len(stored)
        kept = {id_ for type_, id_ in there if type_ == "Task"}
        assert kept == {row.task_id for row in stored}
    engine.dispose()
    return len(stored)


def _count(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
