"""One partner's FHIR server over HTTP: exact JSON both ways, time-outs always, answers bounded, no redirects followed.

Every request ends as an Answer or as one of the errors that say what to do next.  After a write went out, an answer
that cannot be read is AnswerLost: whether the partner stored it is not known and not guessed at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from adapter.client.answers import Verdict, issue_codes, retry_after, verdict
from adapter.client.errors import AnswerLost, WillAnswerTheSame, WorthAnotherTry
from adapter.client.searching import Identifier, matches
from mappings.r4.exact_json import MalformedJSON, dumps, loads
from mappings.values import Json

if TYPE_CHECKING:
    import requests

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True)
class Limits:
    """What a partner is allowed to take of us."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0  # between two bytes
    answer_seconds: float = 60.0  # the whole body
    answer_bytes: int = 20 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An accepted request: `body` is exact JSON, or None where the partner sent none that is FHIR."""

    status: int
    headers: Mapping[str, str]
    body: Json


class FhirClient:
    """A partner's base URL and how it is spoken to.  Closed after use: no connection is older than one delivery."""

    def __init__(
        self, base_url: str, *, authorization: str | None = None, limits: Limits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        import requests

        self._base = base_url.rstrip("/")
        self._limits = limits or Limits()
        self._now = now
        self._session = requests.Session()
        self._session.trust_env = False  # how a partner is reached is said in its settings alone; no .netrc
        self._session.headers.update({"Accept": FHIR_JSON, "User-Agent": "paingate"})
        if authorization:
            self._session.headers["Authorization"] = authorization

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

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
        headers = {
            "Prefer": "handling=strict",
            "Cache-Control": "no-cache",
        }  # HAPI repeats old search results otherwise
        answer = self._send("GET", f"{resource_type}?{identifier.query()}", headers=headers)
        return matches(answer.body, resource_type, identifier)

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
        try:
            response, content = self._exchange(method, self._url(path), headers, data)
        except _NotRead as lost:
            raise (AnswerLost if write else WorthAnotherTry)(lost.why, status=lost.status) from lost
        return self._judged(response, content, write=write)

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], data: bytes | None
    ) -> tuple[requests.Response, bytes]:
        import requests

        limits = self._limits
        try:
            response = self._session.request(
                method, url, headers=headers, data=data, stream=True, allow_redirects=False,
                timeout=(limits.connect_seconds, limits.read_seconds),
            )  # fmt: skip
        except (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
            raise WillAnswerTheSame("the partner's base URL is not an HTTP URL", codes=("configuration",)) from None
        except requests.exceptions.SSLError:
            raise WorthAnotherTry("no TLS connection with the partner") from None
        except requests.exceptions.ConnectTimeout:
            raise WorthAnotherTry("no connection within the time limit") from None
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise WorthAnotherTry("no connection to the partner") from None
            raise _NotRead("the connection broke before an answer came") from None
        except requests.exceptions.RequestException:
            raise _NotRead("no answer within the time limit") from None
        return response, self._body(response)

    def _body(self, response: requests.Response) -> bytes:
        """Read as it arrives: whoever sends a byte now and then is cut off by the time for the whole."""
        from urllib3.exceptions import HTTPError

        limits, until = self._limits, time.monotonic() + self._limits.answer_seconds
        content = bytearray()
        try:
            while piece := response.raw.read1(65536, decode_content=True):
                content += piece
                if len(content) > limits.answer_bytes:
                    raise _NotRead("the answer is longer than the limit", response.status_code)
                if time.monotonic() > until:
                    raise _NotRead("the answer took longer than the time limit", response.status_code)
        except HTTPError:
            raise _NotRead("the answer broke off", response.status_code) from None
        finally:
            response.close()
        return bytes(content)

    def _judged(self, response: requests.Response, content: bytes, *, write: bool) -> Answer:
        status = response.status_code
        body, readable = _fhir(content)
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


class _NotRead(Exception):
    """The request went out, or may have; its answer was not read to the end."""

    def __init__(self, why: str, status: int | None = None) -> None:
        self.why = why
        self.status = status
        super().__init__(why)


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


def _never_connected(error: BaseException) -> bool:
    """Whether it is certain that no byte was sent: the name was not found or the connection was refused."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
