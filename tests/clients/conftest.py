"""One service for all of a process, which asks partners for their tokens; the clinic itself is asked for none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapter.authorisation.issuing import AUDIENCE, CLIENTS, ISSUER, claims, key_set, signed
from tests.adapter.authorisation.token_server import TokenServer
from tests.adapter.authorisation.token_server import token_server as token_server_on_loopback
from tests.journeys.push.conftest import database_in
from tests.journeys.push.service import Service

PARTNER = 'client_ids = ["hospital-client"]'
MORE = (
    f'\n[authorisation]\naudience = "{AUDIENCE}"\n\n[issuers.login]\nissuer = "{ISSUER}"\njwks_file = "jwks.json"\n\n'
    '[partners.registry]\nclient_ids = ["registry-client"]\n'
)


@pytest.fixture(scope="session")
def token_server() -> Iterator[TokenServer]:
    """Where partners' programs get the tokens that the service takes."""
    with token_server_on_loopback() as running:
        partners = {client: partner for partner, client in CLIENTS.items()}
        running.mint = lambda client, scope: signed(claims(partners[client], scope))
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "jwks.json").write_bytes(key_set("RS384-1"))
    with database_in(folder) as url:
        service = Service(folder, url, "http://127.0.0.1:9/fhir", partner=PARTNER, more=MORE)
        service.start()
        yield service
        service.kill()
