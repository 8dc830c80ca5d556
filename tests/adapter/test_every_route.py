"""Every FHIR route, asked with whatever may come: never a fault of ours, an answer that is FHIR, nothing by halves."""

from __future__ import annotations

import gzip
import logging
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from werkzeug.datastructures import Headers

from adapter import create_app
from adapter.settings import Settings
from mappings.r4 import exact_json, validity
from tests.adapter.speaking import alone, inbox, post, received, referral, rows
from tests.adapter.test_hostile import TEXTS, VALUES, damaged
from tests.adapter.workflow.moves import standing_at

SECRET = "Zaphodbeeblebrox"
"""A patient's name: it stands in what is sent, and in no error text and no log."""

Route = tuple[str, str]


def routes() -> list[Route]:
    """Each address with each method, from the service itself: a new one cannot be forgotten."""
    app = create_app(Settings(database_url="sqlite://"))
    fhir = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("fhir.")]
    return [(rule.rule, method) for rule in fhir for method in sorted((rule.methods or set()) - {"OPTIONS"})]


odd = st.one_of(
    TEXTS, st.text(max_size=12), st.sampled_from(["%", "../..", "a" * 3000, "\ud800", "1\r\nX: y", "${x}", SECRET])
)
types = st.sampled_from(["Task", "ServiceRequest", "Patient", "Bundle", "Nope", "task", "Task:x", ""]) | odd
ids = st.sampled_from(["task", "request", "none", "a" * 65, "_history", "$x"]) | odd
parameters = st.sampled_from(
    [
        "_id", "identifier", "identifier:of-type", "patient", "patient:Patient", "patient.identifier", "status",
        "status:not",
        "focus", "focus:missing", "code", "code:text", "authored", "authored-on", "_lastUpdated", "_count", "_sort",
        "_include", "_include:iterate", "_revinclude", "_summary", "_elements", "_format", "_pretty", "_page", "_since",
        "_at", "_total", "_contained", "_has:Task:focus:status", "_filter", "_text", "_query", "x",
    ]
)  # fmt: skip
asked = st.sampled_from(
    [
        "0", "-1", "1", "99999999999999999999", "true", "false", "null", "ge2026", "gt2026-13",
        "eq2026-11-26T10:00:00Z",
        "sa0000", "9999-12-31", "http://x|y", "|", "||", "a\\,b", "$", "Task:focus", "*", "-_lastUpdated",
        "json",
        "xml", "application/fhir+json", "count", "text", "data", "status,focus", "Patient/1", "http://[", SECRET,
    ]
)  # fmt: skip
queries = st.lists(st.tuples(parameters | odd, asked | odd), max_size=4)
names = st.sampled_from(
    [
        "If-Match", "If-None-Match", "If-Modified-Since", "If-None-Exist", "Prefer", "Accept", "Accept-Encoding",
        "Accept-Charset", "Content-Type", "Content-Encoding", "X-Request-Id", "Range", "X-HTTP-Method-Override",
        "X-Forwarded-Host", "Host", "Authorization", "Content-Language",
    ]
)  # fmt: skip
said = st.sampled_from(
    [
        'W/"1"', '"1"', "*", "1", 'W/"99999999999999999999"', "W/", "", "return=minimal", "return=x; handling=strict",
        "respond-async", "application/fhir+json", "application/fhir+json; fhirVersion=4.0", "application/fhir+xml",
        "application/json", "text/html", "*/*;q=0", "gzip", "gzip, deflate;q=0", "br", "identity;q=0",
        "identifier=a|b", "identifier", "?identifier=%", "bytes=0-1", "Bearer x", "Thu, 01 Jan 1970 00:00:00 GMT",
        "application/fhir+json; charset=utf-16", "multipart/form-data",
        "application/x-www-form-urlencoded", "a.example",
    ]
)  # fmt: skip
headers = st.lists(
    st.tuples(names, said | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9)), max_size=4
)
bodies = st.one_of(
    st.binary(max_size=30),
    VALUES.map(exact_json.dumps),
    damaged().map(exact_json.dumps),
    damaged([alone()]).map(exact_json.dumps).map(gzip.compress),
    st.sampled_from(
        [
            b"", b"null", b"[]", b"{", b'{"resourceType":"Bundle"}', b'{"resourceType":"Task","resourceType":"Task"}',
            b'{"resourceType":"ServiceRequest","status":"\xff"}', b'{"resourceType":"Patient","x":"\\ud800"}',
            b'{"resourceType":"Patient","active":NaN}', b"[" * 70 + b"]" * 70, b"\xef\xbb\xbf{}", b"_id=1&status=x",
            b'{"resourceType":"Patient","multipleBirthInteger":1' + b"0" * 400 + b"}", gzip.compress(b"0" * 10_000_000),
            b'{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Task"}}]}',
            b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"../x"}}, null]}',
            b'{"resourceType":"Task","id":"' + SECRET.encode() + b'","status":"' + SECRET.encode() + b'"}',
        ]
    ),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "method"), routes())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_asked_is_answered_as_fhir_answers(
    client: FlaskClient, engine: Engine, caplog: pytest.LogCaptureFixture, rule: str, method: str, data: st.DataObject
) -> None:
    told = known(client)
    path = rule
    for name, among in (("type_", types), ("id_", ids), ("version", st.sampled_from(["1", "0", "x"]) | odd)):
        if f"<{name}>" in path:
            drawn = data.draw(among, label=name)
            path = path.replace(f"<{name}>", quote(_safe(told.get(drawn, drawn)), safe=""))
    sent = Headers([(name, value) for name, value in data.draw(headers, label="headers")])
    before = rows(engine)
    with caplog.at_level(logging.INFO):
        caplog.clear()
        answer = client.open(
            path,
            method=method,
            query_string=[(_safe(name), _safe(value)) for name, value in data.draw(queries, label="query")],
            headers=sent,
            data=data.draw(bodies, label="body") if method in ("POST", "PUT") else None,
        )
    assert answer.status_code < 500, answer.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert SECRET not in caplog.text
    if answer.status_code >= 400:
        changed = {name: n for name, n in rows(engine).items() if before.get(name) != n}
        assert changed == {}
    body = answer.data if answer.headers.get("Content-Encoding") != "gzip" else gzip.decompress(answer.data)
    if method == "HEAD" or answer.status_code in (204, 304) or not body:
        return
    if answer.mimetype != "application/fhir+json":
        assert answer.mimetype == "application/json"  # the discovery document of SMART is no FHIR
        assert "/.well-known/" in path
        return
    resource = exact_json.loads(body)
    if answer.status_code >= 400:
        assert resource["resourceType"] in ("OperationOutcome", "Bundle")
        assert SECRET not in body.decode()
        assert validity.check(resource) == []


def _safe(text: str) -> str:
    return text.encode(errors="replace").decode()


def known(client: FlaskClient) -> dict[str, str]:
    """A referral that is here, by the ids of its Task and its request."""
    if not (found := inbox(client)):
        found = [received(client, referral("R-1"))]
    return {name: found[0][key].partition("/")[2] for name, key in (("task", "task"), ("request", "service_request"))}


def test_a_name_that_is_sent_wrongly_is_in_no_error_text(client: FlaskClient) -> None:
    standing_at(client, "received")
    wrong: Any = {"resourceType": "Patient", "gender": SECRET, "birthDate": SECRET, "name": [{"family": {"x": SECRET}}]}
    for path in ("/fhir/Patient/$validate", "/fhir/ServiceRequest", "/fhir", "/fhir/$process-message"):
        assert SECRET not in post(client, path, wrong).text
