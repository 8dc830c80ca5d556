"""A partner finds no trace of another's referral: not by any route, method or parameter.

The proof is a comparison: whatever the second partner asks, the service answers as one that never had the first
partner's referral, ids and times apart.  It goes by the routes that there are, so that one that is added is asked too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter import create_app, monitoring
from adapter.authorisation.interactions import OPEN, needs
from adapter.settings import Settings
from adapter.store.engine import open_engine
from mappings.r4 import exact_json
from tests.adapter.authorisation.issuing import bearer
from tests.adapter.speaking import (
    FHIR,
    MRN,
    PATIENT,
    PLACER,
    REQUEST,
    Node,
    alone,
    changed,
    get,
    inbox,
    issues,
    patient,
    referral,
    request,
    rows,
    said,
    send,
    transaction,
)

CLINIC = {"Authorization": "Bearer token-of-clinician"}
_DIFFERS = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)", "AT"),
    (r"\b([PR])-[0-9]{6}\b", r"\1-N"),
)
TYPES = ("Task", "ServiceRequest", "Patient", "Practitioner", "Observation", "Nonsense")


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes | None = None


@pytest.fixture
def without(settings: Settings, tmp_path: Path) -> Iterator[FlaskClient]:
    """The same service, to which the first partner never sent anything."""
    engine = open_engine(f"sqlite:///{tmp_path / 'without.db'}")
    yield create_app(settings, engine=engine).test_client()
    engine.dispose()


class Theirs(NamedTuple):
    """What the first partner's referral is known by."""

    ids: dict[str, str]
    """By type."""
    number: str


@pytest.fixture
def theirs(client: FlaskClient) -> Theirs:
    """A referral of the first partner's, accepted; its Task has two versions."""
    made = said(send(client, referral(), **bearer("hospital")))["entry"]
    ids = dict(one["response"]["location"].split("/")[:2] for one in made)
    (one,) = said(client.get("/clinic/v1/referrals", headers=CLINIC))["referrals"]
    assert client.post(f"/clinic/v1/referrals/{one['id']}/accept", headers=CLINIC).status_code == 200
    return Theirs(ids | {"Task": one["task"].removeprefix("Task/")}, one["number"])


def told(client: FlaskClient, asked: Asked) -> tuple[Any, ...]:
    """An answer without what differs between any two: ids, times and our own numbers."""
    headers = {**bearer("registry"), **asked.headers}
    answer = client.open(asked.path, method=asked.method, headers=headers, data=asked.body)
    names = ("ETag", "Location", "Allow", "Content-Location", "Link", "WWW-Authenticate", "Retry-After")
    return answer.status_code, alike(answer.text), *(alike(answer.headers.get(name, "")) for name in names)


def alike(text: str) -> str:
    for pattern, word in _DIFFERS:
        text = re.sub(pattern, word, text)
    return text


def everything(app: Flask, theirs: Theirs) -> Iterator[Asked]:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/fhir"):
            continue
        for method in sorted(rule.methods or ()):
            for path in paths(rule.rule, theirs):
                yield from forms(method, path, theirs, searches="id_" not in rule.rule)


def paths(rule: str, theirs: Theirs) -> Iterator[str]:
    """A route's addresses, with everything of theirs in every place."""
    names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
    choices = [TYPES if name == "type_" else ("1", "2", "3") if name == "version" else None for name in names]
    ids = (*theirs.ids.values(), "none", theirs.number)
    for values in product(*(choice or ids for choice in choices)):
        path = rule
        for value in values:
            path = re.sub(r"<[^>]+>", value, path, count=1)
        yield path


def forms(method: str, path: str, theirs: Theirs, *, searches: bool) -> Iterator[Asked]:
    yield Asked(method, path)
    if method == "GET":
        yield from (Asked(method, path, {"If-None-Match": f'W/"{version}"'}) for version in (1, 2))
        yield Asked(method, path, {"If-Modified-Since": "Tue, 01 Jan 2019 00:00:00 GMT"})
        for more in ("_summary=count", "_count=0", "_since=2000-01-01T00:00:00Z"):
            yield Asked(method, f"{path}?{more}")
    if method == "GET" and searches:
        for parameter in parameters(theirs):
            yield Asked(method, f"{path}?{urlencode([parameter])}")
    if method in ("PUT", "PATCH"):
        type_, _, id_ = path.removeprefix("/fhir/").partition("/")
        body = exact_json.dumps({"resourceType": type_, "id": id_, "status": "cancelled", "intent": "order"})
        for version in ("1", "2", "3"):
            yield Asked(method, path, {"Content-Type": FHIR, "If-Match": f'W/"{version}"'}, body)
    if path.endswith("_search"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for parameter in parameters(theirs):
            yield Asked(method, path, form, urlencode([parameter]).encode())


def parameters(theirs: Theirs) -> Iterator[tuple[str, str]]:
    request_id, patient_id, task_id = (theirs.ids[type_] for type_ in ("ServiceRequest", "Patient", "Task"))
    for value in (*theirs.ids.values(), "none"):
        yield "_id", value
    for value in (f"{PLACER}|R-1", "R-1", f"{MRN}|4711", "4711", theirs.number):
        yield "identifier", value
    for reference in (request_id, f"ServiceRequest/{request_id}", f"http://localhost/fhir/ServiceRequest/{request_id}"):
        yield "focus", reference
    for name, value in (
        ("patient", patient_id), ("patient", f"Patient/{patient_id}"), ("subject", f"Patient/{patient_id}"),
        ("patient.identifier", f"{MRN}|4711"), ("patient:Patient.name", "Okafor"), ("name", "Okafor"),
        ("_has:Task:focus:_id", task_id), ("_has:ServiceRequest:subject:_id", request_id), ("based-on", request_id),
        ("status", "accepted"), ("status", "active"), ("status:not", "draft"), ("code", "fulfill"), ("intent", "order"),
        ("authored", "ge2000-01-01"), ("_lastUpdated", "ge2000-01-01"), ("_since", "2000-01-01T00:00:00Z"),
        ("_at", "2999"), ("identifier:missing", "false"), ("focus:missing", "false"), ("_sort", "-_lastUpdated"),
        ("_include", "Task:focus"), ("_include", "Task:patient"), ("_revinclude", "Task:focus"), ("_total", "accurate"),
        ("_before", "999999"), ("_type", "Task"), ("_text", "Okafor"), ("_content", "Okafor"), ("_elements", "id"),
    ):  # fmt: skip
        yield name, value


def test_no_answer_knows_of_anothers_referral(
    app: Flask, client: FlaskClient, without: FlaskClient, theirs: Theirs
) -> None:
    compared = 0
    for asked in everything(app, theirs):
        assert told(client, asked) == told(without, asked), asked
        compared += 1
    assert compared > 1000


def test_the_comparison_would_see_a_trace(app: Flask, settings: Settings, engine: Engine, theirs: Theirs) -> None:
    """The same questions of the first partner are answered with the referral: the proof above looks where it is."""
    mine = create_app(settings, engine=engine).test_client()
    found = 0
    for asked in everything(app, theirs):
        answer = mine.open(
            asked.path, method=asked.method, headers={**bearer("hospital"), **asked.headers}, data=asked.body
        )
        found += theirs.ids["Task"] in answer.text
    assert found > 20


def batch(resource: Node) -> Node:
    return transaction((None, resource)) | {"type": "batch"}


def message() -> Node:
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"},
        "source": {"endpoint": "https://registry.example"},
        "focus": [{"reference": REQUEST}],
    }
    entries = [{"fullUrl": one["fullUrl"], "resource": one["resource"]} for one in referral()["entry"]]
    first = {"fullUrl": "urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-000000000009", "resource": header}
    return {"resourceType": "Bundle", "type": "message", "id": "m1", "entry": [first, *entries]}


def notification(theirs: Theirs) -> Node:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": f"ServiceRequest/{theirs.ids['ServiceRequest']}"},
    }


def sent(theirs: Theirs) -> dict[str, Asked]:
    """What the second partner may send to find out: as its own, and by what the first one's is known."""
    ours = patient("4711") | {"birthDate": "1999-01-01"}
    conditional = changed(referral(), "entry", 1, "request", "ifNoneExist", to=f"identifier={MRN}|4711")
    rooted = changed(referral(), "entry", 0, "request", "ifNoneExist", to=f"identifier={PLACER}|R-1")
    json = {"Content-Type": FHIR}

    def bundle(document: Node) -> Asked:
        return Asked("POST", "/fhir", json, exact_json.dumps(document))

    def single(document: Node, **headers: str) -> Asked:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Asked("POST", "/fhir/ServiceRequest", json | named, exact_json.dumps(document))

    return {
        "the same referral": bundle(referral()),
        "the same number with other words": bundle(changed(referral(), "entry", 0, "resource", "priority", to="stat")),
        "the same referral alone": single(alone()),
        "a condition on its number": single(alone(), If_None_Exist=f"identifier={PLACER}|R-1"),
        "a condition on its number alone": single(alone(), If_None_Exist="identifier=R-1"),
        "a condition on our number": single(alone(), If_None_Exist=f"identifier={theirs.number}"),
        "a condition on its patient": bundle(conditional),
        "a condition on its number in a transaction": bundle(rooted),
        "its patient with another birth date": bundle(transaction((REQUEST, request("R-8")), (PATIENT, ours))),
        "a reference to its patient": single(request("R-9", f"Patient/{theirs.ids['Patient']}")),
        "a version of its patient": single(request("R-6", f"Patient/{theirs.ids['Patient']}/_history/1")),
        "its patient by identifier": single(
            request("R-7") | {"subject": {"type": "Patient", "identifier": {"system": MRN, "value": "4711"}}}
        ),
        "without a number": bundle(referral(None)),
        "the same referral in a batch": bundle(batch(alone())),
        "the same referral as a message": Asked("POST", "/fhir/$process-message", json, exact_json.dumps(message())),
        "a Task about its request": Asked("POST", "/fhir/Task", json, exact_json.dumps(notification(theirs))),
    }  # fmt: skip


@pytest.mark.parametrize("returns", ["minimal", "representation", "OperationOutcome"])
def test_what_is_sent_by_one_is_nothing_to_the_other(
    client: FlaskClient, without: FlaskClient, theirs: Theirs, returns: str
) -> None:
    for what, asked in sent(theirs).items():
        preferring = asked._replace(headers={**asked.headers, "Prefer": f"return={returns}"})
        for _ in range(2):  # once as a new thing, once as a repeat
            assert told(client, preferring) == told(without, preferring), what


def test_the_same_number_of_another_partner_is_another_referral(
    client: FlaskClient, engine: Engine, theirs: Theirs
) -> None:
    for _ in range(2):
        assert send(client, referral(), **bearer("registry")).status_code == 200
    assert rows(engine)["referral"] == 2
    assert rows(engine)["patient"] == 1  # who it is, the clinic knows by the identifier all the same
    for partner in ("hospital", "registry"):
        (entry,) = said(client.get("/fhir/Task", headers=bearer(partner)))["entry"]
        assert (entry["resource"]["id"] == theirs.ids["Task"]) == (partner == "hospital")


def test_what_a_person_has_to_decide_is_told_to_the_clinic_alone(client: FlaskClient, theirs: Theirs) -> None:
    other = changed(referral("R-2"), "entry", 1, "resource", "birthDate", to="1999-01-01")
    receipt = send(client, other, **bearer("registry"), Prefer="return=OperationOutcome")
    assert "person" not in receipt.text
    (newest, _) = said(client.get("/clinic/v1/referrals", headers=CLINIC))["referrals"]
    report = said(client.get(f"/clinic/v1/referrals/{newest['id']}", headers=CLINIC))["report"]
    assert [issue["code"] for issue in report["to_decide"]] == ["conflict"]


def test_each_partner_reads_what_is_its_own(client: FlaskClient, theirs: Theirs) -> None:
    for type_, id_ in theirs.ids.items():
        for path in (f"/fhir/{type_}/{id_}", f"/fhir/{type_}/{id_}/_history/1"):
            assert client.get(path, headers=bearer("hospital")).status_code == 200
            answer = client.get(path, headers=bearer("registry"))
            assert (answer.status_code, issues(answer)[0][1]) == (404, "not-found")
    assert said(client.get("/fhir/Task", headers=bearer("hospital")))["total"] == 1
    assert said(client.get("/fhir/Task", headers=bearer("registry")))["total"] == 0


def test_without_authorisation_all_is_one(settings: Settings, engine: Engine, theirs: Theirs) -> None:
    """And what comes in then is nobody's own: no partner sees it later."""
    open_ = replace(settings, issuers=(), partners=(), clinic_tokens=(), audience="")
    client = create_app(open_, engine=engine).test_client()
    send(client, referral("R-5"))
    assert get(client, "/fhir/Task")["total"] == len(inbox(client)) == 2
    partners = create_app(settings, engine=engine).test_client()
    assert said(partners.get("/fhir/Task", headers=bearer("hospital")))["total"] == 1


def test_every_route_has_a_rule(app: Flask) -> None:
    """A route that no rule of interactions.py knows is refused to every partner."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/fhir"):
            address = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: "Task" if name[1] == "type_" else "1", rule.rule)
            for method in (rule.methods or set()) - {"OPTIONS"}:
                below = address.removeprefix("/fhir")
                assert below in OPEN or needs(method, below) is not None, (method, rule.rule)


def test_no_route_answers_without_a_token(app: Flask, client: FlaskClient, theirs: Theirs) -> None:
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            for path in paths(rule.rule, theirs):
                if path.removeprefix("/fhir") not in OPEN and path not in monitoring.OPEN:
                    assert client.open(path, method=method).status_code == 401, (method, path)


def test_a_partner_gets_nothing_of_the_clinics(app: Flask, client: FlaskClient, theirs: Theirs) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/clinic"):
            for method in rule.methods or ():
                for path in paths(rule.rule, theirs):
                    assert client.open(path, method=method, headers=bearer("hospital")).status_code == 401


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("system/ServiceRequest.c", ["system/Patient.c", "system/Practitioner.c"]),
        ("system/ServiceRequest.c system/Patient.c", ["system/Practitioner.c"]),
        ("system/*.read", ["system/ServiceRequest.c", "system/Patient.c", "system/Practitioner.c"]),
    ],
)
def test_each_entry_needs_its_scope(client: FlaskClient, engine: Engine, scope: str, missing: list[str]) -> None:
    sent = referral()
    sent["entry"].append(sent["entry"][2])  # a second that lacks the same is not told of
    answer = send(client, sent, **bearer(scope=scope))
    assert answer.status_code == 403
    assert f'scope="{" ".join(missing)}"' in answer.headers["WWW-Authenticate"]
    assert len(issues(answer)) == len(missing)
    assert all(place.startswith("Bundle.entry[") for _, _, place in issues(answer))
    assert rows(engine) == {}


def test_an_entry_that_no_scope_allows_is_refused(client: FlaskClient, engine: Engine) -> None:
    answer = send(client, changed(referral(), "entry", 2, "request", "url", to="Patient/$merge"), **bearer())
    assert (answer.status_code, issues(answer)) == (403, [("error", "forbidden", "")])
    assert rows(engine) == {}


def test_what_is_contained_comes_with_its_resource(client: FlaskClient) -> None:
    assert send(client, alone(), **bearer(scope="system/ServiceRequest.c")).status_code == 201
