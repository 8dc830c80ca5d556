"""One HAPI for all who ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.judge.hapi import Hapi, running


@pytest.fixture(scope="session")
def hapi(pytestconfig: pytest.Config) -> Iterator[Hapi]:
    with running(pytestconfig.cache.mkdir("java")) as judge:
        yield judge
