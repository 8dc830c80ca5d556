"""The change feed: everything once, in an order that stays, whoever writes meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter.store import changes
from adapter.store.engine import open_engine, writing
from adapter.store.migrate import migrate
from tests.adapter.speaking import get, received, referral
from tests.adapter.workflow.moves import standing_at, tell

FEED = "/clinic/v1/changes"


def read_on(client: FlaskClient, cursor: str = "0", limit: int = 1000) -> tuple[list[dict[str, Any]], str]:
    answer = get(client, f"{FEED}?cursor={cursor}&limit={limit}")
    return answer["changes"], answer["next"]


def test_what_happened_to_a_referral_is_told_in_its_order(client: FlaskClient) -> None:
    one = standing_at(client, "scheduled")
    told, cursor = read_on(client)
    assert [(change["of"], change["id"], change["what"]) for change in told] == [
        ("referral", one["id"], what) for what in ("received", "moved", "moved")
    ]
    assert read_on(client, cursor) == ([], cursor)
    tell(client, one, "complete")
    assert [change["what"] for change in read_on(client, cursor)[0]] == ["moved"]


def test_pages_go_on_where_the_one_before_ended(client: FlaskClient) -> None:
    several = [received(client, referral(f"R-{n}"))["id"] for n in range(5)]
    cursor, seen = "0", []
    for _ in range(3):
        page, cursor = read_on(client, cursor, limit=2)
        seen += [change["id"] for change in page]
    assert seen == several
    assert read_on(client, cursor) == ([], cursor)


def test_a_refused_move_is_no_change(client: FlaskClient) -> None:
    one = standing_at(client, "received")
    _, cursor = read_on(client)
    assert tell(client, one, "no-show").status_code == 409
    assert read_on(client, cursor) == ([], cursor)


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=0", "since=1"])
def test_what_cannot_be_asked_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"{FEED}?{query}").status_code == 400


def test_nothing_is_missed_or_repeated_while_many_write(database_url: str) -> None:
    """Transactions end in another order than they began in: whoever went by the numbers they drew would miss some."""
    engine: Engine = open_engine(database_url)
    migrate(engine)
    writers, each, done = 6, 30, threading.Event()
    seen: list[str] = []

    def write(writer: int) -> None:
        for n in range(each):
            with writing(engine) as connection:
                changes.note(connection, "referral", f"{writer}-{n}", "moved")
                if (writer + n) % 3 == 0:
                    threading.Event().wait(0.003)  # holds its transaction open while others end theirs

    def read() -> None:
        position = 0
        while True:
            last = done.is_set()
            with writing(engine) as connection:
                found = changes.after(connection, position, 7)
            seen.extend(one.id for one in found)
            position = found[-1].position if found else position
            if last and not found:
                return

    with ThreadPoolExecutor(writers + 1) as pool:
        reader = pool.submit(read)
        for one in [pool.submit(write, writer) for writer in range(writers)]:
            one.result()
        done.set()
        reader.result()
    engine.dispose()
    assert len(seen) == writers * each
    assert len(set(seen)) == len(seen)
    for writer in range(writers):
        assert [one for one in seen if one.startswith(f"{writer}-")] == [f"{writer}-{n}" for n in range(each)]
