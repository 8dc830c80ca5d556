"""A database for each test, and the service on it: called directly, or over HTTP where the server matters.

Everything runs on SQLite; with PAINGATE_TEST_DATABASE_URL (a PostgreSQL server, with a user who may make databases) the
same tests run there, each in a database of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, make_url, text
from waitress.server import create_server

from adapter import create_app
from adapter.settings import Partner, Settings
from adapter.store.engine import open_engine
from tests.adapter.speaking import IDENTIFIERS


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    server = os.environ.get("PAINGATE_TEST_DATABASE_URL")
    if not server:
        yield f"sqlite:///{tmp_path / 'paingate.db'}"
        return
    name = f"paingate_test_{uuid4().hex}"
    url = make_url(server).set(drivername="postgresql+psycopg")
    outside = create_engine(url, isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    outside.dispose()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        clinic_name="Lakeside Pain Clinic",
        identifier_base=IDENTIFIERS,
        partners=(
            Partner("hospital", "http://hospital.invalid/fhir", ("care_plan",)),
            Partner("registry", "http://registry.invalid/fhir"),
        ),
        database_url=database_url,
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    opened = open_engine(settings.database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Flask:
    return create_app(settings, engine=engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The address of the service behind the server that it has in production."""
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(server.close)  # within the server's own loop: it closes what nobody is using any more
    thread.join()
    server.task_dispatcher.shutdown()
