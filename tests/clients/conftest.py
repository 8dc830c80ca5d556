"""One service for all of a process, which asks partners for their tokens; the clinic itself is asked for none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapter.authorisation.issuing import AUDIENCE, ISSUER, key_set
from tests.journeys.push.conftest import database_in
from tests.journeys.push.service import Service

PARTNER = 'client_ids = ["hospital-client"]'
MORE = (
    f'\n[authorisation]\naudience = "{AUDIENCE}"\n\n[issuers.login]\nissuer = "{ISSUER}"\njwks_file = "jwks.json"\n\n'
    '[partners.registry]\nclient_ids = ["registry-client"]\n'
)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "jwks.json").write_bytes(key_set("RS384-1"))
    with database_in(folder) as url:
        service = Service(folder, url, "http://127.0.0.1:9/fhir", partner=PARTNER, more=MORE)
        service.start()
        yield service
        service.kill()
