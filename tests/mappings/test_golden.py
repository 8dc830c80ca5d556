"""The fixtures, both ways, compared byte for byte; each FHIR file is R4, and fhir.resources takes it.

Which files there are is found by their names: X.record.json is what the clinic reads, X.fhir.json that record rendered
afresh, X.bundle.json what somebody sent; in fixtures/hard, X.fhir.json too is what somebody sent.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mappings import Refused, as_model, check_record, from_fhir, of_model, to_bundle, to_fhir
from mappings.opioids import daily_mme_of, depressants
from mappings.r4 import structure
from mappings.r4.exact_json import dumps, loads
from mappings.values import same

FIXTURES = Path(__file__).parents[2] / "fixtures"
HARD = FIXTURES / "hard"
JOURNEY = FIXTURES / "journey"

ALL = {str(path.relative_to(FIXTURES)): path for path in sorted(FIXTURES.rglob("*.*.json"))}
RECORDS = [name for name in ALL if name.endswith(".record.json")]
FHIR = [name for name in ALL if name not in RECORDS]
SENT = [name for name in FHIR if name.endswith(".bundle.json") or ALL[name].parent == HARD]
RENDERED = [name for name in FHIR if name not in SENT]


def fixture(name: str) -> Any:
    return loads(ALL[name].read_bytes())


ON_A_PRIMITIVE = "an extension on a primitive that no rule names: kept in the sender's resource, and reported"

# What no record carries, and why.
NOT_CARRIED = {
    "hard/foreign-extensions-on-primitives.fhir.json": {
        f"{place}.{leaf}": ON_A_PRIMITIVE
        for place in (
            "Patient.name[0].given[1].extension('http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier')",
            "Patient.telecom[0].value.extension('https://north.example/fhir/dial')",
        )
        for leaf in ("url", "value")
    },
    "hard/unknown-status.fhir.json": {
        f"ServiceRequest.status.extension('https://north.example/fhir/own-status').{leaf}": ON_A_PRIMITIVE
        for leaf in ("url", "value")
    },
    "hard/status-that-r4-does-not-have.fhir.json": {
        "ServiceRequest.status": "no word of the clinic's for it: the record says actionable false, and why",
    },
}

# What is said about a message; about every other one nothing.
NO_WORD = "code-invalid"
SAID = {
    "hard/contained-requester.fhir.json": [("informational", "ServiceRequest.subject.reference")],
    "hard/refuted-diagnosis.bundle.json": [(NO_WORD, "Bundle.entry[2].resource.code.coding[0].code")],
    "hard/unknown-code-systems.fhir.json": [
        ("incomplete", "ServiceRequest.reasonCode[1].coding[0].display"),
        (NO_WORD, "ServiceRequest.code.coding[0].code"),
        (NO_WORD, "ServiceRequest.reasonCode[0].coding[0].code"),
    ],
    "journey/01-referral.bundle.json": [
        (NO_WORD, f"Bundle.entry[{entry}].resource.code.coding[0].code")
        for entry in (8, 9)  # red flags
    ],
    "hard/status-that-r4-does-not-have.fhir.json": [("code-invalid", "ServiceRequest.status")],
    "hard/phq-9-and-a-total-that-contradicts-it.bundle.json": [("business-rule", "Bundle.entry[1].resource")],
}

# What a record lacks because of what was sent.
INCOMPLETE = {"hard/status-that-r4-does-not-have.record.json": [("required", "status")]}
COMPLETE = [name for name in RECORDS if name not in INCOMPLETE]


def record_of(name: str) -> Any:
    return fixture(f"{name.removesuffix('.json').rpartition('.')[0]}.record.json")


def text(value: Any) -> str:
    return dumps(value, 2).decode()


@pytest.mark.parametrize("name", SENT)
def test_what_was_sent_becomes_its_record(name: str) -> None:
    reading = from_fhir(fixture(name))
    (conversion,) = reading.conversions
    assert text(conversion.record) == text(record_of(name))
    assert reading.report.unmapped == list(NOT_CARRIED.get(name, ()))
    assert [(issue.code, issue.expression) for issue in reading.report.issues] == SAID.get(name, [])


@pytest.mark.parametrize("name", RENDERED)
def test_a_record_becomes_its_fhir(name: str) -> None:
    assert text(to_fhir(record_of(name)).resource) + "\n" == ALL[name].read_text()


@pytest.mark.parametrize("name", COMPLETE)
def test_a_fresh_rendering_reads_as_the_record(name: str) -> None:
    record = fixture(name)
    reading = from_fhir(to_fhir(record).resource)
    assert [same(conversion.record, record) for conversion in reading.conversions] == [True]
    assert reading.report.unmapped == []


@pytest.mark.parametrize("name", COMPLETE)
def test_a_fresh_bundle_reads_as_the_record(name: str) -> None:
    record = fixture(name)
    reading = from_fhir(to_bundle(record).resource)
    assert [same(conversion.record, record) for conversion in reading.conversions] == [True]
    assert reading.report.unmapped == []


@pytest.mark.parametrize("name", COMPLETE)
def test_a_fresh_bundle_asked_for_this_kind_reads_as_the_record(name: str) -> None:
    record = fixture(name)
    reading = from_fhir(to_bundle(record).resource, kinds=(record["record"],))
    assert [same(conversion.record, record) for conversion in reading.conversions] == [True]
    assert reading.report.unmapped == []


@pytest.mark.parametrize("name", INCOMPLETE)
def test_a_record_that_lacks_what_r4_demands_is_not_rendered_afresh(name: str) -> None:
    with pytest.raises(Refused):
        to_fhir(fixture(name))


@pytest.mark.parametrize("name", FHIR)
def test_a_record_put_back_changes_nothing(name: str) -> None:
    there = fixture(name)
    assert text(to_fhir(record_of(name), onto=there).resource) == text(there)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_one_that_its_schema_takes(name: str) -> None:
    found = [(issue.code, issue.expression) for issue in check_record(fixture(name))]
    assert found == INCOMPLETE.get(name, [])


@pytest.mark.parametrize("name", FHIR)
def test_a_fixture_is_r4_and_fhir_resources_takes_it(name: str) -> None:
    resource = fixture(name)
    assert structure.check(resource) == []
    held = as_model(resource)
    assert held.issues or same(of_model(held.model), resource)


def test_every_fixture_has_a_record_and_is_explained() -> None:
    explained = (FIXTURES / "README.md").read_text()
    for name in FHIR:
        record_of(name)
    assert [name for name in RECORDS if f"`{Path(name).name.removesuffix('.record.json')}`" not in explained] == []


def test_putting_a_record_back_onto_its_bundle_changes_one_entry_only() -> None:
    bundle, record = fixture("referral.bundle.json"), fixture("referral.record.json")
    record["questions"].append("When can she drive again?")
    after = to_fhir(record, onto=bundle).resource
    changed = [n for n, (a, b) in enumerate(zip(bundle["entry"], after["entry"], strict=True)) if not same(a, b)]
    assert changed == [0]
    assert after["entry"][0]["resource"]["reasonCode"][-1] == {"text": "When can she drive again?"}


def test_what_must_not_be_acted_on_is_said() -> None:
    silent = [name for name in RECORDS if fixture(name).get("actionable", True)]
    assert [name for name in RECORDS if name not in silent] == [
        "hard/status-that-r4-does-not-have.record.json",
        "hard/unknown-modifier-extension.record.json",
    ]


# The journey: one patient from referral to discharge.


def numbers(value: Any) -> set[tuple[str, str]]:
    """Every number that stands in a record, whoever gave it."""
    if isinstance(value, list):
        return set().union(*map(numbers, value))
    if not isinstance(value, dict):
        return set()
    own = {(value["system"], value["value"])} if {"system", "value"} <= value.keys() else set()
    return own.union(*map(numbers, value.values()))


def journey(*steps: str) -> list[Any]:
    return [loads((JOURNEY / f"{step}.record.json").read_bytes()) for step in steps]


def test_the_journey_is_one_patients() -> None:
    ours, theirs = "https://lakeside-pain.example/ids/patient", "https://oakfield-family.example/ids/mrn"
    steps = [numbers(fixture(name)) for name in RECORDS if ALL[name].parent == JOURNEY]
    found = {(system, value) for step in steps for system, value in step if system in (ours, theirs)}
    assert found == {(ours, "P-000042"), (theirs, "00715523")}
    assert all(found & step for step in steps)


def test_a_worrying_answer_is_said_at_the_head_of_the_assessment() -> None:
    (assessment,) = journey("04-assessment")
    (worry,) = assessment["needs_attention"]
    assert worry.endswith("question 9 of the PHQ-9 is answered above zero: a clinician has to look at it.")


def test_tramadol_eight_tablets_a_day_is_80_mme() -> None:
    begun = journey("07-naproxen", "08-tizanidine", "09-gabapentin-titration", "10-tramadol-watched")
    total = daily_mme_of(begun)
    assert (total.mme, total.complete, total.attention) == (Decimal(80), True, True)
    assert {each.name for _, each in depressants(begun).depressants} == {
        "tizanidine 2 MG Oral Tablet",
        "gabapentin 300 MG Oral Capsule",
    }


def test_a_taper_counts_by_its_highest_step() -> None:
    (taper,) = daily_mme_of(journey("21-tramadol-taper")).prescriptions
    assert taper.mme == Decimal(60)
    assert "The dose changes in steps: the figure is that of the highest step, not of today." in taper.notes


def test_a_buprenorphine_patch_has_no_figure_and_says_why() -> None:
    total = daily_mme_of(journey("09-gabapentin-titration", "20-acetaminophen", "32-buprenorphine-patch"))
    assert (total.mme, total.complete) == (None, False)
    assert total.sentence == "No figure; prescriptions that might count and cannot be counted: 1."
    reasons = [each.reason.sentence for each in total.prescriptions if each.outcome == "refused" and each.reason]
    assert reasons == ["Buprenorphine has no conversion factor in the CDC guideline."]


def test_what_was_stopped_no_longer_counts() -> None:
    total = daily_mme_of(journey("19-naproxen-stopped", "36-patch-stopped"))
    assert (total.mme, total.complete) == (Decimal(0), True)
