"""The function that old SQLite libraries do not have: held here under any Python and with any library."""

from __future__ import annotations

import signal
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from adapter.cli import main
from adapter.settings import SettingsError
from adapter.store import old_sqlite
from adapter.store.engine import open_engine


@pytest.fixture
def an_old_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Debian 12 has it, on a machine with a newer one too."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))


@pytest.mark.usefixtures("an_old_library")
def test_the_delivery_engines_own_connections_know_the_time_in_milliseconds(tmp_path: Path) -> None:
    open_engine("sqlite://").dispose()
    theirs = create_engine(f"sqlite:///{tmp_path / 'theirs.db'}")  # as DBOS makes its own
    with theirs.begin() as connection:
        made = "CREATE TABLE queues (name TEXT, created_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"
        connection.execute(text(made))
        connection.execute(text("INSERT INTO queues (name) VALUES ('deliver-hospital')"))
        at = connection.execute(text("SELECT created_at FROM queues")).scalar()
    theirs.dispose()
    assert isinstance(at, int)
    assert abs(at - time.time() * 1000) < 60_000


def test_what_it_does_not_know_better_is_what_sqlite_says() -> None:
    assert abs(old_sqlite.unixepoch("subsecond") - time.time()) < 60
    assert abs(old_sqlite.unixepoch("now") - time.time()) < 60
    assert old_sqlite.unixepoch("1970-01-02") == 86_400
    assert old_sqlite.unixepoch("not a time") is None
    assert old_sqlite.unixepoch(None) is None


def test_a_library_that_is_too_old_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(SettingsError, match=r"3\.35 is the oldest"):
        open_engine(f"sqlite:///{tmp_path / 'p.db'}")
    assert list(tmp_path.iterdir()) == []


def test_serve_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["serve", "--port", "0", "--database-url", f"sqlite:///{tmp_path / 'p.db'}"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("paingate: SQLite is ")
    assert told.count("\n") == 1
