"""Requests over HTTP: time-outs always, answers bounded, no redirect followed, TLS checked.

Every exchange ends as a whole answer, or as an error that says whether the request may have gone out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.client.errors import WillAnswerTheSame, WorthAnotherTry

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


@dataclass(frozen=True)
class Limits:
    """What a partner is allowed to take of us."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0  # between two bytes
    answer_seconds: float = 60.0  # the whole body
    answer_bytes: int = 20 * 1024 * 1024


@dataclass(frozen=True)
class Tls:
    """Who we are to a partner that asks for a certificate, and whom we take for it; paths of PEM files."""

    certificate_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    """Whose certificates are taken, where it is not the public authorities'."""


class NotRead(Exception):
    """The request went out, or may have; its answer was not read to the end."""

    def __init__(self, why: str, status: int | None = None, *, broken: bool = False) -> None:
        self.why = why
        self.status = status
        self.broken = broken
        """Whether the connection ended before anything came."""
        super().__init__(why)


@dataclass(frozen=True)
class Response:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """A session of requests.  Closed after use: no connection is older than one delivery."""

    def __init__(self, limits: Limits, tls: Tls) -> None:
        import requests

        self._limits = limits
        self._session = requests.Session()
        self._session.trust_env = False  # how a partner is reached is said in its settings alone; no .netrc
        self._session.headers["User-Agent"] = "paingate"
        if tls.certificate_file:
            self._session.cert = (tls.certificate_file, tls.key_file)
        if tls.ca_file:
            self._session.verify = tls.ca_file

    def close(self) -> None:
        self._session.close()

    def exchange(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None) -> Response:
        """WillAnswerTheSame or WorthAnotherTry where nothing went out; NotRead where something may have.

        A partner may close a connection that it kept at the very moment when something is sent on it: a read is then
        made again, and a write goes out on a connection of its own."""
        if method != "GET":
            self._session.close()
            return self._exchanged(method, url, headers, data)
        try:
            return self._exchanged(method, url, headers, data)
        except NotRead as lost:
            if not lost.broken:
                raise
        self._session.close()
        return self._exchanged(method, url, headers, data)

    def _exchanged(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Response:
        import requests

        limits = self._limits
        try:
            response = self._session.request(
                method, url, headers=dict(headers), data=data, stream=True, allow_redirects=False,
                timeout=(limits.connect_seconds, limits.read_seconds),
            )  # fmt: skip
        except (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
            raise WillAnswerTheSame("the address is not an HTTP URL", codes=("configuration",)) from None
        except requests.exceptions.SSLError:
            raise WorthAnotherTry("no TLS connection") from None
        except requests.exceptions.ConnectTimeout:
            raise WorthAnotherTry("no connection within the time limit") from None
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise WorthAnotherTry("no connection") from None
            raise NotRead("the connection broke before an answer came", broken=True) from None
        except requests.exceptions.RequestException:
            raise NotRead("no answer within the time limit") from None
        except OSError:  # a certificate of ours or a list of authorities that is not where the settings say
            raise WorthAnotherTry("a file for TLS cannot be read", codes=("configuration",)) from None
        return Response(response.status_code, response.headers, self._body(response))

    def _body(self, response: requests.Response) -> bytes:
        """Read as it arrives: whoever sends a byte now and then is cut off by the time for the whole."""
        from urllib3.exceptions import HTTPError

        limits, until = self._limits, time.monotonic() + self._limits.answer_seconds
        content = bytearray()
        try:
            while piece := response.raw.read1(65536, decode_content=True):
                content += piece
                if len(content) > limits.answer_bytes:
                    raise NotRead("the answer is longer than the limit", response.status_code)
                if time.monotonic() > until:
                    raise NotRead("the answer took longer than the time limit", response.status_code)
        except HTTPError:
            raise NotRead("the answer broke off", response.status_code) from None
        finally:
            response.close()
        return bytes(content)


def _never_connected(error: BaseException) -> bool:
    """Whether it is certain that no byte was sent: the name was not found or the connection was refused."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
