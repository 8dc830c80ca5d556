"""A database of an earlier release: its referrals are all there afterwards, and what comes again finds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from adapter.settings import Settings
from adapter.store import deliveries, referrals, work
from adapter.store import migrate as migrating
from adapter.store.engine import reading, writing
from adapter.store.migrate import migrate

BEFORE = "0002"
AT = "2026-11-24T10:00:00.000000Z"
ROWS = (
    "INSERT INTO paingate_message VALUES ('m', :at, '/fhir', '', 'application/fhir+json', NULL, :body, 'old', :made)",
    "INSERT INTO paingate_patient VALUES ('P-000001', :record, 'v1', NULL, :at)",
    "INSERT INTO paingate_referral_serial (serial, given_at) VALUES (1, :at)",
    """INSERT INTO paingate_referral VALUES ('r', 1, 'R-000001', 'm', 's', 't', 'P-000001', 'received', NULL, :yes,
       :record, :report, 'v1', :at, :at)""",
)
VALUES = {
    "at": AT,
    "body": b"{}",
    "made": b'[{"type":"ServiceRequest","id":"s","version":1,"last_updated":"2026-11-24T10:00:00Z"}]',
    "record": b'{"record":"referral","status":"active"}',
    "report": b'{"issues":[],"unmapped":[],"ledger":{}}',
    "yes": True,
}


@pytest.fixture
def before(engine: Engine) -> Engine:
    """A database as the release before left it, with a referral in it."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for row in ROWS:
            names = {name: value for name, value in VALUES.items() if f":{name}" in row}
            connection.execute(text(row), names)
    return engine


def test_a_referral_of_before_is_there_with_its_message(before: Engine, settings: Settings) -> None:
    migrate(before)
    with reading(before) as connection:
        one = referrals.get(connection, "r")
        assert one is not None
        assert (one.number, one.patient_number, one.met_as) == ("R-000001", "P-000001", "P-000001")
        assert referrals.as_received(connection, "r", "m") == one.record
        assert migrating.differences(connection) == []


def test_a_delivery_of_before_is_one_of_a_plan(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005_search")
        for row in (
            "INSERT INTO paingate_patient VALUES ('P-000001', :record, 'v1', NULL, :at)",
            """INSERT INTO paingate_care_plan (id, version, record, mapping_version, patient_number, stored_at)
               VALUES ('p', 2, :record, 'v1', 'P-000001', :at)""",
            """INSERT INTO paingate_delivery (id, plan_id, plan_version, partner, state, attempts, updated_at)
               VALUES ('d', 'p', 2, 'hospital', 'pending', 1, :at)""",
        ):
            names = {name: value for name, value in VALUES.items() if f":{name}" in row}
            connection.execute(text(row), names)
    migrate(engine)
    with writing(engine) as connection:
        (held,) = deliveries.of_item(connection, "care_plan", "p")
        assert (held.id, held.item_version, held.state, held.attempts) == ("d", 2, "pending", 1)
        (due,) = work.claim(connection, "hospital", ("delivery",), "new/1", 8)  # what waited then is done now
        assert (due.id, due.lane, due.position) == ("d", "care_plan/p/hospital", 2)
        assert migrating.differences(connection) == []
