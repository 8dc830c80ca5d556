"""Our table of R4 (mappings.r4.validity) and HAPI's validator, over resources that neither of us made for the other.

Where they disagree it stands in disagreements.json, with who is right and why.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mappings.lens.records import RecordShape
from mappings.lens.shapes import everything_in
from mappings.r4 import validity
from mappings.r4.definitions import is_resource
from mappings.r4.exact_json import dumps, loads
from mappings.roots import ROOTS, mapping
from tests.judge.hapi import Fault, Hapi
from tests.mappings.r4.not_r4 import BAD
from tests.mappings.r4.not_valid import NOT_REFUSED, NOT_VALID

LISTED = json.loads(Path(__file__).with_name("disagreements.json").read_bytes())
LARGEST_BUNDLE = 100_000
"""Bytes: the larger official Bundles hold whole specifications, which no record holds, and take HAPI minutes."""

pytestmark = pytest.mark.xdist_group("hapi")  # the JVM of test_hapi.py


def carried() -> set[str]:
    """The types of the resources that records hold, and Bundle, which brings them."""
    every = everything_in(*(mapping(kind, sort).shape for kind, roots in ROOTS.items() for sort in roots))
    return {"Bundle", *(shape.type for shape in every if isinstance(shape, RecordShape) and is_resource(shape.type))}


class Verdict(NamedTuple):
    """What the two say of one resource."""

    ours: str
    hapi: list[Fault]

    def is_as_listed(self, group: dict[str, Any]) -> bool:
        if self.ours != group["ours"] or bool(self.hapi) != (group["hapi"] is not None):
            return False
        return all(re.search(group["hapi"], fault.message) for fault in self.hapi)


def judged(hapi: Hapi, resources: dict[str, dict[str, Any]]) -> dict[str, Verdict]:
    """Those of which one says that they are valid and the other that they are not."""
    for name, resource in resources.items():
        hapi.send(f"judged by both: {name}", dumps(resource))
    ours = {name: "refused" if refused(resource) else "accepted" for name, resource in resources.items()}
    found = hapi.faults()
    verdicts = {name: Verdict(ours[name], found[f"judged by both: {name}"]) for name in resources}
    return {name: one for name, one in verdicts.items() if (one.ours == "refused") != bool(one.hapi)}


def refused(resource: dict[str, Any]) -> bool:
    """Whether it is no valid R4; what we only warn of is."""
    return any(issue.severity == "error" for issue in validity.check(resource))


def hold(verdicts: dict[str, Verdict], groups: list[dict[str, Any]]) -> None:
    """Each disagreement is listed once, as it is, and nothing else is."""
    listed = [name for group in groups for name in group["of"]]
    assert len(listed) == len(set(listed))
    assert {name: verdicts[name] for name in verdicts.keys() - set(listed)} == {}, "not listed"
    assert set(listed) - verdicts.keys() == set(), "listed, and they agree"
    otherwise = {
        name: verdicts[name] for group in groups for name in group["of"] if not verdicts[name].is_as_listed(group)
    }
    assert otherwise == {}, "listed otherwise"


def test_it_is_listed_where_we_disagree_on_official_examples(hapi: Hapi, official_examples: Path) -> None:
    types, examples = carried(), {}
    for path in sorted(official_examples.glob("*.json")):
        is_bundle = path.name.startswith("Bundle-")
        if path.name.partition("-")[0] in types and not (is_bundle and path.stat().st_size > LARGEST_BUNDLE):
            examples[path.name] = loads(path.read_bytes())
    assert len(examples) == 369
    hold(judged(hapi, examples), LISTED["examples"])


def test_it_is_listed_where_we_disagree_on_bad_cases(hapi: Hapi) -> None:
    cases: dict[str, dict[str, Any]] = {name: case[0] for name, case in NOT_VALID.items()}
    cases |= {name: resource for name, (resource, _) in NOT_REFUSED.items()}
    cases |= {f"not R4: {name}": case[0] for name, case in BAD.items()}
    hold(judged(hapi, cases), LISTED["bad cases"])


def test_every_group_says_who_is_right_and_why() -> None:
    groups = [*LISTED["examples"], *LISTED["bad cases"]]
    assert all(group["right"] in ("HAPI", "paingate") and group["why"].endswith(".") for group in groups)
    assert all((group["ours"] == "refused") != (group["hapi"] is not None) for group in groups)
