"""Access tokens: which are taken, and how the others are turned away."""

from __future__ import annotations

import hmac
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha384
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA384
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as settings_of_hypothesis
from jwt.algorithms import ECAlgorithm
from sqlalchemy import Engine

from adapter import create_app
from adapter.settings import Issuer, Partner, Settings
from mappings.r4 import exact_json
from tests.adapter.authorisation.issuing import AUDIENCE, CLIENTS, ISSUER, bearer, claims, private_key, signed
from tests.adapter.speaking import issues, said

TASKS = "/fhir/Task"


def asked(client: FlaskClient, token: str) -> Any:
    return client.get(TASKS, headers={"Authorization": f"Bearer {token}"})


def seconds(offset: int) -> int:
    return int(time.time()) + offset


def encoded(told: Any) -> str:
    return urlsafe_b64encode(exact_json.dumps(told)).rstrip(b"=").decode()


GOOD: dict[str, Callable[[], str]] = {
    "RS384": lambda: signed(claims()),
    "ES384": lambda: signed(claims(), "ES384-1"),
    "an access token by its type": lambda: signed(claims(), typ="at+jwt"),
    "without a type": lambda: signed(claims(), typ=None),
    "without the key's name, where there is one of its kind": lambda: signed(claims(), kid=None),
    "for us among others": lambda: signed(claims(aud=["https://other.example", AUDIENCE])),
    "scopes as a list": lambda: signed(claims(scope=None, scp=["system/Task.rs", "openid"])),
    "the client as azp": lambda: signed(claims(client_id=None, azp=CLIENTS["hospital"], sub="somebody")),
    "the client as sub": lambda: signed(claims(client_id=None)),
    "expired within the skew": lambda: signed(claims(exp=seconds(-50))),
    "issued ahead within the skew": lambda: signed(claims(iat=seconds(50), nbf=seconds(50))),
    "that points to keys elsewhere, which are not looked at": lambda: signed(claims(), jku="https://evil.example/jwks"),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD.keys())
def test_a_good_token_is_taken(client: FlaskClient, make: Callable[[], str]) -> None:
    assert asked(client, make()).status_code == 200


def without_signature() -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(claims())}."


def by_the_public_key_as_a_secret() -> str:
    """The classic: the verifier takes the issuer's public key for the secret of an HMAC."""
    secret = (
        private_key("RS384-1")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    text = f"{encoded({'alg': 'HS384', 'kid': 'RS384-1'})}.{encoded(claims())}"
    mac = hmac.new(secret, text.encode(), sha384).digest()
    return f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_other_claims() -> str:
    header, _, signature = signed(claims()).split(".")
    return f"{header}.{encoded(claims('registry'))}.{signature}"


def with_a_header(**told: Any) -> str:
    return f"{encoded(told)}.{encoded(claims())}.AAAA"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "expired": (lambda: signed(claims(exp=seconds(-70))), "expired"),
    "not yet": (lambda: signed(claims(nbf=seconds(70))), "security"),
    "issued in the future": (lambda: signed(claims(iat=seconds(70))), "security"),
    "for another service": (lambda: signed(claims(aud="https://other.example")), "security"),
    "for a longer address": (lambda: signed(claims(aud=f"{AUDIENCE}/")), "security"),
    "for nobody": (lambda: signed(claims(aud=None)), "security"),
    "without an end": (lambda: signed(claims(exp=None)), "security"),
    "with an end that is no number": (lambda: signed(claims(exp="tomorrow")), "security"),
    "of another issuer": (lambda: signed(claims(iss="https://evil.example")), "security"),
    "of no issuer": (lambda: signed(claims(iss=None)), "security"),
    "of a list of issuers": (lambda: f"{encoded({'alg': 'RS384'})}.{encoded(claims(iss=[ISSUER]))}.AAAA", "security"),
    "of a key of nobody's": (lambda: signed(claims(), "RS384-stranger"), "security"),
    "of another key under its name": (lambda: signed(claims(), "RS384-stranger", kid="RS384-1"), "security"),
    "of another kind of key under its name": (lambda: signed(claims(), "ES384-1", kid="RS384-1"), "security"),
    "RS256": (lambda: signed(claims(), algorithm="RS256"), "security"),
    "PS384": (lambda: signed(claims(), algorithm="PS384"), "security"),
    "unsigned": (without_signature, "security"),
    "HMAC with the public key": (by_the_public_key_as_a_secret, "security"),
    "claims exchanged": (with_other_claims, "security"),
    "a logout token": (lambda: signed(claims(), typ="logout+jwt"), "security"),
    "with a header that must be understood": (lambda: signed(claims(), crit=["exp"]), "security"),
    "bound to a key": (lambda: signed(claims(cnf={"jkt": "x"})), "security"),
    "no token": (lambda: "sesame", "security"),
    "two dots": (lambda: "..", "security"),
    "no JSON": (lambda: "aaaa.bbbb.cccc", "security"),
    "no object": (lambda: f"{encoded([])}.{encoded([])}.AAAA", "security"),
    "a key name that is no text": (lambda: with_a_header(alg="RS384", kid=["x"]), "security"),
    "an algorithm that is no text": (lambda: with_a_header(alg=["RS384"]), "security"),
    "a type that is no text": (lambda: with_a_header(alg="RS384", typ=1), "security"),
    "a signature that is too short": (lambda: with_a_header(alg="RS384", kid="RS384-1"), "security"),
    "too deep": (lambda: f"{urlsafe_b64encode(b'[' * 8000).decode().rstrip('=')}.AAAA.AAAA", "security"),
    "too long": (lambda: f"{'a' * 20000}.bbbb.cccc", "security"),
}


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_turned_away_with_a_challenge(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, make: Callable[[], str], code: str
) -> None:
    token = make()
    with caplog.at_level(logging.DEBUG):
        answer = asked(client, token)
    assert answer.status_code == 401
    assert issues(answer) == [("error", code, "")]
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="paingate", error="invalid_token"')
    for part in filter(None, token.split(".")):
        assert part not in answer.text + challenge + caplog.text


_JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=20),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(max_size=8), inner),
    max_leaves=8,
)
_CLAIMS = strategies.dictionaries(
    strategies.sampled_from(
        ("iss", "aud", "exp", "nbf", "iat", "client_id", "azp", "sub", "scope", "scp", "cnf", "jti")
    ),
    _JSON | strategies.sampled_from((ISSUER, AUDIENCE, 2**70, -1, 1e300, "hospital-client")),
)


@given(told=_CLAIMS)
@settings_of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_issuer_signs_is_answered(client: FlaskClient, told: dict[str, Any]) -> None:
    """Each claim alone may be anything: the others are as they should be."""
    header = encoded({"alg": "ES384", "kid": "ES384-1", "typ": "JWT"})
    for name, value in told.items():
        text = f"{header}.{encoded(claims() | {name: value})}"
        signature = ECAlgorithm(SHA384).sign(text.encode(), private_key("ES384-1"))
        answer = asked(client, f"{text}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}")
        assert answer.status_code in (200, 401, 403), name


@given(header=_JSON, told=_JSON, rest=strategies.text("aA-_.=+/ ", max_size=8))
@settings_of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_anybody_sends_is_answered(client: FlaskClient, header: Any, told: Any, rest: str) -> None:
    for told_header in (header, {"alg": "RS384", "kid": header, "typ": told}, {"alg": header, "jwk": told}):
        assert asked(client, f"{encoded(told_header)}.{encoded(told)}.{rest}").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
        {"Authorization": "Basic aG9zcGl0YWw6c2VzYW1l"}, {"Authorization": "sesame"},
    ],
)  # fmt: skip
def test_without_a_token_the_caller_is_asked_who_it_is(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get(TASKS, headers=headers)
    assert (answer.status_code, issues(answer)) == (401, [("error", "login", "")])
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="paingate"'


def test_a_token_in_the_address_is_none(client: FlaskClient) -> None:
    assert client.get(f"{TASKS}?access_token={signed(claims())}").status_code == 401


def test_the_scheme_is_read_in_any_case(client: FlaskClient) -> None:
    assert client.get(TASKS, headers={"Authorization": f"bearer {signed(claims())}"}).status_code == 200


@pytest.mark.parametrize(
    "others",
    [
        {"client_id": "stranger"},
        {"client_id": "stranger", "azp": CLIENTS["hospital"], "sub": CLIENTS["hospital"]},
        {"client_id": None, "sub": None},
        {"client_id": ["hospital-client"]},
        {"scope": "user/*.cruds system/*.cruds"},
        {"scope": "patient/Task.rs"},
        {"scope": "launch/patient system/*.cruds"},
    ],
)
def test_who_is_no_partners_program_may_nothing(client: FlaskClient, others: dict[str, Any]) -> None:
    answer = asked(client, signed(claims(**others)))
    assert (answer.status_code, issues(answer)) == (403, [("error", "forbidden", "")])


def test_a_client_of_one_issuer_is_none_of_anothers(settings: Settings, engine: Engine) -> None:
    """Whoever runs an issuer can name its clients as it likes."""
    other = Issuer("other", "https://other.example", jwks_file=settings.issuers[0].jwks_file)
    hospital, registry = settings.partners
    partners = (replace(hospital, issuer="login"), replace(registry, issuer="other"))
    client = create_app(
        replace(settings, issuers=(*settings.issuers, other), partners=partners), engine=engine
    ).test_client()
    for partner, issuer, status in (
        ("hospital", ISSUER, 200),
        ("registry", other.issuer, 200),
        ("hospital", other.issuer, 403),
        ("registry", ISSUER, 403),
    ):
        assert asked(client, signed(claims(partner, iss=issuer))).status_code == status


def test_what_says_how_to_get_in_is_open(client: FlaskClient, settings: Settings, engine: Engine) -> None:
    statement = said(client.get("/fhir/metadata"))
    (coding,) = statement["rest"][0]["security"]["service"][0]["coding"]
    assert coding["code"] == "SMART-on-FHIR"
    told = said(client.get("/fhir/.well-known/smart-configuration"))
    assert told["issuer"] == ISSUER
    assert "token_endpoint" not in told
    assert "jwks_uri" not in told
    at = "https://login.hospital.example/token"
    issuer = replace(settings.issuers[0], token_endpoint=at, jwks_file="", jwks_uri="https://login.hospital.example/k")
    knowing = create_app(replace(settings, issuers=(issuer,)), engine=engine).test_client()
    told = said(knowing.get("/fhir/.well-known/smart-configuration"))
    assert (told["token_endpoint"], told["jwks_uri"]) == (at, issuer.jwks_uri)
    assert "client-confidential-asymmetric" in told["capabilities"]
    (oauth,) = said(knowing.get("/fhir/metadata"))["rest"][0]["security"]["extension"]
    assert oauth["extension"] == [{"url": "token", "valueUri": at}]


def test_of_several_issuers_none_is_named(settings: Settings, engine: Engine) -> None:
    other = Issuer("other", "https://other.example", jwks_file="x", token_endpoint="https://other.example/token")
    partners = tuple(replace(one, issuer="login") for one in settings.partners)
    client = create_app(
        replace(settings, issuers=(*settings.issuers, other), partners=partners), engine=engine
    ).test_client()
    told = said(client.get("/fhir/.well-known/smart-configuration"))
    assert not {"issuer", "token_endpoint", "jwks_uri"} & told.keys()


@pytest.mark.parametrize(
    ("method", "address", "scope", "missing"),
    [
        ("GET", "/fhir/Task", "system/Task.r", "system/Task.s"),
        ("GET", "/fhir/Task/1", "system/Task.s", "system/Task.r"),
        ("GET", "/fhir/Task/1/_history/1", "system/ServiceRequest.read", "system/Task.r"),
        ("POST", "/fhir/ServiceRequest", "system/ServiceRequest.read", "system/ServiceRequest.c"),
        ("HEAD", "/fhir/Task", "", "system/Task.s"),
    ],
)
def test_the_missing_scope_is_named(client: FlaskClient, method: str, address: str, scope: str, missing: str) -> None:
    answer = client.open(address, method=method, headers=bearer(scope=scope))
    assert answer.status_code == 403
    assert f'error="insufficient_scope", scope="{missing}"' in answer.headers["WWW-Authenticate"]
    assert method == "HEAD" or (issues(answer)[0][1], missing in answer.text) == ("forbidden", True)


def test_a_partner_that_is_only_called_upon_may_not_call(settings: Settings, engine: Engine) -> None:
    silent = Partner("silent", "http://silent.example/fhir", ("care_plan",))
    client = create_app(replace(settings, partners=(*settings.partners, silent)), engine=engine).test_client()
    assert asked(client, signed(claims("silent"))).status_code == 403
