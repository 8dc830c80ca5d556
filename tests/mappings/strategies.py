"""Clinic records and foreign FHIR to try the laws on; both are drawn from the declarations, so nothing is said
twice."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from mappings.lens.choices import OneOf, SameAs
from mappings.lens.codes import Code
from mappings.lens.conditions import OnlyIf
from mappings.lens.links import Link
from mappings.lens.many import Each, Main
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape
from mappings.lens.rules import Field, Rule
from mappings.lens.shapes import Bare, Primitive, Shape, Verbatim, resolved
from mappings.lens.worded import DERIVED, WORD, Worded
from mappings.r4.bindings import binding
from mappings.r4.definitions import children, is_primitive, is_resource
from mappings.values import Number

Record = dict[str, Any]
Draw = st.DrawFn

word = st.text("abcdefghij", min_size=1, max_size=5)
decimals = st.one_of(
    st.integers(-9, 99), st.sampled_from(["1.0", "1.50", "1.5", "0.001", "-2.25", "100.0", "1e2", "-0.0"]).map(Number)
)
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-5, 99),
    "unsignedInt": st.integers(0, 99),
    "positiveInt": st.integers(1, 99),
    "decimal": decimals,
    "date": st.sampled_from(["2026", "2026-11", "2026-11-23"]),
    "dateTime": st.sampled_from(["2026", "2026-11-23", "2026-11-23T10:00:00+01:00", "2026-11-23T09:00:00.0Z"]),
    "instant": st.sampled_from(["2026-11-23T09:00:00Z", "2026-11-23T10:00:00.120+01:00"]),
    "time": st.sampled_from(["08:00:00", "21:30:00"]),
    "base64Binary": st.sampled_from(["aGVsbG8=", "cGFpbg=="]),
}
extensions: st.SearchStrategy[Record] = st.one_of(
    st.fixed_dictionaries({"url": word.map("urn:x:".__add__), "valueString": word}),
    st.fixed_dictionaries({"url": word.map("urn:x:".__add__), "valueDecimal": decimals}),
)


LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
SORTS: dict[str, Record] = {
    "pain_score": {"status": "final", "what": {"system": LOINC, "code": "72514-3"}},
    "pain": {"status": "corrected", "what": {"system": LOINC, "code": "75325-1"}},
    "urine_drug_test": {"status": "final", "what": {"system": LOINC, "code": "3357-1"}},
    "risk_score": {"status": "amended", "what": {"system": LOINC, "code": "91392-1"}},
    "pdmp_check": {"status": "completed", "technique": {"system": SNOMED, "code": "461621000124108"}},
    "red_flag": {"diagnosis": {"system": SNOMED, "code": "192970008"}, "verification": {"text": "sure"}},
    "ruled_out": {
        "verification": {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}
    },
    "agreement": {"scope": {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "treatment"}},
}
"""What makes a thing one of its kind, beyond its type."""


def records(shape: RecordShape, depth: int = 0) -> st.SearchStrategy[Record]:
    """A record of a shape: what is required, and a few of what is not."""
    return _records(lambda: shape, depth)  # Hypothesis prints what a strategy is made of: megabytes, for a shape


@st.composite
def _records(draw: Draw, shape_of: Callable[[], RecordShape], depth: int) -> Record:
    shape = shape_of()
    most = (4, 3, 2, 1)[min(depth, 3)]
    asked = {rule.steps[0].name for rule in shape.rules if isinstance(rule, OnlyIf)}
    asked |= shape.depends if not depth else frozenset()  # a root that says whose it is
    needed = [rule for rule in shape.rules if rule.names and (_required(rule) or _elements(rule) & asked)]
    optional = [rule for rule in shape.rules if rule.names and not any(rule is one for one in needed)]
    some = st.lists(st.integers(0, len(optional) - 1), max_size=most, unique=True)
    chosen = [optional[n] for n in draw(some)] if optional else []
    wanted = [rule for rule in shape.rules if any(rule is one for one in (*needed, *chosen))]
    record: Record = {}
    for rule in wanted:
        if depth < 5 or any(rule is one for one in needed) or all(part.shape.leaf for part in rule.parts()):
            record |= draw(_parts(rule, depth))
    if "birth_date" in record:
        record.pop("birth_date_unknown_because", None)
    if not record.keys() - {"member_id"}:
        simple = [rule for rule in shape.rules if rule.names and all(part.shape.leaf for part in rule.parts())]
        record |= draw(_parts(_one(draw, [r for r in simple or optional if r.names != ("member_id",)]), depth))
    return record


def _one(draw: Draw, rules: Sequence[Rule]) -> Rule:
    return rules[draw(st.integers(0, len(rules) - 1))]


def _elements(rule: Rule) -> set[str]:
    """The elements that a rule writes at its top."""
    return {part.steps[0].name for part in rule.parts()}


def _required(rule: Rule) -> bool:
    if isinstance(rule, OneOf):
        first = rule.rules[0]
        return first.element.min > 0 and len(first.steps) == 1
    if isinstance(rule, Field):
        return rule.element.min > 0 and len(rule.steps) == 1 and rule.usual is None
    return isinstance(rule, Each) and rule.element.min > 0 and len(rule.steps) == 1


def _parts(rule: Rule, depth: int) -> st.SearchStrategy[Record]:
    return _parts_of(lambda: rule, depth)


@st.composite
def _parts_of(draw: Draw, rule_of: Callable[[], Rule], depth: int) -> Record:
    rule = rule_of()
    if isinstance(rule, OneOf):
        return draw(_parts(_one(draw, rule.rules), depth))
    if isinstance(rule, SameAs):
        return draw(_parts(rule.rule, depth))
    if isinstance(rule, PointingHere):
        return {rule.name: draw(st.lists(_pointing(rule, depth + 1), min_size=1, max_size=2))}
    if isinstance(rule, Main):
        head = draw(records(rule.shape, depth + 1))
        if isinstance(rule, Worded) and draw(st.booleans()):
            exact = [word for word in rule.words if "code" not in rule.normal({WORD: word})]
            head = {WORD: draw(st.sampled_from(exact)), **{k: v for k, v in head.items() if k not in DERIVED}}
        if rule.prefer or rule.never:
            head = {name: value for name, value in head.items() if name not in ("use", "period")} or {"text": "x"}
        rest = (
            draw(st.lists(records(rule.shape, depth + 1), min_size=1, max_size=2))
            if draw(st.integers(0, 3)) == 0
            else []
        )
        if rule.prefer:  # none of the others is the one to tell first
            rest = [{name: value for name, value in item.items() if name != "use"} or {"text": "y"} for item in rest]
        return ({rule.name: head} if rule.name else head) | ({rule.others: rest} if rest else {})
    if isinstance(rule, Each):
        return {rule.name: draw(st.lists(_value(rule.shape, depth + 1), min_size=1, max_size=2 if depth else 3))}
    assert isinstance(rule, Field)
    if words := _words_of(rule):
        return {rule.name: draw(st.sampled_from(words))}
    return {rule.name: draw(_value(rule.shape, depth + 1))}


def _words_of(rule: Field) -> list[str]:
    """What a field of few values may say; none for any other."""
    if isinstance(rule.shape, Code):
        return list(rule.shape.words)
    return codes_of(rule.element.binding) if isinstance(rule.shape, Primitive) and rule.element.binding else []


def codes_of(value_set: str) -> list[str]:
    demanded = binding(value_set)
    return sorted(demanded.codes) if demanded else []


def _value(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    shape = resolved(shape)
    if isinstance(shape, Bare):
        return _value(shape.field.shape, depth)
    if isinstance(shape, Code):
        return st.sampled_from(list(shape.words))
    if isinstance(shape, Primitive):
        return PRIMITIVES.get(shape.type, word)
    if isinstance(shape, Verbatim):
        return extensions
    if isinstance(shape, Link):
        return _linked(shape, depth)
    assert isinstance(shape, RecordShape)
    return records(shape, depth)


def _linked(link: Link, depth: int) -> st.SearchStrategy[Record]:
    return _linked_of(lambda: link, depth)


WITHDRAWN: dict[str, Record] = {
    "allergy": {"verification": {"text": "refuted"}},
    **{
        key: {"status": "entered-in-error"}
        for key in ("answered_form", "consent", "document", "medication_statement", "prescription", "procedure")
    },
}
"""What leaves a thing of such a kind to the list of all that is left."""


def _of_its_sort(link: Link, kind: str, content: Record) -> Record:
    """The content with what makes it one of this kind and of none before it."""
    shape = link.known[kind]
    for rule in shape.rules:
        if isinstance(rule, OnlyIf) and rule.fhir in ("intent", "doNotPerform", "docStatus", "provision.type"):
            for name, other in shape.names.items():
                if rule.steps[0].name in _elements(other):
                    content.pop(name, None)
    status = next((rule for rule in shape.rules if isinstance(rule, OnlyIf) and rule.fhir == "status"), None)
    content |= {"status": status.values[0]} if status else {}
    return content | SORTS.get(kind, {}) | ({} if link.only else WITHDRAWN.get(kind, {}))


@st.composite
def _linked_of(draw: Draw, link_of: Callable[[], Link], depth: int) -> Record:
    link = link_of()
    point: Record = draw(records(link.pointer, depth + 1))
    if not link.only and (depth > 4 or draw(st.booleans())):
        return point
    kind = draw(st.sampled_from(sorted(link.known)))
    content: Record = draw(records(link.known[kind], depth + 1))
    content.pop("id", None)
    content.pop("meta_security", None)  # refused in a contained resource
    content = _of_its_sort(link, kind, content)
    point.pop("ref", None)
    return {"kind": kind, **content, **point}


@st.composite
def _pointing(draw: Draw, rule: PointingHere, depth: int) -> Record:
    """A record that lies where it does because it points there."""
    record: Record = draw(_linked(replace(rule.link, only=True), depth))
    for name in rule.link.pointer.names:
        record.pop(name, None)
    elsewhere = record.pop(rule.field_of(record["kind"]), [])
    return record | ({rule.field_of(record["kind"]): [*elsewhere, {"ref": "#"}]} if elsewhere else {})


def labelled(shape: RecordShape) -> st.SearchStrategy[Record]:
    """A record of which some parts are told under an id, and pointed to from elsewhere."""
    return _labelled(lambda: shape)


@st.composite
def _labelled(draw: Draw, shape_of: Callable[[], RecordShape]) -> Record:
    record: Record = draw(records(shape_of()))
    told = [part for part in _dicts(record) if "kind" in part]
    for n, part in enumerate(told):
        if draw(st.booleans()):
            part["id"] = f"{draw(word)}{n}"
    ids = [part["id"] for part in told if "id" in part]
    for pointer in _dicts(record):
        if ids and "ref" in pointer and draw(st.integers(0, 2)) == 0:
            pointer["ref"] = f"#{draw(st.sampled_from(ids))}"
    return record


def _dicts(node: Any) -> Iterator[Record]:
    if isinstance(node, dict):
        yield node
        for name, value in node.items():
            if not name.endswith("extensions"):
                yield from _dicts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _dicts(value)


def with_noise(draw: Any, resource: Record) -> Record:
    """The same with things of other people anywhere: ids, extensions, narrative, contained resources; still valid
    R4."""
    resource = copy.deepcopy(resource)
    _disturb(draw, resource, str(resource["resourceType"]))
    if draw(st.booleans()):
        resource["text"] = {
            "status": draw(st.sampled_from(["generated", "additional"])),
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
        }
    if "insurance" in children(resource["resourceType"]) and draw(st.booleans()):
        resource.setdefault("contained", []).append({"resourceType": "Basic", "id": "cov", "code": {"text": "x"}})
        resource.setdefault("insurance", []).append({"reference": "#cov"})
    return resource


def _disturb(draw: Any, node: Record, type_: str) -> None:
    known = children(type_)
    for name, value in list(node.items()):
        element = known.get(name)
        if element is None or name in ("extension", "modifierExtension"):
            continue
        if is_primitive(element.type):
            if element.binding and element.type == "code" and isinstance(value, str) and draw(st.integers(0, 19)) == 0:
                node[name] = "a-code-of-theirs"
            if (
                not isinstance(value, list)
                and f"_{name}" not in node
                and name not in ("id", "url")
                and element.type != "xhtml"
                and draw(st.integers(0, 9)) == 0
            ):
                node[f"_{name}"] = {"extension": [draw(extensions)]}
            continue
        for item in value if isinstance(value, list) else [value]:
            _disturb(draw, item, str(item["resourceType"]) if element.type == "Resource" else element.type)
    if not is_resource(type_) and draw(st.integers(0, 9)) == 0:
        node.setdefault("id", f"n{draw(word)}")
    if draw(st.integers(0, 9)) == 0 and type_ != "Narrative":
        node["extension"] = [*node.get("extension", []), draw(extensions)]
