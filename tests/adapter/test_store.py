"""The store by itself: its tables, its transactions, its deliveries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from adapter.store import claims, deliveries, patients, plans, work
from adapter.store.clock import milliseconds
from adapter.store.engine import open_engine, reading, writing
from adapter.store.keys import key
from adapter.store.migrate import differences, migrate
from adapter.store.plans import Plan
from adapter.store.tables import PREFIX
from adapter.store.tables import work as table
from adapter.store.work import Work


@pytest.fixture
def store(engine: Engine) -> Engine:
    migrate(engine)
    return engine


@pytest.fixture
def planned(store: Engine) -> Engine:
    """A store with two versions of a plan."""
    with writing(store) as connection:
        patients.add(connection, "P-1", {"record": "patient"}, "m1", None, [("urn:mrn", "1")])
        for version in (1, 2):
            plans.add(connection, Plan("plan", version, {"version": version}, "m1", "P-1", None, "2026-11-24"))
    return store


def test_the_migrations_make_what_the_tables_say(store: Engine) -> None:
    with reading(store) as connection:
        assert differences(connection) == []


def test_migrating_again_changes_nothing_and_leaves_what_is_not_ours(store: Engine) -> None:
    with writing(store) as connection:
        connection.execute(text("CREATE TABLE workflow_status (id INTEGER)"))
    migrate(store)
    with reading(store) as connection:
        assert differences(connection) == []
        names = inspect(connection).get_table_names()
    assert [name for name in names if not name.startswith(PREFIX)] == ["workflow_status"]


def test_processes_that_start_at_once_migrate_once(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as processes:
        list(processes.map(lambda _: migrate(engine), range(4)))
    with reading(engine) as connection:
        assert differences(connection) == []


def test_sqlite_keeps_a_log_ahead_and_checks_its_keys(store: Engine) -> None:
    with reading(store) as connection:
        if connection.dialect.name == "sqlite":
            pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")}  # fmt: skip  # noqa: E501
            assert pragmas == {"journal_mode": "wal", "foreign_keys": 1}
    with pytest.raises(IntegrityError), writing(store) as connection:
        plans.add(connection, plans.Plan("plan", 1, {}, "m1", "no such patient", None, "2026"))


def test_what_reads_before_it_writes_waits_for_its_turn(store: Engine) -> None:
    """On SQLite a transaction that took its lock only when it writes would be turned away here."""

    def count(_: int) -> None:
        with writing(store) as connection:
            seen = claims.first(connection, ["counter"]) or "0"
            connection.execute(text(f"DELETE FROM {PREFIX}claim"))
            claims.add(connection, ["counter"], "Number", str(int(seen) + 1))

    if store.dialect.name == "sqlite":
        with ThreadPoolExecutor(8) as writers:
            list(writers.map(count, range(40)))
        with reading(store) as connection:
            assert claims.first(connection, ["counter"]) == "40"


def test_an_error_quotes_no_values(store: Engine) -> None:
    with writing(store) as connection:
        patients.add(connection, "P-1", {"name": "Okafor"}, "m1", None, [])
    with pytest.raises(IntegrityError) as refused, writing(store) as connection:
        patients.add(connection, "P-1", {"name": "Okafor"}, "m1", None, [])
    assert "Okafor" not in str(refused.value)


def test_a_key_of_parts_is_the_key_of_no_other_parts() -> None:
    keys = [key("a", "b"), key("ab"), key("a", "", "b"), key("b", "a"), key("a|b"), key("1:a1:b")]
    assert len(set(keys)) == len(keys)


def test_postgresql_is_spoken_to_through_psycopg_3() -> None:
    assert open_engine("postgresql://localhost/paingate").dialect.driver == "psycopg"


# ---- deliveries


def test_a_version_goes_to_a_partner_once(planned: Engine) -> None:
    with writing(planned) as connection:
        deliveries.insert_pending(connection, "care_plan", "plan", 1, "hospital")
        deliveries.insert_pending(connection, "care_plan", "plan", 1, "registry")
        deliveries.insert_pending(connection, "care_plan", "plan", 2, "hospital")
    with pytest.raises(IntegrityError), writing(planned) as connection:
        deliveries.insert_pending(connection, "care_plan", "plan", 1, "hospital")
    with reading(planned) as connection:
        everywhere = [(one.item_version, one.partner) for one in deliveries.of_item(connection, "care_plan", "plan")]
        hospital = [one.item_version for one in deliveries.of_item(connection, "care_plan", "plan", "hospital")]
    assert everywhere == [(1, "hospital"), (1, "registry"), (2, "hospital")]
    assert hospital == [1, 2]


def test_a_delivery_is_settled_once(planned: Engine) -> None:
    with writing(planned) as connection:
        new = deliveries.insert_pending(connection, "care_plan", "plan", 2, "hospital")
        deliveries.begin_attempt(connection, new.id)
        deliveries.note_failure(connection, new.id, "503")
        deliveries.begin_attempt(connection, new.id)
        assert deliveries.settle(connection, new.id, "delivered", remote_id="7", remote_version="1")
        assert not deliveries.settle(connection, new.id, "refused", last_error="422")
        settled = deliveries.get(connection, new.id)
        assert settled is not None
        assert (settled.state, settled.attempts, settled.last_error) == ("delivered", 2, None)
        assert (settled.remote_id, settled.remote_version) == ("7", "1")
        plan, person = plans.at_version(connection, "plan", 2)
        assert (plan.record, person) == ({"version": 2}, {"record": "patient"})
        assert deliveries.get(connection, "nobody") is None


def test_what_lies_behind_one_that_failed_waits_with_it_and_is_due_once_that_is_done(store: Engine) -> None:
    """Or else who looks for something to claim would walk past all of it, again and again."""
    with writing(store) as connection:
        for lane, position in (("a", 1), ("a", 2), ("a", 3), ("b", 1)):
            work.put(connection, Work(f"{lane}{position}", "delivery", "hospital", lane, position, 1))
        first = next(one for one in work.claim(connection, "hospital", ("delivery",), "me/1", 9) if one.id == "a1")
        work.put_back(connection, first, milliseconds() + 60_000, alone=True)
        assert due(connection) == {"b1"}
        work.done(connection, "b1")
        assert not work.anything_due(connection, "hospital")
        work.done(connection, "a1")
        assert due(connection) == {"a2", "a3"}
        assert [one.id for one in work.claim(connection, "hospital", ("delivery",), "me/1", 9)] == ["a2"]


def test_what_another_took_over_meanwhile_is_put_back_by_nobody(store: Engine) -> None:
    with writing(store) as connection:
        for position in (1, 2):
            work.put(connection, Work(f"a{position}", "delivery", "hospital", "a", position, 1))
        (mine,) = work.claim(connection, "hospital", ("delivery",), "me/1", 9)
        work.let_go(connection, "me/1")
        work.put_back(connection, mine, milliseconds() + 60_000, alone=True)
        assert due(connection) == {"a1", "a2"}


def due(connection: Connection) -> set[str]:
    rows = connection.execute(select(table.c.id).where(table.c.due_at <= milliseconds()))
    return set(rows.scalars())
