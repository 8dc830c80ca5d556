"""A database from before moves were kept: what is there tells how its referrals came to where they stand."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert

import adapter.store.migrate
from adapter import create_app
from adapter.settings import Settings
from adapter.store.engine import writing
from adapter.store.tables import message, patient, referral, referral_serial, resource
from mappings.r4 import exact_json
from tests.adapter.speaking import Node, get
from tests.adapter.workflow.moves import INBOX, tell

AT, LATER = "2026-11-24T08:00:00.000000Z", "2026-11-24T09:00:00.000000Z"
EMPTY = b"{}"


def at_revision_2(engine: Engine) -> None:
    """The tables as they were, with a referral in each state that there was."""
    config = Config()
    config.set_main_option("script_location", str(Path(adapter.store.migrate.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        number = {"number": "P-000001", "record": EMPTY, "mapping_version": "m", "created_at": AT}
        connection.execute(insert(patient).values(**number))
        for serial, (status, reason) in enumerate((("received", None), ("accepted", None), ("declined", "Full")), 1):
            connection.execute(insert(referral_serial).values(serial=serial, given_at=AT))
            connection.execute(insert(message).values(**_message(serial)))
            connection.execute(insert(referral).values(**_referral(serial, status, reason)))
            for version in range(1, 2 if status == "received" else 3):
                connection.execute(insert(resource).values(**_task(serial, version)))
            connection.execute(insert(resource).values(**_request(serial)))


def _message(serial: int) -> dict[str, object]:
    told = {"route": "/fhir", "sender": "", "content_type": "x", "body": EMPTY, "content_hash": "h", "made": b"[]"}
    return {"id": f"m{serial}", "received_at": AT, **told}


def _referral(serial: int, status: str, reason: str | None) -> dict[str, object]:
    said = {"record": "referral", "status": "active"}
    report: Node = {"issues": [], "unmapped": [], "ledger": {}}
    return {
        "id": f"r{serial}",
        "serial": serial,
        "number": f"R-{serial:06d}",
        "message_id": f"m{serial}",
        "service_request_id": f"s{serial}",
        "task_id": f"t{serial}",
        "patient_number": "P-000001",
        "status": status,
        "reason": reason,
        "actionable": True,
        "record": exact_json.dumps(said),
        "report": exact_json.dumps(report),
        "mapping_version": "m",
        "created_at": AT,
        "updated_at": AT if status == "received" else LATER,
    }


def _task(serial: int, version: int) -> dict[str, object]:
    task = {
        "resourceType": "Task",
        "id": f"t{serial}",
        "meta": {"versionId": str(version), "lastUpdated": AT},
        "status": "received",
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/s{serial}"},
        "for": {"display": "N. O."},
    }
    return _stored("Task", f"t{serial}", version, task)


def _request(serial: int) -> dict[str, object]:
    request = {"resourceType": "ServiceRequest", "id": f"s{serial}", "meta": {"versionId": "1"}, "status": "active"}
    return _stored("ServiceRequest", f"s{serial}", 1, request)


def _stored(type_: str, id_: str, version: int, said: Node) -> dict[str, object]:
    return {"type": type_, "id": id_, "version": version, "last_updated": AT, "json": exact_json.dumps(said)}


def test_what_was_decided_before_is_in_the_history_and_goes_on(settings: Settings, engine: Engine) -> None:
    at_revision_2(engine)
    client = create_app(settings, engine=engine).test_client()
    received = ("receive", None, "received", "sender", AT, None, 1)
    assert moves(client, "r1") == [received]
    assert moves(client, "r2") == [received, ("accept", "received", "accepted", "clinic", LATER, None, 2)]
    assert moves(client, "r3") == [received, ("decline", "received", "declined", "clinic", LATER, "Full", 2)]
    assert tell(client, {"id": "r2"}, "accept").status_code == 200  # told again
    assert tell(client, {"id": "r3"}, "decline", {"reason": "Full"}).status_code == 200
    assert tell(client, {"id": "r2"}, "schedule").status_code == 200
    assert tell(client, {"id": "r3"}, "accept").status_code == 409
    assert len(moves(client, "r2")) == 3


def moves(client: FlaskClient, id_: str) -> list[tuple[object, ...]]:
    told = get(client, f"{INBOX}/{id_}/history")["history"]
    return [
        tuple(one[name] for name in ("action", "from", "to", "who", "at", "reason", "task_version")) for one in told
    ]
