"""What others wrote: the official R4 examples of ServiceRequest, each sent with its patient, and of Task and Bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.intake import receive
from adapter.exchange.refusal import Refusal
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.engine import reading
from adapter.store.migrate import migrate
from adapter.store.tables import message
from mappings.r4 import exact_json
from mappings.values import same
from tests.adapter.speaking import issues, post, rows, said, transaction

BASE = "http://hl7.org/fhir"
SERVERS_OWN = ("id", "meta")
PARTNER = "http://hospital.invalid/fhir"
OUTCOME = "OperationOutcome"


def test_each_is_stored_whole_and_read_back_exactly(
    engine: Engine, settings: Settings, official_examples: Path
) -> None:
    migrate(engine)
    sent = 0
    for path in sorted(official_examples.glob("ServiceRequest-*.json")):
        example = exact_json.loads(path.read_bytes())
        subject = example["subject"].get("reference", "")
        patient = official_examples / f"{subject.replace('/', '-')}.json"
        if not subject.startswith("Patient/") or not patient.exists():
            continue
        bundle = transaction(
            (f"{BASE}/ServiceRequest/{example['id']}", example),
            (f"{BASE}/{subject}", exact_json.loads(patient.read_bytes())),
        )
        received = receive(
            engine, settings, Incoming("/fhir", "application/fhir+json", exact_json.dumps(bundle), bundle)
        )
        with reading(engine) as connection:
            stored = resources.current(connection, "ServiceRequest", received.made[0].id)
        assert stored is not None
        kept = exact_json.dumps(example)
        for entry, one in zip(bundle["entry"], received.made, strict=True):
            there = entry["fullUrl"].removeprefix(f"{BASE}/")
            for version in ("", "/_history/1"):
                kept = kept.replace(f'"{there}{version}"'.encode(), f'"{one.type}/{one.id}{version}"'.encode())
        assert same(_without(exact_json.loads(stored.json)), _without(exact_json.loads(kept))), path.name
        sent += 1
    assert sent > 5


def test_one_about_no_patient_is_refused_for_that_reason(
    engine: Engine, settings: Settings, client: FlaskClient, official_examples: Path
) -> None:
    for path in sorted(official_examples.glob("ServiceRequest-*.json")):
        example = exact_json.loads(path.read_bytes())
        incoming = Incoming("/fhir/ServiceRequest", "application/fhir+json", path.read_bytes(), example)
        try:
            receive(engine, settings, incoming)
        except Refusal as refusal:
            (issue,) = refusal.issues
            assert issue.expression == "ServiceRequest.subject", path.name


NO_REFERRAL = {
    "Bundle-bundle-transaction": "Bundle.entry[2].request.method",  # a PUT to an id
    "Bundle-ussg-fht": "Bundle.entry[0].request.method",  # the same
    "Bundle-hla-1": "Bundle.entry",  # no ServiceRequest
    "Bundle-xds": "Bundle.entry",
}
"""Why each example of a transaction is none of a referral."""
LARGEST = 2_000_000


def test_no_bundle_is_a_referral_and_each_is_told_why(
    client: FlaskClient, engine: Engine, official_examples: Path
) -> None:
    for path in sorted(official_examples.glob("Bundle-*.json")):
        if path.stat().st_size > LARGEST:
            continue
        type_ = exact_json.loads(path.read_bytes())["type"]
        door = "/fhir/$process-message" if type_ == "message" else "/fhir"
        answer = said(post(client, door, path.read_bytes()))
        match type_:
            case "batch":
                statuses = {entry["response"]["status"] for entry in answer["entry"]}
                assert statuses == {"422"}, path.name
                continue
            case "message":  # both are of another event
                outcomes = [one["resource"] for one in answer["entry"] if one["resource"]["resourceType"] == OUTCOME]
                answer, place = outcomes[0], "Bundle.entry[0].resource.event"
            case "transaction":
                place = NO_REFERRAL[path.stem]
            case _:
                place = (
                    "Bundle.entry" if path.name == "Bundle-terminologies.json" else "Bundle.type"
                )  # over 500 entries
        assert [one["expression"] for one in answer["issue"]] == [[place]], path.name
    assert rows(engine) == {}


def test_each_task_is_stored_whole_where_it_leads_to_a_partner_and_refused_where_it_leads_nowhere(
    client: FlaskClient, engine: Engine, official_examples: Path
) -> None:
    stored = 0
    for path in sorted(official_examples.glob("Task-*.json")):
        example = exact_json.loads(path.read_bytes())
        refused = post(client, "/fhir/Task", example)
        assert (refused.status_code, issues(refused)) == (422, [("error", "not-found", "Task.focus")]), path.name
        leading = example | {"focus": {"reference": f"{PARTNER}/ServiceRequest/{path.stem}"}}
        answer = post(client, "/fhir/Task", leading)
        assert answer.status_code == 201, path.name
        kept = said(client.get(f"/fhir/Task/{said(answer)['id']}"))
        ours = ("id", "meta", "status")
        assert kept["status"] == "requested"
        assert same(_absolute({name: value for name, value in leading.items() if name not in ours}),
                    {name: value for name, value in kept.items() if name not in ours}), path.name  # fmt: skip
        stored += 1
        with reading(engine) as connection:
            bodies = [bytes(body) for body in connection.scalars(select(message.c.body))]
        assert exact_json.dumps(leading) in bodies
    assert rows(engine)["pull"] == stored > 5


def _absolute(value: Any) -> Any:
    """Relative references are the partner's: so they are kept."""
    if isinstance(value, dict):
        kept = {name: _absolute(one) for name, one in value.items()}
        told = kept.get("reference")
        relative = isinstance(told, str) and not told.startswith(("#", "http", "urn:"))
        return kept | ({"reference": f"{PARTNER}/{told}"} if relative else {})
    return [_absolute(one) for one in value] if isinstance(value, list) else value


def _without(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in SERVERS_OWN}
