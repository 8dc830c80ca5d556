"""The names that clinic records have, and where in FHIR each stands: a promise to every system that reads records.

fields.txt beside this file lists them all; a name that changes, a rule that goes, a kind that a link leads to no more
shows there as a difference, to be meant and to be told.  `python -m tests.mappings.test_contract` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mappings.datatypes import EVERY_RESOURCE
from mappings.lens.choices import OneOf, SameAs
from mappings.lens.codes import Code
from mappings.lens.conditions import OnlyIf
from mappings.lens.derived import Derived
from mappings.lens.links import Link
from mappings.lens.many import Each, Main
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import Field, Fill, Rule, Skip
from mappings.lens.shapes import Bare, Shape, resolved
from mappings.lens.worded import Worded
from mappings.roots import ROOTS, mapping

FIELDS = Path(__file__).with_name("fields.txt")
EVERY = "every resource"


def told(rule: Rule) -> Iterator[str]:
    """A rule as lines: the field, where it stands, what it holds."""
    match rule:
        case OneOf():
            yield from (f"{line} (one of)" for part in rule.rules for line in told(part))
        case SameAs():
            (line,) = told(rule.rule)
            but = f", else {rule.unless}" if rule.unless else ""
            follows = ", follows it" if rule.follows else ""
            yield f"{line} (told where it differs from the root's {rule.of}{but}{follows})"
        case Main():
            how = "".join(
                f" {word} {seeds}" for word, seeds in (("prefer", rule.prefer), ("never", rule.never)) if seeds
            )
            yield f"{rule.name or '(flat)'}, {rule.others}[] = {rule.fhir}: {held(rule.shape)}{how}"
        case Each():
            yield f"{rule.name}[] = {rule.fhir}: {held(rule.shape)}"
        case Field():
            usual = f" (left out when {rule.usual})" if rule.usual is not None else ""
            yield f"{rule.name} = {rule.fhir}: {held(rule.shape)}{usual}"
        case PointingHere():
            yield f"{rule.name}[] = those whose {rule.fhir} leads here: {held(rule.link)}"
        case OnlyIf():
            values = ", ".join(map(str, rule.values[:4])) + (
                f" and {len(rule.values) - 4} more" if rule.values[4:] else ""
            )
            yield f"only if {rule.fhir} is {values or 'there'}{' or absent' if rule.or_absent else ''}"
        case Fill():
            yield f"filled in: {rule.fhir} = {rule.value}"
        case Skip() | Derived():
            yield f"not told: {rule.fhir}{f', where {rule.because}' if isinstance(rule, Derived) else ''}"


def words_of(rule: Rule) -> Iterator[str]:
    if isinstance(rule, Worded):
        yield f"word = a coding: word of {', '.join(table.name for table in rule.tables)}"


def held(shape: Shape) -> str:
    shape = resolved(shape)
    if isinstance(shape, Link):
        return f"{'only ' if shape.only else ''}a link{' to ' + ', '.join(shape.known) if shape.known else ''}"
    if isinstance(shape, Code):
        return f"word of {shape.name}: {', '.join(shape.words)}"
    if isinstance(shape, Bare):
        return f"{shape.type} as plain value"
    return shape.type


def lines_of(shape: RecordShape) -> list[str]:
    lines = [line for rule in shape.rules for line in (*words_of(rule), *told(rule))]
    keys = f"known by {', '.join(shape.key)}" if shape.key else ""
    return [*lines, keys] if keys else lines


def contract() -> str:
    """Every shape once, as it is first reached; later ones of the same type by what differs."""
    common = [line for rule in mapping("patient").shape.rules[: len(EVERY_RESOURCE)] for line in told(rule)]
    blocks, seen = [f"{EVERY}\n" + "".join(f"    {line}\n" for line in common)], set()
    first: dict[str, tuple[str, list[str]]] = {}
    waiting: list[tuple[str, Shape]] = [
        (f"{kind} {sort}".strip(), mapping(kind, sort).shape) for kind, roots in ROOTS.items() for sort in roots
    ]
    while waiting:
        label, shape = waiting.pop(0)
        shape = resolved(shape)
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        if isinstance(shape, RecordShape):
            blocks += block(label, shape, common, first)
            named = [(name, rule) for name, rule in shape.names.items()]
            waiting += [(f"{label}.{name}", one) for name, rule in named for one in rule.shapes()]
        elif isinstance(shape, Link):
            waiting += [(f"{label}[{kind}]", one) for kind, one in shape.known.items()]
        else:
            waiting += [(label, one) for one in shape.inside()]
    return "\n".join(blocks)


def block(label: str, shape: RecordShape, common: list[str], first: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    lines = lines_of(shape)
    if shape.type not in first:
        first[shape.type] = (label, lines)
        shown = [line for line in lines if line not in common] if isinstance(shape, ResourceShape) else lines
        lost = [f"without {line}" for line in common if line not in lines] if isinstance(shape, ResourceShape) else []
        yield f"{shape.type}: {label}\n" + "".join(f"    {line}\n" for line in (*lost, *shown))
        return
    like, known = first[shape.type]
    changes = [f"- {line}" for line in known if line not in lines] + [
        f"+ {line}" for line in lines if line not in known
    ]
    if changes:
        yield f"{shape.type}: {label}, like {like} but\n" + "".join(f"    {line}\n" for line in changes)


def test_the_fields_are_what_was_promised() -> None:
    assert contract() == FIELDS.read_text("utf-8"), "written anew by: python -m tests.mappings.test_contract"


if __name__ == "__main__":
    FIELDS.write_text(contract(), "utf-8")
