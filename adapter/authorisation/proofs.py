"""Tokens that were proven before: a client sends the same one with each request until it expires.

Proving an ES384 signature takes two milliseconds, which is more than all else of a small request.  A proof counts only
as long as the very key that gave it is among its issuer's, and until the token expires; of the token itself only a hash
is kept.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from adapter.authorisation.keys import Key

Claims = dict[str, Any]
MOST = 1024


class Proofs:
    """What the newest tokens say, each with the key that proved it."""

    def __init__(self, skew: float, clock: Callable[[], float] = time.time) -> None:
        self._skew, self._clock = skew, clock
        self._held: OrderedDict[bytes, tuple[Key, Claims]] = OrderedDict()
        self._changing = threading.Lock()

    def of(self, token: str, keys: Iterable[Key]) -> Claims | None:
        """The claims of a token that one of these keys proved before, and that has not expired since."""
        key, claims = self._held.get(_digest(token), (None, {}))
        if key is None or not any(key is one for one in keys):
            return None
        return claims if self._clock() < float(claims["exp"]) + self._skew else None

    def keep(self, token: str, key: Key, claims: Claims) -> None:
        with self._changing:
            self._held[_digest(token)] = key, claims
            while len(self._held) > MOST:
                self._held.popitem(last=False)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
