"""The conditions of a search, over the search index.

Each says two things: which positions it holds for (of any type, or of the type that is searched), and whether it holds
for one entry.  The second is asked for every entry that others have found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, exists, false, not_, or_, select

from adapter.store.tables import search_date, search_entry, search_key, search_text
from mappings.r4.instants import Interval

Comparison = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Matching = Literal["start", "exact", "contains"]
_START = 60
_BEYOND = "\U0010ffff"


class Condition(Protocol):
    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        """Where it holds; None where that is nearly everywhere."""

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        """Whether it holds for an entry."""


@dataclass(frozen=True)
class Keys:
    """One of these keys is there."""

    keys: tuple[bytes, ...]

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return _seen(search_key, search_key.c.key.in_(self.keys), sees)

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        return exists().where(search_key.c.key.in_(self.keys), search_key.c.position == entry.c.position)


@dataclass(frozen=True)
class NoKey:
    """None of these keys is there."""

    keys: tuple[bytes, ...]

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return None

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        return not_(Keys(self.keys).holds(entry))


@dataclass(frozen=True)
class Dates:
    """One of the dates of a parameter compares so with one of these."""

    parameter: str
    wanted: tuple[tuple[Comparison, Interval], ...]

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return _seen(search_date, self._compares(), sees)

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        return exists().where(search_date.c.position == entry.c.position, self._compares())

    def _compares(self) -> ColumnElement[bool]:
        low, high = search_date.c.low, search_date.c.high
        return and_(search_date.c.parameter == self.parameter, _any([_compare(one, low, high) for one in self.wanted]))


@dataclass(frozen=True)
class Texts:
    """One of the texts of a parameter is one of these, or begins with or contains it."""

    parameter: str
    how: Matching
    wanted: tuple[tuple[str, str], ...]
    """As it stands, and plain."""

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return _seen(search_text, self._matches(), sees)

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        return exists().where(search_text.c.position == entry.c.position, self._matches())

    def _matches(self) -> ColumnElement[bool]:
        return and_(search_text.c.parameter == self.parameter, _any([self._match(*one) for one in self.wanted]))

    def _match(self, exact: str, plain: str) -> ColumnElement[bool]:
        of = search_text.c
        if self.how == "contains":
            return of.plain.contains(plain, autoescape=True)
        begin = plain[:_START]
        near = and_(of.start >= begin, of.start < begin + _BEYOND)
        return and_(near, of.exact == exact if self.how == "exact" else of.plain.startswith(plain, autoescape=True))


@dataclass(frozen=True)
class Ids:
    """It has one of these ids."""

    ids: tuple[str, ...]

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return _entries(type_, search_entry.c.id.in_(self.ids), sees)

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        return entry.c.id.in_(self.ids)


@dataclass(frozen=True)
class Updated:
    """It was last updated so."""

    wanted: tuple[tuple[Comparison, Interval], ...]

    def positions(self, type_: str, sees: str | None) -> Select[tuple[int]] | None:
        return _entries(type_, self.holds(search_entry), sees)

    def holds(self, entry: FromClause) -> ColumnElement[bool]:
        at = entry.c.last_updated  # one microsecond: what it is until does not matter
        return _any([_at(one, when, at) for one, when in self.wanted])


def _compare(wanted: tuple[Comparison, Interval], low: Any, high: Any) -> ColumnElement[bool]:
    """hl7.org/fhir/R4/search.html#prefix, `high` being the first moment after the date."""
    how, when = wanted
    within = and_(low >= when.low, high <= when.high)
    told: dict[Comparison, ColumnElement[bool]] = {
        "eq": within,
        "ne": not_(within),
        "gt": high > when.high,
        "lt": low < when.low,
        "ge": or_(high > when.high, within),
        "le": or_(low < when.low, within),
        "sa": low >= when.high,
        "eb": high <= when.low,
        "ap": and_(low < when.high, high > when.low),
    }
    return told[how]


def _at(how: Comparison, when: Interval, at: Any) -> ColumnElement[bool]:
    within = and_(at >= when.low, at < when.high)
    told: dict[Comparison, ColumnElement[bool]] = {
        "eq": within,
        "ne": not_(within),
        "gt": at >= when.high,
        "lt": at < when.low,
        "ge": at >= when.low,
        "le": at < when.high,
        "sa": at >= when.high,
        "eb": at < when.low,
        "ap": within,
    }
    return told[how]


def _any(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(false(), *conditions)


def _seen(table: Table, condition: ColumnElement[bool], sees: str | None) -> Select[tuple[int]]:
    found = select(table.c.position).where(condition)
    return found if sees is None else found.where(table.c.partner == sees)


def _entries(type_: str, condition: ColumnElement[bool], sees: str | None) -> Select[tuple[int]]:
    found = select(search_entry.c.position).where(search_entry.c.type == type_, condition)
    return found if sees is None else found.where(search_entry.c.partner == sees)
