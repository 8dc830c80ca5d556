"""One partner's FHIR server over HTTP: exact JSON both ways.

Every request ends as an Answer or as one of the errors that say what to do next.  After a write went out, an answer
that cannot be read is AnswerLost: whether the partner stored it is not known and not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote

from adapter.client.answers import Placed, Verdict, issue_codes, placed_by, retry_after, verdict
from adapter.client.authorising import NOBODY, Authorisation
from adapter.client.errors import AnswerLost, PartnerTrouble, WillAnswerTheSame, WorthAnotherTry
from adapter.client.searching import Identifier, each_of, matches, resources_in
from adapter.client.wire import Limits, NotRead, Response, Tls, Wire
from mappings.r4.exact_json import MalformedJSON, dumps, loads
from mappings.values import Json

FHIR_JSON = "application/fhir+json"
_TOGETHER = 10


@dataclass(frozen=True)
class Answer:
    """An accepted request: `body` is exact JSON, or None where the partner sent none that is FHIR."""

    status: int
    headers: Mapping[str, str]
    body: Json


class FhirClient:
    """A partner's base URL and how it is spoken to.  Closed after use: no connection is older than one delivery."""

    def __init__(
        self, base_url: str, *, authorisation: Authorisation = NOBODY, limits: Limits | None = None,
        tls: Tls | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._base = base_url.rstrip("/")
        self._authorisation = authorisation
        self._now = now
        self._wire = Wire(limits or Limits(), tls or Tls())
        self.before_writing: Callable[[], None] = lambda: None
        """Called before each write; what it raises keeps the write from being sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    @property
    def base_url(self) -> str:
        return self._base

    def read(self, name: str) -> dict[str, Json]:
        """The partner's resource of that name, as Type/id; WillAnswerTheSame where it answers with something else."""
        answer = self._send("GET", name, headers={"Cache-Control": "no-cache"})
        body, (type_, _, id_) = answer.body, name.partition("/")
        if not isinstance(body, dict) or (body.get("resourceType"), body.get("id")) != (type_, id_):
            raise WillAnswerTheSame("the partner answered with another resource", codes=("read-not-trusted",))
        return body

    def find(self, resource_type: str, identifier: Identifier) -> list[dict[str, Json]]:
        """The partner's resources with that business identifier, by a strict search whose answer is checked."""
        return matches(self._searched(resource_type, identifier.query()), resource_type, identifier)

    def find_each(
        self, resource_type: str, identifiers: Sequence[Identifier]
    ) -> dict[Identifier, list[dict[str, Json]]]:
        """The same for several identifiers: ten are asked for at a time, and what did not come back once more alone,
        since a server may not know lists of values."""
        found: dict[Identifier, list[dict[str, Json]]] = {}
        for start in range(0, len(identifiers), _TOGETHER):
            some = identifiers[start : start + _TOGETHER]
            if len(some) == 1:
                break
            query = f"identifier={quote(','.join(one.token() for one in some), safe='')}"
            with suppress(WillAnswerTheSame):
                found |= each_of(self._searched(resource_type, query), resource_type, some)
        return {one: found[one] if one in found else self.find(resource_type, one) for one in identifiers}

    def canonical(self, resource_type: str, url: str) -> dict[str, Json] | None:
        """The partner's own copy of what is published under a URL; None where it has none, or does not say."""
        try:
            found = resources_in(self._searched(resource_type, f"url={quote(url, safe='')}"), resource_type)
        except PartnerTrouble:
            return None
        return next((one for one in found if one.get("url") == url), None)

    def metadata(self) -> dict[str, Json]:
        """What the server says of itself: a resource, whether or not it is a CapabilityStatement."""
        body = self._send("GET", "metadata", headers={}).body
        if not isinstance(body, dict):
            raise WillAnswerTheSame("the partner answers /metadata with nothing", codes=("read-not-trusted",))
        return body

    def validate(self, resource: dict[str, Json]) -> None:
        """Asks the partner what it thinks of a resource; that it answers is all that is looked at."""
        headers = {"Content-Type": FHIR_JSON}
        self._send("POST", f"{resource['resourceType']}/$validate", headers=headers, body=dumps(resource))

    def of_patient(self, resource_type: str, patient: str) -> list[dict[str, Json]]:
        """The partner's resources of a type about its Patient of that id, on the first page of its answer."""
        return resources_in(self._searched(resource_type, f"patient={quote(patient, safe='')}"), resource_type)

    def _searched(self, resource_type: str, query: str) -> Json:
        """The answer to a strict search; HAPI repeats old ones where that is not forbidden."""
        headers = {"Prefer": "handling=strict", "Cache-Control": "no-cache"}
        return self._send("GET", f"{resource_type}?{query}", headers=headers).body

    def create(self, resource: dict[str, Json], unless: Identifier | None = None) -> Placed:
        """Creates a resource, unless one with that identifier is there; where it is then, as far as that is said."""
        headers = {"If-None-Exist": unless.query()} if unless else {}
        return self._written("POST", str(resource["resourceType"]), resource, headers)

    def update(self, resource: dict[str, Json], id_: str, version: str | None) -> Placed:
        """Puts a resource onto the version that was read; where there are no versions, onto what is there."""
        headers = {"If-Match": f'W/"{version}"'} if version is not None else {}
        return self._written("PUT", f"{resource['resourceType']}/{id_}", resource, headers)

    def _written(self, method: str, path: str, resource: dict[str, Json], headers: dict[str, str]) -> Placed:
        said = {"Content-Type": FHIR_JSON, "Prefer": "return=representation", **headers}
        answer = self._send(method, path, headers=said, body=dumps(resource))
        return placed_by(answer.status, answer.headers, answer.body, str(resource["resourceType"]))

    def transaction(self, bundle: Json) -> Answer:
        """Posts a transaction Bundle to the base."""
        return self._send(
            "POST", "", headers={"Content-Type": FHIR_JSON, "Prefer": "return=representation"}, body=dumps(bundle)
        )

    def process_message(self, bundle: Json) -> Answer:
        """Posts a message Bundle to $process-message."""
        headers = {"Content-Type": FHIR_JSON}
        return self._send("POST", "$process-message", headers=headers, body=dumps(bundle))

    def _url(self, path: str) -> str:
        return f"{self._base}/{path}" if path else self._base

    def _send(self, method: str, path: str, *, headers: dict[str, str], body: str | bytes | None = None) -> Answer:
        write = method != "GET"
        data = body.encode() if isinstance(body, str) else body
        authorised = self._authorisation.header()
        if write:
            self.before_writing()
        try:
            response = self._exchanged(method, path, headers, authorised, data)
            if response.status == 401 and self._authorisation.renewed(authorised):
                # a token may have been taken back before its end; what was refused for it was not done
                response = self._exchanged(method, path, headers, self._authorisation.header(), data)
        except NotRead as lost:
            raise (AnswerLost if write else WorthAnotherTry)(lost.why, status=lost.status) from lost
        return self._judged(response, write=write)

    def _exchanged(
        self, method: str, path: str, headers: dict[str, str], authorised: str, data: bytes | None
    ) -> Response:
        said = {"Accept": FHIR_JSON, **headers} | ({"Authorization": authorised} if authorised else {})
        return self._wire.exchange(method, self._url(path), said, data)

    def _judged(self, response: Response, *, write: bool) -> Answer:
        status = response.status
        body, readable = _fhir(response.content)
        codes = issue_codes(body)
        match verdict(status, codes):
            case Verdict.SAME_AGAIN:
                raise WillAnswerTheSame(_words(status, readable=readable), status=status, codes=codes)
            case Verdict.TRY_AGAIN:
                wait = retry_after(response.headers.get("Retry-After"), self._now())
                raise WorthAnotherTry(_words(status, readable=readable), status=status, codes=codes, retry_after=wait)
            case Verdict.ACCEPTED if not readable:
                raise (AnswerLost if write else WorthAnotherTry)("the answer is not FHIR JSON", status=status)
            case _:
                return Answer(status, response.headers, body)


def _fhir(content: bytes) -> tuple[Json, bool]:
    """The resource in a body, and whether the body is one (an empty body is none, and readable).  The content type is
    not asked: Millennium names text/html over an empty 201, and three spellings of FHIR JSON are in use."""
    if not content.strip():
        return None, True
    try:
        body = loads(content)
    except (MalformedJSON, UnicodeDecodeError):
        return None, False
    return (body, True) if isinstance(body, dict) and isinstance(body.get("resourceType"), str) else (None, False)


def _words(status: int, *, readable: bool) -> str:
    if 300 <= status < 400:
        return "the partner redirects, and redirects are not followed"
    return "refused" if readable else "the answer is not FHIR JSON"
