"""Searching as R4 specifies it: what is found is what a plain look at every resource finds, page by page."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.adapter.speaking import FHIR, MRN, PLACER, Node, alone, get, inbox, issues, referral, said, send

Holds = Callable[[Node], bool]
AUTHORED = ("2026-10-01", "2026-11-02T09:30:00+01:00", "2026-11-02T23:30:00-05:00", "2026-11", None)
PRIORITIES = ("routine", "urgent", "stat", None, "urgent")


@pytest.fixture
def five(client: FlaskClient) -> list[Node]:
    """Five referrals of three patients, as they are stored."""
    for n, (authored, priority) in enumerate(zip(AUTHORED, PRIORITIES, strict=True)):
        one = referral(f"R-{n}", f"471{n // 2}")
        asked = one["entry"][0]["resource"]
        asked |= {"authoredOn": authored} if authored else {}
        del asked["priority"]
        asked |= {"priority": priority} if priority else {}
        asked["code"] = {"coding": [{"system": "urn:codes", "code": f"c{n % 2}"}]}
        assert send(client, one).status_code == 200
    return [get(client, f"/fhir/{one['service_request']}") for one in reversed(inbox(client))]


def numbers(bundle: Node) -> list[str]:
    return [one["resource"]["identifier"][0]["value"] for one in matches(bundle)]


def matches(bundle: Node) -> list[Node]:
    return [one for one in bundle.get("entry", []) if one["search"]["mode"] == "match"]


def find(client: FlaskClient, query: str, type_: str = "ServiceRequest") -> list[str]:
    return sorted(numbers(get(client, f"/fhir/{type_}?{query}", Prefer="handling=strict")))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("priority=urgent", ["R-1", "R-4"]),
        ("priority=http://hl7.org/fhir/request-priority|stat", ["R-2"]),
        ("priority:missing=true", ["R-3"]),
        ("authored:missing=true", ["R-4"]),
        ("authored:missing=false&priority:missing=false", ["R-0", "R-1", "R-2"]),
        ("code=urn:codes|c1", ["R-1", "R-3"]),
        ("code=urn:codes|", ["R-0", "R-1", "R-2", "R-3", "R-4"]),
        ("code=|c1", []),
        ("code=c0,c1&priority=routine,stat", ["R-0", "R-2"]),
        (f"identifier={PLACER}|R-3", ["R-3"]),
        (f"patient:identifier={MRN}|4710", []),  # the reference itself has no identifier
        # a day is all of it, whatever zone: 23:30 at -05:00 is the third of November in UTC
        ("authored=2026-10-01", ["R-0"]),
        ("authored=2026-11-02T09:30:00%2B01:00", ["R-1"]),
        ("authored=2026-11-02T08:30:00Z", ["R-1"]),
        ("authored=2026-11", ["R-1", "R-2", "R-3"]),
        ("authored=lt2026-11", ["R-0"]),
        ("authored=ge2026-11-03", ["R-2", "R-3"]),
        ("authored=sa2026-10-31&authored=eb2026-11-03", ["R-1"]),
        ("authored=ne2026-11", ["R-0"]),
        ("_lastUpdated=gt2020-01-01&priority=stat", ["R-2"]),
        ("_lastUpdated=lt2020-01-01", []),
    ],
)
def test_what_is_found(client: FlaskClient, five: list[Node], query: str, wanted: list[str]) -> None:
    assert find(client, query) == wanted


def test_a_patients_referrals_by_every_form_of_reference(client: FlaskClient, five: list[Node]) -> None:
    reference = five[2]["subject"]["reference"]
    for said_so in (reference, reference.partition("/")[2], f"http://localhost/fhir/{reference}"):
        assert find(client, f"patient={said_so}") == ["R-2"], said_so  # each transaction made a Patient of its own
        assert find(client, f"subject={said_so}&priority:missing=true") == [], said_so
    assert find(client, f"patient={reference},{five[3]['subject']['reference']}") == ["R-2", "R-3"]
    assert find(client, f"subject:Patient={reference.partition('/')[2]}") == ["R-2"]
    assert find(client, f"subject:Group={reference.partition('/')[2]}") == []
    assert find(client, "patient=Patient/nobody") == []


def test_what_is_included_comes_once_and_is_marked(client: FlaskClient, five: list[Node]) -> None:
    bundle = get(
        client, "/fhir/ServiceRequest?_include=ServiceRequest:patient&_revinclude=Task:focus&patient:missing=false"
    )
    modes = [(one["search"]["mode"], one["resource"]["resourceType"]) for one in bundle["entry"]]
    assert modes.count(("match", "ServiceRequest")) == 5
    assert modes.count(("include", "Patient")) == len({one["subject"]["reference"] for one in five})
    assert modes.count(("include", "Task")) == 5
    assert bundle["total"] == 5
    assert len({one["fullUrl"] for one in bundle["entry"]}) == len(bundle["entry"])


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("sort", ["_lastUpdated", "-_lastUpdated", "-_id"])
def test_pages_visit_each_match_once_while_others_arrive(
    client: FlaskClient, five: list[Node], count: int, sort: str
) -> None:
    told: list[str] = []
    address = f"/fhir/ServiceRequest?{urlencode({'_count': count, '_sort': sort})}"
    for n in range(20):
        bundle = get(client, address)
        told += numbers(bundle)
        following = {link["relation"]: link["url"] for link in bundle["link"]}
        if "next" not in following:
            break
        if n < 2:
            assert send(client, referral(f"N-{n}", "9")).status_code == 200
        address = following["next"].removeprefix("http://localhost")
    assert len(told) == len(set(told))
    assert {"R-0", "R-1", "R-2", "R-3", "R-4"} <= set(told)


def test_a_link_that_somebody_altered_is_refused(client: FlaskClient, five: list[Node]) -> None:
    bundle = get(client, "/fhir/ServiceRequest?_count=2")
    address = next(link["url"] for link in bundle["link"] if link["relation"] == "next").removeprefix(
        "http://localhost"
    )
    assert client.get(address).status_code == 200
    for altered in (address[:-2] + ("A" if address[-2] != "A" else "B") + address[-1], f"{address}&priority=stat"):
        answer = client.get(altered)
        assert (answer.status_code, issues(answer)[0][1]) == (400, "invalid")


def test_summaries_and_elements_say_that_they_are_less(client: FlaskClient, five: list[Node]) -> None:
    (counted,) = [get(client, "/fhir/ServiceRequest?_summary=count")]
    assert (counted["total"], "entry" in counted) == (5, False)
    for query in ("_summary=true", "_elements=priority"):
        one = get(client, f"/fhir/ServiceRequest?priority=stat&{query}")["entry"][0]["resource"]
        assert [tag["code"] for tag in one["meta"]["tag"]] == ["SUBSETTED"]
        assert ("reasonCode" in one) is (query == "_summary=true")  # in R4 an element of the summary
        assert {"id", "status", "intent", "subject"} <= one.keys()  # what R4 demands stays


def test_the_versions_of_a_type_and_of_one(client: FlaskClient, five: list[Node]) -> None:
    first = inbox(client)[0]
    assert client.post(f"/clinic/v1/referrals/{first['id']}/accept").status_code == 200
    bundle = get(client, f"/fhir/{first['task']}/_history")
    assert [one["resource"]["meta"]["versionId"] for one in bundle["entry"]] == ["2", "1"]
    assert (bundle["type"], bundle["entry"][1]["request"]["method"]) == ("history", "POST")
    assert get(client, "/fhir/Task/_history")["total"] == 6
    assert client.get("/fhir/Task/nobody/_history").status_code == 404


def test_a_search_can_be_posted_and_asked_for_by_head(client: FlaskClient, five: list[Node]) -> None:
    posted = client.post("/fhir/ServiceRequest/_search", data={"priority": "stat"})
    assert numbers(said(posted)) == ["R-2"]
    asked = client.get("/fhir/ServiceRequest?priority=stat")
    head = client.head("/fhir/ServiceRequest?priority=stat")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", asked.headers["Content-Length"])


def test_gzip_both_ways_and_no_bomb(client: FlaskClient, five: list[Node]) -> None:
    plain = client.get("/fhir/ServiceRequest")
    packed = client.get("/fhir/ServiceRequest", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    sent = {"Content-Type": FHIR, "Content-Encoding": "gzip"}
    import json

    body = json.dumps(alone("Z-1")).encode()
    assert client.post("/fhir/ServiceRequest", data=gzip.compress(body), headers=sent).status_code == 201
    bomb = client.post("/fhir/ServiceRequest", data=gzip.compress(b" " * 30_000_000), headers=sent)
    assert (bomb.status_code, issues(bomb)[0][1]) == (413, "too-long")
    for broken in (gzip.compress(body)[:-9], b"no gzip", gzip.compress(body) + b"more"):
        assert client.post("/fhir/ServiceRequest", data=broken, headers=sent).status_code == 400


def test_xml_is_neither_read_nor_written(client: FlaskClient) -> None:
    for query, headers in (("", {"Accept": "application/fhir+xml"}), ("?_format=xml", {})):
        answer = client.get(f"/fhir/Task{query}", headers=headers)
        assert (answer.status_code, issues(answer)[0][1]) == (406, "not-supported")
    answer = client.post("/fhir/ServiceRequest", data=b"<a/>", headers={"Content-Type": "application/fhir+xml"})
    assert (answer.status_code, issues(answer)[0][1]) == (415, "not-supported")


CODES: dict[str, Holds] = {
    "priority=urgent": lambda one: one.get("priority") == "urgent",
    "priority=routine,stat": lambda one: one.get("priority") in ("routine", "stat"),
    "priority:missing=true": lambda one: "priority" not in one,
    "code=c1": lambda one: one["code"]["coding"][0]["code"] == "c1",
    "authored:missing=false": lambda one: "authoredOn" in one,
    "authored=lt2026-11": lambda one: str(one.get("authoredOn", "9")).startswith("2026-10"),
    "identifier=R-1,R-2,R-3": lambda one: one["identifier"][0]["value"] in ("R-1", "R-2", "R-3"),
    "status=active": lambda one: True,
    "intent=plan": lambda one: False,
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(asked=st.lists(st.sampled_from(sorted(CODES)), max_size=4))
def test_what_is_found_is_what_a_plain_look_finds(client: FlaskClient, five: list[Node], asked: list[str]) -> None:
    wanted = [one["identifier"][0]["value"] for one in five if all(CODES[part](one) for part in asked)]
    assert find(client, "&".join(asked)) == sorted(wanted)


_names = st.sampled_from(
    ["_id", "identifier", "patient", "status", "code", "authored", "_lastUpdated", "_sort", "_count", "_include",
     "_revinclude", "_summary", "_elements", "_total", "_page", "_format", "_pretty", "subject", "_since", "x"]
)  # fmt: skip
_modifiers = st.sampled_from(["", "", ":missing", ":exact", ":not", ":identifier", ":Patient", ":iterate", ":", "::"])
_texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["|", "a|b|c", "\\", "\\,", "ge", "2026-13-40", "0000", "9999-12-31T23:59:60Z", "-1", "1e9", "$", "*"]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    path=st.sampled_from(["Task", "ServiceRequest", "Patient", "ServiceRequest/_history", "Task/1/_history", "Task/1"]),
    asked=st.lists(st.tuples(_names, _modifiers, _texts), max_size=4),
    strict=st.booleans(),
)
@example(path="Task", asked=[("_lastUpdated", "", "eb0001-01-01T00:00:00+14:00")], strict=True)
def test_no_query_breaks_it(client: FlaskClient, path: str, asked: list[tuple[str, str, str]], strict: bool) -> None:
    query = urlencode([(name + modifier, text) for name, modifier, text in asked])
    headers: Any = {"Prefer": "handling=strict"} if strict else {}
    answer = client.get(f"/fhir/{path}?{query}", headers=headers)
    assert answer.status_code < 500, (path, query)
    assert said(answer)["resourceType"] in ("Bundle", "OperationOutcome")
