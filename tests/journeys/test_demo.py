"""`paingate demo` as a newcomer runs it, and what it does when the other side does not hold what was sent."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapter.demo import story

ROOT = Path(__file__).parents[2]


def test_the_whole_loop_runs_and_ends_with_0(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "adapter", "demo"],
        capture_output=True, cwd=tmp_path, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it holds." in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [("title", "Another plan"), ("note", None), ("description", "Not sent")],
    ids=["an element that is other", "one that is missing", "one that was not sent"],
)
def test_a_plan_that_is_not_as_it_was_sent_ends_with_1(place: str, value: str | None) -> None:
    def altered(held: dict[str, Any]) -> dict[str, Any]:
        return {**{name: item for name, item in held.items() if name != place}, **({place: value} if value else {})}

    told = io.StringIO()
    assert story.tell(told, altered) == 1
    assert f"CarePlan.{place} " in told.getvalue()
    assert "NOT AS IT WAS SENT" in told.getvalue()
    assert "All of it holds" not in told.getvalue()
