"""What is wrong with the mappings themselves, found before any data.

Most of it is refused where it is declared (mappings.lens.binding): an element that R4 does not have, a shape of another
type, a list taken for one value.  Here stands what only shows when the rules of a shape are seen together: two rules
for one place, a rule that can never apply, a code that R4 does not have where it demands one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mappings.lens.binding import element_of
from mappings.lens.codes import Code
from mappings.lens.conditions import OnlyIf
from mappings.lens.links import Link
from mappings.lens.many import Each
from mappings.lens.paths import DeclarationError, Seed
from mappings.lens.records import RecordShape
from mappings.lens.rules import At, Field, Fill, Rule
from mappings.lens.shapes import Primitive, Shape, everything_in, resolved
from mappings.r4.bindings import binding
from mappings.r4.definitions import Element, alike
from mappings.roots import mapping, roots
from mappings.sites import AS_SHIPPED, Site
from mappings.values import canonical_text


class Finding(NamedTuple):
    """One thing to mend: the file and line of the rule, and what is wrong with it."""

    where: str
    text: str


def lint(site: Site = AS_SHIPPED) -> list[Finding]:
    """What is wrong with the mappings as a site has them, by itself and for its partners; empty if nothing is."""
    try:
        return list(dict.fromkeys(one for there in (site, *site.partners.values()) for one in _of(there)))
    except DeclarationError as fault:
        return told(fault)


def told(faults: DeclarationError) -> list[Finding]:
    """What was refused where it was declared, a finding for each line."""
    return [_told(fault) for fault in str(faults).splitlines()]


def _told(fault: str) -> Finding:
    where, colon, text = fault.partition(": ")
    return Finding(where, text) if colon else Finding("", fault)


def _of(site: Site) -> Iterator[Finding]:
    every = [mapping(kind, sort, site).shape for kind, sorts in roots(site).items() for sort in sorts]
    for shape in everything_in(*every):
        if isinstance(shape, RecordShape):
            yield from _one_place(shape)
            yield from _never(shape)
            yield from _strange_codes(shape)
            yield from _strange_words(shape)


def _one_place(shape: RecordShape) -> Iterator[Finding]:
    """Two fields at one place: what one writes the other reads."""
    held: dict[str, Field] = {}
    for rule in shape.rules:
        for part in rule.parts():
            if isinstance(part, Field):
                place = canonical_text([[step.name, step.seed] for step in part.steps])
                if place in held:
                    text = f"{part.name} and {held[place].name} are both {shape.type}.{part.fhir}"
                    yield Finding(_blamed(part, held[place]), text)
                held[place] = part


def _blamed(one: Rule, other: Rule) -> str:
    """Of two rules that cannot both stand the one that came later: a site's, where only one of them is."""
    return next((rule.where for rule in (one, other) if "/" in rule.where), one.where)


def _never(shape: RecordShape) -> Iterator[Finding]:
    """A list of which another rule takes every item before."""
    taken: dict[str, Each] = {}
    for rule in shape.rules:
        for part in rule.parts():
            if isinstance(part, Each):
                if (before := taken.get(part.fhir)) is not None:
                    text = f"{part.name} never has an item: {before.name} ({before.where}) takes all of {part.fhir}"
                    yield Finding(_blamed(part, before), text)
                elif not _chooses(part.shape):
                    taken[part.fhir] = part


def _chooses(shape: Shape) -> bool:
    """Whether a shape leaves items of a list to the rules after it."""
    shape = resolved(shape)
    inner = getattr(shape, "inner", shape)  # a plain value is what it is made of
    if isinstance(inner, Link):
        return True
    return isinstance(inner, RecordShape) and any(isinstance(rule, OnlyIf) or not rule.names for rule in inner.rules)


def _strange_codes(shape: RecordShape) -> Iterator[Finding]:
    """A code that the required value set of its element does not have: it never comes, or must not go out."""
    for rule in shape.rules:
        ats = [rule] if isinstance(rule, At) else [part for part in rule.parts() if isinstance(part, At)]
        for one in ats:
            said = [(one.element, value) for value in _values(one)] if one.steps else []
            said += [pair for step in one.steps if step.seed for pair in _of_seed(alike(step.element.type), step.seed)]
            for element, value in said:
                bound = binding(element.binding) if element.binding and element.type == "code" else None
                if bound is not None and isinstance(value, str) and not bound.allows(value):
                    yield Finding(one.where, f"{value} is no code for {element.name}: {bound.mend(value)}")


def _strange_words(shape: RecordShape) -> Iterator[Finding]:
    """A usual value that the table of the field does not have."""
    for rule in shape.rules:
        for part in rule.parts():
            if isinstance(part, Field) and isinstance(part.shape, Code) and part.usual not in (None, *part.shape.words):
                text = f"{part.usual} is no word of the table {part.shape.name}: {', '.join(part.shape.words)}"
                yield Finding(part.where, text)


def _values(rule: At) -> tuple[Any, ...]:
    if isinstance(rule, OnlyIf):
        return rule.values
    if isinstance(rule, Fill):
        return (rule.value,)
    if isinstance(rule, Field) and isinstance(rule.shape, Primitive) and rule.usual is not None:
        return (rule.usual,)
    return ()


def _of_seed(context: str, seed: Seed) -> Iterator[tuple[Element, Any]]:
    for name, value in seed.items():
        element = element_of(context, name)
        if element is None:
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from _of_seed(alike(element.type), part)
            else:
                yield element, part
