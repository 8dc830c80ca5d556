"""All that we make, before an independent judge: HAPI FHIR's instance validator, with R4's profiles and value sets.

The fixtures, the transactions that their records become, and resources rendered from generated records.  No error;
what it warns of (codes of LOINC and SNOMED CT, which it does not have) is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import Refused, from_fhir, to_bundle, to_fhir
from mappings.r4.exact_json import dumps, loads
from tests.judge.hapi import Fault, Hapi
from tests.judge.value_sets import ValueSets
from tests.mappings.sound import Sound
from tests.mappings.test_laws import Root, drawn, every_root, site_of, write

FIXTURES = Path(__file__).parents[2] / "fixtures"
FHIR = sorted([*FIXTURES.rglob("*.fhir.json"), *FIXTURES.rglob("*.bundle.json")])
RECORDS = sorted(FIXTURES.rglob("*.record.json"))

NOT_R4_ON_PURPOSE = {"status-that-r4-does-not-have": "requested'"}
"""What shows what senders get wrong, each with what the judge is to say of it; nothing is rendered afresh from it."""

pytestmark = pytest.mark.xdist_group("hapi")  # one JVM for all of them

QUIRKS = {
    r"rng-2: .*HAPI-0676": "two quantities whose units are spelled differently it compares through UCUM, for which it "
    "has no service: 1 tablet is not less than 2 tablets",
}
"""Errors that are HAPI's own, by message, each with the reason why what it finds fault with is R4."""


@pytest.fixture(scope="session")
def sound(r4_core: Path) -> Sound:
    return Sound(ValueSets(r4_core).expand)


def errors(faults: list[Fault]) -> list[str]:
    known = re.compile("|".join(QUIRKS))
    return [str(fault) for fault in faults if not known.search(fault.message)]


def stem(path: Path) -> str:
    return path.name.partition(".")[0]


COMPLETE = [path for path in RECORDS if stem(path) not in NOT_R4_ON_PURPOSE]


def name_of(path: Path) -> str:
    return str(path.relative_to(FIXTURES))


@pytest.fixture(scope="session")
def of_fixtures(hapi: Hapi) -> dict[str, list[Fault]]:
    """What it says of every fixture, and of what every record becomes in either rendering."""
    for path in FHIR:
        hapi.send(name_of(path), dumps(loads(path.read_bytes())))
    for path in COMPLETE:
        record = loads(path.read_bytes())
        hapi.send(f"{name_of(path)}, contained", dumps(to_fhir(record).resource))
        hapi.send(f"{name_of(path)}, transaction", dumps(to_bundle(record).resource))
    return hapi.faults()


@pytest.mark.parametrize("path", FHIR, ids=name_of)
def test_a_fixture_is_sound(of_fixtures: dict[str, list[Fault]], path: Path) -> None:
    found = errors(of_fixtures[name_of(path)])
    if expected := NOT_R4_ON_PURPOSE.get(stem(path)):
        assert found
        assert [fault for fault in found if expected not in fault] == []
    else:
        assert found == []


@pytest.mark.parametrize("rendering", ["contained", "transaction"])
@pytest.mark.parametrize("path", COMPLETE, ids=name_of)
def test_a_fresh_rendering_is_sound(of_fixtures: dict[str, list[Fault]], path: Path, rendering: str) -> None:
    assert errors(of_fixtures[f"{name_of(path)}, {rendering}"]) == []


@every_root
def test_what_generated_records_become_is_sound(hapi: Hapi, sound: Sound, root: Root) -> None:
    """Thousands of resources with the thorough profile: each record as one resource and as a transaction."""
    sent: dict[str, bytes] = {}

    assert settings.default is not None
    most = settings.default.max_examples // 3

    @settings(max_examples=most)
    @given(st.data())
    def make(data: st.DataObject) -> None:
        for rendering, resource in rendered(data, root, sound):
            name = f"{' '.join(root)} {len(sent)}, {rendering}"
            sent[name] = dumps(resource)
            hapi.send(name, sent[name])

    make()
    assert len(sent) > most  # few are refused
    found = hapi.faults()
    wrong = sorted((name for name in sent if errors(found[name])), key=lambda name: len(sent[name]))
    told = ("\n".join((name, *errors(found[name]), sent[name].decode())) for name in wrong)
    assert not wrong, f"{len(wrong)} of {len(sent)} are not R4, the shortest first:\n" + "\n".join(islice(told, 3))


def rendered(data: st.DataObject, root: Root, sound: Sound) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a sound record of this root becomes."""
    try:
        drawn_at_random = write(root, drawn(data, root, labels=True))
    except Refused:
        return
    here = site_of(root)
    for conversion in from_fhir(sound.document(drawn_at_random), kinds=root[:1], site=here).conversions[:1]:
        assert conversion.record.get("kind", "") == root[1]
        yield "contained", to_fhir(conversion.record, site=here).resource
        yield "transaction", to_bundle(conversion.record, site=here).resource


PATIENT: dict[str, Any] = {"resourceType": "Patient", "gender": "female"}
REQUEST: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
}


def test_the_judge_finds_fault(hapi: Hapi) -> None:
    """With what no structure tells: codes, targets, invariants, dangling references."""
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "a code that R4 does not have": ("administrative-gender", {**PATIENT, "gender": "f"}),
        "an element that R4 does not have": ("Unrecognized property", {**PATIENT, "sex": "female"}),
        "a status missing": ("minimum required = 1", {k: v for k, v in REQUEST.items() if k != "status"}),
        "an end before its start": (
            "per-1",
            {**PATIENT, "address": [{"text": "x", "period": {"start": "2026-11-24", "end": "2026-11-23"}}]},
        ),
        "a reference that leads nowhere": ("#nobody", {**REQUEST, "requester": {"reference": "#nobody"}}),
        "a reference to what it cannot lead to": (
            "Invalid Resource target type",
            {
                **REQUEST,
                "contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}],
                "subject": {"reference": "#o"},
            },
        ),
    }
    for name, (_, resource) in wrong.items():
        hapi.send(name, dumps(resource))
    hapi.send("a patient", dumps(PATIENT))
    found = hapi.faults()
    assert found["a patient"] == []
    for name, (words, _) in wrong.items():
        assert any(words in fault.message for fault in found[name]), (name, found[name])
