"""Every invariant of severity error is compiled or stands on a list with the reason, and holds when its FHIRPath holds.

The official FHIRPath is evaluated by an engine that we did not write, over nodes of official examples as they are and
damaged, and over the smallest nodes that break an invariant.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mappings.r4 import validity
from mappings.r4.definitions import children, is_resource
from mappings.r4.exact_json import loads
from mappings.r4.invariants import HELD_ELSEWHERE, NOT_CARRIED, compiled, table
from mappings.roots import ROOTS
from tests.mappings.r4.broken_invariants import BROKEN
from tests.mappings.r4.engine import Corpus, Node, nodes, verdict

SPOKEN = {"Bundle", "CapabilityStatement", "OperationOutcome", "Parameters", "Questionnaire", "Task"}
"""What no record is made of, but requests and answers are."""

ENGINE_ERRS = {
    "rng-2": "it cannot compare the Quantities low and high",
    "que-7": "it takes a FHIR boolean for none: `answer is Boolean` is false of answerBoolean",
    "txt-1": "htmlChecks() is not FHIRPath's: test_xhtml.py",
    "txt-2": "htmlChecks() is not FHIRPath's: test_xhtml.py",
}
WE_DIFFER = {
    "app-4": "its expression says no-show, which is no code of Appointment.status: we take noshow for what was meant",
    "per-1": "2026-05 to 2026-05-27 is no answer in FHIRPath; we compare as far as both are known",
    "inv-1 of Task": "as per-1",
    "mdd-1": "as per-1",
    "bdl-3": "without Bundle.type, which structure.py refuses, it is not said whether requests are wanted",
    "bdl-4": "without Bundle.type, which structure.py refuses, it is not said whether responses are wanted",
}


def test_every_invariant_is_compiled_or_has_its_reason() -> None:
    missing = {
        name
        for name, row in table().items()
        if name not in compiled()
        and name not in HELD_ELSEWHERE
        and not {place.partition(".")[0] for place in row["on"]} <= NOT_CARRIED.keys()
    }
    assert missing == set()
    assert not compiled().keys() & HELD_ELSEWHERE.keys()


def test_no_type_that_we_carry_or_speak_is_without_its_invariants() -> None:
    carried = {root for roots in ROOTS.values() for name in roots.values() for root in name.split(", ")} | SPOKEN
    assert all(map(is_resource, carried))
    reached = _reached(carried)
    assert not reached & NOT_CARRIED.keys()


def _reached(types: set[str]) -> set[str]:
    """The types, and the types of everything that may stand in them."""
    found, new = set[str](), set(types)
    while new:
        found |= new
        new = {element.type for type_ in new if type_ != "Resource" for element in children(type_).values()} - found
    return found


def test_the_table_says_how_to_mend_each() -> None:
    for name, (mend, _) in compiled().items():
        assert mend
        assert mend[0].isupper() or mend.startswith("`"), name
        assert table()[name]["human"], name


@pytest.fixture(scope="module")
def corpus(official_examples: Path) -> Corpus:
    return Corpus(official_examples)


@pytest.mark.parametrize("name", sorted(compiled().keys() - ENGINE_ERRS.keys()))
def test_an_invariant_holds_when_its_fhirpath_holds(name: str, corpus: Corpus) -> None:
    holds = compiled()[name][1]
    said: Counter[tuple[bool, bool | str]] = Counter()
    for node in _judged(name, corpus):
        ours, theirs = holds(node.value), verdict(name, node)
        said[ours, theirs] += 1
        if name not in WE_DIFFER and isinstance(theirs, bool):
            assert ours == theirs, json.dumps(node.value, default=str)[:400]
    assert not [theirs for _, theirs in said if isinstance(theirs, str) and theirs != "no answer"]
    assert said[False, False], "nothing broke it: a node that does belongs to broken_invariants.py"
    assert said[True, True] or name in _NEVER_HELD
    differ = sum(times for (ours, theirs), times in said.items() if isinstance(theirs, bool) and ours != theirs)
    assert differ <= said.total() / 10


_NEVER_HELD = {
    "cnt-3",
    "dis-1",
    "mqty-1",
    "opd-2",
    "opd-3",
    "tcp-1",
    "vsd-6",
    "vsd-9",
    "vsd-10",
    "opd-1",
    "cmd-2",
    "cmd-3",
    "drq-2",
}
"""Of places that hardly stand in an example."""


def _judged(name: str, corpus: Corpus) -> list[Node]:
    found: list[Node] = []
    for place in table()[name]["on"]:
        found += [*corpus.at.get(place, ()), *corpus.damaged(place, 60, seed=1)]
    if name in BROKEN:
        place, value = table()[name]["on"][0], BROKEN[name]
        type_ = value.get("resourceType") or {"Organization.address": "Address"}.get(place, place)
        found.append(Node(value, place, type_, value, value))
    return found


def test_low_is_not_above_high() -> None:
    """rng-2, which the engine cannot say: in one unit it is compared, in two it is left to who knows them."""
    holds = compiled()["rng-2"][1]
    kg = {"system": "http://unitsofmeasure.org", "code": "kg"}
    assert holds({"low": {"value": 3, **kg}, "high": {"value": 3, **kg}})
    assert not holds({"low": {"value": 4, **kg}, "high": {"value": 3, **kg}})
    assert holds({"low": {"value": 4, **kg, "code": "g"}, "high": {"value": 3, **kg}})
    assert not holds({"low": {"value": loads("1e1"), "unit": "days"}, "high": {"value": 9, "unit": "days"}})
    assert holds({"low": {"value": 4}, "high": {"unit": "kg"}})


def test_exists_is_compared_with_true_or_false() -> None:
    """que-7, of whose type the engine is mistaken."""
    holds = compiled()["que-7"][1]
    assert holds({"question": "1", "operator": "exists", "answerBoolean": True})
    assert not holds({"question": "1", "operator": "exists", "answerString": "yes"})
    assert holds({"question": "1", "operator": "=", "answerString": "yes"})


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2026-05", "2026-05-27", True),
        ("2026-05-27", "2026-05", True),
        ("2026-06", "2026-05-27", False),
        ("2026-05-27", "2026-05-26", False),
        ("2026-01-01T23:30:00-05:00", "2026-01-02T04:30:00Z", True),
        ("2026-01-01T23:30:00.001-05:00", "2026-01-02T04:30:00Z", False),
        ("2026-01-01T10:00:00.1Z", "2026-01-01T10:00:00.10Z", True),
        ("2026-01-01T10:00:00Z", "2026-01-01", True),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z", True),
        ("2026", "2025-12-31T23:59:59Z", False),
    ],
)
def test_a_period_is_compared_as_far_as_it_is_known(start: str, end: str, holds: bool) -> None:
    assert compiled()["per-1"][1]({"start": start, "end": end}) == holds


def test_what_is_contained_is_judged_as_the_engine_judges_it(official_examples: Path) -> None:
    """dom-2, dom-3, ref-1 and ctm-1 take the whole resource: examples, what they contain renamed, lost or nested."""
    said: Counter[tuple[str, bool]] = Counter()
    for path in sorted(official_examples.glob("*.json")):
        text = path.read_bytes()
        if len(text) < 12_000 and (b'"contained"' in text or b'"onBehalfOf"' in text) and path.name != "package.json":
            for document in _with_contents_damaged(loads(text)):
                told = " ".join(issue.text for issue in validity.check(document))
                for name, words in _TOLD.items():
                    ours = not any(word in told for word in words)
                    judged = [node for node in nodes(document) if node.place in table()[name]["on"]]
                    if name == "dom-3":  # what is contained in what is contained is dom-2's, and told once
                        judged = [node for node in judged if node.value is node.root]
                    theirs = [verdict(name, node) for node in judged]
                    assert set(theirs) <= {True, False, "no answer"}
                    assert ours == (False not in theirs), (path.name, name)
                    said[name, ours] += 1
    assert {name for name, ours in said if not ours} >= {"dom-2", "dom-3", "ref-1"}


_TOLD = {
    "dom-2": ("A contained resource contains none", "R4 has no contained here"),
    "dom-3": ("(dom-3)",),
    "ref-1": ("(ref-1)",),
    "ctm-1": ("(ctm-1)",),
}


def _with_contents_damaged(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = [document]
    for index in range(min(3, len(document.get("contained", ())))):
        for contained in (
            {**document["contained"][index], "id": "another"},
            {**document["contained"][index], "contained": [{"resourceType": "Patient", "id": "z", "active": True}]},
            {"resourceType": "Basic", "id": "out", "code": {"text": "t"}, "subject": {"reference": "#"}},
            None,
        ):
            damaged = copy.deepcopy(document)
            damaged["contained"][index : index + 1] = [contained] if contained else []
            if not damaged["contained"]:
                del damaged["contained"]
            found.append(damaged)
    return found


def test_whom_a_member_of_a_care_team_acts_for() -> None:
    team: dict[str, Any] = {
        "resourceType": "CareTeam",
        "participant": [{"onBehalfOf": {"reference": "Organization/1"}}],
    }
    team["participant"][0]["member"] = {"reference": "Patient/1"}
    assert [issue.expression for issue in validity.check(team)] == ["CareTeam.participant[0]"]
    team["participant"][0]["member"] = {"reference": "Practitioner/1"}
    assert validity.check(team) == []
