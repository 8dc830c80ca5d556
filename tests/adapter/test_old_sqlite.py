"""A SQLite library that is too old is said so before anything is made."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from adapter.cli import main
from adapter.settings import SettingsError
from adapter.store.engine import open_engine


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
