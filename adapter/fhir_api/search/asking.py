"""What a search asks for: its conditions, and how its answer is to look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from adapter.exchange.refusal import refuse
from adapter.fhir_api.negotiation import GENERAL_PARAMETERS
from adapter.fhir_api.search.parameters import Asked, condition, senseless
from adapter.fhir_api.search.shape import SUMMARIES, WHOLE, Shape, shape_of
from adapter.store.searching.conditions import Condition
from adapter.store.searching.finding import Order
from adapter.store.searching.searched import searched
from mappings.r4 import definitions
from mappings.r4.search_parameters import Parameter

PAGE = 50
LARGEST_PAGE = 200
MOST_VALUES = 200
"""Alternatives and parameters together: nobody asks for more by hand."""
PLACE = "_page"
"""The parameter of a next link."""
TOTALS = ("none", "estimate", "accurate")


class Include(NamedTuple):
    parameter: Parameter
    target: str | None
    """Only what is of this type."""
    again: bool
    """From what was included too (:iterate)."""


@dataclass(frozen=True)
class Search:
    """A search as it was understood."""

    type: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    count: int = PAGE
    total: str = ""
    shape: Shape = WHOLE
    includes: tuple[Include, ...] = ()
    from_others: tuple[Include, ...] = ()
    """_revinclude."""
    page: str | None = None
    used: tuple[tuple[str, str], ...] = field(default=())
    """The parameters that were understood, as they were given: the self link."""

    @property
    def only_counts(self) -> bool:
        return self.count == 0 or self.shape.summary == "count"


def understood(type_: str, parameters: Iterable[tuple[str, str]], base: str, *, strict: bool) -> Search:
    """What the parameters ask for; one that is not known is refused where `strict`, and left out elsewhere."""
    search, at, values = Search(type_), datetime.now(UTC), 0
    for name, text in parameters:
        if name in GENERAL_PARAMETERS or not text:
            continue  # the specification: a parameter without a value says nothing
        values += 1 + text.count(",")
        if values > MOST_VALUES:
            text = f"More than {MOST_VALUES} values are asked for at once: ask for fewer."
            raise refuse("bad request", "too-costly", "", text)
        more = _with(search, name, text, base, at)
        if more is None and strict:
            raise refuse("bad request", "not-supported", "", _unknown(type_))
        search = replace(more, used=(*more.used, (name, text))) if more else search
    if search.shape.summary == "text" and (search.includes or search.from_others):
        raise senseless("_summary=text", "cannot be mixed with _include or _revinclude")
    return search


def _unknown(type_: str) -> str:
    known = ", ".join(("_id", "_lastUpdated", *searched(type_)))
    return f"A parameter is not known here (Prefer: handling=strict): {type_} is searched by {known}."


def _with(search: Search, name: str, text: str, base: str, at: datetime) -> Search | None:
    """The search, and this parameter too; None for one that is not known."""
    if name in _OF_ANSWER:
        return _OF_ANSWER[name](search, text)
    plain, _, modifier = name.partition(":")
    found = condition(Asked(search.type, plain, modifier, text, base, at))
    return replace(search, conditions=(*search.conditions, found)) if found else None


def _count(search: Search, text: str) -> Search:
    return replace(search, count=min(whole("_count", text), LARGEST_PAGE))


def whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise senseless(name, "is a whole number")
    return int(text)


def _sort(search: Search, text: str) -> Search | None:
    keys = [_order(search.type, one) for one in text.split(",")]
    known = tuple(one for one in keys if one is not None)
    return replace(search, order=known) if len(known) == len(keys) else None


def _order(type_: str, text: str) -> Order | None:
    name, down = text.removeprefix("-"), text.startswith("-")
    if name in ("_id", "_lastUpdated"):
        return Order(name, down)
    parameter = searched(type_).get(name)
    return Order(f"{type_}.{name}", down) if parameter and parameter.kind == "date" else None


def _total(search: Search, text: str) -> Search:
    if text not in TOTALS:
        raise senseless("_total", f"is one of {', '.join(TOTALS)}")
    return replace(search, total=text)


def _summary(search: Search, text: str) -> Search:
    if text not in SUMMARIES:
        raise senseless("_summary", f"is one of {', '.join(SUMMARIES)}")
    return replace(search, shape=shape_of(text, search.shape.elements))


def _elements(search: Search, text: str) -> Search:
    return replace(search, shape=shape_of(search.shape.summary, frozenset(text.split(","))))


def _page(search: Search, text: str) -> Search:
    return replace(search, page=text)


def _include(search: Search, text: str, *, again: bool = False) -> Search | None:
    found = _included(text, again=again)
    if found is None or not (again or found.parameter.of == search.type):
        return None
    return replace(search, includes=(*search.includes, found))


def _include_again(search: Search, text: str) -> Search | None:
    return _include(search, text, again=True)


def _revinclude(search: Search, text: str) -> Search | None:
    found = _included(text, again=False)
    if found is None or (found.target or search.type) != search.type:
        return None
    return replace(search, from_others=(*search.from_others, found))


def _included(text: str, *, again: bool) -> Include | None:
    """Type:parameter, or Type:parameter:Target."""
    type_, name, *target = [*text.split(":"), ""][:3]
    parameter = searched(type_).get(name)
    if text.count(":") > 2 or parameter is None or parameter.kind != "reference":
        return None
    wanted = target[0] if target else ""
    return Include(parameter, wanted or None, again) if not wanted or definitions.is_resource(wanted) else None


_OF_ANSWER: dict[str, Callable[[Search, str], Search | None]] = {
    "_count": _count,
    "_sort": _sort,
    "_total": _total,
    "_summary": _summary,
    "_elements": _elements,
    "_include": _include,
    "_include:iterate": _include_again,
    "_revinclude": _revinclude,
    PLACE: _page,
}
