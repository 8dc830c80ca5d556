"""The same hospital, service and line as for the push: here what the clinic decides goes back to who referred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.journeys.push.conftest import database_url, hospital, line
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.push.service import IDENTIFIERS, Service
from tests.journeys.way_back.referring import Referring

__all__ = ["database_url", "hospital", "line"]


@pytest.fixture
def service(tmp_path: Path, database_url: str, line: Line) -> Iterator[Service]:
    """A clinic whose numbers no other test's clinic gives: the hospital is the same for all."""
    service = Service(tmp_path, database_url, line.base_url, f"{IDENTIFIERS}/{uuid4().hex}")
    yield service
    service.kill()


@pytest.fixture
def referring(service: Service, line: Line, hospital: Hospital) -> Referring:
    """A hospital that refers by telling of its own Task; the service is started."""
    service.start()
    return Referring(service, line, hospital)
