"""The keys that an issuer signs with, as it publishes them.

They are looked at when they are first needed, when a token names a key that is not among them, and when they have grown
old: that way a new key counts at once and one that was taken away counts no longer than `jwks_max_age`.  Whoever sends
made-up key names makes us look once in `jwks_refetch` seconds and no more.  Only the request that finds it necessary
looks; all others go on with the keys that are there, and these stay where looking fails.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jwt

from adapter.client import Limits, PartnerTrouble, Tls, Wire
from adapter.client.wire import NotRead
from adapter.settings import Issuer, Settings
from mappings.r4 import exact_json

log = logging.getLogger(__name__)

ALGORITHMS = ("RS384", "ES384")
"""Those that SMART asks for (hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html), and no other."""
LARGEST_SET = 1024 * 1024
LEAST_RSA_BITS = 2048
_SHAPES = {"RS384": {"kty": "RSA"}, "ES384": {"kty": "EC", "crv": "P-384"}}
_PUBLIC = {"RS384": ("kty", "n", "e"), "ES384": ("kty", "crv", "x", "y")}
_DEPTH = 8


@dataclass(frozen=True)
class Key:
    """A public key for one algorithm."""

    name: str | None
    """Its `kid`."""
    algorithm: str
    key: jwt.PyJWK = field(repr=False)


class KeysUnreadable(Exception):
    """An issuer's keys cannot be had; the message names no address."""


class IssuerKeys:
    """The keys of one issuer; `fetch` brings its key set as bytes, or raises KeysUnreadable."""

    def __init__(
        self,
        name: str,
        fetch: Callable[[], bytes],
        *,
        refetch: float,
        max_age: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._fetch, self._clock = name, fetch, clock
        self._refetch, self._max_age = refetch, max_age
        self._looking = threading.Lock()
        self._keys: tuple[Key, ...] | None = None
        self._tried_at: float | None = None
        self._seen_at = 0.0

    def named(self, name: str | None, algorithm: str) -> list[Key]:
        """The keys that a token may be signed with; KeysUnreadable where none were ever had.

        A token without a name is signed with the issuer's only key of that algorithm.
        """
        if self._keys is None or self._clock() - self._seen_at > self._max_age:
            self._look()
        found = self._among(name, algorithm)
        if not found and name is not None:
            self._look()
            found = self._among(name, algorithm)
        if self._keys is None:
            raise KeysUnreadable("no key of this issuer is known")
        return found

    def _among(self, name: str | None, algorithm: str) -> list[Key]:
        fitting = [key for key in self._keys or () if key.algorithm == algorithm]
        if name is None:
            return fitting if len(fitting) == 1 else []
        return [key for key in fitting if key.name == name]

    def _look(self) -> None:
        """Fetches the set, unless it was tried a moment ago or another request is at it."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            if self._tried_at is not None and self._clock() - self._tried_at < self._refetch:
                return
            self._tried_at = self._clock()
            self._keys = keys_of(self._fetch())
            self._seen_at = self._clock()
        except KeysUnreadable as trouble:
            log.warning("The keys of issuer %s cannot be read (%s): what is known of them stays", self._name, trouble)
        finally:
            self._looking.release()


def keys_of(text: bytes) -> tuple[Key, ...]:
    """The keys of a set that can be used here; others in it (of other algorithms, for encryption) are passed over."""
    try:
        document = exact_json.loads(text, max_depth=_DEPTH)
    except exact_json.MalformedJSON:
        raise KeysUnreadable("it is no JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise KeysUnreadable("it is no key set")
    return tuple(key for one in listed if isinstance(one, dict) and (key := _key(one)) is not None)


def _key(told: Mapping[str, Any]) -> Key | None:
    algorithm = next((one for one, shape in _SHAPES.items() if all(told.get(k) == v for k, v in shape.items())), None)
    operations = told.get("key_ops", ["verify"])
    if (
        algorithm is None
        or told.get("alg", algorithm) != algorithm
        or told.get("use", "sig") != "sig"
        or not (isinstance(operations, list) and "verify" in operations)
    ):
        return None
    try:
        # the public members alone: of a private key that was published by mistake, nothing is kept
        key = jwt.PyJWK({name: told[name] for name in _PUBLIC[algorithm]}, algorithm)
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        return None
    if algorithm == "RS384" and key.key.key_size < LEAST_RSA_BITS:
        return None
    name = told.get("kid")
    return Key(name if isinstance(name, str) else None, algorithm, key)


def keys_for(settings: Settings, issuer: Issuer) -> IssuerKeys:
    """The keys of a configured issuer: at its address, or in its file."""

    def fetch() -> bytes:
        return _read(issuer.jwks_file) if issuer.jwks_file else _fetched(settings, issuer.jwks_uri)

    return IssuerKeys(issuer.name, fetch, refetch=settings.jwks_refetch, max_age=settings.jwks_max_age)


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_SET + 1)
    except OSError as trouble:
        raise KeysUnreadable(f"the file cannot be read: {trouble.strerror}") from None
    if len(text) > LARGEST_SET:
        raise KeysUnreadable(f"it is larger than {LARGEST_SET} bytes")
    return text


def _fetched(settings: Settings, address: str) -> bytes:
    """Where the settings say, and nowhere else: no redirect is followed, and no proxy of the environment asked."""
    seconds = settings.read_timeout
    wire = Wire(Limits(settings.connect_timeout, seconds, seconds, LARGEST_SET), Tls())
    try:
        answer = wire.exchange("GET", address, {"Accept": "application/json"})
    except PartnerTrouble as trouble:
        raise KeysUnreadable(trouble.what) from None
    except NotRead as lost:
        raise KeysUnreadable(lost.why) from None
    finally:
        wire.close()
    if answer.status != HTTPStatus.OK:
        raise KeysUnreadable(f"its address answers {answer.status}")
    return answer.content
