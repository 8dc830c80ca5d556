"""The clinic's own tokens: who holds one may what its role may."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter import cli
from adapter.authorisation.clinic_tokens import MAY, hash_of, new_token
from adapter.settings import ROLES, Settings
from tests.adapter.authorisation.issuing import bearer
from tests.adapter.speaking import Node, referral, said, send
from tests.test_cli import paingate


def asked(client: FlaskClient, role: str, method: str, address: str, **sent: Any) -> Any:
    headers = {"Authorization": f"Bearer token-of-{role}"}
    return client.open(f"/clinic/v1{address}", method=method, headers=headers, **sent)


def plan(number: str) -> Node:
    return {
        "record": "care_plan", "status": "active", "title": "Walk again",
        "patient": {"ref_identifier": {"value": number}},
    }  # fmt: skip


def test_each_role_may_what_it_is_for(client: FlaskClient) -> None:
    send(client, referral(), **bearer())
    (one,) = said(asked(client, "reader", "GET", "/referrals"))["referrals"]
    requests: dict[tuple[str, str], Any] = {
        ("GET", "/referrals"): None,
        ("GET", f"/referrals/{one['id']}"): None,
        ("POST", f"/referrals/{one['id']}/accept"): None,
        ("PUT", "/care-plans/p1"): plan(one["patient_number"]),
        ("GET", "/care-plans/p1"): None,
        ("GET", "/care-plans/p1/deliveries"): None,
    }
    mays: dict[str, list[bool]] = {}
    for (method, address), body in requests.items():
        for role in ("operator", "reader", "clinician"):
            answer = asked(client, role, method, address, json=body)
            mays.setdefault(role, []).append(answer.status_code in (200, 201))
            assert answer.status_code in (200, 201, 403), answer.text
            if answer.status_code == 403:
                assert answer.mimetype == "application/problem+json"
                assert role in said(answer)["detail"]
    assert mays == {
        "reader": [True, True, False, False, True, True],
        "clinician": [True] * 6,
        "operator": [False, False, False, False, False, True],
    }


def test_every_role_is_known_wherever_it_is_named() -> None:
    assert ROLES == cli.ROLES == tuple(MAY)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic dG9rZW4=", "Bearer token-of-nobody", "Bearer token-of-reader x"]
)
def test_without_a_token_of_the_clinics_nothing_is_told(client: FlaskClient, header: str) -> None:
    answer = client.get("/clinic/v1/referrals", headers={"Authorization": header})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "token-of" not in answer.text


def test_the_hash_is_no_token(client: FlaskClient, settings: Settings) -> None:
    for token in settings.clinic_tokens:
        answer = client.get("/clinic/v1/referrals", headers={"Authorization": f"Bearer {token.hash}"})
        assert answer.status_code == 401
        assert token.hash not in repr(settings)


def test_a_partners_token_opens_nothing_of_the_clinics_and_the_other_way_round(client: FlaskClient) -> None:
    assert client.get("/clinic/v1/referrals", headers=bearer()).status_code == 401
    assert client.get("/fhir/Task", headers={"Authorization": "Bearer token-of-clinician"}).status_code == 401


def test_no_token_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        asked(client, "operator", "GET", "/referrals")
        asked(client, "nobody", "GET", "/referrals")
    assert "token-of" not in caplog.text


def test_a_new_token_is_told_once_and_its_hash_is_what_is_configured() -> None:
    done = paingate("token", "new", "clinician")
    token = done.stdout.decode().strip()
    assert len(token) > 40
    assert f'role = "clinician"\nhash = "{hash_of(token)}"' in done.stderr.decode()
    assert token not in done.stderr.decode()


def test_no_two_tokens_are_equal() -> None:
    assert len({new_token() for _ in range(100)}) == 100


def test_a_role_that_there_is_not_has_no_token() -> None:
    assert b"reader" in paingate("token", "new", "king", ends=2).stderr
