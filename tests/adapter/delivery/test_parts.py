"""A plan's goals, team and orders as resources of their own at a partner, and the plan put together again."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.client import AnswerLost, Identifier, WillAnswerTheSame
from adapter.delivery import compare
from adapter.delivery.pushing import parts
from adapter.delivery.pushing.fits.statement import PARTS
from adapter.delivery.pushing.sending import Clinic
from adapter.delivery.transaction import Held, Resource, urn
from mappings import to_fhir
from mappings.r4.exact_json import loads
from tests.adapter.delivery.ehr import BASE, Ehr
from tests.adapter.delivery.test_fits import CONDITIONAL, server
from tests.adapter.delivery.test_ways import IDS, MRN, PLAN, RECORD, ehr_with, mock, pushed

__all__ = ["mock"]

FIXTURES = Path(__file__).parents[3] / "fixtures"
OURS = f"{IDS}/care-plan-part"
ACHIEVED = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def ours(name: str) -> Identifier:
    return Identifier(OURS, f"plan-1/{name}")


# ---- apart and together again


@st.composite
def wholes(draw: st.DrawFn) -> Resource:
    """A plan whose contained resources point to one another as they like."""
    types = st.sampled_from(["Goal", "CareTeam", "ServiceRequest", "Condition", "Practitioner"])
    names = draw(st.lists(st.sampled_from(["a", "b", "c", "d", "pg-e", "pg-f", "pg-g"]), unique=True, max_size=6))
    references = st.lists(st.sampled_from(["#", "Goal/1", *(f"#{name}" for name in names)]), max_size=3)
    own = st.lists(st.sampled_from([{"system": "urn:own", "value": "1"}, {"value": "2"}]), max_size=1)

    def pointing() -> list[Resource]:
        return [{"reference": one} for one in draw(references)]

    contained = [{"resourceType": draw(types), "id": name, "identifier": draw(own), "to": pointing()} for name in names]
    everything = [{"reference": f"#{name}"} for name in names]  # dom-3: nothing is contained that nobody points to
    return {"resourceType": "CarePlan", "contained": contained, "activity": everything, "note": [{"text": "x"}]}


def brought(whole: Resource, types: tuple[str, ...]) -> tuple[Resource, dict[parts.Key, Held]]:
    """As a server holds it that gave each an id and a version."""
    root, own = parts.apart(whole, types)
    places = {urn(*one.key): f"{one.key[0]}/{number}" for number, one in enumerate(own, start=1000)}
    held = {}
    for one in own:
        id_ = places[urn(*one.key)].partition("/")[2]
        kept = parts.pointing_to(one.resource, places)
        kept |= {"id": id_, "meta": {**kept.get("meta", {}), "versionId": "3"}}
        held[one.key] = Held(id_, "3", kept)
    return parts.pointing_to(root, places), held


@given(wholes(), st.sets(st.sampled_from(PARTS)))
def test_what_was_put_apart_is_the_same_together(whole: Resource, types: set[str]) -> None:
    whole = parts.named(whole, types, ours)
    root, held = brought(whole, tuple(types))
    assert parts.joined(root, held, whole, BASE) == whole
    for one in held.values():
        inside = {f"#{each['id']}" for each in one.resource.get("contained", [])}
        local = {each for each in json.dumps(one.resource).split('"') if each.startswith("#")}
        assert local <= inside, "nothing outside it is pointed to as if it were inside"
    known = [parts.key(one) for one in whole.get("contained", []) if one["resourceType"] in types]
    assert len(known) == len(set(known))


NAMES = st.sampled_from(
    ["resourceType", "id", "contained", "identifier", "meta", "reference", "system", "value", "goal"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["#walk", "Goal/1", "urn:own", "1", "Goal", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, ANYTHING, max_size=6)


@given(OBJECTS, OBJECTS, OBJECTS)
@example({"contained": [{}]}, {}, {})
def test_whatever_a_partner_holds_it_is_put_together(root: Resource, goal: Resource, like: Resource) -> None:
    """A liar's answer is compared like any other, and found to be something else."""
    held = {("Goal", Identifier("urn:own", "1")): Held("1", None, goal)}
    whole = parts.joined(root | {"goal": [{"reference": "Goal/1"}]}, held, like_of(like), BASE)
    compare.differences(whole, like)
    compare.differences(like, whole)


def like_of(like: Resource) -> Resource:
    """As ours are: what is contained has a type and an id."""
    contained = [{"resourceType": "Goal", "id": "walk", "identifier": like.get("identifier")}]
    return {"resourceType": "CarePlan", "contained": contained}


@given(wholes())
def test_what_is_made_can_be_made_in_that_order(whole: Resource) -> None:
    _, own = parts.apart(parts.named(whole, PARTS, ours), PARTS)
    there: set[str] = set()
    for one in own:
        urns = {each for each in json.dumps(one.resource).split('"') if each.startswith("urn:uuid:")}
        assert urns <= there
        there.add(urn(*one.key))


@pytest.mark.parametrize("name", ["care-plan", "journey/06-care-plan-1", "journey/31-care-plan-2"])
def test_the_clinics_own_plans_come_apart(name: str) -> None:
    whole = parts.named(to_fhir(loads((FIXTURES / f"{name}.record.json").read_bytes())).resource, PARTS, ours)
    root, held = brought(whole, PARTS)
    assert parts.joined(root, held, whole, BASE) == whole
    inside = {one["resourceType"] for one in whole["contained"]} & set(PARTS)
    assert {type_ for type_, _ in held} == inside
    assert {one["resourceType"] for one in root.get("contained", [])}.isdisjoint(PARTS)
    goals = [one.resource for (type_, _), one in held.items() if type_ == "Goal"]
    assert any("contained" in one for one in goals)  # the problem that a goal is against goes with it


def test_a_part_keeps_its_own_number_and_else_its_name() -> None:
    whole = parts.named(to_fhir(loads((FIXTURES / "care-plan.record.json").read_bytes())).resource, PARTS, ours)
    known = {parts.key(one) for one in whole["contained"] if one["resourceType"] in PARTS}
    assert known == {
        ("Goal", ours("Goal/walk")),
        ("Goal", ours("Goal/less-pain")),
        ("CareTeam", ours("CareTeam/pg-1")),
        ("ServiceRequest", ours("ServiceRequest/pg-3734cea8-1")),
        ("Appointment", ours("Appointment/pg-649400e9-1")),
    }
    numbered = parts.named(
        to_fhir(loads((FIXTURES / "journey/06-care-plan-1.record.json").read_bytes())).resource, PARTS, ours
    )
    booked = Identifier("https://lakeside-pain.example/ids/appointment", "A-0042-02")
    assert ("Appointment", booked) in {parts.key(one) for one in numbered["contained"] if one["resourceType"] in PARTS}


# ---- at a partner

GOALS = ("Goal", "CareTeam")
WAYS = {
    "conditional-transaction": server("transaction", flags=CONDITIONAL, also=GOALS),
    "transaction": server("transaction", also=GOALS),
    "conditional-singles": server(flags=CONDITIONAL, also=GOALS),
    "singles": server(also=GOALS),
}
WALK: dict[str, Any] = {"kind": "goal", "id": "walk", "stage": "active", "description": {"text": "walk 30 minutes"}}
SLEEP: dict[str, Any] = {"kind": "goal", "id": "sleep", "stage": "active", "description": {"text": "sleep through"}}
TEAM: dict[str, Any] = {"kind": "team", "status": "active", "members": [{"who": {"shown_as": "Dr. Vance"}}]}
FIRST = RECORD | {"goals": [WALK, SLEEP], "teams": [TEAM]}


def known_as(resource: Resource) -> list[str]:
    return [one["value"] for one in resource["identifier"] if one["system"] == OURS]


def first_version(mock: responses.RequestsMock, way: str) -> Ehr:
    ehr = ehr_with(mock, WAYS[way])
    delivered = brought_to(ehr, FIRST)
    assert (delivered.fit, delivered.unkept) == (way, None)
    return ehr


def brought_to(ehr: Ehr, record: Any, before: Any = None, *, first: bool | None = None) -> Any:
    first = before is None if first is None else first
    return pushed(
        ehr, first=first, record=record, before=before, version=1 + (before is not None), clinic=Clinic(parts=OURS)
    )


@pytest.mark.parametrize("way", WAYS)
def test_goals_and_team_stand_by_themselves(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    (plan,), (team,), goals = ehr.of_type("CarePlan"), ehr.of_type("CareTeam"), ehr.of_type("Goal")
    assert "contained" not in plan
    assert [one["reference"] for one in plan["goal"]] == [f"Goal/{one['id']}" for one in goals]
    assert [one["reference"] for one in plan["careTeam"]] == [f"CareTeam/{team['id']}"]
    assert [known_as(one) for one in [*goals, team]] == [
        ["plan-1/Goal/walk"],
        ["plan-1/Goal/sleep"],
        ["plan-1/CareTeam/pg-1"],
    ]
    assert {one["subject"]["reference"] for one in [plan, *goals]} == {"Patient/7"}


@pytest.mark.parametrize("way", WAYS)
def test_what_changed_is_put_and_the_rest_is_left_alone(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    reached = WALK | {"stage": "completed"}
    drive = {"kind": "goal", "id": "drive", "stage": "active", "description": {"text": "drive the bus"}}
    later = FIRST | {"goals": [reached, SLEEP, drive]}
    brought_to(ehr, later, FIRST)
    versions = {
        known_as(held[-1])[0]: len(held) for name, held in ehr.held.items() if name.startswith(("Goal", "CareT"))
    }
    assert versions == {
        "plan-1/Goal/walk": 2,
        "plan-1/Goal/sleep": 1,
        "plan-1/CareTeam/pg-1": 1,
        "plan-1/Goal/drive": 1,
    }
    (plan,) = ehr.of_type("CarePlan")
    assert len(plan["goal"]) == 3
    asked = len(ehr.writes())
    assert not brought_to(ehr, later, FIRST).sent
    assert len(ehr.writes()) == asked


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("contained", [False, True])
def test_what_the_partner_added_to_a_goal_without_a_name_stays_with_that_goal(
    mock: responses.RequestsMock, way: str, contained: bool
) -> None:
    """Another goal is put before it, and the partner has said how far the patient is with it."""
    walk, sleep = ({name: value for name, value in one.items() if name != "id"} for one in (WALK, SLEEP))
    drive = {"kind": "goal", "stage": "active", "description": {"text": "drive the bus"}}
    first = RECORD | {"goals": [walk, sleep]}
    ehr = ehr_with(mock, WAYS[way])
    pushed(ehr, first=True, record=first, version=1, clinic=Clinic(parts=OURS), contained=contained)
    improving = {"achievementStatus": {"coding": [{"system": ACHIEVED, "code": "improving"}]}}
    for one in deepcopy(ehr.of_type("CarePlan") if contained else ehr.of_type("Goal")):
        for goal in one["contained"] if contained else [one]:
            if goal["description"]["text"] == "sleep through":
                goal |= improving
                ehr.put(one)
    later = first | {"goals": [drive, walk | {"stage": "completed"}, sleep]}
    pushed(ehr, first=False, record=later, before=first, version=2, clinic=Clinic(parts=OURS), contained=contained)
    (plan,) = ehr.of_type("CarePlan")
    goals = plan["contained"] if contained else ehr.of_type("Goal")
    told = {one["description"]["text"]: (one["lifecycleStatus"], "achievementStatus" in one) for one in goals}
    assert told == {
        "drive the bus": ("active", False),
        "walk 30 minutes": ("completed", False),
        "sleep through": ("active", True),
    }


@pytest.mark.parametrize("way", WAYS)
def test_what_the_partner_wrote_down_of_the_plan_survives_a_change_of_the_same_lists(
    mock: responses.RequestsMock, way: str
) -> None:
    """Progress with an activity, what came of it, and a remark: in lists that the next version changes too."""
    walking = {"detail": {"what": {"text": "Graded walking"}, "status": "scheduled"}}
    taper = {"detail": {"what": {"text": "Taper tramadol"}, "status": "in-progress"}}
    sleep = {"detail": {"what": {"text": "Sleep group"}, "status": "not-started"}}
    first = RECORD | {"activities": [walking, taper], "notes": [{"text": "ours"}]}
    ehr = ehr_with(mock, WAYS[way])
    brought_to(ehr, first)
    plan = deepcopy(ehr.of_type("CarePlan")[0])
    written = {"progress": [{"text": "100 mg now"}], "outcomeCodeableConcept": [{"text": "Tolerated"}]}
    plan["activity"][1] |= written
    plan["note"].append({"text": "theirs"})
    ehr.put(plan)
    over = {"detail": walking["detail"] | {"status": "completed"}}
    later = first | {"activities": [sleep, over, taper], "notes": [{"text": "ours, later"}]}
    brought_to(ehr, later, first)
    (plan,) = ehr.of_type("CarePlan")
    assert {one["text"] for one in plan["note"]} == {"ours, later", "theirs"}
    activities = [(one["detail"]["code"]["text"], one["detail"]["status"]) for one in plan["activity"]]
    assert activities == [
        ("Sleep group", "not-started"), ("Graded walking", "completed"), ("Taper tramadol", "in-progress"),
    ]  # fmt: skip
    assert [{name: one[name] for name in written if name in one} for one in plan["activity"]] == [{}, {}, written]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answers", range(4))
def test_a_lost_answer_makes_no_second_goal(mock: responses.RequestsMock, way: str, answers: int) -> None:
    """Whichever of the answers is lost."""
    ehr = ehr_with(mock, WAYS[way])
    lost = 0
    for attempt in range(6):
        ehr.loses = 1 if attempt <= answers else 0
        try:
            brought_to(ehr, FIRST, first=attempt == 0)
        except AnswerLost:
            lost += 1
    assert lost
    assert [len(ehr.of_type(type_)) for type_ in ("CarePlan", "Goal", "CareTeam")] == [1, 2, 1]


@pytest.mark.parametrize("way", WAYS)
def test_what_the_partner_added_to_a_goal_survives(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    (walk, _), (plan,) = ehr.of_type("Goal"), ehr.of_type("CarePlan")
    own = {"system": "urn:ehr:goal", "value": "G-9"}
    ehr.put(walk | {"identifier": [*walk["identifier"], own], "note": [{"text": "with a stick"}]})
    theirs = ehr.put({"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "theirs"}})
    ehr.put(plan | {"goal": [*plan["goal"], {"reference": f"Goal/{theirs['id']}"}]})
    later = FIRST | {"goals": [WALK | {"stage": "on-hold"}, SLEEP]}
    brought_to(ehr, later, FIRST)
    now = next(one for one in ehr.of_type("Goal") if one["id"] == walk["id"])
    assert (now["lifecycleStatus"], now["note"]) == ("on-hold", [{"text": "with a stick"}])
    assert own in now["identifier"]
    (plan,) = ehr.of_type("CarePlan")
    assert f"Goal/{theirs['id']}" in [one["reference"] for one in plan["goal"]]
    assert len(ehr.of_type("Goal")) == 3


@pytest.mark.parametrize("way", ["transaction", "singles"])
def test_a_goal_that_somebody_changed_meanwhile_is_read_again(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    (walk, _) = ehr.of_type("Goal")
    ehr.between = lambda: (ehr.put(walk | {"note": [{"text": "with a stick"}]}), None)[1]
    brought_to(ehr, FIRST | {"goals": [WALK | {"stage": "on-hold"}, SLEEP]}, FIRST)
    now = next(one for one in ehr.of_type("Goal") if one["id"] == walk["id"])
    assert (now["lifecycleStatus"], now["note"]) == ("on-hold", [{"text": "with a stick"}])


@pytest.mark.parametrize("way", WAYS)
def test_a_goal_that_is_there_twice_is_told(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    (walk, _) = ehr.of_type("Goal")
    ehr.put({name: value for name, value in walk.items() if name != "id"})
    asked = len(ehr.writes())
    with pytest.raises(WillAnswerTheSame, match="a Goal of it more than once"):
        brought_to(ehr, FIRST | {"title": "Next"}, FIRST)
    assert len(ehr.writes()) == asked


@pytest.mark.parametrize("way", WAYS)
def test_a_goal_that_is_no_longer_in_the_plan_is_left_there_and_told(mock: responses.RequestsMock, way: str) -> None:
    ehr = first_version(mock, way)
    (_, sleep) = ehr.of_type("Goal")
    delivered = brought_to(ehr, FIRST | {"goals": [WALK]}, FIRST)
    assert delivered.because[-1] == f"Goal/{sleep['id']} is no longer in the plan, and still there"
    (plan,) = ehr.of_type("CarePlan")
    assert (len(plan["goal"]), len(ehr.of_type("Goal"))) == (1, 2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", ["CarePlan", "Goal"])
def test_what_is_about_another_patient_there_is_for_a_person_to_see(
    mock: responses.RequestsMock, way: str, which: str
) -> None:
    ehr = first_version(mock, way)
    ehr.put({"resourceType": "Patient", "id": "8", "identifier": [{"system": MRN, "value": "4712"}]})
    ehr.put(ehr.of_type(which)[0] | {"subject": {"reference": f"{BASE}/Patient/8/_history/1"}})
    asked = len(ehr.writes())
    with pytest.raises(WillAnswerTheSame, match="about another patient"):
        brought_to(ehr, FIRST | {"title": "Next"}, FIRST)
    assert len(ehr.writes()) == asked


@pytest.mark.parametrize("way", WAYS)
def test_what_is_dropped_of_a_goal_is_told(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, WAYS[way])
    ehr.drops = {"description"}
    delivered = brought_to(ehr, FIRST)
    assert compare.unkept(delivered.resource, delivered.found) == ("Goal.description",)


@pytest.mark.parametrize(
    "statement",
    [
        server("transaction", flags=CONDITIONAL),
        server("transaction", flags=CONDITIONAL, also=GOALS, without=("Goal?identifier", "CareTeam.update")),
    ],
    ids=["takes_no_goals", "cannot_find_them"],
)
def test_elsewhere_they_go_inside_the_plan(mock: responses.RequestsMock, statement: Resource) -> None:
    ehr = ehr_with(mock, statement)
    delivered = brought_to(ehr, FIRST)
    assert [one.partition(" goes")[0] for one in delivered.because] == ["CareTeam", "Goal"]
    (plan,) = ehr.of_type("CarePlan")
    assert sorted(one["resourceType"] for one in plan["contained"]) == ["CareTeam", "Goal", "Goal"]
    assert all(not known_as({"identifier": [], **one}) for one in plan["contained"])


def test_a_plan_that_went_whole_comes_apart_where_goals_are_taken_later(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, server("transaction", flags=CONDITIONAL))
    brought_to(ehr, FIRST)
    ehr.statement = WAYS["conditional-transaction"]
    brought_to(ehr, FIRST | {"title": "Next"}, FIRST)
    (plan,) = ehr.of_type("CarePlan")
    assert plan["title"] == "Next"
    assert "contained" not in plan
    assert [one["reference"] for one in plan["goal"]] == [f"Goal/{one['id']}" for one in ehr.of_type("Goal")]


def test_the_settings_can_keep_them_inside(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, WAYS["conditional-transaction"])
    pushed(ehr, record=FIRST, contained=True)
    assert not ehr.of_type("Goal")
    assert PLAN.json() in ehr.of_type("CarePlan")[0]["identifier"]
