"""Names that R4 writes in one way, found by what differs only in capitals or blanks around it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping

from mappings.r4.bindings import binding
from mappings.r4.definitions import resources
from mappings.r4.ucum import UCUM


def type_named(text: str) -> str | None:
    """The resource type that is meant; None where there is none."""
    return _types().get(text.strip().lower())


def code_named(text: str, value_set: str) -> str | None:
    """The code of a required value set that is meant; None where there is none, or more than one.

    In UCUM capitals tell units apart, so a unit of time is taken as it stands or not at all.
    """
    return _codes(value_set).get(text.strip().lower())


@functools.cache
def _types() -> Mapping[str, str]:
    return _by_lower(resources())


@functools.cache
def _codes(value_set: str) -> Mapping[str, str]:
    bound = binding(value_set)
    if bound is None or UCUM in bound.systems:
        return {}
    return _by_lower(bound.codes)


def _by_lower(names: Iterable[str]) -> Mapping[str, str]:
    named = list(names)
    times = Counter(name.lower() for name in named)
    return {name.lower(): name for name in named if times[name.lower()] == 1}
