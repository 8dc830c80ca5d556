"""What laws do not see: messages that strangers tried on an early form of the mappings, each by name, and the
safety gates."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mappings import Refused, from_fhir, to_fhir
from mappings.r4.exact_json import loads
from mappings.values import same

FIXTURES = Path(__file__).parents[2] / "fixtures"
LOINC = "http://loinc.org"
NRS = {"coding": [{"system": LOINC, "code": "72514-3"}]}

Json = dict[str, Any]


def record_of(document: Json) -> Json:
    (conversion,) = from_fhir(document).conversions
    return conversion.record


def referral(**more: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:x", "value": "1"}],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        **more,
    }


def supported_by(*contained: Json) -> Json:
    return referral(
        contained=list(contained), supportingInfo=[{"reference": f"#{resource['id']}"} for resource in contained]
    )


def score(id_: str, **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": NRS,
        "subject": {"reference": "Patient/1"},
        "valueInteger": 7,
        **more,
    }


def bundle(*resources: Json, **more: Any) -> Json:
    entries = [{"fullUrl": f"https://a.example/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def test_a_condition_among_supporting_information_is_no_pain_score() -> None:
    condition = {"resourceType": "Condition", "id": "c", "code": NRS, "subject": {"reference": "Patient/1"}}
    record = record_of(supported_by(condition))
    assert "pain_scores" not in record
    assert [item["kind"] for item in record["supporting"]] == ["condition"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_a_score_that_does_not_count_is_no_score(status: str) -> None:
    record = record_of(supported_by(score("s", status=status)))
    assert "pain_scores" not in record
    assert [(item["kind"], item["status"]) for item in record["supporting"]] == [("observation", status)]


def test_a_score_withdrawn_by_the_clinic_is_a_score_no_more() -> None:
    document = supported_by(score("s"))
    record = record_of(document)
    (item,) = record.pop("pain_scores")
    record["supporting"] = [{**item, "kind": "observation", "status": "entered-in-error"}]
    after = to_fhir(record, onto=document).resource
    assert after["contained"][0]["status"] == "entered-in-error"
    assert same(record_of(after), record)


def test_two_scores_of_one_scale_on_two_days_are_two() -> None:
    one, other = score("a", effectiveDateTime="2026-10-01"), score("b", effectiveDateTime="2026-11-01", valueInteger=4)
    record = record_of(supported_by(one, other))
    assert [(s["taken_on"], s["number"]) for s in record["pain_scores"]] == [("2026-10-01", 7), ("2026-11-01", 4)]


def test_an_observation_does_not_follow_a_referral_to_another_patient() -> None:
    document = supported_by(score("s"))
    record = record_of(document)
    assert "patient" not in record["pain_scores"][0]
    record["patient"] = {"ref": "Patient/2"}
    with pytest.raises(Refused, match="does not follow to another"):
        to_fhir(record, onto=document)
    record["pain_scores"][0]["patient"] = {"ref": "Patient/1"}
    after = to_fhir(record, onto=document).resource
    assert after["contained"][0]["subject"] == {"reference": "Patient/1"}


def test_an_observation_without_a_patient_is_told_as_such() -> None:
    alone = score("s")
    del alone["subject"]
    record = record_of(supported_by(alone))
    assert record["pain_scores"][0]["patient_not_said"] is True
    assert "subject" not in to_fhir(record).resource["contained"][0]


def test_goals_follow_the_plan_to_another_patient() -> None:
    goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "walk"}}
    plan = {
        "resourceType": "CarePlan",
        "contained": [{**goal, "subject": {"reference": "Patient/1"}}],
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
        "goal": [{"reference": "#g"}],
    }
    record = record_of(plan)
    record["patient"] = {"ref": "Patient/2"}
    after = to_fhir(record, onto=plan).resource
    assert after["contained"][0]["subject"] == {"reference": "Patient/2"}


NAMES = [
    {"use": "maiden", "family": "Before"},
    {"use": "old", "family": "Older"},
    {"family": "Ended", "period": {"end": "2001"}},
    {"use": "usual", "family": "Usual"},
    {"use": "official", "family": "Official"},
]


def test_the_maiden_name_comes_first_and_is_not_taken() -> None:
    record = record_of({"resourceType": "Patient", "name": NAMES})
    assert record["name"]["family"] == "Official"
    assert [name["family"] for name in record["other_names"]] == ["Before", "Older", "Ended", "Usual"]


def test_a_patient_with_former_names_only_has_no_name_to_use() -> None:
    record = record_of({"resourceType": "Patient", "name": NAMES[:2]})
    assert "name" not in record
    assert len(record["other_names"]) == 2


def test_an_ended_name_is_taken_only_where_there_is_no_other() -> None:
    assert record_of({"resourceType": "Patient", "name": NAMES[2:4]})["name"]["family"] == "Usual"
    assert record_of({"resourceType": "Patient", "name": NAMES[2:3]})["name"]["family"] == "Ended"


def test_a_new_name_goes_where_the_name_was_and_the_others_keep_their_places() -> None:
    patient = {"resourceType": "Patient", "name": NAMES}
    record = record_of(patient)
    record["name"] = {"use": "official", "family": "New"}
    after = to_fhir(record, onto=patient).resource
    assert [name["family"] for name in after["name"]] == ["Before", "Older", "Ended", "Usual", "New"]


def test_an_old_number_and_an_ended_telecom_keep_their_use_and_period() -> None:
    old = {"system": "phone", "value": "1", "use": "old", "period": {"end": "2019"}}
    retired = {"use": "old", "system": "urn:mrn", "value": "7"}
    record = record_of({"resourceType": "Patient", "identifier": [retired], "telecom": [old]})
    assert record["telecoms"] == [old]
    assert record["identifiers"] == [retired]


@pytest.mark.parametrize(
    ("requester", "told"),
    [
        ({"reference": "PractitionerRole/9"}, {"ref": "PractitionerRole/9"}),
        ({"reference": "Organization/9/_history/2"}, {"ref": "Organization/9/_history/2"}),
        ({"identifier": {"system": "urn:npi", "value": "1"}}, {"ref_identifier": {"system": "urn:npi", "value": "1"}}),
        ({"display": "Dr. A"}, {"shown_as": "Dr. A"}),
        ({"reference": "#r"}, {"kind": "practitioner_role", "id": "r", "roles": [{"text": "GP"}]}),
    ],
)
def test_a_requester_in_every_form_is_told(requester: Json, told: Json) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "code": [{"text": "GP"}]}
    document = referral(requester=requester)
    if requester.get("reference") == "#r":
        document["contained"] = [role]
    record = record_of(document)
    assert record["referrer"] == told
    assert same(to_fhir(record).resource, document)


@pytest.mark.parametrize("reference", ["Patient/p", "https://a.example/Patient/p", "Patient/p/_history/3"])
def test_a_subject_is_found_relative_absolute_and_versioned(reference: str) -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female"}
    document = bundle({**referral(subject={"reference": reference}), "id": "s"}, patient)
    record = record_of(document)
    assert record["patient"] == {"kind": "patient", "id": "p", "sex": "female"}
    assert to_fhir(record, onto=document).resource is document


def test_a_contained_subject_is_told_and_stays_contained() -> None:
    document = referral(contained=[{"resourceType": "Patient", "id": "p"}], subject={"reference": "#p"})
    record = record_of(document)
    assert record["patient"] == {"kind": "patient", "id": "p"}
    assert same(to_fhir(record).resource, document)


def test_an_open_period_stays_open() -> None:
    record = record_of(referral(occurrencePeriod={"start": "2026-11"}))
    assert record["wanted_during"] == {"start": "2026-11"}
    assert to_fhir(record).resource["occurrencePeriod"] == {"start": "2026-11"}


def test_our_date_takes_the_place_of_their_timing() -> None:
    document = referral(occurrenceTiming={"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}})
    record = record_of(document)
    del record["wanted_repeatedly"]
    record["wanted_on"] = "2026-12-01"
    after = to_fhir(record, onto=document).resource
    assert after["occurrenceDateTime"] == "2026-12-01"
    assert "occurrenceTiming" not in after


@pytest.mark.parametrize(
    ("priority", "urgency"),
    [
        ("stat", "immediately"),
        ("asap", "as soon as possible"),
        ("urgent", "urgent"),
        ("routine", "routine"),
        (None, None),
    ],
)
def test_stat_never_becomes_no_urgency(priority: str | None, urgency: str | None) -> None:
    record = record_of(referral(**({"priority": priority} if priority else {})))
    assert record.get("urgency") == urgency
    assert to_fhir(record).resource.get("priority") == priority


def test_a_priority_that_we_do_not_know_is_reported_and_kept() -> None:
    document = referral(priority="whenever")
    reading = from_fhir(document)
    assert "urgency" not in reading.conversions[0].record
    assert [(i.code, i.expression) for i in reading.report.issues] == [("code-invalid", "ServiceRequest.priority")]
    assert reading.report.unmapped == ["ServiceRequest.priority"]
    assert "whenever" not in str(reading.report.issues)
    assert to_fhir(reading.conversions[0].record, onto=document).resource is document


def test_a_changed_birth_date_takes_the_generated_narrative_and_the_reason_for_absence_with_it() -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    patient = {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">born unknown</div>'},
        "_birthDate": {"id": "k", "extension": [absent, {"url": "urn:x:note", "valueString": "by hearsay"}]},
    }
    record = record_of(patient)
    assert record["birth_date_unknown_because"] == "unknown"
    del record["birth_date_unknown_because"]
    record["birth_date"] = "1980"
    writing = to_fhir(record, onto=patient)
    assert writing.resource == {
        "resourceType": "Patient",
        "_birthDate": {"id": "k", "extension": [{"url": "urn:x:note", "valueString": "by hearsay"}]},
        "birthDate": "1980",
    }
    assert [issue.expression for issue in writing.report.issues] == ["birth_date"]


def test_a_narrative_by_hand_stays_and_is_named() -> None:
    text = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">by hand</div>'}
    document = {**referral(), "text": text}
    record = record_of(document)
    record["urgency"] = "urgent"
    writing = to_fhir(record, onto=document)
    assert writing.resource["text"] == text
    assert [issue.code for issue in writing.report.issues] == ["informational"]


def test_another_patient_is_another_entry() -> None:
    document = loads((FIXTURES / "referral.bundle.json").read_bytes())
    record = record_of(document)
    record["patient"] = {"kind": "patient", "identifiers": [{"system": "urn:mrn", "value": "other"}]}
    for part in (*record["diagnoses"], *record["pain_scores"], *record["supporting"]):
        part["patient"] = {"ref": document["entry"][1]["fullUrl"]}
    after = to_fhir(record, onto=document).resource
    assert same(after["entry"][1], document["entry"][1])
    assert after["entry"][-1]["resource"] == {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:mrn", "value": "other"}],
    }
    assert after["entry"][0]["resource"]["subject"]["reference"] == after["entry"][-1]["fullUrl"]


def test_another_name_and_birth_date_where_there_is_no_number_are_another_patient() -> None:
    alpha = {"resourceType": "Patient", "name": [{"family": "Alpha"}], "birthDate": "1950"}
    entries: list[Json] = [
        {"fullUrl": "urn:uuid:2c3d8f1e-0000-4000-8000-000000000001", "resource": referral()},
        {"fullUrl": "urn:uuid:2c3d8f1e-0000-4000-8000-000000000002", "resource": alpha},
    ]
    entries[0]["resource"]["subject"] = {"reference": entries[1]["fullUrl"]}
    document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    record = record_of(document)
    record["patient"] |= {"name": {"family": "Beta"}, "birth_date": "1999"}
    after = to_fhir(record, onto=document).resource
    assert same(after["entry"][1], entries[1])
    assert after["entry"][2]["resource"]["name"] == [{"family": "Beta"}]
    record["patient"] |= {"birth_date": "1950"}  # the name alone: the same patient, who was misspelt or has married
    assert len(to_fhir(record, onto=document).resource["entry"]) == 2


def test_a_part_that_is_told_once_is_pointed_to_elsewhere() -> None:
    """An edit of the team must not change the activities: they only point to who is told there."""
    plan: Json = {
        "resourceType": "CarePlan",
        "contained": [
            {"resourceType": "Practitioner", "id": "p", "name": [{"family": "A"}]},
            {"resourceType": "CareTeam", "id": "t", "participant": [{"member": {"reference": "#p"}}]},
        ],
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
        "careTeam": [{"reference": "#t"}],
        "activity": [{"detail": {"status": "scheduled", "performer": [{"reference": "#p"}]}}],
    }
    record = record_of(plan)
    assert record["teams"][0]["members"][0]["who"] == {"kind": "practitioner", "id": "p", "name": {"family": "A"}}
    assert record["activities"][0]["detail"]["performers"] == [{"ref": "#p"}]
    without = copy.deepcopy(record)
    del without["teams"]
    with pytest.raises(Refused, match=r'points to "#p"|read back otherwise'):
        to_fhir(without, onto=plan)


@pytest.mark.parametrize("where", ["root", "contained", "backbone"])
def test_a_modifier_extension_stops_every_action(where: str) -> None:
    modifier = {"url": "urn:x:not-really", "valueBoolean": True}
    document = supported_by(score("s", component=[{"code": {"text": "a"}}]))
    holder = {
        "root": document,
        "contained": document["contained"][0],
        "backbone": document["contained"][0]["component"][0],
    }
    holder[where]["modifierExtension"] = [modifier]
    record = record_of(document)
    assert record["actionable"] is False
    assert len(record["not_actionable_because"]) == 1
    assert "urn:x" not in str(record["not_actionable_because"])
    assert same(to_fhir(record).resource, document)
    del record["actionable"], record["not_actionable_because"]
    with pytest.raises(Refused, match="actionable"):
        to_fhir(record)


def test_implicit_rules_stop_every_action() -> None:
    record = record_of({**referral(), "implicitRules": "urn:x:rules"})
    assert record["actionable"] is False
    assert record["implicit_rules"] == "urn:x:rules"


def test_nobody_can_call_a_record_actionable() -> None:
    with pytest.raises(Refused):
        to_fhir({**record_of(referral()), "actionable": True})


@pytest.mark.parametrize("negation", [True, False])
def test_what_must_not_be_done_survives(negation: bool) -> None:
    record = record_of(referral(doNotPerform=negation))
    assert record["must_not_be_done"] is negation
    assert to_fhir(record).resource["doNotPerform"] is negation


def test_a_refuted_diagnosis_stays_refuted() -> None:
    refuted = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]}
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "verificationStatus": refuted,
        "subject": {"reference": "Patient/1"},
    }
    document = referral(contained=[condition], reasonReference=[{"reference": "#c"}])
    assert "diagnoses" not in record_of(document)
    assert record_of(document)["ruled_out"][0]["verification"]["code"] == "refuted"
    assert same(to_fhir(record_of(document)).resource, document)


def test_a_status_is_never_made_up() -> None:
    record = record_of(referral())
    del record["status"]
    with pytest.raises(Refused, match=r"ServiceRequest\.status"):
        to_fhir(record)


def test_a_changed_concept_is_replaced_whole() -> None:
    """Its old display, its coding in another system and its text would be a lie."""
    document = referral(code={"coding": [{"system": "urn:a", "code": "1", "display": "One"}], "text": "one"})
    record = record_of(document)
    record["service"] = {"system": "urn:a", "code": "2"}
    assert to_fhir(record, onto=document).resource["code"] == {"coding": [{"system": "urn:a", "code": "2"}]}


def test_decimals_and_dates_stay_as_written() -> None:
    text = (
        b'{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},'
        b'"quantityQuantity":{"value":1.50},"authoredOn":"2026-11-02T08:15:00.000+00:00"}'
    )
    record = record_of(loads(text))
    assert record["quantity"]["value"].text == "1.50"
    assert record["referred_on"] == "2026-11-02T08:15:00.000+00:00"


def test_a_contained_resource_that_nobody_points_to_any_more_goes() -> None:
    document = supported_by(score("a"), score("b"))
    record = record_of(document)
    del record["pain_scores"][0]
    after = to_fhir(record, onto=document).resource
    assert [resource["id"] for resource in after["contained"]] == ["b"]


def test_a_record_that_points_to_what_it_does_not_tell_is_refused() -> None:
    with pytest.raises(Refused, match='points to "#nobody"'):
        to_fhir({"record": "referral", "status": "active", "patient": {"ref": "#nobody"}})


def test_a_misspelt_field_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(Refused, match='did you mean "urgency"'):
        to_fhir({"record": "referral", "status": "active", "patient": {"ref": "Patient/1"}, "urgncy": "urgent"})


def test_a_record_is_not_put_onto_another_referral() -> None:
    record = record_of(referral(identifier=[{"system": "urn:x", "value": "2"}]))
    with pytest.raises(Refused, match="another referral"):
        to_fhir(record, onto=referral())


def test_a_bundle_gives_one_record_for_each_root_and_counts_each_leaf_once() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    other = {"resourceType": "Patient", "id": "alone"}
    plan = {
        "resourceType": "CarePlan",
        "id": "c",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/p"},
    }
    order = {**referral(subject={"reference": "Patient/p"}), "id": "s"}
    location = {"resourceType": "Location", "id": "l", "name": "here"}
    reading = from_fhir(bundle(order, patient, plan, other, location))
    assert [(c.kind, c.entry) for c in reading.conversions] == [("care_plan", 2), ("referral", 0), ("patient", 3)]
    assert [place for place in reading.report.unmapped if "entry[4]" in place] == reading.report.unmapped
    assert len(reading.report.lineage) == len({line.expression for line in reading.report.lineage})


def test_an_order_that_a_plan_tells_is_no_referral_of_its_own() -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "c",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
        "activity": [{"reference": {"reference": "ServiceRequest/s"}}],
    }
    reading = from_fhir(bundle({**referral(), "id": "s"}, plan))
    assert [c.kind for c in reading.conversions] == ["care_plan"]
    assert reading.conversions[0].record["activities"][0]["order"]["kind"] == "order"


def test_strict_refuses_what_no_record_carries() -> None:
    document = referral(_priority={"extension": [{"url": "urn:x", "valueString": "v"}]})
    assert from_fhir(document).report.ledger["unmapped"] == 2
    with pytest.raises(Refused):
        from_fhir(document, strict=True)


# ------------------------------------------------------------ what goes without saying may be said


def given_during(patient: Json, whose: Json) -> Json:
    agent = {"kind": "agent", "status": "completed", "drug": {"text": "bupivacaine"}, "given_on": "2026-11-23"}
    return {"record": "procedure", "status": "completed", "patient": patient, "agents": [{**agent, **whose}]}


@pytest.mark.parametrize(
    "patient",
    [{"ref": "Patient/1"}, {"ref": "Patient/1", "shown_as": "A. B."}, {"kind": "patient", "id": "p", "sex": "female"}],
    ids=["pointed to", "pointed to by name", "told"],
)
def test_whose_it_is_may_be_said_though_it_is_the_patient_of_the_whole_record(patient: Json) -> None:
    pointer = {"ref": f"#{patient['id']}"} if "id" in patient else patient
    said = to_fhir(given_during(patient, {"patient": pointer})).resource
    assert said == to_fhir(given_during(patient, {})).resource


def test_the_same_patient_pointed_to_in_other_words_is_kept_as_written() -> None:
    """Found by the laws: it was refused as contradicting itself."""
    named = {"ref": "Patient/1", "shown_as": "A. B."}
    made = to_fhir(given_during(named, {"patient": {"ref": "Patient/1"}})).resource
    assert made["contained"][0]["subject"] == {"reference": "Patient/1"}
    assert record_of(made)["agents"][0]["patient_as_written"] == {"ref": "Patient/1"}


def test_a_usual_value_may_be_said() -> None:
    """Also onto a document, which stays as it was."""
    document = referral()
    record = record_of(document)
    assert "intent" not in record
    assert to_fhir({**record, "intent": "order"}).resource == to_fhir(record).resource
    assert to_fhir({**record, "intent": "order"}, onto=document).resource == document
