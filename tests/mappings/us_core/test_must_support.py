"""What a sender of US Core has to send where it holds it: every such element of every profile has a rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mappings.lens.links import Link
from mappings.lens.paths import parse
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import At, Fill
from mappings.lens.shapes import everything_in, resolved
from mappings.r4.definitions import children
from mappings.roots import ROOTS, mapping
from mappings.us_core.profiles import names, profile

WITHOUT_A_RULE = {
    "CarePlan.text": "made of the record when it is rendered: mappings/narrative.py",
    "CarePlan.text.status": "as CarePlan.text",
    "CarePlan.text.div": "as CarePlan.text",
}
"""What no rule tells, and why it is sent all the same."""

OF_THE_ROOT_ONLY = {
    "Condition.meta.lastUpdated": "which version a server held is told of a record's root, and none is a Condition",
}


def shapes() -> dict[int, ResourceShape]:
    """Every shape of a resource that a record is made of, by its identity."""
    roots = [mapping(kind, sort).shape for kind, sorts in ROOTS.items() for sort in sorts]
    links = [shape for shape in everything_in(*roots) if isinstance(shape, Link)]
    told = [*roots, *(shape for link in links for shape in link.known.values())]
    return {id(shape): shape for shape in told}


def told(shape: RecordShape, depth: int = 0) -> Iterator[str]:
    """The elements that the rules of a shape tell, and those in them: name, name.family."""
    for rule in shape.rules:
        for part in (*rule.parts(), *([rule] if isinstance(rule, Fill) else ())):
            path = ".".join(name for name, _ in parse(part.fhir))
            yield from (path[:n] for n, letter in enumerate(path) if letter == ".")
            yield path
            inner = resolved(part.shape) if not isinstance(part, At) or hasattr(part, "shape") else None
            inner = inner.pointer if isinstance(inner, Link) else inner
            if isinstance(inner, RecordShape) and depth < 4:
                yield from (f"{path}.{name}" for name in told(inner, depth + 1))


def members(type_: str, path: str) -> list[str]:
    """A path as JSON writes it: value[x] in every type, questionnaire.extension beside the questionnaire."""
    found = [(type_, "")]
    for step in path.split("."):
        found = [
            (one.type, f"{prefix}.{one.name}".lstrip("."))
            for of, prefix in found
            for one in (children(of) or children("Element")).values()
            if step in (one.name, one.choice)
        ]
    return [text for _, text in found]


def missing(name: str) -> set[str]:
    """The elements of a profile that some shape of its type has no rule for."""
    wanted = profile(name)
    of_type = [shape for shape in shapes().values() if shape.type == wanted.type]
    assert of_type, f"no record holds a {wanted.type}"
    return {
        f"{wanted.type}.{path}"
        for shape in of_type
        for known in [{path.replace("_", "") for path in told(shape)}]
        for given in wanted.must_support
        for path in members(wanted.type, ".".join(step.partition(":")[0] for step in given.split(".")))
        if path not in known
    }


PROFILES = [name for name in names() if profile(name).must_support]


@pytest.mark.parametrize("name", PROFILES)
def test_every_element_that_must_be_supported_has_a_rule(name: str) -> None:
    assert missing(name) - WITHOUT_A_RULE.keys() - OF_THE_ROOT_ONLY.keys() == set()


def test_no_reason_is_given_for_what_has_a_rule() -> None:
    assert set().union(*map(missing, PROFILES)) == WITHOUT_A_RULE.keys() | OF_THE_ROOT_ONLY.keys()
