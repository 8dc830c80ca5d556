"""The service with everything configured: one issuer, two partners that call, and a token of each role."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.authorisation.clinic_tokens import hash_of
from adapter.settings import ClinicToken, Issuer, Partner, Settings
from tests.adapter.authorisation.issuing import AUDIENCE, CLIENTS, ISSUER, key_set

ROLES = ("reader", "clinician", "operator", "administrator")


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    """The issuer's key set, in a file that a test may change."""
    path = tmp_path / "jwks.json"
    path.write_bytes(key_set("RS384-1", "ES384-1"))
    return path


@pytest.fixture
def settings(settings: Settings, jwks: Path) -> Settings:
    return authorised(settings, jwks)


def authorised(settings: Settings, jwks: Path) -> Settings:
    return replace(
        settings,
        audience=AUDIENCE,
        issuers=(Issuer("login", ISSUER, jwks_file=str(jwks)),),
        partners=tuple(Partner(name, "", client_ids=(client,)) for name, client in CLIENTS.items()),
        clinic_tokens=tuple(ClinicToken(role, role, hash_of(f"token-of-{role}")) for role in ROLES),
    )
