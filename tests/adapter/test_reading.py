"""What an EHR can read: single resources, their versions, its Tasks, and what this server says of itself."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mappings.r4 import exact_json, validity
from tests.adapter.speaking import PLACER, Node, get, inbox, issues, received, referral, said, send


def found(client: FlaskClient, query: str, **headers: str) -> list[str]:
    """The Tasks of a search, by the number that the placer gave."""
    bundle = get(client, f"/fhir/Task?{query}", **headers)
    assert validity.check(bundle) == []
    return [entry["resource"]["identifier"][0]["value"] for entry in bundle.get("entry", [])]


def used(bundle: Node, relation: str = "self") -> str:
    """The query of a link."""
    return str(next(link["url"] for link in bundle["link"] if link["relation"] == relation)).partition("?")[2]


@pytest.fixture
def three(client: FlaskClient) -> list[Node]:
    """Three referrals, the newest first: R-2 is accepted, R-1 declined."""
    for number in ("R-1", "R-2", "R-3"):
        send(client, referral(number))
    listed = inbox(client)
    assert client.post(f"/clinic/v1/referrals/{listed[1]['id']}/accept").status_code == 200
    client.post(f"/clinic/v1/referrals/{listed[2]['id']}/decline", json={"reason": "No capacity"})
    return inbox(client)


def test_a_resource_that_is_known_is_not_sent_again(client: FlaskClient) -> None:
    one = received(client)
    first = client.get(f"/fhir/{one['task']}")
    assert first.headers["ETag"] == 'W/"1"'
    again = client.get(f"/fhir/{one['task']}", headers={"If-None-Match": 'W/"1"'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", 'W/"1"')
    client.post(f"/clinic/v1/referrals/{one['id']}/accept")
    changed = client.get(f"/fhir/{one['task']}", headers={"If-None-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')


def test_head_says_what_get_would(client: FlaskClient) -> None:
    one = received(client)
    answer = client.head(f"/fhir/{one['task']}")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", 'W/"1"')


def test_every_version_of_a_task_stays_readable(client: FlaskClient) -> None:
    one = received(client)
    client.post(f"/clinic/v1/referrals/{one['id']}/accept")
    versions = [get(client, f"/fhir/{one['task']}/_history/{number}") for number in (1, 2)]
    assert [(task["meta"]["versionId"], task["status"]) for task in versions] == [("1", "received"), ("2", "accepted")]
    assert get(client, f"/fhir/{one['task']}") == versions[1]
    assert client.get(f"/fhir/{one['task']}/_history/3").status_code == 404


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["R-3", "R-2", "R-1"]),
        ("status=accepted", ["R-2"]),
        ("status=accepted,received", ["R-3", "R-2"]),
        ("status=http://hl7.org/fhir/task-status|rejected", ["R-1"]),
        ("status=urn:other|rejected", []),
        ("status=accepted&status=received", []),
        ("status=completed", []),
        (f"identifier={PLACER}|R-1", ["R-1"]),
        ("identifier=R-1", ["R-1"]),
        ("identifier=R-1,R-3", ["R-3", "R-1"]),
        ("identifier=|R-1", []),
        ("identifier=urn:other|R-1", []),
        ("identifier=R-000002", ["R-2"]),
        ("focus=ServiceRequest/nobody", []),
        ("focus=Patient/1", []),
        ("_id=nobody", []),
        ("status=", ["R-3", "R-2", "R-1"]),
    ],
)
def test_tasks_are_found(client: FlaskClient, three: list[Node], query: str, numbers: list[str]) -> None:
    assert found(client, query) == numbers


def test_a_task_is_found_by_its_focus_and_its_id(client: FlaskClient, three: list[Node]) -> None:
    wanted, request = three[1]["task"].partition("/")[2], three[1]["service_request"]
    for query in (
        f"focus={request}",
        f"focus={request.partition('/')[2]}",
        f"focus=http://localhost/fhir/{request}",
        f"focus:ServiceRequest={request.partition('/')[2]}",
        f"_id={wanted}",
        f"_id={wanted},nobody&status=accepted",
    ):
        assert found(client, query) == ["R-2"], query


def test_the_self_link_shows_what_was_understood(client: FlaskClient, three: list[Node]) -> None:
    bundle = get(client, "/fhir/Task?status=accepted&colour=red&_pretty=true")
    assert (used(bundle), bundle["total"]) == ("status=accepted", 1)
    assert bundle["entry"][0]["fullUrl"] == f"http://localhost/fhir/Task/{bundle['entry'][0]['resource']['id']}"


@pytest.mark.parametrize("query", ["colour=red", "patient.name=Okafor", "_sort=status", "_include=Task:nothing"])
def test_strictly_an_unknown_parameter_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/fhir/Task?{query}").status_code == 200
    answer = client.get(f"/fhir/Task?{query}", headers={"Prefer": "return=representation; handling=strict"})
    assert answer.status_code == 400
    assert issues(answer) == [("error", "not-supported", "")]


@pytest.mark.parametrize("query", ["_count=many", "_page=x", "identifier=|", "authored-on=soon", "_summary=all"])
def test_a_parameter_that_says_nothing_sensible_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/fhir/Task?{query}")
    assert answer.status_code == 400
    assert issues(answer) == [("error", "invalid", "")]


def test_pages_stay_correct_while_referrals_arrive(client: FlaskClient, three: list[Node]) -> None:
    first = get(client, "/fhir/Task?_count=2")
    send(client, referral("R-4"))
    second = get(client, f"/fhir/Task?{used(first, 'next')}")
    told = [entry["resource"]["identifier"][0]["value"] for page in (first, second) for entry in page["entry"]]
    assert told == ["R-3", "R-2", "R-1"]
    assert [link["relation"] for link in second["link"]] == ["self"]


def test_the_capability_statement_says_what_the_routes_do(app: Flask, client: FlaskClient) -> None:
    statement = get(client, "/fhir/metadata")
    assert validity.check(statement) == []
    assert statement["fhirVersion"] == "4.0.1"
    (rest,) = statement["rest"]
    for one in rest["resource"]:
        asked = client.post(f"/fhir/{one['type']}/$validate", json={"resourceType": one["type"]})
        assert (asked.status_code == 200) == ([each["name"] for each in one["operation"]] == ["validate"])
    told = {one["type"]: {each["code"] for each in one.get("interaction", ())} for one in rest["resource"]}
    assert told.pop("MessageHeader") == set()  # looked at, and answered where it is sent
    for type_, codes in told.items():
        created = client.post(f"/fhir/{type_}", data=b"{}", headers={"Content-Type": "application/fhir+json"})
        assert (created.status_code != 405) == ("create" in codes)
        assert (client.get(f"/fhir/{type_}").status_code == 200) == ("search-type" in codes)
        assert issues(client.get(f"/fhir/{type_}/nobody"))[0][1] == "not-found"


def test_everything_that_is_made_is_r4(client: FlaskClient) -> None:
    sent = send(client, referral(), Prefer="return=representation")
    one = inbox(client)[0]
    client.post(f"/clinic/v1/referrals/{one['id']}/decline", json={"reason": "No capacity"})
    made: list[Any] = [said(sent), get(client, "/fhir/Task"), get(client, f"/fhir/{one['task']}")]
    made.append(exact_json.loads(client.get("/fhir/Patient/nobody").data))
    assert [validity.check(resource) for resource in made] == [[], [], [], []]
