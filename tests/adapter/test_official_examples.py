"""Referrals that others wrote: the official R4 examples of ServiceRequest, each sent with its patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter.exchange.incoming import Incoming
from adapter.exchange.intake import receive
from adapter.exchange.refusal import Refusal
from adapter.settings import Settings
from adapter.store import resources
from adapter.store.engine import reading
from adapter.store.migrate import migrate
from mappings.r4 import exact_json
from mappings.values import same
from tests.adapter.speaking import transaction

BASE = "http://hl7.org/fhir"
SERVERS_OWN = ("id", "meta")


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


def _without(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in SERVERS_OWN}
