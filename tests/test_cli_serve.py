"""`paingate serve` as a process: how it starts, what it refuses, how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from adapter.authorisation.clinic_tokens import hash_of
from tests.adapter.authorisation.issuing import AUDIENCE, ISSUER, claims, key_set, signed
from tests.test_cli import ROOT, paingate

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def served(folder: Path, *, asks: bool = False) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service on a port of its choice and an empty database, and its address; whether it asks who calls."""
    with subprocess.Popen(
        [sys.executable, "-m", "adapter", "serve", "--port", "0", "--database-url", f"sqlite:///{folder / 'p.db'}"],
        stderr=subprocess.PIPE, cwd=folder, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        try:
            assert process.stderr
            said = process.stderr.readline()
            address = re.search(r"http://(127\.0\.0\.1|0\.0\.0\.0):\d+", said)
            assert address, said + process.stderr.read()
            assert asks or "DEVELOPMENT ONLY" in process.stderr.readline()
            yield process, address[0].replace("0.0.0.0", "127.0.0.1")
        finally:
            process.kill()


def _line(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_it_says_where_it_listens_and_answers_there(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address):
        answer = requests.get(f"{address}/fhir/metadata", timeout=10)
        assert answer.json()["resourceType"] == "CapabilityStatement"


def test_requests_that_wait_for_their_turn_are_no_news(tmp_path: Path) -> None:
    with served(tmp_path) as (process, address):
        with ThreadPoolExecutor(64) as callers:
            asked = callers.map(lambda _: requests.get(f"{address}/fhir/metadata", timeout=30).ok, range(256))
            assert all(asked)
        process.terminate()
        assert process.stderr
        assert process.stderr.read() == ""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_in_order(tmp_path: Path, how: signal.Signals) -> None:
    """However often it is told."""
    with served(tmp_path) as (process, _):
        while process.poll() is None:
            process.send_signal(how)
            time.sleep(0.02)
        assert process.wait(20) == 0
        assert process.stderr
        assert process.stderr.read() == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    assert b"127.0.0.1" in paingate("serve", "--host", host, ends=2).stderr


@pytest.mark.parametrize(("size", "status"), [(3000, 200), (40_000, 431)])
def test_headers_are_read_up_to_a_size(tmp_path: Path, size: int, status: int) -> None:
    with served(tmp_path) as (_, address):
        answer = requests.get(f"{address}/fhir/metadata", headers={"Authorization": "x" * size}, timeout=10)
        assert answer.status_code == status


def test_a_body_that_is_far_too_large_is_not_taken_in(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address), _line(address) as line:
        line.sendall(
            b"POST /fhir HTTP/1.1\r\nHost: here\r\nContent-Type: application/fhir+json\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")  # before any of it was sent


def test_an_address_that_others_reach_is_served_once_both_doors_ask_who_they_are(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(key_set("ES384-1"))
    (tmp_path / "paingate.toml").write_text(
        f"""host = "0.0.0.0"
[clinic]
identifier_base = "https://lakeside.example/ids"
[authorisation]
audience = "{AUDIENCE}"
[issuers.login]
issuer = "{ISSUER}"
jwks_file = "jwks.json"
[partners.hospital]
client_ids = ["hospital-client"]
[clinic_tokens.desk]
role = "reader"
hash = "{hash_of("token-of-reader")}"
"""
    )
    with served(tmp_path, asks=True) as (process, address):
        partner = {"Authorization": f"Bearer {signed(claims(), 'ES384-1')}"}
        clinic = {"Authorization": "Bearer token-of-reader"}
        for path, headers, status in (
            ("/fhir/metadata", {}, 200),
            ("/fhir/Task", {}, 401),
            ("/fhir/Task", partner, 200),
            ("/clinic/v1/referrals", partner, 401),
            ("/clinic/v1/referrals", clinic, 200),
        ):
            assert requests.get(f"{address}{path}", headers=headers, timeout=10).status_code == status
        process.terminate()
        assert process.stderr
        assert process.stderr.read() == ""


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "paingate.toml").write_text('[partners.hospital]\nbase_url = "nowhere"\n')
    done = paingate("serve", cwd=tmp_path, ends=2)
    assert done.stderr.startswith(b"paingate: ")
    assert b"Traceback" not in done.stderr


def test_a_settings_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    assert b"missing.toml" in paingate("serve", "--config", "missing.toml", cwd=tmp_path, ends=2).stderr


def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address):
        database = f"sqlite:///{tmp_path / 'other.db'}"
        done = paingate("serve", "--port", address.rsplit(":", 1)[1], "--database-url", database, cwd=tmp_path, ends=1)
        assert done.stderr.startswith(b"paingate: 127.0.0.1:")


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    done = paingate("serve", "--database-url", url, cwd=tmp_path, ends=1)
    assert done.stderr.startswith(b"paingate: The database cannot be used: ")
    assert b"Traceback" not in done.stderr
