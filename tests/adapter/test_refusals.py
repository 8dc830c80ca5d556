"""Bad input: a row is a request and the whole OperationOutcome it gets.  Nothing is stored, and the server goes on."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from adapter.exchange.receiving import storing
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.speaking import (
    FHIR,
    PATIENT,
    Node,
    alone,
    changed,
    inbox,
    issues,
    patient,
    post,
    problem,
    referral,
    request,
    rows,
    said,
    transaction,
)
from tests.adapter.test_doors import resources

MEGABYTE = 1024 * 1024


def body(document: Any) -> bytes:
    return exact_json.dumps(document)


def within(text: str) -> bytes:
    """A ServiceRequest whose JSON holds this."""
    return b'{"resourceType":"ServiceRequest",' + text.encode() + b"}"


def entries(*path: str | int, to: Any) -> bytes:
    return body(changed(referral(), "entry", *path, to=to))


ALONE = "/fhir/ServiceRequest"
MESSAGES = "/fhir/$process-message"
COLLECTION = body({"resourceType": "Bundle", "type": "collection"})
MESSAGE = body({"resourceType": "Bundle", "type": "message"})
HEADER = {"resourceType": "MessageHeader", "eventUri": "urn:x#I12", "source": {"endpoint": "urn:x"}}
GROUP = {"resourceType": "Group", "type": "person", "actual": True}

REFUSALS: list[tuple[str, str, bytes, int, str, str]] = [
    ("no JSON", "/fhir", b"{", 400, "structure", "Bundle"),
    ("nothing", "/fhir", b"", 400, "structure", "Bundle"),
    ("not UTF-8", ALONE, b'{"a":"\xff"}', 400, "structure", "ServiceRequest"),
    ("a NaN", ALONE, within('"quantityQuantity":{"value":NaN}'), 400, "structure", "ServiceRequest"),
    ("a member twice", ALONE, within('"status":"active","status":"draft"'), 400, "structure", "ServiceRequest"),
    ("a lone surrogate", ALONE, within('"status":"\\ud800"'), 400, "structure", "ServiceRequest"),
    ("10,000 levels", ALONE, b"[" * 10_000 + b"]" * 10_000, 400, "structure", "ServiceRequest"),
    ("65 levels", ALONE, within('"a":' + "[" * 64 + "]" * 64), 400, "structure", "ServiceRequest"),
    ("a list", "/fhir", b"[]", 400, "invalid", "Bundle"),
    ("no type", "/fhir", b"{}", 400, "invalid", "Bundle"),
    ("another type at /fhir", "/fhir", body(request()), 400, "invalid", "Bundle"),
    ("another type at ServiceRequest", ALONE, body(patient()), 400, "invalid", "ServiceRequest"),
    ("no subject", ALONE, body(changed(alone(), "subject", to=None)), 422, "required", "ServiceRequest.subject"),
    (
        "no subject within",
        "/fhir",
        entries(0, "resource", "subject", to=None),
        422,
        "required",
        "Bundle.entry[0].resource.subject",
    ),
    ("an unknown element", ALONE, body(alone() | {"colour": "red"}), 422, "structure", "ServiceRequest.colour"),
    (
        "an unknown element within",
        "/fhir",
        entries(1, "resource", "colour", to="red"),
        422,
        "structure",
        "Bundle.entry[1].resource.colour",
    ),
    (
        "a wrong value",
        ALONE,
        body(changed(alone(), "contained", 0, "birthDate", to="4/2/68")),
        422,
        "value",
        "ServiceRequest.contained[0].birthDate",
    ),
    (
        "a collection",
        "/fhir",
        COLLECTION,
        422,
        "not-supported",
        "Bundle.type",
    ),
    (
        "a message elsewhere",
        "/fhir",
        MESSAGE,
        422,
        "not-supported",
        "Bundle.type",
    ),
    ("no message", MESSAGES, body(referral()), 422, "not-supported", "Bundle.type"),
    ("no entries", "/fhir", b'{"resourceType":"Bundle","type":"transaction"}', 422, "required", "Bundle.entry"),
    (
        "two ServiceRequests",
        "/fhir",
        body(transaction((None, alone("1")), (None, alone("2")))),
        422,
        "not-supported",
        "Bundle.entry",
    ),
    ("no request", "/fhir", entries(1, "request", to=None), 422, "required", "Bundle.entry[1].request"),
    (
        "a PUT",
        "/fhir",
        entries(1, "request", to={"method": "PUT", "url": "Patient/1"}),
        422,
        "not-supported",
        "Bundle.entry[1].request.method",
    ),
    (
        "a POST elsewhere",
        "/fhir",
        entries(1, "request", "url", to="Person"),
        422,
        "invalid",
        "Bundle.entry[1].request.url",
    ),
    ("a POST of nothing", "/fhir", entries(1, "resource", to=None), 422, "required", "Bundle.entry[1].resource"),
    (
        "one address twice",
        "/fhir",
        entries(1, "fullUrl", to=referral()["entry"][0]["fullUrl"]),
        422,
        "duplicate",
        "Bundle.entry[1].fullUrl",
    ),
    (
        "a MessageHeader within",
        "/fhir",
        entries(2, to=transaction((None, HEADER))["entry"][0]),
        422,
        "not-supported",
        "Bundle.entry[2].resource",
    ),
    (
        "a condition beyond us",
        "/fhir",
        entries(1, "request", "ifNoneExist", to="name=Okafor"),
        422,
        "not-supported",
        "Bundle.entry[1].request.ifNoneExist",
    ),
    (
        "a referral of no patient",
        "/fhir",
        body(transaction((PATIENT, GROUP), (None, request()))),
        422,
        "not-supported",
        "Bundle.entry[1].resource.subject",
    ),
]


@pytest.mark.parametrize("row", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_bad_input_gets_its_outcome_and_nothing_is_stored(
    client: FlaskClient, engine: Engine, row: tuple[str, str, bytes, int, str, str]
) -> None:
    _, path, sent, status, code, place = row
    answer = post(client, path, sent)
    assert answer.status_code == status
    assert issues(answer) == [("error", code, place)]
    assert "Okafor" not in answer.text
    assert rows(engine) == {}
    assert post(client, "/fhir", body(referral())).status_code == 200


def test_a_condition_twice_is_refused(client: FlaskClient, engine: Engine) -> None:
    sent = referral()
    sent["entry"] += transaction((None, patient("4712")))["entry"]
    for index in (1, 3):
        sent["entry"][index]["request"]["ifNoneExist"] = "identifier=a|1"
    answer = post(client, "/fhir", sent)
    assert answer.status_code == 422
    assert issues(answer) == [("error", "duplicate", "Bundle.entry[3].request.ifNoneExist")]
    assert rows(engine) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/fhir+xml"},
        {"Content_Type": ""},
        {"Content_Type": f"{FHIR}; charset=latin-1"},
        {"Content_Encoding": "br"},
    ],
)
def test_what_is_no_fhir_json_is_told_what_is(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = post(client, "/fhir", referral(), **headers)
    assert answer.status_code == 415
    assert issues(answer) == [("error", "not-supported", "Bundle")]


@pytest.mark.parametrize("type_", [FHIR, "application/json", f"{FHIR}; fhirVersion=4.0; charset=UTF-8"])
def test_these_are_fhir_json(client: FlaskClient, type_: str) -> None:
    assert post(client, "/fhir", referral(), Content_Type=type_).status_code == 200


@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "application/json;q=0"])
def test_what_cannot_be_answered_is_not_acceptable(client: FlaskClient, engine: Engine, accept: str) -> None:
    answer = post(client, "/fhir", referral(), Accept=accept)
    assert answer.status_code == 406
    assert issues(answer) == [("error", "not-supported", "")]
    assert rows(engine) == {}


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        ("", "text/html, */*;q=0.1", 200),
        ("", "application/*", 200),
        ("?_format=json", "application/fhir+xml", 200),
        ("?_format=application/fhir+json", "text/html", 200),
        ("?_format=xml", FHIR, 406),
    ],
)
def test_format_wins_over_accept(client: FlaskClient, query: str, accept: str, status: int) -> None:
    assert client.get(f"/fhir/metadata{query}", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/fhir/Nonsense/1", 404, "not-supported"),
        ("GET", "/fhir/Patient/1", 404, "not-found"),
        ("GET", "/fhir/Patient/1/_history/1", 404, "not-found"),
        ("GET", "/fhir/Patient/1/_history/x", 404, "not-found"),
        ("GET", "/fhir/Patient/1/_history/99999999999999999999", 404, "not-found"),
        ("GET", "/fhir/Patient/%00", 400, "invalid"),
        ("GET", "/fhir/Task?_id=%00", 400, "invalid"),
        ("GET", "/fhir/Patient/1/2/3/4", 404, "not-found"),
        ("GET", "/fhir/Coverage", 405, "not-supported"),
        ("POST", "/fhir/Patient", 405, "not-supported"),
        ("PUT", "/fhir/Patient/1", 405, "not-supported"),
        ("DELETE", "/fhir/Patient/1", 405, "not-supported"),
        ("GET", "/fhir", 405, "not-supported"),
    ],
)
def test_what_is_not_there_says_so(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert [issue[1] for issue in issues(answer)] == [code]
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_fault_of_ours_shows_nobodys_data(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(patient()["name"][0]["family"])

    monkeypatch.setattr(storing, "new_task", broken)
    answer = post(client, "/fhir", referral())
    assert answer.status_code == 500
    assert issues(answer) == [("fatal", "exception", "")]
    assert "ValueError" in caplog.text
    assert "Okafor" not in caplog.text + answer.text
    assert rows(engine) == {}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_nobodys_fault_and_passes(
    client: FlaskClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[DBAPIError],
) -> None:
    def away(*_: object) -> None:
        raise error("", None, OSError("connection refused by Okafor"))

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Engine, "connect", away)
        answers = [post(client, "/fhir", referral()), client.get("/fhir/Task/1")]
        message = post(client, "/fhir/$process-message", doors.message(resources())[1])
        inbox_ = client.get("/clinic/v1/referrals")
    assert [(one.status_code, issues(one)) for one in answers] == [(503, [("error", "no-store", "")])] * 2
    assert (message.status_code, said(message)["entry"][0]["resource"]["response"]["code"]) == (503, "transient-error")
    assert (inbox_.status_code, problem(inbox_)) == (503, [("", "no-store")])
    assert all(int(one.headers["Retry-After"]) > 0 for one in (*answers, message, inbox_))
    assert "Okafor" not in caplog.text
    assert post(client, "/fhir", referral()).status_code == 200


# ---- behind the real server


def too_long() -> Iterator[bytes]:
    """50 MB without a length said beforehand."""
    yield b'{"resourceType":"Bundle","type":"'
    for _ in range(50):
        yield b" " * MEGABYTE
    yield b'"}'


@pytest.mark.parametrize("chunked", [False, True])
def test_fifty_megabytes_are_too_long_and_the_server_goes_on(
    served: str, client: FlaskClient, engine: Engine, chunked: bool
) -> None:
    sent = too_long() if chunked else b"".join(too_long())
    answer = requests.post(f"{served}/fhir", data=sent, headers={"Content-Type": FHIR}, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, f"{FHIR}; charset=utf-8")
    assert exact_json.loads(answer.content)["issue"][0]["code"] == "too-long"
    assert rows(engine) == {}
    good = requests.post(f"{served}/fhir", json=referral(), timeout=60)
    assert good.status_code == 200


def test_a_long_body_is_not_read(client: FlaskClient) -> None:
    """The length alone is enough: whoever says 50 MB need not send them."""

    class Unread(BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    said_length = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(50 * MEGABYTE)}
    answer = client.post("/fhir", content_type=FHIR, environ_overrides=said_length)
    assert answer.status_code == 413
    assert issues(answer) == [("error", "too-long", "Bundle")]


def test_the_largest_body_is_a_setting(client: FlaskClient, engine: Engine) -> None:
    note = {"text": "x" * 1_000_000}  # as long as a string may be in R4
    long: Node = alone() | {"note": [note] * 21}
    assert post(client, ALONE, long).status_code == 413
    shorter = long | {"note": [note] * 19}
    assert post(client, ALONE, shorter).status_code == 201
    assert len(inbox(client)) == 1
    assert said(client.get(f"/fhir/{inbox(client)[0]['service_request']}"))["note"] == shorter["note"]
