"""An issuer's keys: new ones count, old ones go, and nobody makes us ask for them over and over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter import create_app
from adapter.authorisation.keys import LARGEST_SET, IssuerKeys, KeysUnreadable, keys_for, keys_of
from adapter.settings import Issuer, Settings
from mappings.r4 import exact_json
from tests.adapter.authorisation.issuing import ISSUER, bearer, claims, key_set, private_key, public_jwk, signed
from tests.adapter.speaking import issues


class Publishing:
    """A key set that may change or be down, and how often it was looked at."""

    def __init__(self, *names: str) -> None:
        self.names: tuple[str, ...] | None = names
        self.looks = 0
        self.now = 0.0

    def __call__(self) -> bytes:
        self.looks += 1
        if self.names is None:
            raise KeysUnreadable("down")
        return key_set(*self.names)

    def keys(self) -> IssuerKeys:
        return IssuerKeys("login", self, refetch=30, max_age=3600, clock=lambda: self.now)


def names(keys: IssuerKeys, name: str | None, algorithm: str = "RS384") -> list[str | None]:
    return [key.name for key in keys.named(name, algorithm)]


def test_a_new_key_counts_at_once() -> None:
    published = Publishing("RS384-1")
    keys = published.keys()
    assert names(keys, "RS384-1") == ["RS384-1"]
    published.names, published.now = ("RS384-1", "RS384-2"), 31
    assert names(keys, "RS384-2") == ["RS384-2"]
    assert names(keys, "RS384-1") == ["RS384-1"]
    assert published.looks == 2


def test_made_up_names_make_us_look_once_in_a_while_only() -> None:
    published = Publishing("RS384-1")
    keys = published.keys()
    for made_up in range(100):
        assert names(keys, f"made up {made_up}") == []
    assert published.looks == 1
    published.now = 30
    for made_up in range(100):
        assert names(keys, f"made up {made_up}") == []
    assert published.looks == 2


def test_a_key_that_was_taken_away_counts_no_longer_than_the_set_may_be_old() -> None:
    published = Publishing("RS384-1", "RS384-2")
    keys = published.keys()
    assert names(keys, "RS384-1") == ["RS384-1"]
    published.names, published.now = ("RS384-2",), 3601
    assert names(keys, "RS384-1") == []


def test_known_keys_stay_while_the_issuer_is_down(caplog: pytest.LogCaptureFixture) -> None:
    published = Publishing("RS384-1")
    keys = published.keys()
    names(keys, "RS384-1")
    published.names, published.now = None, 4000
    for later in range(3):
        published.now += 31 * later
        assert names(keys, "RS384-1") == ["RS384-1"]
    assert caplog.messages.count("The keys of issuer login cannot be read (down): what is known of them stays") == 3


def test_keys_that_were_never_had_are_told_apart_from_keys_that_are_not_there() -> None:
    published = Publishing()
    published.names = None
    keys = published.keys()
    for _ in range(2):
        with pytest.raises(KeysUnreadable):
            keys.named("RS384-1", "RS384")
    assert published.looks == 1
    published.names, published.now = ("RS384-1",), 30
    assert names(keys, "RS384-1") == ["RS384-1"]


def test_who_has_a_known_key_does_not_wait_for_a_look() -> None:
    looking, go_on = threading.Event(), threading.Event()
    published = Publishing("RS384-1")

    def slow() -> bytes:
        if published.looks:
            looking.set()
            assert go_on.wait(20)
        return published()

    keys = IssuerKeys("login", slow, refetch=0, max_age=3600)
    names(keys, "RS384-1")
    stranger = threading.Thread(target=names, args=(keys, "made up"))
    stranger.start()
    assert looking.wait(20)
    assert names(keys, "RS384-1") == ["RS384-1"]
    assert names(keys, "made up too") == []
    go_on.set()
    stranger.join()


def test_a_token_without_a_name_needs_an_only_key() -> None:
    assert names(Publishing("RS384-1", "ES384-1").keys(), None) == ["RS384-1"]
    assert names(Publishing("RS384-1", "RS384-2").keys(), None) == []


@pytest.mark.parametrize(
    "jwk",
    [
        public_jwk("RS384-1", use="enc"),
        public_jwk("RS384-1", alg="RS256"),
        public_jwk("RS384-1", key_ops=["encrypt"]),
        public_jwk("RS384-1", key_ops="verify"),
        public_jwk("RS384-1", n="AQAB"),
        public_jwk("RS384-1", n=None),
        public_jwk("RS384-1", n=7),
        public_jwk("RS384-small"),
        public_jwk("ES256-1"),
        public_jwk("ES384-1", x="AAAA"),
        {"kty": "oct", "k": "c2VzYW1l", "kid": "RS384-1", "alg": "RS384"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {},
        1,
    ],
)
def test_a_key_that_cannot_be_used_here_is_passed_over(jwk: Any) -> None:
    usable = public_jwk("RS384-2", kid=7)
    assert [key.name for key in keys_of(exact_json.dumps({"keys": [jwk, usable]}))] == [None]


def test_of_a_private_key_that_was_published_nothing_is_kept() -> None:
    told = public_jwk("RS384-1", d="AQAB")
    (key,) = keys_of(exact_json.dumps({"keys": [told]}))
    assert key.key.key.public_numbers() == private_key("RS384-1").public_key().public_numbers()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"keys": {}}', b"[" * 5000, b"\xff"])
def test_what_is_no_key_set_is_told(text: bytes) -> None:
    with pytest.raises(KeysUnreadable):
        keys_of(text)


def test_a_file_is_read_again_as_an_address_would_be(settings: Settings, engine: Engine, jwks: Path) -> None:
    client = create_app(replace(settings, jwks_refetch=0.0001), engine=engine).test_client()
    new = {"Authorization": f"Bearer {signed(claims(), 'RS384-2')}"}
    assert client.get("/fhir/Task", headers=new).status_code == 401
    jwks.write_bytes(key_set("RS384-2"))
    assert client.get("/fhir/Task", headers=new).status_code == 200
    assert client.get("/fhir/Task", headers=bearer()).status_code == 401


def test_without_any_keys_the_caller_is_asked_to_come_again(client: FlaskClient, jwks: Path) -> None:
    jwks.unlink()
    answer = client.get("/fhir/Task", headers=bearer())
    assert (answer.status_code, issues(answer)) == (503, [("error", "transient", "")])
    assert int(answer.headers["Retry-After"]) > 0


class _Page(BaseHTTPRequestHandler):
    """Answers with what the server was given: status, headers, body."""

    def do_GET(self) -> None:
        self.server.asked.append(self.headers)  # type: ignore[attr-defined]
        status, headers, body = self.server.page  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def page() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(page: Any, settings: Settings) -> IssuerKeys:
    return keys_for(settings, Issuer("login", ISSUER, jwks_uri=f"http://127.0.0.1:{page.server_port}/jwks"))


def test_keys_are_fetched_from_their_address_without_anything_of_ours(
    page: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login clinic password sesame\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid")
    page.page = (200, {}, key_set("RS384-1"))
    assert names(at(page, settings), "RS384-1") == ["RS384-1"]
    (headers,) = page.asked
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((302, {"Location": "/elsewhere"}, b""), "its address answers 302"),
        ((500, {}, b"sesame"), "its address answers 500"),
        ((200, {}, b"<html>sesame"), "it is no JSON"),
        ((200, {}, b" " * (LARGEST_SET + 1)), "the answer is longer than the limit"),
    ],
)
def test_an_address_that_answers_otherwise_is_told_in_the_log(
    page: Any, settings: Settings, caplog: pytest.LogCaptureFixture, answer: tuple[Any, ...], why: str
) -> None:
    page.page = answer
    with caplog.at_level(logging.WARNING, "adapter"), pytest.raises(KeysUnreadable):
        at(page, settings).named("RS384-1", "RS384")
    assert len(page.asked) == 1
    assert caplog.messages == [f"The keys of issuer login cannot be read ({why}): what is known of them stays"]


def test_an_address_where_nobody_answers_is_told_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = Issuer("login", ISSUER, jwks_uri="https://127.0.0.1:1/jwks")
    with pytest.raises(KeysUnreadable):
        keys_for(settings, nobody).named("RS384-1", "RS384")
    assert caplog.messages == ["The keys of issuer login cannot be read (no connection): what is known of them stays"]
