"""Finding resources by the search index.

A search is a list of conditions that all have to hold.  Its cost should go by what is found and not by what is stored,
so the conditions are tried first, each up to SELECTIVE rows: where one holds for so few, those are looked at one by
one.  Where all hold for many, a page is filled soon by going through the resources, or through the values of one
condition, in the order that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, literal, or_, select, true, union_all

from adapter.store.resources import Stored, stored
from adapter.store.searching.conditions import Condition, Keys
from adapter.store.tables import resource, search_date, search_entry, search_key

SELECTIVE = 1000


class Order(NamedTuple):
    """What is sorted by: "_id", "_lastUpdated", or a parameter of dates such as "Task.modified"."""

    by: str
    descending: bool


@dataclass(frozen=True)
class Query:
    type: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    """The newest first, by when they first came, where nothing is said."""
    sees: str | None = None
    """Whose resources there are; None is everybody's."""


class Found(NamedTuple):
    id: str
    version: int
    place: tuple[Any, ...]
    """Where it is in the order: what a page goes on after."""


@dataclass
class _Plan:
    """How a query is run: `driver` is the one condition that is looked at first."""

    query: Query
    driver: Condition | None
    selective: bool
    rest: tuple[Condition, ...] = field(default=())


def find(connection: Connection, query: Query, after: Sequence[Any] | None, limit: int) -> list[Found]:
    """So many of what is found, after a place where one is given."""
    plan = _plan(connection, query)
    if not query.order and isinstance(plan.driver, Keys) and not plan.selective:
        return _in_order_of_keys(connection, plan, plan.driver, after, limit)
    columns = [_sorted_by(order) for order in query.order]
    found = _matching(plan).add_columns(*columns)
    descending = [order.descending for order in query.order]
    # the last key says in which direction equals are told: so an index has both, or both the other way round
    descending.append(descending[-1] if descending else True)
    columns.append(search_entry.c.position)
    if after is not None:
        found = found.where(_beyond(columns, descending, after))
    found = found.order_by(*(one.desc() if down else one.asc() for one, down in zip(columns, descending, strict=True)))
    return [Found(row[0], row[1], (*row[3:], row[2])) for row in connection.execute(found.limit(limit))]


def count(connection: Connection, query: Query, most: int | None = None) -> int:
    """How many there are; no more than `most` are counted."""
    matching = _matching(_plan(connection, query))
    if most is not None:
        matching = matching.limit(most)
    return connection.scalars(select(func.count()).select_from(matching.subquery())).one()


def _plan(connection: Connection, query: Query) -> _Plan:
    best, fewest = None, SELECTIVE + 1
    for condition in query.conditions:
        positions = condition.positions(query.type, query.sees)
        if positions is None:
            continue
        there = connection.scalars(select(func.count()).select_from(positions.limit(SELECTIVE + 1).subquery())).one()
        if there < fewest or (best is None and isinstance(condition, Keys)):
            best, fewest = condition, there
    rest = tuple(one for one in query.conditions if one is not best)
    return _Plan(query, best, fewest <= SELECTIVE, rest)


def _matching(plan: _Plan) -> Select[Any]:
    """Id, version and position of all that is found."""
    query = plan.query
    entry = search_entry.c
    found = select(entry.id, entry.version, entry.position).where(entry.type == query.type)
    if query.sees is not None:
        found = found.where(entry.partner == query.sees)
    rest = plan.rest
    if plan.driver is not None and plan.selective:
        positions = plan.driver.positions(query.type, query.sees)
        assert positions is not None
        found = found.where(entry.position.in_(positions))
    elif plan.driver is not None:
        rest = (plan.driver, *rest)
    return found.where(*(one.holds(search_entry) for one in rest))


def _in_order_of_keys(
    connection: Connection, plan: _Plan, driver: Keys, after: Sequence[Any] | None, limit: int
) -> list[Found]:
    """A page by the index of one condition: of each of its keys the first ones, and of these the first."""
    query, entry = plan.query, search_entry.c
    each = []
    for key in driver.keys:
        of = search_key.c
        found = select(entry.id, entry.version, of.position).join_from(
            search_key, search_entry, entry.position == of.position
        )
        found = found.where(of.key == key, entry.type == query.type, *(one.holds(search_entry) for one in plan.rest))
        if query.sees is not None:
            found = found.where(of.partner == query.sees)
        if after is not None:
            found = found.where(of.position < after[-1])
        each.append(select(found.order_by(of.position.desc()).limit(limit).subquery()))
    every = union_all(*each).subquery() if len(each) > 1 else each[0].subquery()
    page = select(every.c.id, every.c.version, every.c.position).distinct().order_by(every.c.position.desc())
    return [Found(row[0], row[1], (row[2],)) for row in connection.execute(page.limit(limit))]


def _sorted_by(order: Order) -> ColumnElement[Any]:
    if order.by == "_id":
        return search_entry.c.id
    if order.by == "_lastUpdated":
        return search_entry.c.last_updated
    # the earliest of several, or the latest; what has none comes last
    end = func.max(search_date.c.low) if order.descending else func.min(search_date.c.low)
    of = select(end).where(search_date.c.position == search_entry.c.position, search_date.c.parameter == order.by)
    return func.coalesce(of.correlate(search_entry).scalar_subquery(), "" if order.descending else "~")


def _beyond(
    columns: Sequence[ColumnElement[Any]], descending: Sequence[bool], after: Sequence[Any]
) -> ColumnElement[bool]:
    """Whether a row comes after a place."""
    beyond: ColumnElement[bool] = false()
    equal: ColumnElement[bool] = true()
    for column, down, value in zip(columns, descending, after, strict=True):
        told = literal(value)
        beyond = or_(beyond, and_(equal, column < told if down else column > told))
        equal = and_(equal, column == told)
    first = columns[0] <= literal(after[0]) if descending[0] else columns[0] >= literal(after[0])
    return and_(first, beyond)  # the first key by itself, so that an index can begin there


def read(connection: Connection, positions: Sequence[int]) -> list[Stored]:
    """The resources at these positions, in this order."""
    current = (
        (resource.c.type == search_entry.c.type)
        & (resource.c.id == search_entry.c.id)
        & (resource.c.version == search_entry.c.version)
    )
    wanted = select(resource, search_entry.c.position).join_from(search_entry, resource, current)
    rows = connection.execute(wanted.where(search_entry.c.position.in_(positions)))
    there = {row.position: stored(row[:-1], None) for row in rows}
    return [one for position in positions if (one := there.get(position)) is not None]
