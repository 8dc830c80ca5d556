"""One hospital for all tests of a process, and a clinic with a breakable line to it for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.journeys.push.clinic import Clinic
from tests.journeys.push.hospital import Hospital, hapi_in, hospital_in
from tests.journeys.push.line import Line, line_to
from tests.journeys.push.service import IDENTIFIERS, Service


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital_in(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Hospital]:
    assert pytestconfig.cache is not None
    with hapi_in(tmp_path_factory.mktemp("hapi"), pytestconfig.cache.mkdir("java")) as running:
        yield running


@pytest.fixture
def line(hospital: Hospital) -> Iterator[Line]:
    with line_to(hospital.base_url) as running:
        yield running


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with database_in(tmp_path) as url:
        yield url


@contextmanager
def database_in(folder: Path) -> Iterator[str]:
    """A database of the test's own: SQLite, or PostgreSQL where PAINGATE_TEST_DATABASE_URL names a server."""
    server = os.environ.get("PAINGATE_TEST_DATABASE_URL")
    if server is None:
        yield f"sqlite:///{folder / 'paingate.db'}"
        return
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"paingate_push_{uuid4().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def service(tmp_path: Path, database_url: str, line: Line) -> Iterator[Service]:
    """The whole service of a clinic of its own, not yet started: its numbers for patients are nobody else's."""
    service = Service(tmp_path, database_url, line.base_url, f"{IDENTIFIERS}/{uuid4().hex}")
    yield service
    service.kill()


@pytest.fixture
def clinic(database_url: str, line: Line) -> Iterator[Clinic]:
    clinic = Clinic(database_url, line.base_url)
    yield clinic
    clinic.close()
