"""A token that was proven before is taken again, until it expires or its key is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine

from adapter import create_app
from adapter.authorisation.keys import keys_of
from adapter.authorisation.proofs import MOST, Proofs
from adapter.settings import Settings
from tests.adapter.authorisation.issuing import bearer, claims, key_set, signed


def test_a_proof_counts_until_the_token_expires() -> None:
    now = [1000.0]
    (key,) = keys_of(key_set("RS384-1"))
    proofs = Proofs(60, lambda: now[0])
    assert proofs.of("token", [key]) is None
    proofs.keep("token", key, {"exp": 1100})
    assert proofs.of("token", [key]) == {"exp": 1100}
    assert proofs.of("another", [key]) is None
    now[0] = 1159.9
    assert proofs.of("token", [key]) == {"exp": 1100}
    now[0] = 1160
    assert proofs.of("token", [key]) is None


def test_a_proof_counts_only_with_the_very_key_that_gave_it() -> None:
    (key,), (same_again,) = keys_of(key_set("RS384-1")), keys_of(key_set("RS384-1"))
    proofs = Proofs(60, lambda: 0)
    proofs.keep("token", key, {"exp": 1})
    assert proofs.of("token", []) is None
    assert proofs.of("token", [same_again]) is None


def test_only_so_many_are_kept_and_none_of_them_is_a_token() -> None:
    (key,) = keys_of(key_set("RS384-1"))
    proofs = Proofs(60, lambda: 0)
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda one: proofs.keep(f"sesame {one}", key, {"exp": 1}), range(2 * MOST)))
    kept = [one for one in range(2 * MOST) if proofs.of(f"sesame {one}", [key])]
    assert len(kept) == MOST
    assert "sesame" not in repr(vars(proofs))


def test_a_token_that_was_taken_is_not_when_its_key_is_gone(settings: Settings, engine: Engine, jwks: Path) -> None:
    client = create_app(replace(settings, jwks_max_age=1e-9, jwks_refetch=1e-9), engine=engine).test_client()
    for _ in range(2):
        assert client.get("/fhir/Task", headers=bearer()).status_code == 200
    jwks.write_bytes(key_set("RS384-2"))
    assert client.get("/fhir/Task", headers=bearer()).status_code == 401


def test_what_a_token_may_is_looked_at_each_time(client: FlaskClient) -> None:
    reads = {"Authorization": f"Bearer {signed(claims(scope='system/Task.rs'))}"}
    for _ in range(2):
        assert client.get("/fhir/Task", headers=reads).status_code == 200
        assert client.get("/fhir/Patient/1", headers=reads).status_code == 403
