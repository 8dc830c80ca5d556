"""README says what is there: its commands, options, requests, settings and records are the code's own."""

from __future__ import annotations

import argparse
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from adapter.authorisation.clinic_tokens import hash_of, new_token
from adapter.cli import parser
from adapter.delivery.pushing.fits import FITS, Fit
from adapter.settings import (
    CLINIC_TOKEN_KEYS,
    ISSUER_KEYS,
    PARTNER_KEYS,
    ROLES,
    TABLE,
    Settings,
    read_settings,
    refuse_open_address,
)
from adapter.store.deliveries import State
from adapter.store.engine import open_engine
from mappings.r4 import exact_json
from mappings.roots import ROOTS
from mappings.us_core.profiles import names, profile, version

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """What stands below a heading of README, up to the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"README has no heading {heading}"
    return found[1]


def rows(heading: str, first_column: str) -> list[list[str]]:
    """The rows of the table whose first column has this name."""
    table = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[ -|]+\n((?:\|.*\n)*)", section(heading), re.MULTILINE)
    assert table, f"{heading} has no table of {first_column}"
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for row in table[1].splitlines()
    ]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def leaf_commands(
    grammar: argparse.ArgumentParser, name: str = "paingate"
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Every command that runs: its name, what its parent says it does, and its grammar."""
    for action in grammar._actions:
        if isinstance(action, argparse._SubParsersAction):
            says = {choice.dest: choice.help for choice in action._choices_actions}
            for word, command in action.choices.items():
                deeper = list(leaf_commands(command, f"{name} {word}"))
                yield from deeper or [(f"{name} {word}", says[word] or "", command)]


def test_every_command_stands_in_the_table_with_what_it_does() -> None:
    told = [(code(name)[0], does) for name, does in rows("The command line", "command")]
    assert told == [(name, does) for name, does, _ in leaf_commands(parser())]


def test_every_option_stands_in_the_table_with_its_commands() -> None:
    there: dict[tuple[str, str], list[str]] = {}
    for name, _, command in leaf_commands(parser()):
        for action in command._actions:
            if action.option_strings and action.dest != "help":
                there.setdefault((action.option_strings[0], action.help or ""), []).append(
                    name.removeprefix("paingate ")
                )
    told = {(code(option)[0], says): code(of) for option, of, says in rows("The command line", "option")}
    assert told == there


def test_every_request_stands_in_the_table() -> None:
    from adapter import create_app

    engine = open_engine("sqlite://")
    app = create_app(Settings(), engine=engine)
    engine.dispose()
    there = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    told = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in _requests()}
    assert told == there


def _requests() -> Iterator[tuple[str, str]]:
    for cell, _ in rows("The service", "request"):
        method, path = code(cell)[0].split(" ")
        path = path.partition("?")[0]
        yield method, re.sub("/(ServiceRequest|Task)$", "/{type}", path)  # README names the types that there are


def test_every_setting_stands_in_the_table() -> None:
    told = [(*code(key), *code(variable), says) for key, variable, says in rows("Settings", "in `paingate.toml`")]
    assert told == [(".".join(filter(None, (one.table, one.key))), one.variable, one.says) for one in TABLE]


@pytest.mark.parametrize("key", PARTNER_KEYS)
def test_every_setting_of_a_partner_is_named(key: str) -> None:
    assert key in code(section("Settings"))


ADAPTER_README = (ROOT / "adapter" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*ISSUER_KEYS, *CLINIC_TOKEN_KEYS, *ROLES, *Settings.attachment_types])
def test_who_may_call_and_with_what_is_told_to_who_runs_the_service(word: str) -> None:
    assert re.search(rf"`{re.escape(word)}`|^{re.escape(word)} = ", ADAPTER_README, re.MULTILINE)


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.name)
def test_every_way_of_a_plan_is_told_to_who_runs_the_service(fit: Fit) -> None:
    assert f"| `{fit.name}` | {fit.says} |" in ADAPTER_README


def test_the_settings_to_copy_are_in_order(tmp_path: Path) -> None:
    found = re.search(r"^```toml\n(.*?)^```", ADAPTER_README, re.MULTILINE | re.DOTALL)
    assert found
    told = found[1].replace("sha256:...", hash_of(new_token()))
    (tmp_path / "paingate.toml").write_text(told, encoding="utf-8")
    refuse_open_address(read_settings(tmp_path / "paingate.toml", {}))


def test_every_record_stands_in_the_table_with_its_root() -> None:
    told = {code(record)[0]: root.split(", ") for record, root, _ in rows("The mappings at a glance", "record")}
    assert told == {kind: list(roots.values()) for kind, roots in ROOTS.items()}


def test_every_profile_that_is_declared_stands_in_the_table_with_its_resource() -> None:
    told = [(code(name)[0], resource) for name, resource, _ in rows("US Core", "profile")]
    assert told == [(name, profile(name).type) for name in names() if profile(name).declared]
    assert f"US Core {version()}" in section("US Core")


def test_every_folder_of_the_layout_is_there() -> None:
    for folder, _ in rows("Layout", "folder"):
        assert (ROOT / code(folder)[0]).is_dir()


@pytest.mark.parametrize("heading", ["Try it", "Test it"])
def test_a_command_to_copy_is_one_line(heading: str) -> None:
    lines = re.findall(r"^```sh\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    assert [line.count("\n") for line in lines] == [1]


def test_the_requests_to_copy_do_what_is_said_of_them(tmp_path: Path) -> None:
    """The curl lines, one after the other, on the settings to copy; `{id}` is the one that the inbox told before."""
    from adapter import create_app

    (tmp_path / "paingate.toml").write_text(copied("Settings", "toml"), encoding="utf-8")
    settings = read_settings(tmp_path / "paingate.toml", {})
    engine = open_engine(f"sqlite:///{tmp_path / 'p.db'}")
    client = create_app(settings, engine=engine).test_client()
    answers: list[tuple[int, Any]] = []
    id_ = ""
    for method, path, headers, data in _curls():
        answer = client.open(path.replace("{id}", id_), method=method, headers=headers, data=data)
        told = exact_json.loads(answer.data)
        answers.append((answer.status_code, told))
        id_ = next((one["id"] for one in told.get("referrals", [])), id_)
    engine.dispose()
    assert [status for status, _ in answers] == [200, 200, 200, 201, 200], answers
    _, inbox, accepted, plan, brought = (told for _, told in answers)
    (referral,) = inbox["referrals"]
    assert (referral["number"], referral["patient_number"]) == ("R-000001", "P-000001")
    assert (accepted["status"], plan["referral"]) == ("accepted", referral["id"])
    assert [one["partner"] for one in brought["deliveries"]] == ["hospital"]


def _curls() -> Iterator[tuple[str, str, dict[str, str], bytes | None]]:
    """Method, path with query, headers and body of every curl line."""
    grammar = argparse.ArgumentParser()
    grammar.add_argument("-X", dest="method")
    grammar.add_argument("-H", dest="headers", action="append", default=[])
    grammar.add_argument("--data-binary", dest="data")
    grammar.add_argument("url")
    words = shlex.split(copied("The service", "sh"), comments=True)
    starts = [index for index, word in enumerate(words) if word == "curl"]
    for start, end in pairwise([*starts, len(words)]):
        asked = grammar.parse_args(words[start + 1 : end])
        data = asked.data and ((ROOT / asked.data[1:]).read_bytes() if asked.data[0] == "@" else asked.data.encode())
        headers = dict(header.split(": ") for header in asked.headers)
        yield (
            asked.method or ("POST" if data else "GET"),
            asked.url.removeprefix("http://127.0.0.1:8080"),
            headers,
            data,
        )


def copied(heading: str, language: str) -> str:
    """The block to copy below a heading."""
    found = re.search(rf"^```{language}\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    assert found, f"{heading} has nothing to copy"
    return found[1]


def test_every_state_of_a_delivery_is_told() -> None:
    assert [state for state in get_args(State) if f"`{state}`" not in section("The service")] == []


def test_the_python_to_copy_runs_and_does_what_is_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made: dict[str, Any] = {}
    exec(copied("From Python", "python"), made)
    assert made["document"] == exact_json.loads((ROOT / "fixtures" / "referral.bundle.json").read_bytes())
    assert exact_json.loads(made["text"]) == made["writing"].resource != made["document"]
    assert sum(made["ledger"].values()) == len(made["reading"].report.lineage)
    assert type(made["model"]).__module__ == "fhir.resources.R4B.bundle"
    assert made["issues"] == made["writing"].model_issues == ()
