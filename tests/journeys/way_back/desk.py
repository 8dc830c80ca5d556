"""The clinic's side in this process: its API, and a courier whose work a test does piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy import delete

from adapter import create_app
from adapter.client import FhirClient
from adapter.delivery.answering.answers import BringBack, answers
from adapter.delivery.attempt import Courier
from adapter.settings import Issuer, Partner, Settings
from adapter.store.engine import open_engine, writing
from adapter.store.tables import work
from mappings.values import Json
from tests.adapter.authorisation.issuing import AUDIENCE, CLIENTS, ISSUER, bearer, key_set
from tests.adapter.hands import Hands
from tests.adapter.speaking import Node, get
from tests.journeys.push.line import Line, Way


class Meddled(FhirClient):
    """A way to a partner where somebody does something between our look and our request."""

    between: Callable[[], None] | None = None

    def transaction(self, bundle: Json) -> Any:
        between, Meddled.between = Meddled.between, None
        if between is not None:
            between()
        return super().transaction(bundle)


class Desk:
    """`client` is a program of the hospital's at the FHIR API, and the clinic's own at the clinic API."""

    def __init__(self, settings: Settings, line: Line | None) -> None:
        self.settings, self.line = settings, line
        self.engine = open_engine(settings.database_url)
        self._app = create_app(settings, engine=self.engine, changed=BringBack)
        self.client = self.calling("hospital")
        self.courier = Courier(
            self.engine,
            partner=lambda _: Meddled(settings.partners[0].base_url),
            goods={"answers": answers(settings)},
        )
        self.hands = Hands(self.engine, {"delivery": self.courier.begin})

    def calling(self, partner: str) -> FlaskClient:
        client = self._app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = bearer(partner)["Authorization"]
        return client

    def take(self, way: Way = "through") -> str:
        """The next piece of work, with the line as it is said."""
        if self.line is not None:
            self.line.way = way
        return self.hands.take()

    def take_all(self) -> None:
        while self.hands.waiting():
            self.take()

    def deliveries(self, one: Node) -> list[Node]:
        found: list[Node] = get(self.client, f"/clinic/v1/referrals/{one['id']}/deliveries")["deliveries"]
        return found


@contextmanager
def desk_on(folder: Path, database_url: str, line: Line | None, **of_hospital: Any) -> Iterator[Desk]:
    """A clinic whose numbers no other gives; the hospital is to have answers, and another partner calls here too."""
    keys = folder / "jwks.json"
    keys.write_bytes(key_set("RS384-1"))
    told = {"base_url": line.base_url if line else "http://partner.example/fhir", "sends": ("answers",)} | of_hospital
    settings = Settings(
        identifier_base=f"https://clinic.example/{uuid4().hex}",
        partners=(
            Partner("hospital", client_ids=(CLIENTS["hospital"],), **told),
            Partner("registry", "", client_ids=(CLIENTS["registry"],)),
        ),
        audience=AUDIENCE,
        issuers=(Issuer("login", ISSUER, jwks_file=str(keys)),),
        database_url=database_url,
    )
    desk = Desk(settings, line)
    try:
        yield desk
    finally:
        with writing(desk.engine) as connection:
            connection.execute(delete(work))  # what an example left is not the next one's, on the same database
        desk.engine.dispose()
