"""The laws of every mapping, on records drawn from its rules and on FHIR with other people's things mixed in.

Refused is a lawful answer of to_fhir; how often it is given is held down by test_a_plain_record_is_never_refused.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from mappings import Refused, Site, check_record, from_fhir, site, to_bundle, to_fhir
from mappings.lens.document import Document
from mappings.lens.making import Making, WriteScope
from mappings.lens.mapping import Mapping, _content, _fill_root, differences
from mappings.lens.normal import normal
from mappings.r4 import structure, validity
from mappings.r4.exact_json import dumps
from mappings.roots import ROOTS, mapping
from mappings.us_core import is_declared_by_us
from mappings.values import same
from tests.mappings.sound import Sound
from tests.mappings.strategies import labelled, records, with_noise

Json = dict[str, Any]

Root = tuple[str, ...]
"""A kind, a sort, and the name of a site where that is not as shipped."""

NORTH = site(Path(__file__).parents[2] / "fixtures" / "sites" / "north")
SITES = {"north": NORTH, "north to mercy": NORTH.to("mercy")}
ALL: list[Root] = [(kind, sort) for kind, roots in ROOTS.items() for sort in roots]
CHANGED: list[Root] = [
    ("acupuncture_session", "", "north"),
    ("patient", "", "north"),
    ("referral", "", "north to mercy"),
]
"""What a site changes keeps the same laws."""

every_root = pytest.mark.parametrize("root", [*ALL, *CHANGED], ids=lambda root: " ".join(root).strip())


def site_of(root: Root) -> Site | None:
    return SITES[root[2]] if len(root) == 3 else None


def lens_of(root: Root) -> Mapping:
    here = site_of(root)
    return mapping(*root[:2]) if here is None else mapping(root[0], root[1], here)


def read(root: Root, document: Json) -> Json:
    """The one record of a document of ours."""
    whole = Document(document)
    tops = whole.entries if whole.is_bundle else [document]
    record, _ = lens_of(root).read(whole, tops[0])
    return record


def write(root: Root, record: Json, onto: Json | None = None, rendering: Any = "contained") -> Json:
    content = {name: value for name, value in record.items() if name not in ("record", "kind")}
    whole = Document(onto) if onto is not None else None
    made, _ = lens_of(root).write(content, whole, onto, rendering)
    return made


def drawn(data: st.DataObject, root: Root, labels: bool = False) -> Json:
    record: Json = {
        **lens_of(root).heading,
        **data.draw((labelled if labels else records)(lens_of(root).shape), label="record"),
    }
    record = dict(normal(lens_of(root).shape, record))
    if "modifier_extensions" in str(record) or "implicit_rules" in str(record):
        from mappings.lens.gates import not_actionable

        if because := not_actionable(_content(record)):
            record |= {"actionable": False, "not_actionable_because": because}
    return record


def foreign(data: st.DataObject, root: Root) -> Json:
    try:
        made = write(root, drawn(data, root, labels=True))
    except Refused:
        assume(False)
    resource = with_noise(data.draw, made)
    assert [i for i in structure.check(resource) if i.severity == "error"] == []
    return resource


def refused(because: Refused) -> None:
    event("refused: " + re.sub(r"\W.*", "", because.issues[0].code) + " " + because.issues[0].text[:40])


@every_root
@pytest.mark.parametrize("rendering", ["contained", "bundle"])
@given(st.data())
def test_a_plain_record_is_never_refused(root: Root, rendering: str, data: st.DataObject) -> None:
    """PutGet on nothing: from_fhir(to_fhir(v)) == v, and what is made is R4."""
    record = drawn(data, root)
    made = write(root, record, rendering=rendering)
    assert same(read(root, made), record)
    assert [(i.expression, i.text) for i in structure.check(made) if i.severity == "error"] == []


@every_root
@given(st.data())
def test_both_renderings_read_as_the_same_record(root: Root, data: st.DataObject) -> None:
    record = drawn(data, root, labels=True)
    try:
        one, other = write(root, record), write(root, record, rendering="bundle")
    except Refused as because:
        refused(because)
        return
    assert same(read(root, one), record)
    assert same(read(root, other), record)


@every_root
@given(st.data())
def test_reading_and_writing_back_changes_nothing(root: Root, data: st.DataObject) -> None:
    """GetPut, without the short cut that to_fhir takes when nothing differs."""
    resource = foreign(data, root)
    before = copy.deepcopy(resource)
    document, lens = Document(resource), lens_of(root)
    record, _ = lens.read(document, resource)
    assert same(normal(lens.shape, record), record)
    content = _content(record)
    making = Making(document, resource, "contained", "x", root_now=resource)
    written = _fill_root(lens.shape, content, content, resource, WriteScope(making, resource))
    assert same(written, resource)
    assert not making.added
    assert same(write(root, record, onto=resource), resource)
    assert same(resource, before)


@every_root
@given(st.data())
def test_what_is_put_onto_anything_is_what_is_read(root: Root, data: st.DataObject) -> None:
    """PutGet onto a foreign resource, or refused."""
    resource, record = foreign(data, root), drawn(data, root, labels=True)
    before = copy.deepcopy(resource)
    try:
        made = write(root, record, onto=resource)
    except Refused as because:
        refused(because)
        return
    assert same(read(root, made), record), differences(read(root, made), record)
    assert same(resource, before)
    assert same(write(root, record, onto=made), made)
    assert [(i.expression, i.text) for i in structure.check(made) if i.severity == "error"] == []


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a record that may be edited."""
    found: list[tuple[Any, ...]] = []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key in ("record", "kind", "actionable", "not_actionable_because"):
            continue
        found.append((*at, key))
        if isinstance(value, dict | list) and not str(key).endswith("extensions"):
            found += places(value, (*at, key))
    return found


def edited(data: st.DataObject, record: Json) -> tuple[Json, tuple[Any, ...]]:
    """The record with one thing in it taken away, or doubled in its list."""
    record = copy.deepcopy(record)
    place = data.draw(st.sampled_from(places(record)), label="place")
    holder: Any = record
    for key in place[:-1]:
        holder = holder[key]
    if isinstance(holder, list) and data.draw(st.booleans()):
        holder.insert(place[-1], copy.deepcopy(holder[place[-1]]))
    else:
        del holder[place[-1]]
    return record, place


@every_root
@given(st.data())
def test_one_edit_changes_nothing_else(root: Root, data: st.DataObject) -> None:
    resource = foreign(data, root)
    record = read(root, resource)
    assume(places(record))
    after, place = edited(data, record)
    try:
        made = write(root, after, onto=resource)
    except Refused as because:
        refused(because)
        return
    assert same(read(root, made), normal(lens_of(root).shape, after))
    rule = lens_of(root).shape.names[place[0]]
    mine = {step.name for part in rule.parts() for step in part.steps[:1]} | {"contained", "text"}
    if same(without_claims(resource).get("meta"), without_claims(made).get("meta")):
        mine.add("meta")  # only a claim that was met no more went
    changed = {name for name in resource.keys() | made.keys() if not same(resource.get(name), made.get(name))}
    assert {name.lstrip("_") for name in changed} <= {name.lstrip("_") for name in mine} | set(_members(rule))


def _members(rule: Any) -> tuple[str, ...]:
    return tuple(getattr(rule, "members", ()))


@every_root
@given(st.data())
def test_the_last_word_leaves_no_trace_of_the_first(root: Root, data: st.DataObject) -> None:
    """PutPut, over our own writing; ids that we derive, the order of contained resources and claims of US Core apart:
    what is put onto anything declares nothing more."""
    first, second = drawn(data, root, labels=True), drawn(data, root, labels=True)
    try:
        expected = write(root, second)
        made = write(root, second, onto=write(root, first))
    except Refused as because:
        refused(because)
        return
    assert same(without_claims(without_derived_ids(made)), without_claims(without_derived_ids(expected)))


def without_derived_ids(resource: Json) -> Json:
    """Derived ids renamed in the order in which they are pointed to, contained resources in that order."""
    names: dict[str, str] = {}

    def rename(node: Any) -> Any:
        if isinstance(node, dict):
            out = {}
            for key, value in node.items():
                if key == "reference" and isinstance(value, str) and value.startswith("#"):
                    first = value not in names
                    names.setdefault(value, f"#{len(names)}" if value.startswith("#pg-") else value)
                    if first:
                        out["~"] = rename(
                            next((c for c in resource.get("contained", []) if f"#{c['id']}" == value), None)
                        )
                    value = names[value]
                out[key] = rename(value)
            return {key: out[key] for key in sorted(out)}
        return [rename(item) for item in node] if isinstance(node, list) else node

    def in_order(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: in_order(node[key]) for key in sorted(node)}
        return [in_order(item) for item in node] if isinstance(node, list) else node

    made = rename(in_order({key: value for key, value in resource.items() if key != "contained"}))

    def drop_ids(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: drop_ids(v) for k, v in node.items() if not (k == "id" and str(v).startswith("pg-"))}
        return [drop_ids(item) for item in node] if isinstance(node, list) else node

    return dict(drop_ids(made))


def without_claims(node: Any) -> Any:
    """Without the profiles that are declared where they are met, and what stands beside or around nothing else."""
    if isinstance(node, list):
        return [without_claims(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {key: without_claims(value) for key, value in node.items()}
    if isinstance(said := out.get("profile"), list):
        stay = [n for n, url in enumerate(said) if not is_declared_by_us(url)]
        beside = out.get("_profile", [])
        out["profile"] = [said[n] for n in stay]
        out["_profile"] = [beside[n] for n in stay if n < len(beside)] if any(beside) else []
        if not out["profile"] and not out.keys() - {"profile", "_profile", "id"}:
            return {}
    return {key: value for key, value in out.items() if value not in ({}, [])}


@every_root
@given(st.data())
def test_equal_input_gives_byte_equal_output(root: Root, data: st.DataObject) -> None:
    record = drawn(data, root, labels=True)
    try:
        made = [dumps(write(root, copy.deepcopy(record), rendering=how)) for how in ("contained", "bundle")]
    except Refused as because:
        refused(because)
        return
    assert made == [dumps(write(root, copy.deepcopy(record), rendering=how)) for how in ("contained", "bundle")]


# ------------------------------------------------------------ what is sound goes out valid

SOUND = Sound()


def sound(data: st.DataObject, root: Root) -> Json:
    """A record that is valid R4 when rendered."""
    try:
        made = write(root, drawn(data, root, labels=True))
    except Refused:
        assume(False)
    document = SOUND.document(made)
    assume(not validity.check(document))  # now and then what is contained is referred to by nothing that is left
    found = [one.record for one in from_fhir(document, kinds=(root[0],), site=site_of(root)).conversions]
    assume(found)
    return found[0]


@every_root
@given(st.data())
def test_what_goes_out_of_a_sound_record_is_valid_and_reads_as_it(root: Root, data: st.DataObject) -> None:
    record = sound(data, root)
    here = site_of(root)
    for made in (to_fhir(record, site=here).resource, to_bundle(record, site=here).resource):
        assert validity.check(made) == []
        assert same(read(root, made), record)


@every_root
@given(st.data())
def test_a_record_for_fhir_is_one_that_the_schema_takes(root: Root, data: st.DataObject) -> None:
    assert [i for i in check_record(sound(data, root), site=site_of(root)) if i.severity == "error"] == []


@every_root
@given(st.data())
def test_no_edit_makes_a_document_less_valid(root: Root, data: st.DataObject) -> None:
    """Whatever is wrong with what a sender sent, an edit either adds nothing to it or is refused."""
    document = foreign(data, root)
    before = Counter((issue.code, issue.text) for issue in validity.check(document))
    here = site_of(root)
    record = from_fhir(document, kinds=(root[0],), site=here).conversions[0].record
    assume(places(record))
    after, _ = edited(data, record)
    try:
        made = to_fhir(after, onto=document, site=here).resource
    except Refused as because:
        refused(because)
        return
    assert Counter((issue.code, issue.text) for issue in validity.check(made)) <= before
