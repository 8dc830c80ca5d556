"""Single values that are written otherwise than R4 writes them, and can mean one thing only.

A repair is asked of every value of a type and answers with None where there is nothing to do.  What it answers with
passes the type's own test, or it answers nothing.

Two things are left alone on purpose.  Numbers with a point or comma in quotes, for the structure check to refuse:
somebody formatted them for people, and 1.500 may be one and a half or fifteen hundred.  And the capitals of a code that
may change everything (a status, an intent): it is carried as it came and stops every action until somebody has looked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mappings.r4.bindings import binding
from mappings.r4.definitions import Element, pattern
from mappings.r4.primitives import test_of
from mappings.tolerance.dates import as_r4
from mappings.tolerance.links import address, reference
from mappings.tolerance.names import code_named, type_named
from mappings.tolerance.systems import system_of
from mappings.values import Json

Repaired = tuple[Json, str, str]
"""The value as it is read, a code of http://hl7.org/fhir/issue-type, and the sentence to report."""

Repair = Callable[[Json], Repaired | None]

_DATES = frozenset(("date", "dateTime", "instant"))
_NUMBERS = frozenset(("decimal", "integer", "positiveInt", "unsignedInt"))
_ADDRESSES = frozenset(("canonical", "oid", "uri", "url", "uuid"))
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_BOOLEANS = {"true": True, "false": False}

_QUOTED = "A number stands without quotes: read as the number with these digits."
_QUOTED_BOOLEAN = "true and false stand without quotes: read as that."
_DATE = "Read as the date or time that R4 writes otherwise: YYYY-MM-DD, and YYYY-MM-DDThh:mm:ss+zz:zz with a time."
_BLANKS = "A code has no blanks around it: read without them."
_CAPITALS = "R4 writes this code with other capitals, and has no other that it could be: read as that one."
_TYPE = "Read as the resource type that differs only in capitals or blanks: write it as R4 does."


def repair_of(type_: str, element: Element) -> Repair | None:
    """What is asked of the values of a primitive element of a type; None where nothing is."""
    if element.name == "system" and element.type == "uri":
        return system_of(of_codes=type_ != "Identifier")
    if (type_, element.name) in {("Reference", "reference"), ("Bundle.entry", "fullUrl")}:
        return reference
    if type_ == "Reference" and element.name == "type":
        return _type
    if element.type in _DATES:
        return _date(element.type)
    if element.type in _NUMBERS:
        return _number(element.type)
    if element.type in _ADDRESSES:
        return address
    if element.type == "code":
        decides = element.modifier and element.name != "use"  # home or old, in whatever capitals, opens no gate
        return _code(element.binding if not decides else None)
    return _boolean if element.type == "boolean" else None


def _date(type_: str) -> Repair:
    official, test = pattern(type_), test_of(type_)
    assert official is not None
    fine = official.fullmatch

    def repair(value: Json) -> Repaired | None:
        if type(value) is not str or fine(value):
            return None
        made = as_r4(value)
        return (made, "value", _DATE) if made is not None and test(made) is None else None

    return repair


def _number(type_: str) -> Repair:
    test = test_of(type_)

    def repair(value: Json) -> Repaired | None:
        if type(value) is not str or not _WHOLE.fullmatch(value):
            return None
        return (int(value), "structure", _QUOTED) if test(int(value)) is None else None

    return repair


def _boolean(value: Json) -> Repaired | None:
    if type(value) is str and value in _BOOLEANS:
        return _BOOLEANS[value], "structure", _QUOTED_BOOLEAN
    return None


def _code(value_set: str | None) -> Repair:
    bound = binding(value_set) if value_set else None
    known: frozenset[str] = bound.codes if bound else frozenset()

    def repair(value: Json) -> Repaired | None:
        if type(value) is not str or value in known:
            return None
        if known and value_set and (meant := code_named(value, value_set)):
            return meant, "code-invalid", _BLANKS if meant == value.strip() else _CAPITALS
        bare = value.strip()
        return (bare, "value", _BLANKS) if bare and bare != value else None

    return repair


def _type(value: Json) -> Repaired | None:
    """Reference.type: a URL may stand here too, and is left alone."""
    meant = type_named(value) if type(value) is str else None
    return (meant, "value", _TYPE) if meant is not None and meant != value else None
