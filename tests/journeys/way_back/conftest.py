"""The same hospital, service and line as for the push: here what the clinic decides goes back to who referred."""

from __future__ import annotations

import pytest

from tests.journeys.push.conftest import database_url, hospital, line, service
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.push.service import Service
from tests.journeys.way_back.referring import Referring

__all__ = ["database_url", "hospital", "line", "service"]


@pytest.fixture
def referring(service: Service, line: Line, hospital: Hospital) -> Referring:
    """A hospital that refers by telling of its own Task; the service is started."""
    service.start()
    return Referring(service, line, hospital)
