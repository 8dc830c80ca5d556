"""The instruments: totals and bands by the published tables, and forms as they really come."""

from __future__ import annotations

import dataclasses
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.instruments import (
    INSTRUMENTS,
    Instrument,
    answers_of,
    instrument_of,
    interpretation,
    phq_2,
    read_answers,
    score,
)
from mappings.values import Number
from tests.mappings.forms import (
    ACCESS_ODI,
    COMPUTED,
    LOINC,
    PACIO_NDI,
    US_CORE_PHQ_9,
    Json,
    coded,
    complete,
    form_of,
    numbered,
    phq_9,
    said,
    sexes,
    weigh,
    weighted,
)

# ---------------------------------------------------------------- the table


def check_digit(code: str) -> bool:
    """LOINC's modulus 10: every second digit from the right counts double."""
    digits, check = code.split("-")
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return (10 - sum(one // 10 + one % 10 for one in doubled)) % 10 == int(check)


def test_every_loinc_code_of_the_table_has_its_check_digit() -> None:
    codes = [code for one in INSTRUMENTS.values() for code in (one.panel, one.total, *one.items) if code]
    codes = [code for code in codes if not code.startswith(("odi-", "ort-"))]
    assert len(codes) > 50
    assert [code for code in codes if not check_digit(code)] == []


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda one: one.name)
def test_every_row_names_its_source_and_its_bands_cover_its_range_in_order(instrument: Instrument) -> None:
    assert instrument.source
    assert len(set(instrument.items)) == len(instrument.items)
    if instrument.bands:
        assert instrument.range is not None
        assert (instrument.bands[0].low, instrument.bands[-1].high) == instrument.range
        for lower, higher in zip(instrument.bands, instrument.bands[1:], strict=False):
            assert lower.high + 1 == higher.low


@pytest.mark.parametrize("instrument", COMPUTED, ids=lambda one: one.name)
def test_the_least_and_the_most_that_can_be_answered_are_the_ends_of_the_range(instrument: Instrument) -> None:
    for sex in ("female", "male"):
        ends = [
            score(instrument, dict.fromkeys(instrument.items, Decimal(end)), sex=sex).value
            for end in instrument.item_range
        ]
        assert ends == list(instrument.range or ())


# ---------------------------------------------------------------- totals


@pytest.mark.parametrize(
    ("name", "weights", "total", "band"),
    [
        ("NRS", (7,), "7", None),
        ("NRS", ("4.5",), "4.5", None),
        ("PEG", (6, 7, 5), "6", None),
        ("PHQ-9", US_CORE_PHQ_9, "12", "moderate"),  # US Core
        ("PHQ-9", (1, 1, 2, 1, 0, 1, 1, 0, 0), "7", "mild"),  # PACIO
        ("PHQ-2", (1, 1), "2", "negative"),
        ("PHQ-2", (1, 2), "3", "positive"),
        ("GAD-7", (1, 1, 1, 1, 0, 1, 1), "6", "mild"),  # PACIO
        ("ODI", (3, 1, 2, 1, 2, 2, 1, 1, 2, 1), "32", "moderate"),  # the form's own example: 16 of 50
        ("ODI", ACCESS_ODI, "38", "moderate"),  # CMS ACCESS
        ("NDI", PACIO_NDI, "20", "moderate"),  # PACIO: 40 percent
    ],
)
def test_a_total(name: str, weights: tuple[int | str, ...], total: str, band: str | None) -> None:
    result = score(INSTRUMENTS[name], weigh(name, *weights))
    assert (result.value, result.band and result.band.name) == (Decimal(total), band)
    assert (result.answered, result.expected, result.prorated, result.because) == (
        len(weights),
        len(weights),
        False,
        "",
    )
    assert result.unit == INSTRUMENTS[name].unit


def test_a_mean_is_exact_and_not_rounded() -> None:
    total = score(INSTRUMENTS["PEG"], weigh("PEG", 6, 7, 7)).value
    assert total == Decimal(20) / 3
    with localcontext(prec=3):  # someone else's rounding is not ours
        assert score(INSTRUMENTS["PEG"], weigh("PEG", 6, 7, 7)).value == total


def test_odi_with_a_section_left_out_is_of_what_was_answered() -> None:
    """The form's own example: 16 of 45, which it prints as 35.5 percent."""
    result = score(INSTRUMENTS["ODI"], weigh("ODI", 3, 1, 2, 1, 2, 2, 2, None, 2, 1))
    assert (result.value, result.answered, result.prorated) == (Decimal(1600) / 45, 9, True)
    assert result.band is not None
    assert result.band.name == "moderate"


@pytest.mark.parametrize("name", ["PEG", "PHQ-9", "PHQ-2", "GAD-7", "ORT"])
def test_without_a_rule_for_it_one_answer_missing_means_no_total(name: str) -> None:
    weights = dict.fromkeys(INSTRUMENTS[name].items[1:], Decimal(1))
    result = score(INSTRUMENTS[name], weights, sex="female", prorate=True)
    expected = len(INSTRUMENTS[name].items)
    assert (result.value, result.band, result.answered, result.expected) == (None, None, expected - 1, expected)
    assert (
        result.because
        == f"1 of {expected} questions have no answer, and no rule for the {name} says how to score the others alone."
    )


def test_ndi_fills_in_for_one_question_and_only_where_the_site_says_so() -> None:
    weights = weigh("NDI", 2, 1, 2, 2, 3, 2, 2, None, 2, 2)
    assert score(INSTRUMENTS["NDI"], weights).because == (
        "1 of 10 questions have no answer, and this site does not fill in for them."
    )
    filled = score(INSTRUMENTS["NDI"], weights, prorate=True)
    assert (filled.value, filled.prorated, filled.answered) == (Decimal(20), True, 9)
    two = {item: weight for item, weight in weights.items() if item != "82227-0"}
    assert score(INSTRUMENTS["NDI"], two, prorate=True).because == (
        "2 of 10 questions have no answer, and the author's rule is for one."
    )


@pytest.mark.parametrize("name", [one.name for one in COMPUTED])
def test_nothing_answered_is_no_total(name: str) -> None:
    result = score(INSTRUMENTS[name], {}, sex="male", prorate=True)
    assert (result.value, result.answered, result.because) == (None, 0, "No question has an answer.")


@pytest.mark.parametrize("name", [one.name for one in COMPUTED])
def test_an_answer_that_could_not_be_read_is_not_an_answer_left_out(name: str) -> None:
    instrument = INSTRUMENTS[name]
    for wrong in (None, Decimal(99), Decimal("NaN"), Decimal("Infinity")):
        weights = dict.fromkeys(instrument.items, Decimal(1)) | {instrument.items[0]: wrong}
        result = score(instrument, weights, sex="male", prorate=True)
        assert result.value is None
        assert result.because.endswith("have an answer that could not be read as a weight.")


@pytest.mark.parametrize(
    ("item", "female", "male"),
    [
        ("ort-family-alcohol", 1, 3),
        ("ort-family-illegal-drugs", 2, 3),
        ("ort-family-prescription-drugs", 4, 4),
        ("ort-personal-alcohol", 3, 3),
        ("ort-personal-illegal-drugs", 4, 4),
        ("ort-personal-prescription-drugs", 5, 5),
        ("ort-age-16-to-45", 1, 1),
        ("ort-preadolescent-sexual-abuse", 3, 0),
        ("ort-other-psychological-disease", 2, 2),
        ("ort-depression", 1, 1),
    ],
)
def test_what_a_yes_weighs_in_the_ort_depends_on_the_sex(item: str, female: int, male: int) -> None:
    ort = INSTRUMENTS["ORT"]
    weights = dict.fromkeys(ort.items, Decimal(0)) | {item: Decimal(1)}
    assert [score(ort, weights, sex=sex).value for sex in ("female", "male")] == [female, male]


@pytest.mark.parametrize("sex", [None, "", "other", "unknown"])
def test_without_a_known_sex_the_ort_has_no_total(sex: str | None) -> None:
    result = score(INSTRUMENTS["ORT"], dict.fromkeys(INSTRUMENTS["ORT"].items, Decimal(0)), sex=sex)
    assert result.value is None
    assert result.because == "What an answer weighs in the ORT depends on the patient's sex, which is not known."


@pytest.mark.parametrize("name", ["BPI", "PROMIS-PI-6a", "PROMIS-PI-T", "PROMIS-29-PI-T"])
def test_what_is_taken_as_delivered_is_not_computed(name: str) -> None:
    instrument = INSTRUMENTS[name]
    result = score(instrument, dict.fromkeys(instrument.items, Decimal(2)))
    assert result.because == f"The {name} is taken as delivered: no rule for it is shipped."


# ---------------------------------------------------------------- bands

BANDS = {
    "PHQ-9": "0-4 minimal, 5-9 mild, 10-14 moderate, 15-19 moderately severe, 20-27 severe",
    "GAD-7": "0-4 minimal, 5-9 mild, 10-14 moderate, 15-21 severe",
    "ODI": "0-20 minimal, 21-40 moderate, 41-60 severe, 61-80 crippled, 81-100 bed-bound or exaggerating",
    "NDI": "0-4 none, 5-14 mild, 15-24 moderate, 25-34 severe, 35-50 complete",
    "ORT": "0-3 low, 4-7 moderate, 8-26 high",
    "PHQ-2": "0-2 negative, 3-6 positive",
}


@pytest.mark.parametrize(
    ("name", "value", "band"),
    [
        (name, end, band.partition(" ")[2])
        for name, bands in BANDS.items()
        for band in bands.split(", ")
        for end in band.partition(" ")[0].split("-")
    ],
)
def test_the_ends_of_every_band(name: str, value: str, band: str) -> None:
    found = interpretation(INSTRUMENTS[name], Decimal(value), INSTRUMENTS[name].unit)
    assert found is not None
    assert found.name == band


def test_bands_of_the_table_are_the_ones_tried_here() -> None:
    assert {one.name for one in INSTRUMENTS.values() if one.bands} == set(BANDS)


@pytest.mark.parametrize(
    ("name", "value", "unit", "band"),
    [
        ("NDI", "40", "%", "moderate"),  # PACIO
        ("NDI", "40", "{score}", "complete"),
        ("NDI", "8", "%", "none"),
        ("NDI", "10", "%", "mild"),
        ("NDI", "68", "%", "severe"),  # Vernon's points, whatever is said of percent elsewhere
        ("NDI", "70", "%", "complete"),
        ("NDI", "9", "%", None),  # between two bands
        ("NDI", "40", None, None),  # points or percent?
        ("NDI", "40", "1", None),
        ("NDI", "40", "cm", None),
        ("ODI", "16", "%", "minimal"),
        ("ODI", "16", "{score}", "minimal"),  # LOINC's own unit for the percentage
        ("ODI", "20.5", "%", None),
        ("ODI", "101", "%", None),
        ("PHQ-9", "10", None, "moderate"),
        ("PHQ-9", "10", "%", None),
        ("PHQ-9", "28", "{score}", None),
        ("PHQ-9", "NaN", "{score}", None),
        ("PEG", "6", "{score}", None),
        ("PROMIS-PI-T", "60", "{score}", None),
    ],
)
def test_a_band_is_told_by_the_unit(name: str, value: str, unit: str | None, band: str | None) -> None:
    found = interpretation(INSTRUMENTS[name], Decimal(value), unit)
    assert (found and found.name) == band


def test_the_cut_off_of_phq_2_is_the_sites() -> None:
    found = interpretation(phq_2(cut_off=2), Decimal(2))
    assert found is not None
    assert found.name == "positive"


# ---------------------------------------------------------------- which form it is


@pytest.mark.parametrize(
    ("questionnaire", "name"),
    [
        ("http://loinc.org/q/44249-1", "PHQ-9"),
        ("http://loinc.org/q/44249-1|2.77", "PHQ-9"),
        ("http://hl7.org/fhir/us/core/Questionnaire/phq-9-example|6.1.0", "PHQ-9"),
        ("https://clinic.example/Questionnaire/69737-5", "GAD-7"),
        ("http://loinc.org/q/55757-9", "PHQ-2"),
        ("http://loinc.org/q/97908-8", "ODI"),
        ("http://loinc.org/q/91393-9", "ORT"),
        ("http://loinc.org/q/62193-8", "PROMIS-PI-6b"),
        ("http://loinc.org/q/90973-9", "PROMIS-PI-6a"),
        ("http://loinc.org/q/144249-1", None),
        ("https://clinic.example/Questionnaire/intake", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_form_is_known_by_the_address_of_its_questionnaire(questionnaire: Any, name: str | None) -> None:
    found = instrument_of({"kind": "answered_form", "questionnaire": questionnaire})
    assert (found and found.name) == name


@pytest.mark.parametrize("name", [one.name for one in COMPUTED if one.name != "PHQ-2"])
@pytest.mark.parametrize("slash", ["", "/", "/panel/"])
def test_a_form_is_known_by_its_questions(name: str, slash: str) -> None:
    instrument = INSTRUMENTS[name]
    form = form_of([slash + item for item in instrument.items], [weighted(1)] * len(instrument.items))
    assert instrument_of(form) is instrument
    grouped = {"items": [{"link": "heading", "items": form["items"]}]}
    assert instrument_of(grouped) is instrument
    assert answers_of(grouped, instrument) == dict.fromkeys(instrument.items, Decimal(1))


@pytest.mark.parametrize(("prefix", "name"), [("phq9", "PHQ-9"), ("gad7", "GAD-7"), ("ndi", "NDI"), ("odi", "ODI")])
def test_a_form_is_known_by_the_numbers_that_pacio_and_access_give_its_questions(prefix: str, name: str) -> None:
    instrument = INSTRUMENTS[name]
    weights = [number % 3 for number in range(len(instrument.items))]
    form = numbered(prefix, *weights, questionnaire="http://example.org/Questionnaire/Unknown")
    assert instrument_of(form) is instrument
    assert answers_of(form, instrument) == weigh(name, *weights)


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("phq9-1", "44250-9"),
        ("phq9-2", "44255-8"),
        ("phq9-3", "44259-0"),
        ("phq9-9", "44260-8"),
        ("gad7-1", "69725-0"),
        ("gad7-7", "69736-7"),
        ("ndi-1", "82227-0"),
        ("ndi-5", "82231-2"),
        ("ndi-10", "82236-1"),
        ("phq9-0", None),
        ("phq9-10", None),  # how difficult it all makes life
        ("phq9-01", None),
        ("ndi-11", None),
    ],
)
def test_a_number_in_the_form_is_a_question(link: str, code: str | None) -> None:
    codes = {one.item_of(link) for one in INSTRUMENTS.values()} - {None}
    assert codes == ({code} if code else set())


def test_the_fullest_instrument_wins() -> None:
    def name(form: Json) -> str | None:
        found = instrument_of(form)
        return found.name if found else None

    assert name(phq_9(1, 1)) == "PHQ-2"
    assert name(phq_9(1, 1, 1)) == "PHQ-9"
    assert name(phq_9(*[1] * 9)) == "PHQ-9"
    assert name(phq_9(*[1] * 9, questionnaire="http://loinc.org/q/55757-9")) == "PHQ-9"
    assert name(phq_9(1, 1, 1, questionnaire="http://loinc.org/q/55757-9")) == "PHQ-2"
    assert name(phq_9(1, 1, questionnaire="http://loinc.org/q/44249-1")) == "PHQ-9"


def test_questions_that_many_promis_forms_ask_do_not_tell_which_form_it_is() -> None:
    items = INSTRUMENTS["PROMIS-PI-6a"].items
    assert instrument_of(form_of(list(items), [weighted(2)] * len(items))) is None


# ---------------------------------------------------------------- what an answer weighs


@pytest.mark.parametrize(
    "answer",
    [
        coded("LA6570-1"),
        {"choice": {"code": "LA6570-1"}},
        {"choice": {"system": LOINC, "code": "LA6570-1", "weight": 2}},
        weighted(Number("2.0")),
        {
            "choice": {
                "coding_extensions": [{"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueDecimal": 2}]
            }
        },
        {"whole_number": 2},
        {"number": Number("2.0")},
        {"quantity": {"value": 2}},
        {"quantity": {"value": 2, "unit": "score", "code": "{score}"}},
    ],
)
def test_an_answer_weighs_what_its_weight_its_code_or_its_number_says(answer: Json) -> None:
    read = read_answers(form_of(["44250-9"], [answer]), INSTRUMENTS["PHQ-9"])
    assert read.weights == {"44250-9": Decimal(2)}
    assert read.issues == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"choice": {"system": LOINC, "code": "LA6570-1", "weight": 1}}, "business-rule"),
        ({"choice": {"system": LOINC, "code": "LA6568-5", "weight": 3}}, "business-rule"),
        (weighted(4), "value"),
        (weighted(-1), "value"),
        (weighted(Number("1.5")), "value"),
        ({"whole_number": 10**400}, "value"),
        ({"number": Number("1e999999")}, "value"),
        ({"choice": {"system": "urn:other", "code": "LA6570-1"}}, "code-invalid"),
        ({"choice": {"system": LOINC, "code": "LA9999-9"}}, "code-invalid"),
        ({"choice": {"display": "More than half the days"}}, "code-invalid"),
        ({"text": "quite often"}, "code-invalid"),
        ({"yes": True}, "code-invalid"),
        ({"number": True}, "code-invalid"),
        ({"quantity": {"value": 2, "unit": "cm"}}, "code-invalid"),
        ({"quantity": {"value": 2, "comparator": ">"}}, "code-invalid"),
        (coded("LA6570-1") | {"modifier_extensions": [{"url": "urn:x:not"}]}, "extension"),
    ],
)
def test_an_answer_that_cannot_be_taken_as_it_stands_is_an_issue_and_leaves_no_total(answer: Json, code: str) -> None:
    form = phq_9(*[1] * 9)
    form["items"][4]["answers"] = [answer]
    read = read_answers(form, INSTRUMENTS["PHQ-9"], "forms[3]")
    assert read.weights["44251-7"] is None
    assert said(read.issues) == [(code, "forms[3].items[4].answers[0]")]
    assert score(INSTRUMENTS["PHQ-9"], read.weights).value is None


def test_a_question_answered_twice_counts_only_if_both_say_the_same() -> None:
    form = phq_9(*[1] * 9)
    form["items"][0]["answers"] *= 2
    assert answers_of(form, INSTRUMENTS["PHQ-9"])["44250-9"] == 1
    form["items"].append({"link": "44250-9", "answers": [coded("LA6568-5")]})
    read = read_answers(form, INSTRUMENTS["PHQ-9"])
    assert read.weights["44250-9"] is None
    assert said(read.issues) == [("business-rule", "form.items[9]")]


def test_an_item_without_an_answer_is_a_question_left_out() -> None:
    form = numbered("odi", *ACCESS_ODI)
    form["items"][7]["answers"] = [{"extensions": [{"url": "urn:x:asked-but-declined"}]}]
    form["items"][8]["answers"] = []
    read = read_answers(form, INSTRUMENTS["ODI"])
    assert (len(read.weights), read.issues) == (8, [])


def test_a_section_of_the_odi_answered_in_words_is_not_left_out() -> None:
    form = numbered("odi", *ACCESS_ODI)
    form["items"][7]["answers"] = [{"text": "in words of one's own"}]
    assert score(INSTRUMENTS["ODI"], answers_of(form, INSTRUMENTS["ODI"])).value is None


def test_ort_is_answered_by_yes_and_no() -> None:
    ort = INSTRUMENTS["ORT"]
    form = form_of(list(ort.items), [{"yes": place == 0} for place in range(10)])
    assert instrument_of(form) is ort
    assert score(ort, answers_of(form, ort), sex="male").value == 3


def test_a_site_may_have_an_answer_list_of_its_own() -> None:
    ndi = dataclasses.replace(INSTRUMENTS["NDI"], answers={"LA25855-0": 2})
    form = form_of(["82227-0"], [coded("LA25855-0")])
    assert answers_of(form, INSTRUMENTS["NDI"]) == {"82227-0": None}
    assert answers_of(form, ndi) == {"82227-0": Decimal(2)}


# ---------------------------------------------------------------- properties


@given(complete(), sexes, st.randoms(use_true_random=False))
def test_a_total_lies_in_its_range_whatever_the_order_of_the_answers(
    answered: tuple[Instrument, dict[str, Decimal | None]], sex: str, random: Any
) -> None:
    instrument, weights = answered
    result = score(instrument, weights, sex=sex)
    assert result.value is not None
    assert instrument.range is not None
    assert instrument.range.low <= result.value <= instrument.range.high
    assert bool(result.band) == bool(instrument.bands)
    mixed = list(weights.items())
    random.shuffle(mixed)
    assert score(instrument, dict(mixed), sex=sex) == result


@given(complete(), sexes, st.data())
def test_a_worse_answer_never_makes_a_better_total(
    answered: tuple[Instrument, dict[str, Decimal | None]], sex: str, data: st.DataObject
) -> None:
    instrument, weights = answered
    item = data.draw(st.sampled_from(instrument.items))
    worse = Decimal(data.draw(st.integers(int(weights[item] or 0), instrument.item_range.high)))
    before, after = (score(instrument, one, sex=sex).value for one in (weights, weights | {item: worse}))
    assert before is not None
    assert after is not None
    assert before <= after
