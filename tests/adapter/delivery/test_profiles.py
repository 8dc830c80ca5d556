"""What a partner will not keep by its profiles: read with its statement, told before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from sqlalchemy import Engine

from adapter.client import FhirClient
from adapter.delivery.pushing.fits import accepts, as_json, of_json, will_not_keep, with_forbidden
from adapter.delivery.pushing.fits.profiles import forbidden
from adapter.delivery.pushing.rehearsal import rehearse
from adapter.settings import Partner, Settings
from adapter.store import partner_knowledge
from adapter.store.engine import reading
from adapter.store.migrate import migrate
from tests.adapter.delivery.ehr import BASE, Ehr, Resource
from tests.adapter.delivery.test_fits import CONDITIONAL, server
from tests.adapter.delivery.test_ways import RECORD, ehr_with, mock, sending

__all__ = ["mock"]

URL = "https://ehr.example/StructureDefinition/our-care-plan"
PROFILE: Resource = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "type": "CarePlan",
    "differential": {
        "element": [
            {"id": "CarePlan", "path": "CarePlan"},
            {"id": "CarePlan.title", "path": "CarePlan.title", "max": "0"},
            {"id": "CarePlan.activity.progress", "path": "CarePlan.activity.progress", "max": "0"},
            {"id": "CarePlan.identifier:own", "path": "CarePlan.identifier", "sliceName": "own", "max": "0"},
            {"id": "CarePlan.note", "path": "CarePlan.note", "max": "1"},
        ]
    },
}


def statement(profile: str = f"{URL}|2.0") -> Resource:
    made = server("transaction", flags=CONDITIONAL, also=("StructureDefinition",))
    for one in made["rest"][0]["resource"]:
        if one["type"] == "CarePlan":
            one["profile"] = profile
        if one["type"] == "StructureDefinition":
            one["searchParam"] = [{"name": "url", "type": "uri"}]
    return made


def ehr_of(mock: responses.RequestsMock, profile: str = f"{URL}|2.0", *, has_it: bool = True) -> Ehr:
    ehr = ehr_with(mock, statement(profile))
    if has_it:
        ehr.put(PROFILE)
    return ehr


def read() -> Any:
    with FhirClient(BASE) as client:
        told = client.metadata()
        return with_forbidden(accepts(told), told, lambda url: client.canonical("StructureDefinition", url))


def test_what_a_profile_limits_to_nothing_is_forbidden_and_a_slice_is_not() -> None:
    assert set(forbidden(PROFILE)) == {"CarePlan.title", "CarePlan.activity.progress"}
    assert set(forbidden({"snapshot": PROFILE["differential"]})) == set(forbidden(PROFILE))


@pytest.mark.parametrize(
    "told", [{}, {"snapshot": []}, {"snapshot": {"element": 7}}, {"differential": {"element": [None, {"max": "0"}]}}]
)
def test_what_is_no_profile_forbids_nothing(told: Any) -> None:
    assert list(forbidden(told)) == []


def test_it_is_read_with_the_statement_and_kept(mock: responses.RequestsMock) -> None:
    ehr_of(mock)
    accepted = read()
    plan = {
        "resourceType": "CarePlan",
        "title": "x",
        "note": [{"text": "y"}],
        "activity": [{"progress": [{"text": "z"}]}],
    }
    assert will_not_keep(accepted, plan) == ("CarePlan.title", "CarePlan.activity.progress")
    assert of_json(as_json(accepted)).of("CarePlan") == accepted.of("CarePlan")
    assert will_not_keep(accepted, {"resourceType": "CarePlan", "contained": [plan]}) == will_not_keep(accepted, plan)


def test_what_another_release_kept_is_read_as_far_as_it_is_understood() -> None:
    """Beside a process of another release, while one takes the other's place."""
    kept = as_json(accepts(server("transaction")))
    assert all("forbidden" not in one for one in kept["types"].values()), "an earlier release knows nothing of it"
    kept["types"]["CarePlan"]["of_a_later_one"] = True
    del kept["types"]["Goal"]
    accepted = of_json(kept)
    assert accepted.of("CarePlan") == accepts(server("transaction")).of("CarePlan")
    assert not accepted.of("Goal").interactions


def test_a_choice_is_forbidden_by_its_own_name_too() -> None:
    profile = {
        "url": "u",
        "snapshot": {"element": [{"path": "Goal.start[x]", "max": "0"}, {"path": "Goal.statusDate", "max": "0"}]},
    }
    told = server("transaction", also=("Goal",))
    told["rest"][0]["resource"][-1]["profile"] = "u"
    accepted = with_forbidden(accepts(told), told, {"u": profile}.get)
    goal = {"resourceType": "Goal", "startDate": "2026-01-01", "_statusDate": {"extension": []}}
    assert will_not_keep(accepted, goal) == ("Goal.startDate", "Goal.statusDate")


@pytest.mark.parametrize(
    ("profile", "has_it"),
    [(f"{URL}|2.0", False), ("http://hl7.org/fhir/StructureDefinition/CarePlan", True)],
    ids=["not_there", "the_specifications_own"],
)
def test_else_nothing_is_known(mock: responses.RequestsMock, profile: str, *, has_it: bool) -> None:
    ehr = ehr_of(mock, profile, has_it=has_it)
    assert read().of("CarePlan").forbidden == frozenset()
    assert [one.line for one in ehr.asked if "url=" in one.line] == (
        [] if has_it else [f"GET StructureDefinition?url={URL}"]
    )


def test_a_rehearsal_says_it(mock: responses.RequestsMock, database_url: str, engine: Engine) -> None:
    migrate(engine)
    ehr = ehr_of(mock)
    settings = Settings(
        identifier_base="https://c.example", partners=(Partner("hospital", BASE),), database_url=database_url
    )
    record = RECORD | {
        "activities": [{"progress": [{"text": "slowly"}], "detail": {"what": {"text": "walk"}, "status": "scheduled"}}]
    }
    found = rehearse(engine, settings, "hospital", sending(ehr, record=record))
    assert found.unkept == ("CarePlan.title", "CarePlan.activity.progress")
    assert not ehr.writes()
    with reading(engine) as connection:
        known = partner_knowledge.get(connection, "hospital")
    assert known is not None
    assert known.accepts is not None
    assert of_json(known.accepts).of("CarePlan").forbidden == {"CarePlan.title", "CarePlan.activity.progress"}
