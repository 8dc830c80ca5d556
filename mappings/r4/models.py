"""Resources as models of fhir.resources, in and out, for callers who work with those.

Such a model is of R4B and holds values, not text: the moment and not its spelling, 1.50 but not 1e2.  So it never
stands in for exact JSON.  What it has no place for is refused; what it holds otherwise is found by reading back what
was made, and told.

fhir.resources takes half a second to load, and is loaded when the first model is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mappings.issues import Issue, Refused
from mappings.r4 import structure
from mappings.r4.fhirpath import Key, expression
from mappings.r4.model_reading import exact
from mappings.r4.structure import MOST_ISSUES, Node
from mappings.values import Json, same

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel
    from pydantic import ValidationError

_USE_JSON = "use its exact JSON."


class Held(NamedTuple):
    """A resource as a model of fhir.resources.R4B, and the places that it holds otherwise than they were written."""

    model: FHIRAbstractModel
    issues: tuple[Issue, ...]


def as_model(resource: Node) -> Held:
    """The model of a resource or Bundle of exact JSON; warnings tell what it holds otherwise.

    Refused: what is not R4, and what fhir.resources.R4B has no place for.
    """
    _refuse(structure.check(resource))
    _refuse(_without_a_class(resource, []))
    from pydantic import ValidationError

    try:
        model = _class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        found = error
    else:
        return Held(model, _some(_changes(resource, exact(model))))
    raise Refused(_some(_not_held(resource, found)))


def of_model(model: FHIRAbstractModel) -> Node:
    """The exact JSON of a model of fhir.resources.R4B, which is left as it is.

    Refused: what is no such model, and a model that holds what is not R4, be it R4B.
    """
    resource: Node = exact(model)
    _refuse(structure.check(resource))
    return resource


def _refuse(issues: Iterable[Issue]) -> None:
    if found := tuple(issues):
        raise Refused(found)


def _some(issues: Iterator[Issue]) -> tuple[Issue, ...]:
    """The first of them where there are more than anyone reads."""
    found = tuple(islice(issues, MOST_ISSUES))
    if one := next(issues, None):
        found += (Issue(one.severity, "too-costly", "Resource", "There is more like this."),)
    return found


# ---------------------------------------------------------------- what a model refuses


def _class(type_: str) -> type[FHIRAbstractModel]:
    from fhir.resources.R4B import get_fhir_model_class

    return get_fhir_model_class(type_)


def _without_a_class(node: Json, keys: list[Key], root: Node | None = None) -> Iterator[Issue]:
    """The resources in a document of which R4B has no model: it lacks some that R4 has."""
    root = node if root is None else root
    if isinstance(node, dict) and "resourceType" in node:
        try:
            _class(node["resourceType"])
        except ValueError:
            text = f"fhir.resources.R4B has no model of this resource: {_USE_JSON}"
            yield Issue("error", "not-supported", expression(root, keys), text)
    for key, value in _members(node):
        if isinstance(value, dict | list):
            yield from _without_a_class(value, [*keys, key], root)


def _members(node: Json) -> Iterable[tuple[Key, Json]]:
    return node.items() if isinstance(node, dict) else enumerate(node)


def _not_held(resource: Node, error: ValidationError) -> Iterator[Issue]:
    """What fhir.resources says is wrong with R4 that is sound; its own sentences would tell values."""
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        place, rest = _place(resource, fault["loc"])
        text = f"fhir.resources.R4B does not take this value: {_USE_JSON}"
        if fault["type"] == "extra_forbidden":
            text = f"fhir.resources.R4B has no place for this: {_USE_JSON}"
        elif fault["type"] in {"missing", "model_field_validation.missing"} and rest:
            text = f"fhir.resources.R4B wants {rest[0]} here, which R4 does not: {_USE_JSON}"
        yield Issue("error", "not-supported", place, text)


def _place(resource: Node, steps: Iterable[Key]) -> tuple[str, list[Key]]:
    """As far as the steps lead in a resource, and the steps beyond."""
    node: Json = resource
    keys, rest = list[Key](), list(steps)
    while rest and _has(node, rest[0]):
        keys.append(rest.pop(0))
        node = node[keys[-1]]
    return expression(resource, keys), rest


def _has(node: Json, key: Key) -> bool:
    if isinstance(node, list):
        return isinstance(key, int) and key < len(node)
    return isinstance(node, dict) and key in node


# ---------------------------------------------------------------- what a model holds otherwise

_LONG_FRACTION = re.compile(r"\d\d:\d\d:\d\d\.\d{6}\d*[1-9]")


def _changes(resource: Node, held: Node) -> Iterator[Issue]:
    """Where a model that was made of a resource says something else, or the same in other signs."""
    for keys, before, after in _differences(resource, held, []):
        yield Issue("warning", "value", expression(resource, keys), _how(before, after))


def _differences(before: Json, after: Json, keys: list[Key]) -> Iterator[tuple[list[Key], Json, Json]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(name), after.get(name), [*keys, name])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, [*keys, index])
    elif not same(before, after):
        yield keys, before, after


def _how(before: Json, after: Json) -> str:
    if before is None or after is None or isinstance(before, dict | list):
        return f"The model does not hold this: {_USE_JSON}"
    if isinstance(before, str) and _LONG_FRACTION.search(before):
        return f"The model cuts this off after six digits of a second: {_USE_JSON}"
    return f"The model holds what this means, not how it is written: where that counts, {_USE_JSON}"
