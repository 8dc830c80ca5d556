"""An EHR that does what its CapabilityStatement says, and remembers what it was asked.

It lives behind `responses`, without sockets, or within a server.  A test takes one thing away from it, or breaks one
answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import responses

from adapter.delivery.pushing.fits import Accepts, accepts
from mappings.r4 import exact_json

BASE = "http://ehr.example/fhir"
Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], str]


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Ehr:
    """`held` are the versions of each resource by Type/id, the newest last."""

    statement: Resource
    held: dict[str, list[Resource]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    claims_only: set[str] = field(default_factory=set)
    """What it declares and answers with 501: "transaction", or a type."""
    drops: set[str] = field(default_factory=set)
    """Elements that it does not keep, in silence."""
    deaf_to: set[str] = field(default_factory=set)
    """Search parameters that it ignores, in silence."""
    says_nothing: bool = False
    """Whether creates are answered with an empty body and no Location."""
    forbids: bool = False
    """Whether every write is answered with 403."""
    loses: int = 0
    """How many writes' answers are lost on the way."""
    between: Callable[[], None] | None = None
    """Somebody else's doing, before the next write."""

    @property
    def accepted(self) -> Accepts:
        return accepts(self.statement)

    def install(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(BASE) + r"(/.*)?$"), callback=self._answer)

    def writes(self) -> list[Request]:
        return [one for one in self.asked if one.method != "GET"]

    def of_type(self, type_: str) -> list[Resource]:
        """The current version of everything of a type."""
        return [versions[-1] for name, versions in self.held.items() if name.startswith(f"{type_}/")]

    def put(self, resource: Resource) -> Resource:
        """A new version, by whoever."""
        type_ = resource["resourceType"]
        id_ = str(resource.get("id") or 1 + len(self.held))
        versions = self.held.setdefault(f"{type_}/{id_}", [])
        kept = {name: value for name, value in resource.items() if name not in self.drops}
        new = {**kept, "id": id_, "meta": {**kept.get("meta", {}), "versionId": str(len(versions) + 1)}}
        versions.append(new)
        return new

    # ------------------------------------------------------------------ answering

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        answer = self.answer(str(request.method), str(request.url), dict(request.headers), request.body)
        if request.method != "GET" and self.loses and answer[0] < 300:
            self.loses -= 1
            raise requests.ConnectionError("the answer is lost")
        return answer

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None) -> Answer:
        """Status, headers and body."""
        parts = urlsplit(url)
        path = unquote(parts.path.removeprefix("/fhir").strip("/") + (f"?{parts.query}" if parts.query else ""))
        self.asked.append(Request(method, path, dict(headers), exact_json.loads(body) if body else None))
        if method != "GET" and self.between is not None:
            between, self.between = self.between, None
            between()
        return self._does(self.asked[-1], parse_qs(parts.query))

    def _does(self, asked: Request, query: dict[str, list[str]]) -> Answer:
        type_, _, id_ = asked.path.partition("?")[0].partition("/")
        if asked.path == "metadata":
            return 200, {}, exact_json.dumps(self.statement).decode()
        if self.forbids and asked.method != "GET":
            return _outcome(403, "forbidden")
        if type_ == "":
            return self._transaction(asked) if self._can_system("transaction") else _outcome(405, "not-supported")
        if type_ in self.claims_only and asked.method != "GET":
            return _outcome(501, "not-supported")
        if asked.method == "GET":
            return self._read(type_, id_) if id_ else self._search(type_, query)
        if asked.method == "POST":
            return self._create(type_, asked.body, asked.headers.get("If-None-Exist"))
        return self._update(type_, id_, asked.body, asked.headers.get("If-Match"))

    def _can_system(self, interaction: str) -> bool:
        return interaction in self.accepted.system and interaction not in self.claims_only

    def _read(self, type_: str, id_: str) -> Answer:
        held = self.held.get(f"{type_}/{id_}")
        return (200, {}, exact_json.dumps(held[-1]).decode()) if held else _outcome(404, "not-found")

    def _search(self, type_: str, query: dict[str, list[str]]) -> Answer:
        if "search-type" not in self.accepted.of(type_).interactions:
            return _outcome(405, "not-supported")
        found, used = self.of_type(type_), []
        for name, values in query.items():
            if name in self.accepted.of(type_).searched_by and name not in self.deaf_to:
                used.append(f"{name}={values[0]}")
                found = [one for one in found if _matches(one, name, values[0])]
        entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
        link = [{"relation": "self", "url": f"{BASE}/{type_}?{'&'.join(used)}"}]
        bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries}
        return 200, {}, exact_json.dumps(bundle if entries else bundle | {"entry": []}).decode()

    def _create(self, type_: str, body: Resource, condition: str | None) -> Answer:
        if "create" not in self.accepted.of(type_).interactions:
            return _outcome(405, "not-supported")
        if condition and self.accepted.of(type_).conditional_create:
            value = parse_qs(condition)["identifier"][0]
            found = [one for one in self.of_type(type_) if _matches(one, "identifier", value)]
            if len(found) > 1:
                return _outcome(412, "multiple-matches")
            if found:
                return self._placed(200, found[0])
        return self._placed(201, self.put({name: value for name, value in body.items() if name != "id"}))

    def _update(self, type_: str, id_: str, body: Resource, condition: str | None) -> Answer:
        if "update" not in self.accepted.of(type_).interactions:
            return _outcome(405, "not-supported")
        held = self.held.get(f"{type_}/{id_}")
        if condition and held and condition != f'W/"{held[-1]["meta"]["versionId"]}"':
            return _outcome(412, "conflict")
        return self._placed(200, self.put(body))

    def _placed(self, status: int, resource: Resource) -> Answer:
        if self.says_nothing:
            return status, {"Content-Type": "text/html"}, ""
        where = f"{BASE}/{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"
        return status, {"Location": where, "ETag": f'W/"{resource["meta"]["versionId"]}"'}, ""

    def _transaction(self, asked: Request) -> Answer:
        answers, places = [], dict[str, str]()
        before = {name: list(versions) for name, versions in self.held.items()}
        for entry in asked.body["entry"]:
            request, resource = entry["request"], _relinked(entry["resource"], places)
            type_, _, id_ = request["url"].partition("/")
            if request["method"] == "POST":
                answer = self._create(type_, resource, request.get("ifNoneExist"))
            else:
                answer = self._update(type_, id_, resource, request.get("ifMatch"))
            if answer[0] >= 300:
                self.held = before
                return answer
            where = answer[1].get("Location", "")
            newest = list(self.held)[-1] if not where else "/".join(where.split("/")[-4:-2])
            places[entry["fullUrl"]] = newest
            answers.append({"response": {"status": str(answer[0]), **({"location": where} if where else {})}})
        bundle = {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}
        return 200, {}, exact_json.dumps(bundle).decode()


def _relinked(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _relinked(item, places) for name, item in value.items()}
    if isinstance(value, list):
        return [_relinked(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def _matches(resource: Resource, name: str, value: str) -> bool:
    if name == "patient":
        told = resource.get("subject", {}).get("reference", "")
        return bool(told == f"Patient/{value}")
    if name == "url":
        return bool(resource.get("url") == value)
    held = resource.get("identifier", [])
    listed = [*(held if isinstance(held, list) else [held]), resource.get("masterIdentifier", {})]
    known = {f"{one.get('system')}|{one.get('value')}" for one in listed}
    return bool(known.intersection(value.split(",")))


def _outcome(status: int, code: str) -> Answer:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
    return status, {}, exact_json.dumps(outcome).decode()
