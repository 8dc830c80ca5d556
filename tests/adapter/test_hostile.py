"""Whatever is sent, it is stored or refused with a reason: never a fault of ours, never a half of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mappings.r4 import exact_json, validity
from tests.adapter import doors
from tests.adapter.speaking import MRN, Node, alone, inbox, post, referral, request, rows, said, send
from tests.adapter.test_doors import resources

TEXTS = st.sampled_from(["", " ", "\0", "|", "#", "#p", "Patient/1", "urn:uuid:x", MRN, "identifier=|", "old", "1970", "ä" * 300])  # fmt: skip  # noqa: E501
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS | st.sampled_from(["value", "system"]), inner),
    max_leaves=4,
)
DOCUMENTS = [referral(), referral(None), alone(), request("R-1", "Patient/unknown")]
TOLD = doors.sender_task({"reference": "http://hospital.invalid/fhir/ServiceRequest/1"}, doors.GRAVITY, "x")
DRESSED = [dress(resources(number)) for dress in doors.EVERY.values() for number in ("R-1", None)]
DRESSED.append(("/fhir/Task", TOLD))
_fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn, documents: list[Node] = DOCUMENTS) -> Node:
    """A referral with one or two places taken out or replaced."""
    document: Any = deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(places(document)[1:]))
        holder = document
        for step in path:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = draw(VALUES)
        else:
            del holder[last]
    return dict(document)


@_fixtures
@given(document=damaged())
def test_a_damaged_referral_is_stored_whole_or_refused(client: FlaskClient, engine: Engine, document: Node) -> None:
    before = rows(engine)
    door = "/fhir" if "entry" in document or document.get("resourceType") == "Bundle" else "/fhir/ServiceRequest"
    answer = post(client, door, document)
    assert answer.status_code < 500, document
    if answer.status_code >= 400:
        assert said(answer)["resourceType"] == "OperationOutcome"
        assert rows(engine) == before
    else:
        after = rows(engine)
        assert after["referral"] == after["referral_serial"]
        assert after["message"] == after["referral_message"]


@st.composite
def damaged_at_its_door(draw: st.DrawFn) -> doors.Door:
    path, document = draw(st.sampled_from(DRESSED))
    return path, draw(damaged([document]))


@_fixtures
@given(door=damaged_at_its_door())
def test_at_every_door_what_is_damaged_is_stored_whole_or_refused(
    client: FlaskClient, engine: Engine, door: doors.Door
) -> None:
    before = rows(engine)
    path, document = door
    answer = post(client, path, document)
    assert answer.status_code < 500, document
    told = said(answer)
    if answer.status_code >= 400:
        assert told["resourceType"] in ("OperationOutcome", "Bundle")
        assert rows(engine) == before
    else:
        after = rows(engine)
        assert after.get("referral", 0) == after.get("referral_serial", 0)
        assert after.get("message", 0) == after.get("referral_message", 0) + after.get("pull", 0)
    if told["resourceType"] in ("OperationOutcome", "Bundle"):  # what is no answer but what was sent is the sender's
        assert validity.check(told) == []


@_fixtures
@given(
    name=st.sampled_from(["_id", "focus", "status", "identifier", "_count", "_before", "x"]),
    text=TEXTS | st.text(max_size=20),
)
def test_a_search_for_anything_is_answered(client: FlaskClient, name: str, text: str) -> None:
    answer = client.get("/fhir/Task", query_string={name: text.encode(errors="replace")})
    assert answer.status_code in (200, 400)


@_fixtures
@given(told=VALUES, place=st.sampled_from([(), ("patient",), ("patient", "ref_identifier"), ("identifiers",), ("supporting",), ("title",)]))  # fmt: skip  # noqa: E501
def test_a_damaged_plan_is_put_or_refused(client: FlaskClient, told: Any, place: tuple[str, ...]) -> None:
    if not inbox(client):
        send(client, referral())
    pointer = {"value": "P-000001"}
    record: Any = {"record": "care_plan", "status": "active", "title": "T", "patient": {"ref_identifier": pointer}}
    holder = record
    for step in place[:-1]:
        holder = holder[step]
    if place:
        holder[place[-1]] = told
    else:
        record = told
    answer = client.put("/clinic/v1/care-plans/1", data=exact_json.dumps(record), content_type="application/json")
    assert answer.status_code in (200, 201, 409, 422), record
