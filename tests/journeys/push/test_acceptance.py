"""Complete, in order, once: at three partners of which one is well, while whoever delivers is killed."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.push.acceptance import run


def test_everything_arrives_once_and_in_order_while_workers_are_killed(tmp_path: Path, database_url: str) -> None:
    workers = 0 if database_url.startswith("sqlite") else 2
    outcome = run(tmp_path, database_url, versions=90, plans=30, kills=4, workers=workers)
    for arrived in outcome.arrived.values():
        assert arrived["plans"] == outcome.expected
        assert arrived["doubles"] == []
