"""The narrative of a plan: true, safe, and replaced when what it tells has changed."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mappings import from_fhir, to_bundle, to_fhir
from mappings.narrative import plan_in_words
from mappings.roots import mapping
from tests.mappings.strategies import records

Json = dict[str, Any]

XHTML = "{http://www.w3.org/1999/xhtml}"
PLAN: Json = {
    "record": "care_plan",
    "status": "active",
    "title": "Back <script>alert(1)</script> & leg",
    "patient": {"ref": "Patient/1"},
    "goals": [
        {
            "kind": "goal",
            "stage": "active",
            "description": {"text": "Walk"},
            "targets": [{"measure": {"text": "walking"}, "quantity": {"value": 20, "unit": "min"}, "due": "2027"}],
        }
    ],
    "activities": [
        {"detail": {"what": {"text": "Opioids"}, "status": "not-started", "must_not_be_done": True}},
        {
            "order": {
                "kind": "order",
                "status": "active",
                "service": {"text": "Massage"},
                "wanted_repeatedly": {"times": 1, "every": 2, "every_unit": "wk"},
            }
        },
        {"order": {"ref": "Task/9", "shown_as": "A task elsewhere"}},
    ],
}


def words(div: str) -> list[str]:
    return ["".join(item.itertext()) for item in ET.fromstring(div).iter(f"{XHTML}li")]


def test_a_plan_is_told_in_words() -> None:
    assert words(plan_in_words(PLAN)) == [
        "Walk; active; walking: 20 min by 2027",
        "NOT to be done: Opioids; not-started",
        "Massage; once every 2 weeks; active",
        "A task elsewhere",
    ]


def test_what_was_entered_in_error_says_so_first() -> None:
    (first, *_) = ET.fromstring(plan_in_words({**PLAN, "status": "entered in error"})).itertext()
    assert first.startswith("Entered in error: this plan does not hold.")


def test_a_text_is_never_markup() -> None:
    div = plan_in_words(PLAN)
    assert "<script" not in div
    assert "Back <script>alert(1)</script> & leg" in "".join(ET.fromstring(div).itertext())


@given(st.text(), st.data())
def test_any_plan_gives_a_sound_div_of_plain_elements(text: str, data: st.DataObject) -> None:
    record = data.draw(records(mapping("care_plan").shape)) | {"title": text, "notes": [{"text": text}]}
    tags = {element.tag for element in ET.fromstring(plan_in_words(record)).iter()}
    assert tags <= {XHTML + tag for tag in ("div", "p", "b", "ul", "li")}


def test_both_renderings_carry_it_and_it_is_no_part_of_the_record() -> None:
    one, bundle = to_fhir(PLAN).resource, to_bundle(PLAN).resource
    assert one["text"] == bundle["entry"][0]["resource"]["text"] == {"status": "generated", "div": plan_in_words(PLAN)}
    assert all("text" not in held for held in one["contained"])
    assert from_fhir(one).conversions[0].record == PLAN


def test_a_changed_plan_gets_a_new_one_and_an_unchanged_plan_keeps_theirs() -> None:
    theirs = to_fhir(PLAN).resource
    theirs["text"]["div"] = '<div xmlns="http://www.w3.org/1999/xhtml">made by another system</div>'
    assert to_fhir(PLAN, onto=theirs).resource == theirs
    changed = copy.deepcopy(PLAN) | {"title": "Another title"}
    assert to_fhir(changed, onto=theirs).resource["text"]["div"] == plan_in_words(changed)


def test_a_plan_without_a_narrative_is_not_given_one() -> None:
    theirs = to_fhir(PLAN).resource
    del theirs["text"]
    assert "text" not in to_fhir(PLAN | {"title": "Another title"}, onto=theirs).resource


def test_a_narrative_by_hand_stays_and_is_named() -> None:
    theirs = to_fhir(PLAN).resource
    theirs["text"]["status"] = "additional"
    made = to_fhir(PLAN | {"title": "Another title"}, onto=theirs)
    assert made.resource["text"] == theirs["text"]
    assert [issue.expression for issue in made.report.issues] == ["CarePlan.text"]
