"""SMART scopes for programs: system/Type.cruds as version 2 writes them; system/Type.read, .write and .* of version 1.

hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html.  Letters stand in the order of "cruds", each at most once.
A scope that is narrowed by a query (system/Observation.rs?category=...) grants nothing here: we could not hold it to
its query, and taking it for the whole type would be more than was given.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ANY = "*"
OFFERED = ("system/ServiceRequest.crs", "system/Task.rus", "system/*.crus", "system/*.read", "system/*.write")
"""What a partner may usefully ask its issuer for, as smart-configuration tells it."""
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]*)\.(c?r?u?d?s?|read|write|\*)")
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}
_OF_PEOPLE = re.compile(r"(user|patient)/|launch(/|$)")


class Need(NamedTuple):
    """What one interaction needs: create, read, update, delete or search of a type."""

    type: str
    letter: str
    where: str = ""
    """The FHIRPath of what needs it; "" where it is the request itself."""

    @property
    def scope(self) -> str:
        return f"system/{self.type}.{self.letter}"


class Scopes(frozenset[tuple[str, str]]):
    """What is granted: pairs of a type and a letter."""

    def grants(self, need: Need) -> bool:
        return (need.type, need.letter) in self or (ANY, need.letter) in self


def granted(text: str) -> Scopes:
    """What the scopes of a token, separated by spaces, come to; those that are not for programs' data say nothing."""
    found: set[tuple[str, str]] = set()
    for scope in text.split():
        if told := _SCOPE.fullmatch(scope):
            found.update((told[1], letter) for letter in _FIRST_VERSION.get(told[2], told[2]))
    return Scopes(found)


def is_of_a_person(text: str) -> bool:
    """Whether a token speaks for somebody who signed in, and not for a program."""
    return any(_OF_PEOPLE.match(scope) for scope in text.split())
