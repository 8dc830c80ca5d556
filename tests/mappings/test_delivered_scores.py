"""Delivered scores beside their forms: what does not agree is told and never corrected; question 9 of the PHQ-9."""

from __future__ import annotations

from decimal import Decimal, getcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.instruments import (
    INSTRUMENTS,
    Instrument,
    answers_of,
    instrument_of,
    score,
)
from mappings.issues import Issue
from mappings.values import Number
from tests.mappings.forms import (
    ACCESS_ODI,
    LOINC,
    PACIO_NDI,
    US_CORE_PHQ_9,
    Json,
    coded,
    complete,
    contradictions,
    form_of,
    needs_attention,
    numbered,
    phq_9,
    said,
    scored,
    sexes,
)


@pytest.mark.parametrize(
    "delivered",
    [
        scored("PHQ-9", 12),
        scored("PHQ-9", Number("12.0"), None),
        {"status": "final", "what": {"system": LOINC, "code": "44261-6"}, "number": 12},
        {"status": "final", "what": {"system": LOINC, "code": "44261-6"}, "text": "12"},  # US Core
        {"what": {"text": "PHQ-9", "also": [{"system": LOINC, "code": "44261-6"}]}, "number": 12},
    ],
)
def test_a_score_that_its_form_gives_is_nothing_to_report(delivered: Json) -> None:
    assert contradictions([phq_9(*US_CORE_PHQ_9)], [delivered]) == []


@pytest.mark.parametrize(
    "printed", ["35", "36", "35.5", "35.6", "35.55", "35.56", "35.55555555555556", "35.555555555555557"]
)
def test_however_it_was_rounded_or_cut_off_a_total_is_the_same(printed: str) -> None:
    form = numbered("odi", 3, 1, 2, 1, 2, 2, 2, 0, 2, 1)
    del form["items"][7]
    assert contradictions([form], [scored("ODI", Number(printed), "%")]) == []


@pytest.mark.parametrize("printed", ["34", "37", "35.4", "35.7", "16"])
def test_what_no_rounding_makes_of_a_total_is_another_total(printed: str) -> None:
    form = numbered("odi", 3, 1, 2, 1, 2, 2, 2, 0, 2, 1)
    del form["items"][7]
    assert said(contradictions([form], [scored("ODI", Number(printed), "%")])) == [("business-rule", "scores[0]")]


def test_a_score_that_its_form_does_not_give_is_reported_without_any_number() -> None:
    (issue,) = contradictions([phq_9(*US_CORE_PHQ_9)], [scored("PHQ-9", 13)], scores_at="assessments")
    assert (issue.severity, issue.code, issue.expression) == ("warning", "business-rule", "assessments[0]")
    assert issue.text == (
        "This is not the total that the answers of forms[0] give in the PHQ-9: ask the sender which is right."
        " Both are kept as they came."
    )


def test_published_examples_that_contradict_themselves_are_found() -> None:
    """CMS ACCESS 0.9.0 had the ODI's answers of 38 percent under a score of 36; PACIO's NDI of February has January's
    answers (40 percent) under 36."""
    odi = numbered("odi", *ACCESS_ODI)
    choice = {
        "system": LOINC,
        "code": "97909-6",
        "coding_extensions": [{"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueDecimal": 36}],
    }
    odi["items"].append({"link": "score", "answers": [{"choice": choice}]})
    ndi = numbered("ndi", *PACIO_NDI)
    ndi["items"].append({"link": "total-score", "answers": [{"number": 36}]})
    assert said(contradictions([odi, ndi], [])) == [
        ("business-rule", "forms[0].items[10].answers[0]"),
        ("business-rule", "forms[1].items[10].answers[0]"),
    ]
    ndi["items"][-1]["answers"] = [{"number": 40}]
    assert contradictions([ndi], []) == []
    us_core = phq_9(*US_CORE_PHQ_9)
    us_core["items"].append({"link": "/44261-6", "answers": [{"number": 12}]})
    assert contradictions([us_core], []) == []


@pytest.mark.parametrize(
    ("value", "unit", "agrees"),
    [
        (20, "{score}", True),
        (40, "%", True),
        (20, None, True),
        (40, None, True),
        (40, "{score}", False),
        (20, "%", False),
        (30, None, False),
    ],
)
def test_ndi_is_compared_by_its_unit(value: int, unit: str | None, agrees: bool) -> None:
    assert (contradictions([numbered("ndi", *PACIO_NDI)], [scored("NDI", value, unit)]) == []) == agrees


def test_derived_from_says_which_form_a_score_comes_from() -> None:
    forms = [phq_9(*[0] * 9, id="first"), phq_9(*US_CORE_PHQ_9, id="second")]
    number = {"system": "urn:x", "value": "7"}

    def told(*pointers: Json) -> list[str]:
        return [issue.expression for issue in contradictions(forms, [scored("PHQ-9", 12, derived_from=list(pointers))])]

    assert told({"ref": "#second"}) == []
    assert told({"ref": "#first"}) == ["scores[0]"]
    assert told({"ref": "QuestionnaireResponse/first"}) == ["scores[0]"]
    assert told({"ref": "https://a.example/fhir/QuestionnaireResponse/first/_history/2"}) == ["scores[0]"]
    assert told({"ref": "urn:uuid:first"}) == ["scores[0]"]
    assert told({"ref": "#third"}, {"ref": "#second"}) == []
    assert told(forms[0]) == ["scores[0]"]
    assert told({"ref": "QuestionnaireResponse/elsewhere"}) == []
    assert told({"ref": "#first"}, {"ref": "#second"}) == []  # of both: it cannot be told
    assert told() == []  # two forms of one instrument: it cannot be told either
    forms[0]["identifier"] = number
    assert told({"ref_type": "QuestionnaireResponse", "ref_identifier": number}) == ["scores[0]"]


def test_a_score_from_a_form_elsewhere_is_not_compared_with_the_one_that_is_here() -> None:
    form, elsewhere = phq_9(*US_CORE_PHQ_9, id="here"), {"ref": "QuestionnaireResponse/elsewhere"}
    assert contradictions([form], [scored("PHQ-9", 5, derived_from=[elsewhere])]) == []
    assert len(contradictions([form], [scored("PHQ-9", 5, derived_from=[{"ref": "Observation/1"}])])) == 1


def test_what_a_modifier_extension_may_turn_round_is_not_compared() -> None:
    form, denied = phq_9(*US_CORE_PHQ_9), {"modifier_extensions": [{"url": "urn:x:not"}]}
    assert contradictions([form], [scored("PHQ-9", 5) | denied]) == []
    assert contradictions([form | denied], [scored("PHQ-9", 5)]) == []


def test_a_form_told_where_it_is_pointed_to_counts_as_well() -> None:
    form = phq_9(*US_CORE_PHQ_9, id="it")
    assert said(contradictions([], [scored("PHQ-9", 11, derived_from=[form])])) == [("business-rule", "scores[0]")]
    assert contradictions([], [scored("PHQ-9", 12, derived_from=[form])]) == []


def test_phq_2_may_come_from_a_phq_9() -> None:
    form = phq_9(*US_CORE_PHQ_9, id="it")
    pointer = [{"ref": "#it"}]
    assert contradictions([form], [scored("PHQ-2", 4, derived_from=pointer)]) == []
    assert len(contradictions([form], [scored("PHQ-2", 3, derived_from=pointer)])) == 1


def test_two_scores_of_one_scale_on_two_days() -> None:
    form = phq_9(*US_CORE_PHQ_9, answered_on="2026-11-23T10:00:00Z")
    then, now = scored("PHQ-9", 20, taken_on="2026-05-02"), scored("PHQ-9", 20, taken_on="2026-11-23")
    assert said(contradictions([form], [then, now])) == [("business-rule", "scores[1]")]


def test_pain_before_and_after_on_one_day_is_not_compared_with_one_form() -> None:
    form = form_of(["72514-3"], [{"whole_number": 7}])
    assert contradictions([form], [scored("NRS", 7), scored("NRS", 3)]) == []
    assert len(contradictions([form], [scored("NRS", 3)])) == 1


def test_the_parts_and_members_of_a_panel_are_scores_too() -> None:
    total = {"what": {"system": LOINC, "code": "44261-6"}, "number": 13}
    panel = {"status": "final", "what": {"system": LOINC, "code": "44249-1"}}
    form = phq_9(*US_CORE_PHQ_9)
    assert said(contradictions([form], [panel | {"components": [total]}])) == [
        ("business-rule", "scores[0].components[0]")
    ]
    assert said(contradictions([form], [panel | {"members": [total]}])) == [("business-rule", "scores[0].members[0]")]
    withdrawn = panel | {"status": "entered-in-error", "components": [total]}
    assert contradictions([form], [withdrawn]) == []


def test_what_was_withdrawn_is_not_compared_and_a_score_resting_on_it_is_told() -> None:
    wrong = phq_9(*[0] * 9, id="wrong", status="entered-in-error")
    assert contradictions([phq_9(*US_CORE_PHQ_9)], [scored("PHQ-9", 1, status="entered-in-error")]) == []
    assert contradictions([wrong], [scored("PHQ-9", 12)]) == []
    assert contradictions([wrong, phq_9(*US_CORE_PHQ_9)], [scored("PHQ-9", 12)]) == []
    (issue,) = contradictions([wrong], [scored("PHQ-9", 0, derived_from=[{"ref": "#wrong"}])])
    assert issue.text == (
        "This score comes from forms[0], which was entered in error: ask the sender for one that holds."
    )


@pytest.mark.parametrize(("status", "issues"), [("in-progress", 0), ("stopped", 1), ("amended", 1), ("completed", 1)])
def test_a_form_that_is_being_filled_in_gives_no_total_yet(status: str, issues: int) -> None:
    assert len(contradictions([phq_9(*US_CORE_PHQ_9, status=status)], [scored("PHQ-9", 11)])) == issues


def test_a_form_without_a_total_contradicts_no_score() -> None:
    assert contradictions([phq_9(1, 1, 1)], [scored("PHQ-9", 20)]) == []


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("PHQ-9", 28, "{score}"),
        ("PHQ-9", -1, "{score}"),
        ("NRS", 11, "{score}"),
        ("NDI", 51, "{score}"),
        ("NDI", 101, "%"),
        ("NDI", 101, None),
        ("ODI", 101, "%"),
        ("BPI", 11, "{score}"),
        ("PROMIS-PI-6a", 5, "{score}"),
    ],
)
def test_a_score_that_no_answers_can_give(name: str, value: int, unit: str | None) -> None:
    assert said(contradictions([], [scored(name, value, unit)])) == [("value", "scores[0]")]


@pytest.mark.parametrize(
    ("name", "value"), [("NDI", 51), ("NDI", 100), ("PROMIS-PI-T", 83), ("PROMIS-PI-6a", 30), ("NRS", Number("4.2646"))]
)
def test_a_score_that_may_be_is_left_alone(name: str, value: Any) -> None:
    assert contradictions([], [scored(name, value, None)]) == []


def test_a_score_in_a_foreign_unit_or_with_a_comparator_is_not_compared() -> None:
    form = phq_9(*US_CORE_PHQ_9)
    assert contradictions([form], [scored("PHQ-9", 90, "mm")]) == []
    assert contradictions([form], [scored("PHQ-9", 10) | {"quantity": {"value": 10, "comparator": ">"}}]) == []


def test_ort_is_compared_only_with_the_sex() -> None:
    ort = INSTRUMENTS["ORT"]
    form = form_of(list(ort.items), [{"yes": place == 0} for place in range(10)])
    assert contradictions([form], [scored("ORT", 9)]) == []
    assert len(contradictions([form], [scored("ORT", 9)], sex="female")) == 1
    assert contradictions([form], [scored("ORT", 1)], sex="female") == []


@pytest.mark.parametrize(
    ("name", "value", "unit", "interpretation", "issues"),
    [
        ("PHQ-9", 12, "{score}", {"text": "Moderate depression"}, 0),
        ("PHQ-9", 12, "{score}", {"text": "Severe depression"}, 1),
        ("PHQ-9", 16, "{score}", {"text": "moderately severe"}, 0),
        ("PHQ-9", 16, "{score}", {"text": "Severe"}, 1),
        ("PHQ-9", 12, "{score}", {"display": "mild (5-9)", "code": "x"}, 1),
        ("PHQ-9", 12, "{score}", {"text": "mild to moderate"}, 0),
        ("PHQ-9", 12, "{score}", {"text": "not severe"}, 0),
        ("PHQ-9", 12, "{score}", {"text": "schwer"}, 0),
        ("GAD-7", 12, "{score}", {"also": [{"display": "Severe anxiety"}]}, 1),
        ("ORT", 5, "{score}", {"text": "high risk"}, 1),
        ("ORT", 5, "{score}", {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                               "code": "H", "display": "High"}, 0),
        ("NDI", 40, "%", {"text": "Moderate disability"}, 0),
        ("NDI", 40, "%", {"text": "No disability"}, 1),
        ("NDI", 66, "%", {"text": "complete"}, 0),  # the sources do not agree
        ("NDI", 40, None, {"text": "No disability"}, 0),  # points or percent?
        ("ODI", 16, "%", {"text": "moderate"}, 1),
        ("ODI", 16, "{score}", {"text": "moderate"}, 0),  # may be points
        ("PHQ-2", 2, "{score}", {"text": "positive"}, 0),  # by the site's own cut-off
        ("PHQ-2", 1, "{score}", {"text": "positive"}, 1),
    ],
)  # fmt: skip
def test_a_band_named_wrongly_is_told_where_it_is_certain(
    name: str, value: int, unit: str | None, interpretation: Json, issues: int
) -> None:
    found = contradictions([], [scored(name, value, unit, interpretations=[interpretation])])
    assert said(found) == [("business-rule", "scores[0].interpretations[0]")] * issues


# ---------------------------------------------------------------- question 9

ABOVE = "{}: question 9 of the PHQ-9 is answered above zero: a clinician has to look at it."
UNREAD = "{}: question 9 of the PHQ-9 has an answer that could not be read: a clinician has to look at it."
ITEM_9 = {"system": LOINC, "code": "44260-8"}


@pytest.mark.parametrize("status", ["in-progress", "completed", "amended", "stopped", None])
def test_question_9_above_zero_needs_a_clinician(status: str | None) -> None:
    form = phq_9(0, 0, 0, 0, 0, 0, 0, 0, 1, status=status)
    assert needs_attention([form], []) == [ABOVE.format("forms[0].items[8].answers[0]")]
    assert needs_attention([phq_9(*[3] * 8, 0, status=status)], []) == []
    assert needs_attention([phq_9(*[3] * 8, status=status)], []) == []


def test_question_9_alone_under_a_heading_or_as_pacio_numbers_it() -> None:
    alone = form_of(["/44249-1/44260-8"], [coded("LA6571-9")])
    headed = {"items": [{"link": "mood", "items": alone["items"]}]}
    for form, path in ((alone, "items[0]"), (headed, "items[0].items[0]"), (numbered("phq9", *[0] * 8, 2), "items[8]")):
        assert needs_attention([form], []) == [ABOVE.format(f"forms[0].{path}.answers[0]")]


def test_a_phq_9_with_numbers_of_its_own_is_told() -> None:
    form = form_of([f"q{number}" for number in range(1, 10)], [coded("LA6568-5")] * 9)
    assert needs_attention([form], []) == []
    form["questionnaire"] = "http://loinc.org/q/44249-1"
    assert needs_attention([form], []) == [
        "forms[0]: which question of this PHQ-9 is question 9 could not be told: a clinician has to look at it."
    ]
    assert needs_attention([form | {"status": "entered-in-error"}], []) == []


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ({"concept": {"system": LOINC, "code": "LA6569-3"}}, ABOVE),  # as US Core's example has it
        ({"concept": {"text": "x", "also": [{"system": LOINC, "code": "LA6571-9"}]}}, ABOVE),
        ({"number": 3}, ABOVE),
        ({"quantity": {"value": Number("1.0"), "unit": "{score}"}}, ABOVE),
        ({"text": "2"}, ABOVE),
        ({"yes": True}, ABOVE),
        ({"concept": {"system": LOINC, "code": "LA6568-5", "weight": 2}}, ABOVE),  # either way
        ({"number": 7}, ABOVE),
        ({"text": "Several days"}, UNREAD),
        ({"concept": {"text": "sometimes"}}, UNREAD),
        ({"quantity": {"value": 0, "comparator": ">"}}, UNREAD),
        ({"number": -1}, UNREAD),
        ({"concept": {"system": LOINC, "code": "LA6568-5"}}, None),
        ({"number": 0}, None),
        ({"yes": False}, None),
        ({"absent_because": {"text": "declined"}}, None),
    ],
)
def test_question_9_as_an_observation(result: Json, sentence: str | None) -> None:
    observation = {"status": "final", "what": ITEM_9, **result}
    expected = [sentence] if sentence else []
    assert needs_attention([], [observation]) == [one.format("scores[0]") for one in expected]
    panel = {"status": "final", "what": {"system": LOINC, "code": "44249-1"}}
    members = panel | {"members": [{"ref": "Observation/1"}, observation]}
    assert needs_attention([], [members]) == [one.format("scores[0].members[1]") for one in expected]
    derived = panel | {"derived_from": [observation]}
    assert needs_attention([], [derived]) == [one.format("scores[0].derived_from[0]") for one in expected]
    parts = panel | {"components": [{"what": ITEM_9, **result}]}
    assert needs_attention([], [parts]) == [one.format("scores[0].components[0]") for one in expected]


def test_what_was_entered_in_error_needs_nobody() -> None:
    withdrawn = {"status": "entered-in-error", "what": {"system": LOINC, "code": "44249-1"}}
    assert needs_attention([phq_9(*[3] * 9, status="entered-in-error")], []) == []
    assert needs_attention([], [{"status": "entered-in-error", "what": ITEM_9, "number": 3}]) == []
    assert needs_attention([], [withdrawn | {"components": [{"what": ITEM_9, "number": 3}]}]) == []


def test_a_form_told_twice_needs_one_look() -> None:
    form = phq_9(*[0] * 8, 1, id="it")
    assert len(needs_attention([form], [scored("PHQ-9", 1, derived_from=[form])])) == 1
    assert needs_attention([], [scored("PHQ-9", 1, derived_from=[form])], scores_at="found") == [
        ABOVE.format("found[0].derived_from[0].items[8].answers[0]")
    ]


# ---------------------------------------------------------------- properties


@given(complete(), sexes)
def test_a_form_gives_its_own_total_back_and_no_other(
    answered: tuple[Instrument, dict[str, Decimal | None]], sex: str
) -> None:
    instrument, weights = answered
    form = form_of(list(instrument.items), [{"number": Number(str(weight))} for weight in weights.values()], id="it")
    assert answers_of(form, instrument) == weights
    total = score(instrument, weights, sex=sex).value
    assert total is not None
    right = scored(instrument.name, Number(f"{total:.2f}"), instrument.unit, derived_from=[{"ref": "#it"}])
    wrong = scored(instrument.name, Number(f"{total + 1:.2f}"), instrument.unit, derived_from=[{"ref": "#it"}])
    assert contradictions([form], [right], sex=sex) == []
    assert len(contradictions([form], [wrong], sex=sex)) == 1


NAMES = (
    "items", "answers", "link", "choice", "weight", "code", "system", "also", "what", "id", "ref", "status",
    "derived_from", "members",
)  # fmt: skip
simple = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["", "x", "44260-8", "/44250-9", "#it", LOINC, "LA6570-1"]),
    st.sampled_from(["1e999999", "-0", "0.5", "1e-9999999"]).map(Number),
)
anything: st.SearchStrategy[Any] = st.recursive(
    simple,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


def places(record: Any, trail: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a record at which something can be damaged."""
    below = record.items() if isinstance(record, dict) else enumerate(record) if isinstance(record, list) else ()
    return [trail, *(deeper for key, value in below for deeper in places(value, (*trail, key)))]


def damaged(record: Any, trail: tuple[Any, ...], by: Any) -> Any:
    if not trail:
        return by
    copy = dict(record) if isinstance(record, dict) else list(record)
    copy[trail[0]] = damaged(record[trail[0]], trail[1:], by)
    return copy


@given(st.data())
def test_damaged_forms_and_scores_never_raise(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from([phq_9(*US_CORE_PHQ_9, id="it"), numbered("ndi", *PACIO_NDI, id="it")]))
    panel = {
        "status": "final",
        "what": {"text": "panel", "also": [ITEM_9]},
        "derived_from": [{"ref": "#it"}, form],
        "members": [scored("PHQ-9", 12, interpretations=[{"text": "moderate"}], taken_on="2026-11-23")],
        "components": [{"what": ITEM_9, "concept": {"system": LOINC, "code": "LA6570-1"}}],
    }
    whole: Any = {"forms": [form], "scores": [panel, scored("NDI", 40, "%")]}
    for _ in range(data.draw(st.integers(1, 3))):
        whole = damaged(whole, data.draw(st.sampled_from(places(whole)[1:] or [()])), data.draw(anything))
        if not isinstance(whole, dict):
            break
    forms, scores = (whole.get("forms"), whole.get("scores")) if isinstance(whole, dict) else (whole, whole)
    before = getcontext().copy()
    assert all(isinstance(issue, Issue) for issue in contradictions(forms, scores, sex="female", prorate=True))
    assert all(isinstance(sentence, str) for sentence in needs_attention(forms, scores))
    for one in forms if isinstance(forms, list) else [forms]:
        instrument_of(one)
        for instrument in INSTRUMENTS.values():
            score(instrument, answers_of(one, instrument), sex="male", prorate=True)
    assert getcontext().prec == before.prec


@given(anything, anything)
def test_what_is_no_form_and_no_score_never_raises(forms: Any, scores: Any) -> None:
    contradictions(forms, scores)
    needs_attention(forms, scores)
    instrument_of(forms)
