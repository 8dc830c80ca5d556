"""What the profiles demand, from the table that generate.py makes (profiles.json, read on first use)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mappings.r4.bindings import Binding, binding_of
from mappings.us_core import BASE

_TABLE = Path(__file__).with_name("profiles.json")


class Row(NamedTuple):
    """What is demanded of one element wherever it stands."""

    min: int = 0
    max: int | None = None
    types: tuple[str, ...] = ()
    """What a choice may be, where not all that R4 lets it be."""
    pattern: Any = None
    codes: Binding | None = None
    limit: Binding | None = None
    """Codes that need not be there, and are of these where they are."""
    targets: tuple[str, ...] = ()
    """Profiles and types that a reference may lead to; none where R4's own suffice."""
    profiles: tuple[str, ...] = ()
    """Profiles of this table that an extension obeys."""
    invariants: tuple[str, ...] = ()
    slices: tuple[Slice, ...] = ()
    closed: bool = False
    """Whether an extension has no parts but those of its slices: their urls mean something within it only."""


class Slice(NamedTuple):
    """Those items of a list that are of one kind: by their url, or by what the row of the element `by` says."""

    name: str
    min: int
    max: int | None
    by: str
    url: str | None
    elements: Mapping[str, Row]


class Profile(NamedTuple):
    name: str
    type: str
    title: str
    declared: bool
    """Whether a resource that meets it says so."""
    must_support: tuple[str, ...]
    elements: Mapping[str, Row]


def named(url: str) -> str | None:
    """The profile of the table that a canonical URL names, of its version or of none; None for any other."""
    name, _, said = url.removeprefix(BASE).partition("|")
    known = url.startswith(BASE) and name in _table()["profiles"] and said in ("", version())
    return name if known else None


def version() -> str:
    """The version of US Core that the table holds."""
    return str(_table()["source"]["version"])


@functools.cache
def profile(name: str) -> Profile:
    """A profile of the table; KeyError for what is none."""
    given = _table()["profiles"][name]
    rows = _rows(given["elements"])
    return Profile(
        name, given["type"], given["title"], given.get("declared", False), tuple(given["must_support"]), rows
    )


@functools.cache
def names() -> tuple[str, ...]:
    """Every profile of the table, those of extensions among them."""
    return tuple(_table()["profiles"])


@functools.cache
def declared_of(type_: str) -> tuple[Profile, ...]:
    """The profiles that a resource of a type may declare."""
    return tuple(one for one in map(profile, names()) if one.declared and one.type == type_)


def invariants() -> Mapping[str, Any]:
    """Every invariant by its name: on, human, fhirpath."""
    found: dict[str, Any] = _table()["invariants"]
    return found


def _rows(given: Mapping[str, Any]) -> dict[str, Row]:
    return {path: _row(row) for path, row in given.items()}


def _row(given: Mapping[str, Any]) -> Row:
    said: dict[str, Any] = {word: given[word] for word in ("min", "max", "pattern", "closed") if word in given}
    said |= {word: tuple(given[word]) for word in ("types", "targets", "profiles", "invariants") if word in given}
    said |= {word: _binding(given[word]) for word in ("codes", "limit") if word in given}
    return Row(**said, slices=tuple(_slice(name, one) for name, one in given.get("slices", {}).items()))


def _slice(name: str, given: Mapping[str, Any]) -> Slice:
    rows = _rows(given.get("elements", {}))
    return Slice(name, given.get("min", 0), given.get("max"), given.get("by", ""), given.get("url"), rows)


@functools.cache
def _binding(url: str) -> Binding:
    return binding_of(url, _table()["value_sets"][url])


@functools.cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_TABLE.read_bytes())
    return found
