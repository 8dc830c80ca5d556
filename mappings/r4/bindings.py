"""Required bindings: what a code, Coding or CodeableConcept must be taken from (bindings.json, made by generate.py).

Four value sets are too large to list or belong to others: languages, MIME types, currencies and units of UCUM are held
to their grammar.  One is not in the official package and not checked (UNCHECKED).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mappings.r4.definitions import nearest
from mappings.r4.ucum import MEND, UCUM, is_unit
from mappings.values import Json

_TABLE = Path(__file__).with_name("bindings.json")
_NAMED = 12
"""A value set of so many codes is told whole."""

Holds = Callable[[str], object]
"""A grammar: whether a code keeps to it."""

_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_LANGUAGE = (
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?|[Xx](?:-[A-Za-z0-9]{1,8})+|i-[a-z]{2,8}"
)
_GRAMMARS: dict[str, tuple[Holds, str]] = {
    "urn:ietf:bcp:47": (re.compile(_LANGUAGE).fullmatch, "Write a language as BCP 47 does: en, or de-CH."),
    "urn:ietf:bcp:13": (
        re.compile(rf"{_NAME}/{_NAME}(\s*;.*)?|xml|json|ttl").fullmatch,
        "Write a MIME type such as application/pdf.",
    ),
    "urn:iso:std:iso:4217": (
        re.compile("[A-Z]{3}").fullmatch,
        "Write a currency as the three capital letters of ISO 4217.",
    ),
    UCUM: (is_unit, MEND),
}
UNCHECKED = {
    "http://loinc.org/vs/LL379-9": "An answer list of LOINC, which is not in the official package.",
}


class Binding(NamedTuple):
    """The codes of a value set, and the sentence for one that is not among them."""

    url: str
    codes: frozenset[str]
    """What a bare code may be; empty where a grammar says it."""
    systems: Mapping[str, frozenset[str] | Holds]

    def allows(self, code: str) -> bool:
        """Whether a bare code may stand, its system being understood."""
        return code in self.codes or any(_is_of(codes, code) for codes in self.systems.values())

    def allows_coding(self, coding: Json) -> bool:
        """Whether a Coding is of the value set, by its system and code."""
        if not isinstance(coding, dict):
            return False
        system, code = coding.get("system"), coding.get("code")
        if not isinstance(system, str) or not isinstance(code, str) or system not in self.systems:
            return False
        return _is_of(self.systems[system], code)

    def mend(self, code: Json) -> str:
        """What to write instead of a code that is not of the value set."""
        for system in self.systems:
            if system in _GRAMMARS:
                return _GRAMMARS[system][1]
        if len(self.codes) <= _NAMED:
            return f"Take one of the codes {', '.join(sorted(self.codes))}."
        near = nearest(code, self.codes) if isinstance(code, str) else ""
        return f"Take a code of {self.url}{f', such as {near}' if near else ''}."

    def mend_coding(self) -> str:
        """What to write where no Coding is of the value set."""
        codes = self.mend(None)
        return f"{codes.removesuffix('.')}, with the system {' or '.join(sorted(self.systems))}."


@functools.cache
def binding(url: str) -> Binding | None:
    """The codes of a value set; None for one that is not checked."""
    listed = _table().get(url)
    return None if listed is None else binding_of(url, listed)


def binding_of(url: str, listed: Mapping[str, list[str] | None]) -> Binding:
    """A value set by its codes, listed by code system; None for those of a system means that its grammar says them."""
    systems = {
        system: frozenset(codes) if codes is not None else _GRAMMARS[system][0] for system, codes in listed.items()
    }
    every = frozenset(code for codes in systems.values() if isinstance(codes, frozenset) for code in codes)
    return Binding(url, every, systems)


def limit(place: str) -> Binding | None:
    """The value set that an element must not leave although its binding is less than required."""
    url = _limits().get(place)
    return binding(url) if url else None


def _is_of(codes: frozenset[str] | Holds, code: str) -> bool:
    return code in codes if isinstance(codes, frozenset) else bool(codes(code))


@functools.cache
def _table() -> dict[str, dict[str, list[str] | None]]:
    found: dict[str, dict[str, list[str] | None]] = _tables()["value_sets"]
    return found


@functools.cache
def _limits() -> dict[str, str]:
    found: dict[str, str] = _tables()["limits"]
    return found


@functools.cache
def _tables() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_TABLE.read_bytes())
    return found
