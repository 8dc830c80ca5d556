"""The one form of a record that reads back as itself.

What can be said in two ways is read in one, and either may be written: a code that a word of the clinic's stands for is
read as that word, and of two words for one code as the one that is the way back; what goes without saying (a usual
value, the patient of the whole record) is not read where it was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mappings.lens.choices import SameAs
from mappings.lens.codes import Code
from mappings.lens.links import Link
from mappings.lens.many import Each, Main
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape
from mappings.lens.rules import Field, Record, Rule
from mappings.lens.shapes import Bare, Shape, resolved
from mappings.lens.worded import Worded
from mappings.values import same


@dataclass(frozen=True)
class _Whole:
    """The root's record, which what is told within it may refer to."""

    shape: RecordShape
    record: Record

    def pointer(self, element: str) -> Any:
        """What points to where the root's own element leads; None where the record does not say."""
        for rule in self.shape.rules:
            for part in rule.parts():
                if isinstance(part, Field) and [step.name for step in part.steps] == [element]:
                    value = normal(part.shape, self.record.get(part.name))
                    if isinstance(value, dict) and "kind" in value:
                        return {"ref": f"#{value['id']}"} if "id" in value else None
                    return value
        return None


def normal(shape: Shape, value: Any, whole: _Whole | None = None) -> Any:
    """A value of a record as it is read back; what no shape fits stays as it is, and is refused where it is written.

    Whoever asks for a whole record leaves `whole` out.
    """
    shape = resolved(shape)
    if isinstance(shape, Bare):
        return normal(shape.field.shape, value, whole)
    if isinstance(shape, Code):
        code = shape.words.get(value) if isinstance(value, str) else None
        return value if code is None else shape.codes.get(code, value)
    if not isinstance(value, dict):
        return value
    if isinstance(shape, Link):
        kind = value.get("kind")
        told = normal(shape.known[kind], value, whole) if isinstance(kind, str) and kind in shape.known else value
        return normal(shape.pointer, told, whole)
    if not isinstance(shape, RecordShape):
        return value
    whole = whole or _Whole(shape, value)
    for rule in shape.rules:
        value = _in_rule(rule, value, whole)
    return value


def _in_rule(rule: Rule, record: Record, whole: _Whole) -> Record:
    if isinstance(rule, Worded):
        return rule.normal(record)
    if isinstance(rule, Main) and rule.name and rule.name in record:
        record = _with(record, {rule.name: normal(rule.shape, record[rule.name], whole)})
    if isinstance(rule, PointingHere):
        return _listed(rule.name, rule.link, record, whole)
    for part in rule.parts():
        if isinstance(part, Each):
            record = _listed(part.name, part.shape, record, whole)
        elif part.name in record:
            said = normal(part.shape, record[part.name], whole)
            record = (
                _without(record, part.name) if _goes_without_saying(part, said) else _with(record, {part.name: said})
            )
    return _whose(rule, record, whole) if isinstance(rule, SameAs) else record


def _goes_without_saying(part: Field, said: Any) -> bool:
    return part.usual is not None and same(said, part.usual)


def _whose(rule: SameAs, record: Record, whole: _Whole) -> Record:
    """The record without a pointer that is the root's own; one in other words under its name for that."""
    name = rule.rule.name
    mine, theirs = record.get(name), whole.pointer(rule.of)
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return record
    if same(mine, theirs):
        return _without(record, name)
    if isinstance(mine.get("ref"), str) and mine["ref"] == theirs.get("ref") and rule.as_written not in record:
        return {(rule.as_written if key == name else key): value for key, value in record.items()}
    return record


def _listed(name: str, shape: Shape, record: Record, whole: _Whole) -> Record:
    items = record.get(name)
    return _with(record, {name: [normal(shape, one, whole) for one in items]}) if isinstance(items, list) else record


def _without(record: Record, name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}


def _with(record: Record, members: Record) -> Record:
    """The record with these members; the same one where nothing is new."""
    changed = {name: member for name, member in members.items() if member is not record.get(name)}
    return {**record, **changed} if changed else record
