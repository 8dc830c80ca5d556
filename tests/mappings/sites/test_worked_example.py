"""mappings/README.md teaches with a folder that exists, and shows it as it is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from adapter.cli import main

ROOT = Path(__file__).parents[3]
NORTH = ROOT / "fixtures" / "sites" / "north"
README = (ROOT / "mappings" / "README.md").read_text()
SHOWN = dict(re.findall(r"^<!-- (\S+) -->\n```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL))


def test_every_file_of_the_example_is_shown_as_it_is() -> None:
    assert {path: (ROOT / path).read_text() for path in SHOWN} == SHOWN
    assert {ROOT / path for path in SHOWN} == set(NORTH.rglob("*.py"))


def test_every_file_in_the_table_is_there() -> None:
    told = re.findall(r"^\| `(north/\S+)` \|", README, re.MULTILINE)
    assert len(told) == 4
    assert [path for path in told if not (NORTH.parent / path).exists()] == []


def test_its_commands_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    block = re.search(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert block
    lines = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    ran = [line[1:] for line in lines if line[0] == "paingate"]
    assert [main(arguments) for arguments in ran] == [0, 0]
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["urgency"] == "this week"
