"""Asking a partner for an access token: over real HTTP on loopback, with what can go wrong there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapter.client import (
    FhirClient,
    Limits,
    Registration,
    Tls,
    Tokens,
    UnfitKey,
    Wire,
    WorthAnotherTry,
    signing_key,
)
from adapter.delivery.partners import client_for, refuse_unfit_keys
from adapter.settings import SettingsError, read_settings
from tests.adapter.authorisation.issuing import pem
from tests.adapter.authorisation.token_server import TokenServer, token_server

LIMITS = Limits(connect_seconds=5.0, read_seconds=2.0, answer_seconds=3.0, answer_bytes=100_000)
SCOPE = "system/CarePlan.cruds"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as running:
        yield running


def tokens(server: TokenServer, key: str = "RS384-ours", **others: Any) -> Tokens:
    signing = signing_key(pem(key), "ours")
    server.clients["lakeside-pain"] = signing.public
    known_as = Registration("lakeside-pain", SCOPE, signing, **others)
    return Tokens(server.base_url, known_as, lambda: Wire(LIMITS, Tls()))


def client(server: TokenServer, authorisation: Tokens) -> FhirClient:
    return FhirClient(server.base_url, authorisation=authorisation, limits=LIMITS)


@pytest.mark.parametrize("key", ["RS384-ours", "ES384-ours"])
def test_an_assertion_is_as_smart_asks_for_it(server: TokenServer, key: str) -> None:
    with client(server, tokens(server, key)) as ours:
        assert ours.read("Patient/1")["id"] == "1"
    (told,) = server.asked
    assert told["iss"] == told["sub"] == "lakeside-pain"
    assert told["aud"] == server.endpoint
    assert 0 < told["exp"] - time.time() <= 300
    assert told["header"] == {"alg": key.partition("-")[0], "kid": "ours", "typ": "JWT"}
    assert server.forms[0]["grant_type"] == "client_credentials"
    assert server.forms[0]["scope"] == SCOPE
    assert server.authorizations == ["Bearer token-1"]


def test_a_secret_goes_in_the_header_and_nowhere_else(server: TokenServer) -> None:
    known_as = Registration("lakeside-pain", "", None, "open:sesame")
    with client(server, Tokens(server.base_url, known_as, lambda: Wire(LIMITS, Tls()))) as ours:
        ours.read("Patient/1")
    (form,) = server.forms
    assert form == {"grant_type": "client_credentials", "authorization": "Basic bGFrZXNpZGUtcGFpbjpvcGVuOnNlc2FtZQ=="}


def test_a_token_is_kept_until_shortly_before_its_end(server: TokenServer) -> None:
    clock = [1000.0]
    signing = signing_key(pem("RS384-ours"))
    server.clients["lakeside-pain"] = signing.public
    known_as = Registration("lakeside-pain", SCOPE, signing)
    ours = Tokens(server.base_url, known_as, lambda: Wire(LIMITS, Tls()), lambda: clock[0])
    assert ours.header() == ours.header() == "Bearer token-1"
    clock[0] += 269
    assert ours.header() == "Bearer token-1"
    clock[0] += 2
    assert ours.header() == "Bearer token-2"


def test_threads_that_need_one_at_once_ask_for_one(server: TokenServer) -> None:
    ours = tokens(server)
    with ThreadPoolExecutor(12) as threads:
        assert {*threads.map(lambda _: ours.header(), range(48))} == {"Bearer token-1"}
    assert len(server.forms) == 1


def test_a_token_that_was_taken_back_is_asked_for_once_more(server: TokenServer) -> None:
    ours = tokens(server)
    with client(server, ours) as sending:
        sending.read("Patient/1")
        server.counting.clear()
        sending.read("Patient/1")
        assert server.authorizations == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_one_that_never_counts_is_waited_for_and_no_loop(server: TokenServer) -> None:
    ours = tokens(server)
    with client(server, ours) as sending:
        server.counting = Nothing()
        with pytest.raises(WorthAnotherTry) as refused:
            sending.read("Patient/1")
    assert refused.value.status == 401
    assert len(server.authorizations) == 2


class Nothing(set[str]):
    def add(self, _: str) -> None:
        """Keeps none."""


BAD: dict[str, tuple[tuple[int, dict[str, str], bytes], str]] = {
    "another client": ((401, {}, b'{"error":"invalid_client"}'), "invalid_client"),
    "another scope": ((400, {}, b'{"error":"invalid_scope"}'), "invalid_scope"),
    "words": ((400, {}, b'{"error":"Jane Doe said <b>no</b>"}'), "refused"),
    "a page": ((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), "holds none"),
    "an error page": ((502, {}, b"<html>bad gateway</html>"), "502"),
    "a redirect": ((302, {"Location": "https://elsewhere.example/"}, b""), "302"),
    "no token": ((200, {}, b'{"token_type":"bearer"}'), "holds none"),
    "a header of ours": ((200, {}, b'{"access_token":"a\\r\\nX-A: b","token_type":"bearer"}'), "holds none"),
    "another type": ((200, {}, b'{"access_token":"abc","token_type":"mac"}'), "no bearer token"),
    "a list": ((200, {}, b"[]"), "holds none"),
    "ten megabytes": ((200, {}, b" " * 10_000_000), "longer than the limit"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_token_is_worth_another_try_and_says_why(server: TokenServer, name: str) -> None:
    server.instead, says = BAD[name]
    with client(server, tokens(server)) as ours, pytest.raises(WorthAnotherTry, match=says) as refused:
        ours.transaction({"resourceType": "Bundle"})
    assert "no access token" in str(refused.value)
    assert "Jane" not in str(refused.value)
    assert server.authorizations == []  # nothing was sent
    server.instead = None
    with client(server, tokens(server)) as ours:
        assert ours.read("Patient/1")


def test_a_busy_token_endpoint_is_not_asked_before_it_says(server: TokenServer) -> None:
    server.instead = (429, {"Retry-After": "77"}, b"")
    with pytest.raises(WorthAnotherTry) as refused:
        tokens(server).header()
    assert refused.value.retry_after == 77


def test_a_token_endpoint_that_hangs_is_waited_for_no_longer_than_the_limit(server: TokenServer) -> None:
    with pytest.raises(WorthAnotherTry, match="no connection"):
        tokens(server, token_endpoint="http://127.0.0.1:9/token").header()


@pytest.mark.parametrize(
    ("configuration", "says"),
    [
        ((404, {}, b""), "names no token endpoint"),
        ((200, {}, b"<html></html>"), "names no token endpoint"),
        ((200, {}, b'{"token_endpoint": "http://elsewhere.example/token"}'), "without TLS"),
        ((200, {}, b'{"token_endpoint": "file:///etc/passwd"}'), "without TLS"),
        ((200, {}, b'{"token_endpoint": "https://user@elsewhere.example/token"}'), "without TLS"),
    ],
)
def test_a_configuration_that_leads_nowhere_good_is_not_followed(
    server: TokenServer, monkeypatch: pytest.MonkeyPatch, configuration: tuple[int, dict[str, str], bytes], says: str
) -> None:
    monkeypatch.setattr(TokenServer, "configuration", lambda _: configuration)
    with pytest.raises(WorthAnotherTry, match=says):
        tokens(server).header()
    assert server.forms == []


def test_a_configured_endpoint_needs_no_discovery(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenServer, "configuration", lambda _: (404, {}, b""))
    assert tokens(server, token_endpoint=server.endpoint).header() == "Bearer token-1"


@pytest.mark.parametrize(("name", "says"), [("", "PEM"), ("RS384-small", "2048"), ("ES256-other", "P-384")])
def test_a_key_that_smart_does_not_sign_with_is_refused_and_not_shown(name: str, says: str) -> None:
    text = pem(name) if name else "no key"
    with pytest.raises(UnfitKey, match=says) as refused:
        signing_key(text)
    assert text.splitlines()[-1] not in str(refused.value)


def test_a_key_has_one_name_wherever_it_is_read() -> None:
    one, other = signing_key(pem("ES384-ours")), signing_key(pem("ES384-ours") + "\n")
    assert one.key_id == other.key_id
    assert set(one.public) == {"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"}


SMART = """[clinic]
identifier_base = "https://lakeside.example/ids"

[partners.hospital]
base_url = "{base_url}"
auth = "smart"
our_client_id = "lakeside-pain"
scope = "system/CarePlan.cruds"
secret_file = "key.pem"
"""


def test_settings_make_a_client_that_gets_in(
    server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.pem").write_text(pem("RS384-ours"))
    (tmp_path / "paingate.toml").write_text(SMART.format(base_url=server.base_url))
    server.clients["lakeside-pain"] = signing_key(pem("RS384-ours")).public
    settings = read_settings()
    assert "PRIVATE" not in repr(settings)
    for _ in range(2):
        with client_for(settings, "hospital") as ours:
            ours.read("Patient/1")
    assert len(server.forms) == 1, "a token is kept from one delivery to the next"


def _without(line: str) -> Callable[[str], str]:
    return lambda text: "\n".join(one for one in text.splitlines() if not one.startswith(line))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (_without("our_client_id"), "our_client_id of .partners.hospital. is what the clinic is registered as"),
        (_without("scope"), "scope of .partners.hospital. is what is asked for"),
        (_without("secret_file"), "no secret"),
        (lambda text: text.replace("https://h", "http://h"), "a token is a secret"),
        (lambda text: text + 'token_endpoint = "http://login.example/token"', "token_endpoint of"),
        (lambda text: text.replace('"smart"', '"bearer"'), "our_client_id of .partners.hospital. is for auth = smart"),
        (lambda text: text + 'certificate_file = "us.pem"', "belong together"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Callable[[str], str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.pem").write_text(pem("RS384-ours"))
    (tmp_path / "paingate.toml").write_text(changed(SMART.format(base_url="https://hospital.example/fhir")))
    with pytest.raises(SettingsError, match=says):
        read_settings()


def test_a_key_in_the_settings_that_cannot_sign_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.pem").write_text("no key")
    (tmp_path / "paingate.toml").write_text(SMART.format(base_url="https://hospital.example/fhir"))
    with pytest.raises(SettingsError, match=r"The key of .partners\.hospital. cannot be used"):
        refuse_unfit_keys(read_settings())
