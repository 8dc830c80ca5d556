"""What meets a profile is found to meet it; what fails it in any way that the table knows is told, at its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mappings.r4 import validity
from mappings.us_core import BASE, check, met
from mappings.us_core.profiles import names, profile
from tests.mappings.us_core.damage import Damaged, all_damages, with_targets
from tests.mappings.us_core.good import BROKEN, DOCTOR, GOOD, LACKING, NPI, RACE, broken, observation

Json = dict[str, Any]

DAMAGES = list(all_damages())


@pytest.mark.parametrize("name", GOOD)
def test_a_resource_that_meets_its_profile(name: str) -> None:
    assert validity.check(GOOD[name]) == []
    assert check(GOOD[name], name) == []
    assert (BASE + name in met(GOOD[name])) == profile(name).declared


def test_every_profile_of_a_resource_is_tried() -> None:
    assert {name for name in names() if profile(name).type != "Extension"} == GOOD.keys()


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.how for damage in DAMAGES])
def test_what_fails_a_profile_is_told_at_its_place(damage: Damaged) -> None:
    resource = with_targets(damage.resource)
    found = check(resource, damage.profile)
    assert {issue.severity for issue in found} == {"warning"}
    assert all(issue.text.startswith(f"{profile(damage.profile).title}: ") for issue in found)
    if validity.check(resource):  # what R4 itself refuses is not looked at further
        assert [(issue.code, issue.expression) for issue in found] == [("invalid", resource["resourceType"])]
    else:
        assert any(damage.element in issue.expression for issue in found)


@pytest.mark.parametrize("name", BROKEN)
def test_each_invariant_is_broken_and_told(name: str) -> None:
    resource = broken(name)
    assert validity.check(resource) == []
    texts = [issue.text for issue in check(resource, BROKEN[name][0]) if issue.code == "invariant"]
    assert any(text.endswith(f"({name.partition(' ')[0]}).") for text in texts)


@pytest.mark.parametrize("type_", LACKING)
def test_what_is_lacking_is_r4_and_meets_no_profile(type_: str) -> None:
    resource = {"resourceType": type_, **LACKING[type_]}
    assert validity.check(resource) == []
    assert met(resource) == []


def test_no_value_of_the_resource_is_told() -> None:
    secret = {**GOOD["us-core-patient"], "identifier": [{"value": "Lindqvist"}], "name": [{"text": "Lindqvist"}]}
    found = check(secret, "us-core-patient")
    assert len(found) == 2
    assert "Lindqvist" not in str(found)


def test_a_part_that_an_extension_does_not_have() -> None:
    race = {**RACE, "extension": [*RACE["extension"], {"url": "ombCategoryx", "valueString": "a"}]}
    (issue,) = check({**GOOD["us-core-patient"], "extension": [race]}, "us-core-patient")
    assert issue.expression.endswith("extension('ombCategoryx').url")
    foreign = {**RACE, "extension": [*RACE["extension"], {"url": "urn:x", "valueString": "a"}]}
    assert check({**GOOD["us-core-patient"], "extension": [foreign]}, "us-core-patient") == []


def test_a_value_that_was_withheld_is_there() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    patient = {**GOOD["us-core-patient"], "identifier": [{"system": NPI, "_value": absent}]}
    assert check(patient, "us-core-patient") == []


def test_another_type_of_resource_meets_none_of_its_profiles() -> None:
    (issue,) = check(GOOD["us-core-patient"], "us-core-goal")
    assert issue.text == "US Core Goal Profile: This is a profile of Goal."


def test_a_profile_that_the_table_does_not_have() -> None:
    with pytest.raises(KeyError):
        check(GOOD["us-core-patient"], "us-core-patience")


def test_a_profile_may_be_named_by_its_url_of_our_version() -> None:
    for url in (f"{BASE}us-core-patient", f"{BASE}us-core-patient|8.0.0"):
        assert check(GOOD["us-core-patient"], url) == []
    with pytest.raises(KeyError):
        check(GOOD["us-core-patient"], f"{BASE}us-core-patient|6.1.0")


# ---- what a resource leads to


def bundle(**resources: Json) -> Json:
    entries = [{"fullUrl": f"https://ehr.example/{url}", "resource": each} for url, each in resources.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def linked(reference: str, **more: Any) -> Json:
    return {**observation("survey"), "hasMember": [{"reference": f"https://ehr.example/{reference}"}], **more}


def test_what_lies_in_the_same_bundle_has_to_meet_the_profile_too() -> None:
    one, other = linked("b"), observation("survey")
    document = bundle(a=one, b=other)
    assert check(one, "us-core-observation-screening-assessment", document) == []
    other["category"] = [{"text": "a survey"}]
    (issue,) = check(one, "us-core-observation-screening-assessment", document)
    assert (issue.code, issue.expression) == ("value", "Bundle.entry[0].resource.hasMember[0].reference")
    assert "US Core Observation Screening Assessment Profile" in issue.text


def test_what_leads_to_each_other_is_met_together_and_lost_together() -> None:
    """A ring of three: round and round, and all of it fails when one does."""
    ring = [linked("b"), linked("c"), linked("a")]
    document = bundle(a=ring[0], b=ring[1], c=ring[2])
    name = "us-core-observation-screening-assessment"
    assert [check(one, name, document) for one in ring] == [[], [], []]
    del ring[2]["subject"]
    assert [[issue.code for issue in check(one, name, document)] for one in ring] == [
        ["value"],
        ["value"],
        ["required", "value"],
    ]


def test_many_that_lead_to_many_are_judged_once_each() -> None:
    names_ = [f"o{n}" for n in range(60)]
    all_of_them = [{"reference": f"https://ehr.example/{name}"} for name in names_]
    document = bundle(**{name: {**observation("survey"), "hasMember": all_of_them} for name in names_})
    first = document["entry"][0]["resource"]
    assert check(first, "us-core-observation-screening-assessment", document) == []


def test_one_of_several_profiles_is_enough() -> None:
    visit = {**GOOD["us-core-encounter"], "reasonReference": [{"reference": "#c"}]}
    for name in ("us-core-condition-encounter-diagnosis", "us-core-condition-problems-health-concerns"):
        visit["contained"] = [{**GOOD[name], "id": "c"}]
        assert check(visit, "us-core-encounter") == []
    visit["contained"] = [{"resourceType": "Condition", "id": "c", **LACKING["Condition"]}]
    assert len(check(visit, "us-core-encounter")) == 1


def test_what_is_not_valid_in_a_bundle_is_its_own_fault_only() -> None:
    one, other = copy.deepcopy(GOOD["us-core-patient"]), {**GOOD["us-core-patient"], "gender": "f"}
    document = bundle(a=one, b=other)
    assert check(one, "us-core-patient", document) == []
    assert [issue.code for issue in check(other, "us-core-patient", document)] == ["invalid"]


def test_beyond_the_document_the_type_is_told_by_the_reference() -> None:
    goal = {**GOOD["us-core-goal"], "expressedBy": {"type": "RelatedPerson", "display": "her son"}}
    assert check(goal, "us-core-goal") == []
    team = {**GOOD["us-core-careteam"], "participant": [{"role": [{"text": "a"}], "member": {"display": "a"}}]}
    assert check(team, "us-core-careteam") == []
    request = {**GOOD["us-core-servicerequest"], "requester": {"reference": "https://ehr.example/fhir/Device/1"}}
    assert check(request, "us-core-servicerequest") == []
    order = {**GOOD["us-core-procedure"], "basedOn": [DOCTOR]}
    assert [issue.code for issue in check(order, "us-core-procedure")] == ["invalid"]
