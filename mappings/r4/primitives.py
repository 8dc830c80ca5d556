"""What a primitive of R4 may look like in JSON: its kind, the official regular expression, and days that exist.

Where the official expression is not taken: that of string lets control characters pass, which the specification's text
does not; that of base64Binary takes exponential time; that of decimal is met by whatever the exact reader lets pass.
"""

from __future__ import annotations

import functools
import re
from calendar import monthrange
from collections.abc import Callable

from mappings.r4.definitions import pattern
from mappings.values import Json, Number

Fault = tuple[str, str]
"""A code of http://hl7.org/fhir/issue-type, and a sentence that says how to mend it and never what stands there."""

Test = Callable[[Json], Fault | None]

LONGEST = 1024 * 1024
"""Characters of a string (R4, 2.24.0.1)."""

_RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}
_DATES = {
    "date": "Write a date as YYYY, YYYY-MM or YYYY-MM-DD, of a day that exists.",
    "dateTime": "Write a date, or date, time and zone as YYYY-MM-DDThh:mm:ss+zz:zz, of a day and time that exist.",
    "instant": "Write an instant as YYYY-MM-DDThh:mm:ss.sss+zz:zz, with its zone, of a day and time that exist.",
}
_TEXTS = {
    "canonical": "Write a canonical URL without white space.",
    "code": "Write a code: no white space around it, and single spaces only within.",
    "id": "Write an id: 1 to 64 letters, digits, hyphens and full stops.",
    "oid": "Write an OID as urn:oid:1.2.3.",
    "time": "Write a time of day as hh:mm:ss, without a zone.",
    "uri": "Write a URI without white space.",
    "url": "Write a URL without white space.",
    "uuid": "Write a UUID as urn:uuid: and lower-case hexadecimal digits with hyphens.",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64 = re.compile(r"[0-9A-Za-z+/ \t\r\n]*+={0,2}+[ \t\r\n]*+")
_DIV = re.compile(r"\s*+<div[\s>/]")


@functools.cache
def test_of(type_: str) -> Test:
    """What is asked of every value of a primitive type; the answer is None where there is no fault."""
    if type_ in _RANGES:
        return _integer(type_)
    if type_ in _DATES:
        return _date(type_)
    if type_ in _TEXTS:
        return _text(type_)
    return {
        "base64Binary": _base64,
        "boolean": _boolean,
        "decimal": _decimal,
        "markdown": _string,
        "string": _string,
        "xhtml": _xhtml,
    }[type_]


def kind_of(value: Json) -> str:
    """What JSON calls it."""
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number")


def wrong_kind(value: Json, wanted: str) -> Fault:
    if value is None:
        return "structure", "There is no null in FHIR: give a value or leave the member out."
    return "structure", f"Write {wanted}, not {kind_of(value)}."


def _string(value: Json) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a string")
    if not value:
        return "value", "A string is never empty: leave the member out."
    if len(value) > LONGEST:
        return "too-long", f"A string has at most {LONGEST} characters."
    if _CONTROL.search(value):
        return "value", "Take out the control characters: only tab, line feed and carriage return are allowed."
    return None


def _text(type_: str) -> Test:
    matches, sentence = _fullmatch(type_), _TEXTS[type_]

    def test(value: Json) -> Fault | None:
        if type(value) is not str:
            return wrong_kind(value, "a string")
        return None if value and matches(value) and not _CONTROL.search(value) else ("value", sentence)

    return test


def _date(type_: str) -> Test:
    matches, sentence = _fullmatch(type_), _DATES[type_]

    def test(value: Json) -> Fault | None:
        if type(value) is not str:
            return wrong_kind(value, "a string")
        return None if matches(value) and _day_exists(value) else ("value", sentence)

    return test


def _day_exists(text: str) -> bool:
    day = text[8:10]
    return day <= "28" or int(day) <= monthrange(int(text[:4]), int(text[5:7]))[1]


def _integer(type_: str) -> Test:
    least, most = _RANGES[type_]
    matches, sentence = _fullmatch(type_), f"Write a whole number from {least} to {most}."

    def test(value: Json) -> Fault | None:
        if type(value) is int:
            return None if least <= value <= most else ("value", sentence)
        if type(value) is not Number:
            return wrong_kind(value, "a number")
        return None if matches(value.text) and least <= value <= most else ("value", sentence)

    return test


def _decimal(value: Json) -> Fault | None:
    return None if type(value) is Number or type(value) is int else wrong_kind(value, "a number")


def _boolean(value: Json) -> Fault | None:
    return None if type(value) is bool else wrong_kind(value, "true or false, without quotes")


def _base64(value: Json) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a string")
    characters = len(value) - sum(map(value.count, " \t\r\n"))
    if not characters or characters % 4 or not _BASE64.fullmatch(value):
        return "value", "Write base64 (RFC 4648, with its padding)."
    return None


def _xhtml(value: Json) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a string")
    return None if _DIV.match(value) else ("value", "A narrative is one XHTML div: it starts with <div.")


def _fullmatch(type_: str) -> Callable[[str], object]:
    found = pattern(type_)
    if found is None:
        raise KeyError(type_)
    return found.fullmatch
