"""What is sent of a plan, and when a plan that a partner holds is the one that we would send."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapter.client import Identifier
from adapter.delivery import outgoing
from adapter.delivery.compare import differences, holds
from adapter.delivery.outgoing import CannotBeSent, about, patient_resource
from adapter.delivery.pushing.ways import transactions
from adapter.delivery.pushing.ways.as_resources import Piece
from adapter.delivery.transaction import Held
from mappings import Refused
from mappings.r4.exact_json import dumps
from mappings.values import Number

PLAN = Identifier("https://clinic.example/care-plan", "p-1")


def record(resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record that these tests render by taking the resource out of it."""
    return {"resource": resource, **more}


def rendered(record: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(record["resource"])


def a_patient(*identifiers: dict[str, Any]) -> dict[str, Any]:
    mrn = {"system": "https://clinic.example/record-number", "value": "1001"}
    return record({"resourceType": "Patient", "id": "here-1", "identifier": list(identifiers or (mrn,))})


def a_plan(**elements: Any) -> dict[str, Any]:
    subject = {"identifier": {"system": "https://clinic.example/record-number", "value": "1001"}}
    goal = {
        "resourceType": "Goal",
        "id": "g1",
        "lifecycleStatus": "active",
        "description": {"text": "walk"},
        "subject": subject,
        "target": [{"measure": {"text": "distance"}, "detailQuantity": {"value": Number("1.50")}}],
    }
    return record(
        {
            "resourceType": "CarePlan",
            "id": "here-2",
            "contained": [goal],
            "status": "active",
            "intent": "plan",
            "subject": subject,
            "goal": [{"reference": "#g1"}],
            **elements,
        }
    )


def bundle(
    plan: dict[str, Any] | None = None, patient: dict[str, Any] | None = None, held: Held | None = None
) -> dict[str, Any]:
    person = Piece(*patient_resource(patient or a_patient(), rendered))
    ours = about(outgoing.document(plan or a_plan(), PLAN, rendered), person.urn)
    return transactions.bundle([person, Piece(ours, PLAN, held)], conditional=True)


def test_equal_input_gives_equal_bytes() -> None:
    assert dumps(bundle()) == dumps(bundle())


def test_both_entries_are_conditional_on_their_business_identifiers() -> None:
    person, plan = (entry["request"] for entry in bundle()["entry"])
    assert (person["method"], person["url"]) == ("POST", "Patient")
    assert parse_qs(person["ifNoneExist"]) == {"identifier": ["https://clinic.example/record-number|1001"]}
    assert (plan["method"], plan["url"]) == ("POST", "CarePlan")
    assert parse_qs(plan["ifNoneExist"]) == {"identifier": ["https://clinic.example/care-plan|p-1"]}


def test_a_plan_that_is_there_is_put_onto_the_version_that_was_seen() -> None:
    document, request = (bundle(held=Held("theirs", "7", {}))["entry"][1][part] for part in ("resource", "request"))
    assert request == {"method": "PUT", "url": "CarePlan/theirs", "ifMatch": 'W/"7"'}
    assert document["id"] == "theirs"


def test_a_plan_of_a_server_without_versions_is_put_without_a_condition() -> None:
    request = bundle(held=Held("theirs", None, {}))["entry"][1]["request"]
    assert request == {"method": "PUT", "url": "CarePlan/theirs"}


def test_subject_and_contained_goals_lead_to_the_patient_of_the_bundle() -> None:
    person, plan = bundle()["entry"]
    assert plan["resource"]["subject"]["reference"] == person["fullUrl"]
    assert plan["resource"]["contained"][0]["subject"]["reference"] == person["fullUrl"]
    assert plan["resource"]["subject"]["identifier"]["value"] == "1001"
    assert plan["resource"]["goal"] == [{"reference": "#g1"}]


def test_a_subject_by_our_own_reference_leads_to_the_patient_of_the_bundle_too() -> None:
    person, plan = bundle(plan=a_plan(subject={"reference": "Patient/1001"}))["entry"]
    assert plan["resource"]["subject"] == {"reference": person["fullUrl"]}


def test_a_contained_patient_gives_way_to_the_patient_of_the_bundle() -> None:
    inside = {"resourceType": "Patient", "id": "p1"}
    plan = a_plan(contained=[inside], subject={"reference": "#p1"}, goal=[{"display": "walk"}])
    entry = bundle(plan=plan)["entry"][1]
    assert "contained" not in entry["resource"]
    assert entry["resource"]["subject"]["reference"].startswith("urn:uuid:")


US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"


def test_what_is_sent_declares_what_it_meets_as_it_is_sent() -> None:
    """The plan by itself meets its profile; beside a patient of whom there is no name it does not."""
    meta = {"profile": [f"{US_CORE}/us-core-careplan"]}
    plan = a_plan(meta=meta, intent="plan", category=[{"text": "for pain"}], contained=[], goal=[])
    del plan["resource"]["contained"], plan["resource"]["goal"]
    person, sent = (entry["resource"] for entry in bundle(plan=plan)["entry"])
    assert "meta" not in person
    assert "meta" not in sent
    known = a_patient()
    known["resource"] |= {"name": [{"family": "Doe"}]}
    person, sent = (entry["resource"] for entry in bundle(plan=plan, patient=known)["entry"])
    assert person["meta"] == {"profile": [f"{US_CORE}/us-core-patient"]}
    assert sent["meta"] == meta


def test_what_is_not_valid_r4_is_not_sent() -> None:
    with pytest.raises(Refused) as because:
        bundle(plan=a_plan(goal=[{"reference": "#nobody"}]))
    assert "Bundle.entry[1].resource.goal[0].reference" in {issue.expression for issue in because.value.issues}


def test_ids_that_the_resources_have_here_stay_here() -> None:
    assert all("id" not in entry["resource"] for entry in bundle()["entry"])


def test_the_plan_carries_our_identifier_once() -> None:
    theirs = {"system": "urn:other", "value": "9"}
    first = bundle(plan=a_plan(identifier=[theirs]))["entry"][1]["resource"]["identifier"]
    assert first == [PLAN.json(), theirs]
    again = bundle(plan=a_plan(identifier=[theirs, {**PLAN.json(), "use": "official"}]))
    assert again["entry"][1]["resource"]["identifier"] == [theirs, {**PLAN.json(), "use": "official"}]


@pytest.mark.parametrize(
    "other",
    [
        {"value": "no system"},
        {"system": "urn:retired", "value": "1", "use": "old"},
        {"system": "urn:ended", "value": "1", "period": {"end": "2020"}},
    ],
)
def test_the_patient_is_known_by_a_current_identifier_with_a_system(other: dict[str, Any]) -> None:
    patient = a_patient(other, {"system": "urn:current", "value": "2"})
    assert parse_qs(bundle(patient=patient)["entry"][0]["request"]["ifNoneExist"]) == {"identifier": ["urn:current|2"]}


def test_a_patient_without_a_usable_identifier_is_not_sent() -> None:
    with pytest.raises(CannotBeSent, match="no identifier"):
        bundle(patient=a_patient({"value": "7"}))


def test_a_plan_without_a_subject_is_not_sent() -> None:
    with pytest.raises(CannotBeSent, match="names no patient"):
        bundle(plan=a_plan(subject=None))


@pytest.mark.parametrize("which", ["plan", "patient"])
def test_what_must_not_be_acted_upon_is_not_sent(which: str) -> None:
    plan, patient = a_plan(), a_patient()
    {"plan": plan, "patient": patient}[which]["actionable"] = False
    with pytest.raises(CannotBeSent) as refused:
        bundle(plan, patient)
    assert refused.value.codes == ("not-actionable",)


def test_a_reference_that_would_mean_another_thing_there_becomes_words() -> None:
    author = {"reference": "Practitioner/1", "display": "Dr Example"}
    sent = bundle(plan=a_plan(author=author, basedOn=[{"reference": "CarePlan/2"}], replaces=[{"reference": "urn:x"}]))
    plan = sent["entry"][1]["resource"]
    assert plan["author"] == {"display": "Dr Example"}
    assert plan["basedOn"] == [{"display": "CarePlan/2"}]
    assert plan["replaces"] == [{"reference": "urn:x"}]


def test_what_means_something_in_a_search_value_is_escaped() -> None:
    identifier = Identifier("urn:a|b", "1,2$3\\4 é&=+")
    assert identifier.token() == r"urn:a\|b|1\,2\$3\\4 é&=+"
    assert parse_qs(identifier.query()) == {"identifier": [identifier.token()]}


def as_held(plan: dict[str, Any]) -> dict[str, Any]:
    """As a server gives it back: its own id and metadata, references rewritten, 1.50 as 1.5."""
    held: dict[str, Any] = copy.deepcopy(plan)
    held |= {"id": "theirs", "meta": {"versionId": "1"}}
    held["subject"]["reference"] = "Patient/theirs"
    held["contained"][0]["subject"]["reference"] = "http://partner.example/fhir/Patient/theirs"
    held["contained"][0]["target"][0]["detailQuantity"]["value"] = Number("1.5")
    return held


def test_what_a_server_may_change_leaves_the_plan_the_same() -> None:
    sent = bundle()["entry"][1]["resource"]
    held = as_held(sent)
    assert holds(sent, held)
    assert {one.path: bool(one.allowed) for one in differences(sent, held)} == {
        "CarePlan.id": True,
        "CarePlan.meta": True,
        "Goal.subject.reference": True,
        "Goal.target[0].detailQuantity.value": True,
        "CarePlan.subject.reference": True,
    }


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "revoked"}, "CarePlan.status"),
        ({"title": "Theirs"}, "CarePlan.title"),
        ({"goal": []}, "CarePlan.goal"),
        ({"contained": []}, "Goal"),
        ({"subject": {"reference": "#p"}}, "CarePlan.subject.reference"),
    ],
)
def test_any_other_difference_means_another_plan(change: dict[str, Any], place: str) -> None:
    sent = bundle()["entry"][1]["resource"]
    held = {**as_held(sent), **change}
    assert not holds(sent, held)
    assert place in {one.path for one in differences(sent, held) if not one.allowed}


def test_true_is_not_one() -> None:
    assert not holds({"resourceType": "CarePlan", "x": True}, {"resourceType": "CarePlan", "x": 1})
    assert holds({"resourceType": "CarePlan", "x": 1}, {"resourceType": "CarePlan", "x": Number("1.0")})
