"""What is not valid R4, and whose fault it is: a sender's is warned of, ours is refused.

What was read with its faults may be written back with them; nothing that is made here may have any of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from mappings.issues import Issue, Refused, errors
from mappings.r4 import structure, validity
from mappings.r4.fhirpath import leaves
from mappings.values import canonical_text

Node = dict[str, Any]
_MOST_PLACED = 50
Mark = tuple[str, str, str, str | None]


def refuse(found: Iterable[Issue]) -> None:
    """Refused, where any of it is an error."""
    if wrong := errors(found):
        raise Refused(wrong)


def of_sender(document: Node) -> list[Issue]:
    """What else is not valid R4 in a document that has R4's structure, as warnings; Refused where it has not."""
    found = validity.check(document)
    if found:
        refuse(structure.check(document))
    return [replace(issue, severity="warning") for issue in found]


def of_ours(made: Node, basis: Node | None, *, anywhere: bool = False) -> list[Issue]:
    """What is not valid R4 in what was made, and was not so in what it was made from, if from anything.

    A fault is the same one where the same is said of the same element, wherever in its list that stands now, and of the
    same value; with `anywhere`, also of another element.
    """
    found = list(_known(made, anywhere=anywhere))
    left = (
        Counter(mark for mark, _ in _known(basis, anywhere=anywhere))
        if found and basis is not None
        else Counter[Mark]()
    )
    new = []
    for mark, issue in found:
        if not left[mark]:
            new.append(replace(issue, severity="error"))  # what a sender is only warned of must not come from here
        left[mark] -= 1
    return new


def _known(document: Node, *, anywhere: bool) -> Iterator[tuple[Mark, Issue]]:
    """The faults of a document, each with what it is known by."""
    found = validity.check(document)
    values = {place: canonical_text(value) for *_, value, place in leaves(document)} if found else {}
    for issue in found:
        element = "" if anywhere else re.sub(r"\[\d+\]", "", issue.expression)
        yield (issue.code, issue.text, element, values.get(issue.expression)), issue


def told_in_record(faults: Sequence[Issue], lines: Iterable[tuple[str, str]]) -> list[Issue]:
    """The faults, the first of them with where in the record that is.

    A line is a leaf's FHIRPath and its place in the record.
    """
    known = [(f"{expression}.", place) for expression, place in lines if place]

    def told(issue: Issue) -> Issue:
        within = (f"{issue.expression}.", f"{issue.expression}[")
        place = common(place for expression, place in known if expression.startswith(within))
        return replace(issue, text=f"{issue.text} In the record: {place}.") if place else issue

    return [*map(told, faults[:_MOST_PLACED]), *faults[_MOST_PLACED:]]


def common(places: Iterable[str]) -> str:
    """The place that all of these places lie in."""
    steps = zip(*(place.split(".") for place in places), strict=False)
    return ".".join(step for step, *_ in takewhile(lambda alike: len(set(alike)) == 1, steps))
