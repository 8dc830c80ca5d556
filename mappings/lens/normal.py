"""The one form of a record that reads back as itself.

What can be said in two ways is read in one: a code that a word of the clinic's stands for is read as that word, and of
two words for one code as the one that is the way back.  Either may be written.
"""

from __future__ import annotations

from typing import Any

from mappings.lens.codes import Code
from mappings.lens.links import Link
from mappings.lens.many import Each, Main
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape
from mappings.lens.rules import Rule
from mappings.lens.shapes import Bare, Shape, resolved
from mappings.lens.worded import Worded


def normal(shape: Shape, value: Any) -> Any:
    """A value of a record as it is read back; what no shape fits stays as it is, and is refused where it is written."""
    shape = resolved(shape)
    if isinstance(shape, Bare):
        return normal(shape.field.shape, value)
    if isinstance(shape, Code):
        code = shape.words.get(value) if isinstance(value, str) else None
        return value if code is None else shape.codes.get(code, value)
    if not isinstance(value, dict):
        return value
    if isinstance(shape, Link):
        kind = value.get("kind")
        told = normal(shape.known[kind], value) if isinstance(kind, str) and kind in shape.known else value
        return normal(shape.pointer, told)
    if not isinstance(shape, RecordShape):
        return value
    for rule in shape.rules:
        value = _in_rule(rule, value)
    return value


def _in_rule(rule: Rule, record: dict[str, Any]) -> dict[str, Any]:
    if isinstance(rule, Worded):
        return rule.normal(record)
    if isinstance(rule, Main) and rule.name and rule.name in record:
        record = _with(record, {rule.name: normal(rule.shape, record[rule.name])})
    if isinstance(rule, PointingHere):
        return _listed(rule.name, rule.link, record)
    for part in rule.parts():
        if isinstance(part, Each):
            record = _listed(part.name, part.shape, record)
        elif part.name in record:
            record = _with(record, {part.name: normal(part.shape, record[part.name])})
    return record


def _listed(name: str, shape: Shape, record: dict[str, Any]) -> dict[str, Any]:
    items = record.get(name)
    return _with(record, {name: [normal(shape, item) for item in items]}) if isinstance(items, list) else record


def _with(record: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """The record with these members; the same one where nothing is new."""
    changed = {name: member for name, member in members.items() if member is not record.get(name)}
    return {**record, **changed} if changed else record
