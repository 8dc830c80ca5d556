"""Where a page begins, as a word in its link: sealed, so that only what was given out comes back.

The seal is over what is searched for as well, and over who asks: a link that was altered, or is another's, is refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Any

from adapter.exchange.refusal import refuse
from mappings.r4 import exact_json
from mappings.r4.exact_json import MalformedJSON

_SEAL = 16


class Places:
    """Writes and reads the places of one search."""

    def __init__(self, secret: str, asked: Sequence[str], sees: str | None) -> None:
        self._key = secret.encode()
        self._about = exact_json.dumps([*asked, "all" if sees is None else f"of {sees}"])

    def sealed(self, place: Sequence[Any]) -> str:
        told = exact_json.dumps(list(place))
        return base64.urlsafe_b64encode(self._seal(told) + told).decode().rstrip("=")

    def opened(self, text: str) -> list[Any]:
        """The place; refused where it was not given out for this search."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            seal, told = raw[:_SEAL], raw[_SEAL:]
            if hmac.compare_digest(seal, self._seal(told)):
                place: list[Any] = exact_json.loads(told)
                return place
        except (binascii.Error, ValueError, MalformedJSON):
            pass
        text = "_page is not as it was given out, or not for this search: begin again without it."
        raise refuse("bad request", "invalid", "", text)

    def _seal(self, told: bytes) -> bytes:
        return hmac.digest(self._key, self._about + told, "sha256")[:_SEAL]
