"""The same hospital, service and line as for the push: here the referrals come in."""

from tests.journeys.push.conftest import database_url, hospital, line, service

__all__ = ["database_url", "hospital", "line", "service"]
