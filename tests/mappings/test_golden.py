"""The fixtures, both ways, compared byte for byte; each FHIR file is R4, and fhir.resources takes it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from mappings import check_record, from_fhir, to_bundle, to_fhir
from mappings.r4 import structure
from mappings.r4.exact_json import dumps, loads
from mappings.values import same

FIXTURES = Path(__file__).parents[2] / "fixtures"
REFERRALS = ["referral", "declined-referral"]
RECORDS = [*REFERRALS, "care-plan"]


def fixture(name: str) -> Any:
    return loads((FIXTURES / name).read_bytes())


def text(value: Any) -> str:
    return dumps(value, 2).decode()


@pytest.mark.parametrize("name", REFERRALS)
def test_a_bundle_becomes_its_record(name: str) -> None:
    reading = from_fhir(fixture(f"{name}.bundle.json"))
    (conversion,) = reading.conversions
    assert text(conversion.record) == text(fixture(f"{name}.record.json"))
    assert reading.report.unmapped == []
    assert reading.report.issues == ()


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_becomes_its_fhir(name: str) -> None:
    assert text(to_fhir(fixture(f"{name}.record.json")).resource) == text(fixture(f"{name}.fhir.json"))


@pytest.mark.parametrize("name", RECORDS)
def test_the_fhir_reads_as_the_record_in_either_rendering(name: str) -> None:
    record = fixture(f"{name}.record.json")
    for made in (fixture(f"{name}.fhir.json"), to_bundle(record).resource):
        assert [same(c.record, record) for c in from_fhir(made).conversions] == [True]


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_one_that_its_schema_takes(name: str) -> None:
    assert check_record(fixture(f"{name}.record.json")) == []


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*.bundle.json")) + sorted(FIXTURES.glob("*.fhir.json")), ids=lambda p: p.name
)
def test_a_fixture_is_r4_and_fhir_resources_takes_it(path: Path) -> None:
    resource = fixture(path.name)
    assert structure.check(resource) == []
    type_ = resource["resourceType"]
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{type_.lower()}"), type_)
    model.model_validate_json(path.read_bytes())


def test_putting_a_record_back_onto_its_bundle_changes_one_entry_only() -> None:
    bundle, record = fixture("referral.bundle.json"), fixture("referral.record.json")
    record["questions"].append("When can she drive again?")
    after = to_fhir(record, onto=bundle).resource
    changed = [n for n, (a, b) in enumerate(zip(bundle["entry"], after["entry"], strict=True)) if not same(a, b)]
    assert changed == [0]
    assert after["entry"][0]["resource"]["reasonCode"][-1] == {"text": "When can she drive again?"}
