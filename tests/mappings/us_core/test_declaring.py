"""meta.profile says just what a resource meets: declared where it is made, taken away where it is met no more."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import Refused, from_fhir, roots, to_bundle, to_fhir, us_core, version
from mappings.lens.document import Document
from mappings.r4.exact_json import loads
from mappings.us_core import BASE, check, claims, declared, false_claims, is_declared_by_us
from mappings.us_core.profiles import declared_of
from tests.mappings.test_laws import Root, drawn, every_root, write
from tests.mappings.test_official import COUNTS, NOT_R4, every_type, examples
from tests.mappings.us_core.good import GOOD, LACKING

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[3] / "fixtures"
PATIENT = f"{BASE}us-core-patient"
SURVEY = f"{BASE}us-core-observation-screening-assessment"
RESULT = f"{BASE}us-core-observation-clinical-result"


def claimed(resource: Json) -> list[Any]:
    return [url for _, url in claims(resource)]


def claiming(resource: Json, *urls: str) -> Json:
    return {**resource, "meta": {"profile": list(urls)}}


def assert_declares_what_it_meets(document: Json) -> list[str]:
    """The claims of all its resources, which are those that no fault stands against, and no other."""
    found: list[str] = []
    for resource in Document(document).resources():
        ours = [url for url in claimed(resource) if is_declared_by_us(url)]
        candidates = declared_of(resource["resourceType"])
        assert ours == [BASE + one.name for one in candidates if check(resource, one.name, document) == []]
        found += ours
    return found


# ---- what is made afresh


@every_root
@pytest.mark.parametrize("rendering", ["contained", "bundle"])
@given(st.data())
def test_what_is_made_declares_what_it_meets(root: Root, rendering: str, data: st.DataObject) -> None:
    assert_declares_what_it_meets(write(root, drawn(data, root), rendering=rendering))


DECLARED_IN_FIXTURES = {
    "us-core-careplan": 3, "us-core-careteam": 3, "us-core-condition-problems-health-concerns": 8,
    "us-core-documentreference": 1, "us-core-encounter": 2, "us-core-goal": 10, "us-core-medicationrequest": 10,
    "us-core-observation-screening-assessment": 46, "us-core-patient": 3, "us-core-practitioner": 3,
    "us-core-procedure": 20, "us-core-questionnaireresponse": 7, "us-core-servicerequest": 3,
}  # fmt: skip


def test_what_the_fixtures_declare() -> None:
    found: list[str] = []
    for path in sorted({*FIXTURES.glob("*.record.json"), *FIXTURES.glob("journey/*.record.json")}):
        record = loads(path.read_bytes())
        found += assert_declares_what_it_meets(to_fhir(record).resource)
        assert_declares_what_it_meets(to_bundle(record).resource)
    assert {url.removeprefix(BASE): found.count(url) for url in sorted(set(found))} == DECLARED_IN_FIXTURES


MET_BY_EXAMPLES = {
    "Appointment": 0, "CarePlan": 10, "ClinicalImpression": 0, "DiagnosticReport": 0, "DocumentReference": 0,
    "Encounter": 3, "MedicationRequest": 16, "Observation": 6, "Patient": 14, "Procedure": 12,
    "QuestionnaireResponse": 0, "ServiceRequest": 20,
}  # fmt: skip
"""How many of the official examples declare anything, be it of what they contain."""


@every_type
def test_official_examples_declare_what_they_meet_and_nothing_else(official_examples: Path, type_: str) -> None:
    met = 0
    for name, resource in examples(official_examples, type_):
        if name in NOT_R4:  # nothing like it is made
            continue
        (one,) = from_fhir(resource).conversions
        made = to_fhir(one.record).resource
        met += bool(assert_declares_what_it_meets(made))
    assert met == MET_BY_EXAMPLES[type_]
    assert met <= COUNTS[type_]


def test_other_claims_stay_and_stand_before_ours() -> None:
    record: Json = {"record": "patient", "meta_profiles": ["urn:x:profile"], "meta_tags": [{"code": "a"}]}
    record |= {"identifiers": [{"system": "urn:x", "value": "1"}], "name": {"family": "Doe"}, "sex": "female"}
    made = to_fhir(record).resource
    assert list(made)[:2] == ["resourceType", "meta"]
    assert made["meta"] == {"profile": ["urn:x:profile", PATIENT], "tag": [{"code": "a"}]}
    assert list(made["meta"]) == ["profile", "tag"]


def test_what_any_observation_meets_is_not_declared() -> None:
    made = declared(GOOD["us-core-observation-clinical-result"])
    assert check(made, "us-core-observation-clinical-result") == []
    assert claimed(made) == []


def test_declaring_again_changes_nothing_and_takes_false_claims_away() -> None:
    once = declared(GOOD["us-core-patient"])
    assert claimed(once) == [PATIENT]
    assert declared(once) == once
    false = claiming({"resourceType": "Patient", **LACKING["Patient"]}, PATIENT)
    assert declared(false) == {"resourceType": "Patient", **LACKING["Patient"]}


def test_what_lies_beside_a_claim_stays_beside_it() -> None:
    note = {"extension": [{"url": "urn:x", "valueCode": "a"}]}
    false: Json = {"resourceType": "Patient", **LACKING["Patient"]}
    false["meta"] = {"profile": [PATIENT, "urn:x:profile"], "_profile": [None, note]}
    assert declared(false)["meta"] == {"profile": ["urn:x:profile"], "_profile": [note]}


# ---- what is read


def test_a_claim_follows_from_the_rest_and_is_not_told() -> None:
    other, old = "urn:x:profile", f"{PATIENT}|6.1.0"
    reading = from_fhir(claiming(GOOD["us-core-patient"], PATIENT, other, old))
    (one,) = reading.conversions
    assert one.record["meta_profiles"] == [other, old]
    fates = {line.expression: line.fate for line in reading.report.lineage}
    assert [fates[f"Patient.meta.profile[{n}]"] for n in range(3)] == ["derived", "carried", "carried"]
    assert reading.report.issues == ()


def test_a_claim_that_is_not_met_is_told_with_what_is_missing() -> None:
    patient = claiming({**GOOD["us-core-patient"], "name": [{"text": "Lindqvist"}]}, f"{PATIENT}|8.0.0")
    issues = from_fhir(patient).report.issues
    assert [(issue.severity, issue.code, issue.expression) for issue in issues] == [
        ("warning", "business-rule", "Patient.meta.profile[0]"),
        ("warning", "invariant", "Patient.name[0]"),
    ]
    assert issues[0].text == "US Core Patient Profile: This is claimed and not met."
    assert "Lindqvist" not in str(issues)


def test_a_record_does_not_say_what_follows_from_it() -> None:
    record = {"record": "patient", "meta_profiles": ["urn:x", PATIENT], "active": True}
    with pytest.raises(Refused) as refused:
        to_fhir(record)
    (issue,) = refused.value.issues
    assert (issue.expression, issue.code) == ("meta_profiles[1]", "business-rule")


@pytest.mark.parametrize(
    "meta",
    [{"profile": PATIENT}, {"profile": [None, 1, {}, [], PATIENT]}, "profile", {"profile": [PATIENT * 1000]}],
    ids=["no list", "no texts", "no object", "no end"],
)
def test_hostile_claims_are_looked_at_without_a_crash(meta: Any) -> None:
    for type_ in ("Patient", ["Patient"]):
        document = {"resourceType": type_, "meta": meta}
        assert all(issue.severity == "warning" for issue in false_claims(document))
        assert all(
            issue.severity == "warning"
            for issue in false_claims({"resourceType": "Bundle", "entry": [{"resource": document}]})
        )


# ---- what is put onto a sender's document


def put(document: Json, **fields: Any) -> tuple[Json, list[tuple[str, str]]]:
    (one,) = from_fhir(document).conversions
    record = {**one.record, **fields}
    writing = to_fhir({name: value for name, value in record.items() if value is not None}, onto=document)
    return writing.resource, [(issue.expression, issue.text) for issue in writing.report.issues]


def test_nothing_is_declared_for_a_sender() -> None:
    made, notes = put(GOOD["us-core-patient"], active=True)
    assert "meta" not in made
    assert notes == []


def test_a_claim_that_is_still_met_stays() -> None:
    given = claiming(GOOD["us-core-patient"], "urn:x:profile", PATIENT)
    made, notes = put(given, active=True)
    assert made["meta"] == given["meta"]
    assert notes == []


def test_a_claim_that_is_met_no_more_is_taken_away_and_noted() -> None:
    given = claiming(GOOD["us-core-patient"], PATIENT, "urn:x:profile")
    made, notes = put(given, telecoms=[{"value": "555", "use": "home", "rank": 1, "system": "phone"}, {"use": "home"}])
    assert claimed(made) == ["urn:x:profile"]
    assert notes == [
        (
            "Patient.meta.profile[0]",
            "US Core Patient Profile: This was changed and does not meet it: it is claimed no more.",
        )
    ]
    assert from_fhir(made).report.issues == ()


def test_a_false_claim_is_left_to_who_made_it_while_nothing_changes() -> None:
    given = claiming({"resourceType": "Patient", **LACKING["Patient"]}, PATIENT)
    made, notes = put(given)
    assert made is given
    assert notes == []


def test_a_claim_that_the_record_tells_is_not_taken_away() -> None:
    """It is the record's own: it would read back otherwise."""
    given = claiming(GOOD["us-core-observation-clinical-result"], RESULT)
    made, notes = put(given, categories=None)
    assert claimed(made) == [RESULT]
    (told,) = (text.partition(": ")[2] for _, text in notes)
    assert told == "This was changed and does not meet it: see whether to claim it still."


def test_what_leads_to_what_was_changed_stays_and_is_noted() -> None:
    request = claiming(
        {**GOOD["us-core-servicerequest"], "subject": {"reference": "urn:uuid:p"}}, f"{BASE}us-core-servicerequest"
    )
    patient = claiming(GOOD["us-core-patient"], PATIENT)
    entries = [{"fullUrl": "urn:uuid:r", "resource": request}, {"fullUrl": "urn:uuid:p", "resource": patient}]
    given = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (one,) = from_fhir(given).conversions
    record = copy.deepcopy(one.record)
    record["patient"]["name"] = {"text": "Jane Doe"}
    record["patient"].pop("other_names")
    writing = to_fhir(record, onto=given)
    first, second = writing.resource["entry"]
    assert first["resource"] == request
    assert claimed(second["resource"]) == []
    assert [(issue.expression, issue.text.partition(": ")[2]) for issue in writing.report.issues] == [
        (
            "Bundle.entry[0].resource.meta.profile[0]",
            "What this leads to was changed, so that it is met no more: see whether to claim it still.",
        ),
        (
            "Bundle.entry[1].resource.meta.profile[0]",
            "This was changed and does not meet it: it is claimed no more.",
        ),
    ]


# ---- what it takes


def test_what_claims_nothing_is_read_without_the_table() -> None:
    program = """
import sys
from mappings import from_fhir
reading = from_fhir({"resourceType": "Patient", "meta": {"profile": ["urn:x"]}, "active": True})
assert reading.conversions[0].record["meta_profiles"] == ["urn:x"]
print([name for name in sys.modules if name.startswith("mappings.us_core.")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_version_of_a_mapping_is_another_with_another_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before, texts = roots.version.__wrapped__("patient"), us_core.sources()
    assert before == version("patient")
    assert any('"us-core-patient"' in text for text in texts)
    monkeypatch.setattr(us_core, "sources", lambda: [*texts, "more"])
    assert roots.version.__wrapped__("patient") != before


def test_a_claim_that_goes_leaves_no_meta_of_nothing_but_an_id() -> None:
    document: Json = {
        "resourceType": "Procedure", "meta": {"id": "m", "profile": [f"{BASE}us-core-procedure"]},
        "status": "entered-in-error", "code": {"text": "x"}, "subject": {"reference": "Patient/1"},
    }  # fmt: skip
    (one,) = from_fhir(document).conversions
    made = to_fhir({**one.record, "status": "completed"}, onto=document).resource
    assert "meta" not in made  # when it was done is not said, which the profile wants of what was done
