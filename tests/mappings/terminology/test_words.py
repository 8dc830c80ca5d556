"""A concept in the clinic's own word: the laws hold for it, whatever codings a sender or a writer chose."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import Refused, check_record, from_fhir, to_fhir
from mappings.lens.normal import normal
from mappings.lens.tables import EXACT
from mappings.roots import mapping
from mappings.terminology import table
from mappings.values import same
from tests.mappings.terminology.maps import ICD, SNOMED

Json = dict[str, Any]

DIAGNOSES = table("pain_diagnoses")
LOW_BACK_PAIN = {"system": SNOMED, "code": "279039007", "display": "Low back pain"}
UNSPECIFIED = {"system": ICD, "code": "M54.50", "display": "Low back pain, unspecified"}
LOCAL = {"system": "urn:oid:1.2.3", "code": "LBP2"}


def request(*codings: Json, **more: Any) -> Json:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
        "reasonCode": [{"coding": list(codings), **more}],
    }  # fmt: skip


def record(*reasons: Json) -> Json:
    return {
        "record": "referral", "status": "active", "patient": {"ref": "Patient/1"}, "reasons": list(reasons),
    }  # fmt: skip


def reasons_of(document: Json) -> Any:
    (conversion,) = from_fhir(document).conversions
    return conversion.record["reasons"]


READ: dict[str, tuple[tuple[Json, ...], Json]] = {
    "the code that the word is written as": ((LOW_BACK_PAIN,), {"word": "low back pain"}),
    "picked by a person, in some edition": (
        ({**LOW_BACK_PAIN, "version": "2026", "userSelected": True},),
        {"word": "low back pain", "version": "2026", "chosen_by_user": True},
    ),
    "without a display": (
        ({"system": SNOMED, "code": "279039007"},),
        {"word": "low back pain", "system": SNOMED, "code": "279039007"},
    ),
    "with a display of their own": (
        ({**LOW_BACK_PAIN, "display": "LBP"},),
        {"word": "low back pain", **LOW_BACK_PAIN, "display": "LBP"},
    ),
    "another code that is read so": ((UNSPECIFIED,), {"word": "low back pain", **UNSPECIFIED}),
    "several codes": ((LOW_BACK_PAIN, UNSPECIFIED), {"word": "low back pain", "also": [UNSPECIFIED]}),
    "several in another order": (
        (UNSPECIFIED, LOW_BACK_PAIN),
        {"word": "low back pain", **UNSPECIFIED, "also": [LOW_BACK_PAIN]},
    ),
    "a local code first": ((LOCAL, LOW_BACK_PAIN), {"word": "low back pain", **LOCAL, "also": [LOW_BACK_PAIN]}),
    "a local code alone": ((LOCAL,), LOCAL),
    "a code of ours in another system": (({**LOW_BACK_PAIN, "system": "urn:x"},), {**LOW_BACK_PAIN, "system": "urn:x"}),
    "a code without a system": (({"code": "279039007"},), {"code": "279039007"}),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_read_is_written_back_and_rebuilt(case: str) -> None:
    codings, told = READ[case]
    document = request(*codings)
    assert reasons_of(document) == [told]
    (conversion,) = from_fhir(document).conversions
    assert check_record(conversion.record) == []
    assert to_fhir(conversion.record, onto=document).resource == document
    assert to_fhir(conversion.record).resource == document


def test_a_word_alone_is_written_as_its_code_with_its_display() -> None:
    made = to_fhir(record({"word": "low back pain", "text": "since the fall"})).resource
    assert made["reasonCode"] == [{"coding": [LOW_BACK_PAIN], "text": "since the fall"}]


@pytest.mark.parametrize(
    "said", [LOW_BACK_PAIN, {"word": "low back pain", **LOW_BACK_PAIN}, {"word": "low back pain"}], ids=len
)
def test_written_in_codes_or_in_words_it_reads_back_in_words(said: Json) -> None:
    made = to_fhir(record(said)).resource
    assert made == request(LOW_BACK_PAIN)
    assert reasons_of(made) == [{"word": "low back pain"}]


def test_another_word_replaces_the_codes_and_nothing_else() -> None:
    document = request(LOW_BACK_PAIN, text="as it was", id="c")
    made = to_fhir(record({"word": "sciatica", "text": "as it was"}), onto=document).resource
    assert made == request({"system": SNOMED, "code": "23056005", "display": "Sciatica"}, text="as it was", id="c")


def test_the_same_in_codes_changes_nothing() -> None:
    document = request({**LOW_BACK_PAIN, "id": "k", "extension": [{"url": "urn:x", "valueString": "y"}]})
    (conversion,) = from_fhir(document).conversions
    told = conversion.record["reasons"][0]
    codes = {**LOW_BACK_PAIN, **{name: value for name, value in told.items() if name != "word"}}
    assert to_fhir({**conversion.record, "reasons": [codes]}, onto=document).resource == document


def test_a_record_in_codes_finds_its_entry_of_a_bundle() -> None:
    entries = [{"resource": request(coding)} for coding in (UNSPECIFIED, LOW_BACK_PAIN)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert to_fhir(record(LOW_BACK_PAIN), onto=bundle).resource == bundle


REFUSED: dict[str, tuple[Json, str]] = {
    "a word that there is not": ({"word": "lumbago"}, "no word of pain_diagnoses: say one of .*low back pain"),
    "a word that is no text": ({"word": 7}, "no word of pain_diagnoses"),
    "a word against its code": ({"word": "sciatica", **LOW_BACK_PAIN}, "do not mean it"),
    "a word beside a code that no table knows": ({"word": "sciatica", **LOCAL}, "do not mean it"),
    "a word beside a display alone": ({"word": "sciatica", "display": "Sciatica"}, "do not mean it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_word_that_cannot_be_right_is_refused_at_its_place(case: str) -> None:
    said, text = REFUSED[case]
    with pytest.raises(Refused, match=text) as refused:
        to_fhir(record({"text": "first"}, said))
    assert [issue.expression for issue in refused.value.issues] == ["reasons[1].word"]


@pytest.mark.parametrize(
    "said", [{"word": "low back pain", "also": 3}, {"word": "low back pain", "code": []}, [], 3, None]
)
def test_a_misshapen_one_is_refused_and_no_crash(said: Any) -> None:
    with pytest.raises(Refused):
        to_fhir(record(said))
    assert check_record(record(said))


def test_the_schema_knows_the_words() -> None:
    (issue,) = check_record(record({"word": "lumbago"}))
    assert issue.expression == "reasons[0].word"
    assert "low back pain" in issue.text
    assert check_record(record({"word": "low back pain"})) == []


def test_a_code_that_no_table_knows_is_carried_and_reported_with_the_file_to_mend() -> None:
    reading = from_fhir(request({**LOCAL, "display": "Hildegard"}))
    (issue,) = reading.report.issues
    assert (issue.severity, issue.code) == ("information", "code-invalid")
    assert issue.expression == "ServiceRequest.reasonCode[0].coding[0].code"
    assert "terminology/pain_diagnoses.json" in issue.text
    assert "LBP2" not in issue.text
    assert "Hildegard" not in issue.text
    assert "table pain_diagnoses v1" in issue.rule


def test_a_near_code_is_told_and_an_exact_one_beside_it_says_enough() -> None:
    (issue,) = from_fhir(request(UNSPECIFIED)).report.issues
    assert (issue.code, issue.text) == ("informational", 'The code is only related to the word "low back pain".')
    assert from_fhir(request(UNSPECIFIED, LOW_BACK_PAIN)).report.issues == ()


def test_the_ledger_counts_what_follows_from_the_word() -> None:
    lines = {line.expression: line for line in from_fhir(request(LOW_BACK_PAIN)).report.lineage}
    place = "ServiceRequest.reasonCode[0].coding[0]"
    assert [lines[f"{place}.{name}"].fate for name in ("system", "code", "display")] == [
        "derived",
        "carried",
        "derived",
    ]
    assert lines[f"{place}.code"].record == "reasons[0].word"
    assert lines[f"{place}.code"].rule.endswith("table pain_diagnoses v1")


def test_a_side_is_said_in_a_word() -> None:
    site = {"text": "knee", "side": {"word": "left"}}
    made = to_fhir({**record({"text": "x", "word": "knee pain"}), "service_sites": [site]}).resource
    (extension,) = made["bodySite"][0]["extension"]
    assert extension["valueCodeableConcept"] == {"coding": [{"system": SNOMED, "code": "7771000", "display": "Left"}]}
    (conversion,) = from_fhir(made).conversions
    assert conversion.record["service_sites"] == [site]


# ------------------------------------------------------------ laws

known = st.sampled_from([{"system": row.system, "code": row.code} for row in DIAGNOSES.rows])
displays = st.sampled_from([None, "", "x", "ours"])


@st.composite
def codings(draw: st.DrawFn) -> Json:
    coding: Json = dict(
        draw(st.one_of(known, st.just(LOCAL), st.fixed_dictionaries({"code": st.sampled_from(["1", "2"])})))
    )
    row = DIAGNOSES.inward.get((coding.get("system", ""), coding["code"]))
    display = draw(displays)
    if display == "ours" and row is not None:
        coding["display"] = next(r.display for r in DIAGNOSES.rows if (r.system, r.code) == (row.system, row.code))
    elif display:
        coding["display"] = display
    if draw(st.integers(0, 4)) == 0:
        coding["userSelected"] = draw(st.booleans())
    return coding


documents = st.lists(codings(), min_size=1, max_size=3).map(lambda some: request(*some))


@given(documents)
def test_whatever_was_sent_is_written_back_and_rebuilt(document: Json) -> None:
    (conversion,) = from_fhir(document).conversions
    assert same(to_fhir(conversion.record, onto=document).resource, document)
    assert same(to_fhir(conversion.record).resource, document)
    assert check_record(conversion.record) == []


@given(documents)
def test_a_record_as_it_is_read_is_in_the_one_form_that_reads_back(document: Json) -> None:
    (conversion,) = from_fhir(document).conversions
    assert same(normal(mapping("referral").shape, conversion.record), conversion.record)


@given(documents, documents)
def test_put_onto_another_it_is_what_was_put(document: Json, other: Json) -> None:
    (wanted,) = from_fhir(document).conversions
    made = to_fhir(wanted.record, onto=other).resource
    (back,) = from_fhir(made).conversions
    assert same(back.record, wanted.record)


@given(st.sampled_from(list(DIAGNOSES.outward)), documents)
def test_any_word_may_be_put_in_the_place_of_any_codes(word: str, document: Json) -> None:
    made = to_fhir(record({"word": word}), onto=document).resource
    row = DIAGNOSES.outward[word]
    assert row.equivalence in EXACT
    assert made["reasonCode"][0]["coding"][0]["code"] == row.code
    assert reasons_of(made) == [{"word": word}]
