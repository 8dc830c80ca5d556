"""Clients of FHIR that we did not write, each asked in its own words for the same few things."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from mappings.r4 import exact_json
from tests import npm
from tests.adapter.authorisation.issuing import CLIENTS, bearer, pem, public_jwk
from tests.adapter.authorisation.token_server import TokenServer
from tests.java.maven import command
from tests.journeys.push.hospital import answers
from tests.journeys.push.waiting import free_port, until

KIT = "fhir-kit-client@1.9.2"
SCRIPT = Path(__file__).parent / "kit.mjs"

Node = dict[str, Any]


class Refused(Exception):
    """What the service answered with an error; the OperationOutcome, as far as the client tells of it."""


class Client(Protocol):
    """What a referrer's program does."""

    def send(self, path: str, document: Node) -> Node:
        """Sends a referral by the door at that path; what is answered."""
        ...

    def read(self, name: str) -> Node: ...
    def search(self, type_: str, **parameters: str) -> list[Node]:
        """All that is found, page after page."""
        ...

    def history(self, name: str) -> list[Node]:
        """All versions, the newest first."""
        ...

    def update(self, resource: Node) -> Node:
        """Puts what was read and changed."""
        ...


class Fhirpy:
    """fhirpy, of PyPI."""

    def __init__(self, url: str, authorization: str) -> None:
        self._url, self._authorization = url, authorization
        self._client = SyncFHIRClient(url, authorization, {"Content-Type": "application/fhir+json"})

    def send(self, path: str, document: Node) -> Node:
        if path == "/fhir":
            return dict(self._done(lambda: self._client.execute("", "post", document)))
        if path.startswith("/fhir/$"):
            return dict(self._done(lambda: self._client.execute(path.removeprefix("/fhir/"), "post", document)))
        resource = self._client.resource(**{"resource_type": document["resourceType"], **_members(document)})
        self._done(resource.save)
        return dict(resource.serialize())

    def read(self, name: str) -> Node:
        type_, _, id_ = name.partition("/")
        return dict(self._done(lambda: self._client.get(type_, id_)))

    def search(self, type_: str, **parameters: str) -> list[Node]:
        asked = self._client.resources(type_).search(**parameters)
        return [dict(one.serialize()) for one in self._done(asked.fetch_all)]

    def history(self, name: str) -> list[Node]:
        told = self._done(lambda: self._client.execute(f"{name}/_history", "get"))
        return [dict(entry["resource"]) for entry in told["entry"]]

    def update(self, resource: Node) -> Node:
        tag = {"If-Match": f'W/"{resource["meta"]["versionId"]}"', "Content-Type": "application/fhir+json"}
        client = SyncFHIRClient(self._url, self._authorization, tag)
        changed = client.resource(**{"resource_type": resource["resourceType"], **_members(resource)})
        self._done(changed.save)
        return dict(changed.serialize())

    def _done(self, what: Any) -> Any:
        try:
            return what()
        except (OperationOutcome, ResourceNotFound) as refused:
            raise Refused(str(refused)) from refused


def _members(resource: Node) -> Node:
    return {name: value for name, value in resource.items() if name != "resourceType"}


class Kit:
    """fhir-kit-client, of npm, in a process of Node's."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def send(self, path: str, document: Node) -> Node:
        if path.startswith("/fhir/$"):
            return self._ask("message", body=document)
        if path == "/fhir":
            return self._ask(document["type"], body=document)
        return self._ask("create", resourceType=document["resourceType"], body=document)

    def read(self, name: str) -> Node:
        type_, _, id_ = name.partition("/")
        return self._ask("read", resourceType=type_, id=id_)

    def search(self, type_: str, **parameters: str) -> list[Node]:
        page = self._ask("search", resourceType=type_, searchParams=parameters)
        found = [entry["resource"] for entry in page.get("entry", [])]
        while any(link["relation"] == "next" for link in page["link"]):
            page = self._ask("next", bundle=page)
            found += [entry["resource"] for entry in page.get("entry", [])]
        return found

    def history(self, name: str) -> list[Node]:
        type_, _, id_ = name.partition("/")
        told = self._ask("history", resourceType=type_, id=id_)
        return [entry["resource"] for entry in told["entry"]]

    def update(self, resource: Node) -> Node:
        tag = f'W/"{resource["meta"]["versionId"]}"'
        return self._ask("update", resourceType=resource["resourceType"], id=resource["id"], body=resource, etag=tag)

    def _ask(self, what: str, **told: Any) -> Node:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(exact_json.dumps({"what": what, **told}) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client has died"
        answer = exact_json.loads(line)
        if "status" in answer:
            raise Refused(f"{answer['status']}: {answer['value']}")
        return dict(answer["value"])


class HapiClient:
    """HAPI FHIR's generic client, in a process of Java's."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def send(self, path: str, document: Node) -> Node:
        what = "message" if path.startswith("/fhir/$") else "bundle" if path == "/fhir" else "create"
        return self._ask(what, document)

    def read(self, name: str) -> Node:
        return self._ask("read", name)

    def search(self, type_: str, **parameters: str) -> list[Node]:
        words = [word for pair in parameters.items() for word in pair]
        return [entry["resource"] for entry in self._ask("search", type_, *words).get("entry", [])]

    def history(self, name: str) -> list[Node]:
        return [entry["resource"] for entry in self._ask("history", name).get("entry", [])]

    def update(self, resource: Node) -> Node:
        return self._ask("update", resource)

    def _ask(self, *words: str | Node) -> Node:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = [word.encode() if isinstance(word, str) else exact_json.dumps(word) for word in words]
        self._process.stdin.write(b"\t".join(told) + b"\n")
        self._process.stdin.flush()
        status, _, answer = self._process.stdout.readline().partition(b"\t")
        if status != b"ok":
            raise Refused(f"{status.decode()}: {answer.decode()}")
        return dict(exact_json.loads(answer.strip()))


class Sekmet:
    """sekmet-fhir's client, in a process of its own beside sekmet's server: a hospital that refers."""

    def __init__(self, process: subprocess.Popen[bytes], base_url: str) -> None:
        self._process, self.base_url = process, base_url

    def send(self, path: str, document: Node) -> Node:
        how = "process_message" if path.startswith("/fhir/$") else "transaction" if path == "/fhir" else "create"
        return dict(self.ask(how, body=document))

    def read(self, name: str) -> Node:
        return dict(self.ask("read", name=name))

    def search(self, type_: str, **parameters: str) -> list[Node]:
        return list(self.ask("search", type=type_, parameters=parameters))

    def history(self, name: str) -> list[Node]:
        return list(self.ask("history", name=name))

    def update(self, resource: Node) -> Node:
        return dict(self.ask("update", body=resource, tag=f'W/"{resource["meta"]["versionId"]}"'))

    def ask(self, what: str, **told: Any) -> Any:
        """What sekmet_program.py does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(exact_json.dumps({"what": what, **told}) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "sekmet has died"
        answer = exact_json.loads(line)
        assert isinstance(answer, dict)
        if "status" in answer:
            raise Refused(f"{answer['status']}: {answer['value']}")
        return answer["value"]


@dataclass(frozen=True)
class Access:
    """How a partner's program gets in."""

    url: str
    partner: str
    token_server: TokenServer

    @property
    def token(self) -> str:
        return bearer(self.partner)["Authorization"].removeprefix("Bearer ")


@contextmanager
def fhirpy(access: Access, cache: pytest.Cache) -> Iterator[Client]:
    del cache
    yield Fhirpy(access.url, f"Bearer {access.token}")


@contextmanager
def sekmet(access: Access, cache: pytest.Cache, port: int | None = None, **settings: Any) -> Iterator[Sekmet]:
    """With SMART Backend Services: an access token for an assertion that sekmet signs."""
    del cache
    client_id, key = CLIENTS[access.partner], f"RS384-{access.partner}"
    access.token_server.clients[client_id] = public_jwk(key, alg="RS384")
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "key.pem").write_text(pem(key))
        auth = {"type": "smart", "client_id": client_id, "private_key_path": f"{room}/key.pem", "kid": key}
        auth |= {"token_url": access.token_server.endpoint}
        port = port or free_port()
        base_url = f"http://127.0.0.1:{port}/fhir"
        told = {"base_url": base_url, "host": "127.0.0.1", "port": port, "data_dir": room} | settings
        told |= {"simulator": {"enabled": False}, "peers": {"paingate": {"base_url": access.url, "auth": auth}}}
        command = [sys.executable, str(Path(__file__).parent / "sekmet_program.py"), json.dumps(told)]
        with (Path(room) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=room)
        with process:
            try:
                until(lambda: answers(f"{base_url}/metadata"), "sekmet answers", process)
                yield Sekmet(process, base_url)
            finally:
                process.kill()


@contextmanager
def kit(access: Access, cache: pytest.Cache) -> Iterator[Client]:
    """Skips, and says why, where there is no Node or no registry."""
    told = [*npm.command(SCRIPT, (KIT,), cache), access.url, access.token]
    with subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Kit(process)
        finally:
            process.kill()


@contextmanager
def hapi(access: Access, cache: pytest.Cache) -> Iterator[Client]:
    """Skips, and says why, where there is no JDK and Maven, or no registry."""
    told = command("library", "Referrer", cache.mkdir("java"))
    with subprocess.Popen([*told, access.url, access.token], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield HapiClient(process)
        finally:
            process.kill()


EVERY = {"fhirpy": fhirpy, "fhir-kit-client": kit, "hapi-fhir-client": hapi, "sekmet-fhir": sekmet}
