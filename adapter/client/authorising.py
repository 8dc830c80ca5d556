"""What stands in the Authorization header of what we send."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Protocol


class Authorisation(Protocol):
    """How a partner knows that it is us."""

    def header(self) -> str:
        """The header's value; "" for none.  PartnerTrouble where it cannot be had."""
        ...

    def renewed(self, header: str) -> bool:
        """Whether there may be another value than this one, with which the partner was not content."""
        ...


@dataclass(frozen=True)
class Always:
    """The same value each time: user and password, or a token that does not end."""

    value: str = field(default="", repr=False)

    def header(self) -> str:
        return self.value

    def renewed(self, header: str) -> bool:
        return False


NOBODY = Always()


def basic(secret: str) -> Always:
    """secret: user:password."""
    return Always(f"Basic {b64encode(secret.encode()).decode()}")


def bearer(token: str) -> Always:
    return Always(f"Bearer {token}")
