"""How much of a resource is told: _summary and _elements.

What is left out is told by the tag SUBSETTED.  Elements that must be there stay, and so do those that change the
meaning of others: nobody is to read a referral without the word that says it is to be NOT done.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.exchange.refusal import refuse
from mappings.r4.definitions import alike, children, is_primitive
from mappings.r4.search_parameters import summary as summary_of

SUMMARIES = ("true", "text", "data", "count", "false")
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
_ALWAYS = frozenset(("resourceType", "id", "meta", "implicitRules", "modifierExtension"))

Node = dict[str, Any]


class Shape(NamedTuple):
    summary: str
    elements: frozenset[str]
    """Of the resource itself; all where it is empty."""

    @property
    def whole(self) -> bool:
        return self.summary in ("false", "count") and not self.elements


WHOLE = Shape("false", frozenset())


def shape_of(summary: str, elements: frozenset[str]) -> Shape:
    return Shape(summary, frozenset(one for one in elements if one))


def asked_shape(parameters: Mapping[str, str]) -> Shape:
    """What a read asks for; refused where it says nothing sensible."""
    summary = parameters.get("_summary") or "false"
    if summary not in SUMMARIES or summary == "count":
        text = f"_summary of a read is one of {', '.join(one for one in SUMMARIES if one != 'count')}."
        raise refuse("bad request", "invalid", "", text)
    return shape_of(summary, frozenset((parameters.get("_elements") or "").split(",")))


def shaped(resource: Node, shape: Shape) -> Node:
    """As much of a resource as is asked for."""
    if shape.whole:
        return resource
    type_: str = resource["resourceType"]
    told = resource
    match shape.summary:
        case "true":
            told = _summarised(told, type_)
        case "text":
            told = _only(told, _ALWAYS | _needed(type_) | {"text"})
        case "data":
            told = {name: value for name, value in told.items() if name != "text"}
    if shape.elements:
        told = _only(told, _ALWAYS | _needed(type_) | _named(type_, shape.elements))
    return _tagged(told)


def _only(node: Node, names: frozenset[str]) -> Node:
    return {name: value for name, value in node.items() if name.removeprefix("_") in names}


def _summarised(node: Node, type_: str) -> Node:
    kept = _kept(type_)
    known = children(alike(type_))
    return {
        name: _below(value, known[name].type if name in known else "Extension")
        for name, value in node.items()
        if name.removeprefix("_") in kept
    }


def _below(value: Any, type_: str) -> Any:
    if isinstance(value, list):
        return [_below(one, type_) for one in value]
    # a type that marks nothing is told whole, and so is what may change a meaning
    if not isinstance(value, dict) or is_primitive(type_) or type_ == "Extension" or not summary_of(type_):
        return value
    return _summarised(value, type_) or value


@functools.cache
def _kept(type_: str) -> frozenset[str]:
    marked = summary_of(type_)
    summarised = {one.name for one in children(alike(type_)).values() if (one.choice or one.name) in marked}
    return _ALWAYS | _needed(type_) | summarised


@functools.cache
def _needed(type_: str) -> frozenset[str]:
    """The members without which it would be no such resource, or would say something else."""
    return frozenset(one.name for one in children(alike(type_)).values() if one.min or one.modifier)


def _named(type_: str, elements: frozenset[str]) -> frozenset[str]:
    """The members that elements are written as: "occurrence" is occurrenceDateTime."""
    return frozenset(
        one.name
        for one in children(type_).values()
        if {one.name, (one.choice or "").removesuffix("[x]"), one.choice} & elements
    )


def _tagged(resource: Node) -> Node:
    meta = resource.get("meta", {})
    tags = [one for one in meta.get("tag", []) if one.get("code") != SUBSETTED["code"]]
    return {**resource, "meta": {**meta, "tag": [*tags, SUBSETTED]}}
