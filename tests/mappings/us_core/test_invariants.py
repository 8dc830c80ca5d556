"""Every invariant of the profiles is compiled, and holds when its official FHIRPath holds by an engine not ours."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from mappings.lens.document import Document
from mappings.r4.definitions import children, is_resource
from mappings.us_core.elements import Found, at, whole
from mappings.us_core.invariants import compiled
from mappings.us_core.profiles import invariants, profile
from tests.mappings.us_core.good import BROKEN, GOOD, broken

Json = dict[str, Any]


def test_every_invariant_is_compiled_and_broken() -> None:
    assert compiled().keys() == invariants().keys() == BROKEN.keys()


def places(name: str) -> list[str]:
    """Which elements of the broken resource an invariant is of."""
    on = invariants()[name]["on"]
    return ["Patient.extension" if place == "us-core-race" else place for place in on]


def judged(name: str) -> Iterator[tuple[Json, Found]]:
    """Elements to judge: of what is good, of what is broken, and of both with members taken away."""
    dice = random.Random(1)  # the same each time
    profile_name = BROKEN[name][0]
    type_ = profile(profile_name).type
    for resource in (GOOD[profile_name], broken(name)):
        for path in (place.removeprefix(type_).removeprefix(".") for place in places(name) if place.startswith(type_)):
            yield from ((resource, one) for one in _at(resource, path))
            for _ in range(30):
                yield from (
                    (damaged, one) for damaged in [_damaged(resource, path, dice)] for one in _at(damaged, path)
                )


def _at(resource: Json, path: str) -> list[Found]:
    return [one for _, found in at(whole(resource), path) for one in found] if path else [whole(resource)]


def _damaged(resource: Json, path: str, dice: random.Random) -> Json:
    made = copy.deepcopy(resource)
    for one in _at(made, path):
        if isinstance(one.value, dict):
            for member in dice.sample(sorted(one.value), k=min(2, len(one.value) - 1)):
                if member != "resourceType":
                    del one.value[member]
    return made


def verdict(name: str, resource: Json, found: Found) -> bool | str:
    document = Document(resource)

    def resolve(nodes: list[Any]) -> list[Any]:
        texts = [getattr(node, "data", node).get("reference") for node in nodes]
        targets = [document.resolve(text, resource) for text in texts]
        return [ResourceNode.create_node(one, one["resourceType"]) for one in targets if one is not None]  # type: ignore[no-untyped-call]

    options = {"userInvocationTable": {"resolve": {"fn": resolve, "arity": {0: []}}}, "traceFn": lambda *_: None}
    node = found.value if is_resource(found.type) else ResourceNode.create_node(found.value, found.type)  # type: ignore[no-untyped-call]
    try:
        said = fhirpathpy.compile(invariants()[name]["fhirpath"], models["r4"], options)(node, {"resource": resource})
    except Exception as error:  # noqa: BLE001 (whatever it falls over)
        return f"falls over: {error}"[:80]
    return said == [True] if said else "no answer"


def leads_to(resource: Json, reference: Any) -> Json | None:
    return Document(resource).resolve((reference or {}).get("reference"), resource)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_an_invariant_holds_when_its_fhirpath_holds(name: str) -> None:
    said: Counter[tuple[bool, bool | str]] = Counter()
    for resource, found in judged(name):
        ours = compiled()[name][1](found.value, partial(leads_to, resource))
        said[ours, verdict(name, resource, found)] += 1
    assert not [theirs for _, theirs in said if isinstance(theirs, str) and theirs != "no answer"], said
    assert {ours == theirs for ours, theirs in said if isinstance(theirs, bool)} == {True}, said
    assert said[False, False], said
    assert said[True, True], said


@pytest.mark.parametrize(
    ("when", "holds"), [("2026", False), ("2026-01", False), ("2026-01-01", True), ("2026-01-01T10:00:00Z", True)]
)
def test_a_date_says_at_least_the_day(when: str, holds: bool) -> None:
    """us-core-1; a Period and a Timing are no dateTime."""
    test = compiled()["us-core-1"][1]
    assert test(when, lambda to: None) is holds
    assert test({"start": when}, lambda to: None)


@pytest.mark.parametrize(
    ("number", "holds"),
    [("1234567893", True), ("1999999976", True), ("1234567890", False), ("1999999967", False), ("123456789", False)],
)
def test_the_check_digit_of_an_npi(number: str, holds: bool) -> None:
    """us-core-17; 1234567893 is the example of the National Plan and Provider Enumeration System."""
    assert compiled()["us-core-17"][1]({"value": number}, lambda to: None) is holds


def test_every_element_of_an_invariant_is_one_of_r4() -> None:
    for name in invariants():
        for place in places(name):
            *above, last = place.split(".")
            assert not above or any(last in (one.name, one.choice) for one in children(".".join(above)).values()), name
