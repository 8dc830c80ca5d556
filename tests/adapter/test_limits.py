"""How much may come in, and what is said where it is too much."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from adapter import create_app
from adapter.settings import Settings
from adapter.settings.table import ATTACHMENT_TYPES
from adapter.store import claims, deadline
from adapter.store.engine import open_engine, reading, writing
from tests.adapter.speaking import (
    PATIENT,
    REQUEST,
    Node,
    alone,
    changed,
    get,
    issues,
    patient,
    post,
    referral,
    request,
    rows,
    said,
    send,
    transaction,
)

PDF = "application/pdf"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, max_entries=3, max_attachment=100)


def holding(size: int, type_: Any = PDF) -> Node:
    """An attachment of so many bytes."""
    held = {"data": b64encode(b"x" * size).decode()}
    return held | ({"contentType": type_} if type_ is not None else {})


EXTENDED = {"url": "http://a", "valueAttachment": holding(101)}
BINARY = {"resourceType": "Binary", "id": "b", **holding(101)}


def with_document(attachment: Node) -> Node:
    document = {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attachment}]}
    return transaction((REQUEST, request()), (PATIENT, patient()), (None, document))


def test_more_entries_than_are_taken_are_refused(client: FlaskClient, engine: Engine) -> None:
    assert send(client, referral()).status_code == 200
    more = referral("R-2")
    more["entry"].append({"resource": {"resourceType": "Basic"}, "request": {"method": "POST", "url": "Basic"}})
    stored = rows(engine)
    answer = send(client, more)
    assert (answer.status_code, issues(answer)) == (413, [("error", "too-costly", "Bundle.entry")])
    assert rows(engine) == stored


@pytest.mark.parametrize("size", [0, 1, 2, 3, 99, 100])
def test_an_attachment_within_its_size_is_taken(client: FlaskClient, size: int) -> None:
    assert send(client, with_document(holding(size) if size else {"contentType": PDF})).status_code == 200


@pytest.mark.parametrize("size", [101, 102, 103, 5000])
def test_an_attachment_that_is_too_large_is_refused(client: FlaskClient, size: int) -> None:
    answer = send(client, with_document(holding(size)))
    place = "Bundle.entry[2].resource.content[0].attachment.data"
    assert (answer.status_code, issues(answer)) == (413, [("error", "too-long", place)])
    assert "100 bytes" in answer.text


@pytest.mark.parametrize(
    "type_", [*ATTACHMENT_TYPES, "text/plain;charset=utf-8", "text/plain; charset=utf-8", "Application/PDF"]
)
def test_an_attachment_of_a_type_that_is_taken_is_taken(client: FlaskClient, type_: str) -> None:
    assert send(client, with_document(holding(3, type_))).status_code == 200


@pytest.mark.parametrize("type_", ["application/x-msdownload", "text/javascript", "image/svg+xml", "pdf", None])
def test_an_attachment_of_another_type_is_refused(client: FlaskClient, type_: str | None) -> None:
    answer = send(client, with_document(holding(3, type_)))
    place = "Bundle.entry[2].resource.content[0].attachment.contentType"
    assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", place)])
    assert PDF in answer.text
    assert type_ is None or type_ not in answer.text.replace(PDF, "")


def test_an_attachment_that_lies_elsewhere_may_be_of_any_type(client: FlaskClient) -> None:
    elsewhere = {"contentType": "video/mp4", "url": "https://hospital.example/film", "size": 5000}
    assert send(client, with_document(elsewhere)).status_code == 200


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (changed(alone(), "contained", 0, "photo", to=[holding(1), holding(101)]), "contained[0].photo[1].data"),
        (changed(alone(), "extension", to=[EXTENDED]), "extension('http://a').value.data"),
        (
            changed(alone(), "contained", to=[patient() | {"id": "p"}, BINARY]),
            "contained[1].data",
        ),
    ],
)  # fmt: skip
def test_an_attachment_is_found_wherever_it_lies(client: FlaskClient, document: Node, place: str) -> None:
    answer = send(client, document)
    assert (answer.status_code, issues(answer)) == (413, [("error", "too-long", f"ServiceRequest.{place}")])


def test_what_only_looks_like_an_attachment_is_none(client: FlaskClient) -> None:
    sampled = {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": "1 2 3 " * 50}
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "ECG"}, "valueSampledData": sampled,
    }  # fmt: skip
    assert send(client, transaction((REQUEST, request()), (PATIENT, patient()), (None, observation))).status_code == 200


@pytest.mark.parametrize(
    "document",
    [
        {"resourceType": "ServiceRequest", "contained": [[{"data": 1}], 1, None, {"resourceType": 1, "data": "x"}]},
        {"resourceType": "ServiceRequest", "extension": {"valueAttachment": [[holding(1)]]}},
        {"resourceType": "ServiceRequest", "subject": "x", "photo": {"data": "x"}},
    ],
)
def test_what_is_no_sound_resource_is_refused_for_that(client: FlaskClient, document: Node) -> None:
    assert post(client, "/fhir/ServiceRequest", document).status_code == 422


# ---- time


@pytest.fixture
def hurried() -> Iterator[None]:
    """A deadline as a request has it, soon over."""
    deadline.begin(0.3)
    yield
    deadline.end()


def test_without_a_deadline_there_is_time(engine: Engine) -> None:
    deadline.check()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


@pytest.mark.usefixtures("hurried")
def test_a_statement_that_goes_on_is_ended_by_the_database(engine: Engine) -> None:
    with pytest.raises(deadline.TooLate), reading(engine) as connection:
        connection.execute(text(SLOW[engine.dialect.name]))


@pytest.mark.usefixtures("client", "hurried")
def test_after_the_deadline_nothing_more_is_written(engine: Engine) -> None:
    def write() -> None:
        with writing(engine) as connection:
            claims.add(connection, ["one"], "Task", "1")
            time.sleep(0.35)
            claims.add(connection, ["another"], "Task", "2")

    with pytest.raises(deadline.TooLate):
        write()
    deadline.end()
    assert rows(engine) == {}


def test_a_request_whose_time_is_over_is_asked_to_come_again(settings: Settings, engine: Engine) -> None:
    client = create_app(replace(settings, request_seconds=1e-9), engine=engine).test_client()
    for answer in (
        send(client, referral()),
        send(client, alone()),
        client.get("/fhir/Task"),
        client.get("/fhir/Task/1"),
    ):
        assert (answer.status_code, issues(answer)) == (503, [("error", "timeout", "")])
        assert int(answer.headers["Retry-After"]) > 0
    answer = client.get("/clinic/v1/referrals")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert said(answer)["errors"][0]["code"] == "timeout"
    assert rows(engine) == {}


def test_who_waits_for_another_waits_no_longer_than_a_request_may_take(settings: Settings, engine: Engine) -> None:
    impatient = open_engine(settings.database_url)
    client = create_app(replace(settings, request_seconds=0.5), engine=impatient).test_client()
    holds, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE paingate_message"))
            holds.set()
            assert go_on.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert holds.wait(20)
    answer = send(client, referral())
    go_on.set()
    other.join()
    assert (answer.status_code, issues(answer)) == (503, [("error", "timeout", "")])
    assert rows(engine) == {}
    impatient.dispose()


def test_one_requests_end_is_not_the_next_ones(settings: Settings, engine: Engine) -> None:
    app = create_app(replace(settings, request_seconds=1e-9), engine=engine)
    assert app.test_client().get("/fhir/Task").status_code == 503
    deadline.check()
    assert get(create_app(settings, engine=engine).test_client(), "/fhir/Task")["total"] == 0
