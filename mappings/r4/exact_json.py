"""JSON in and out with nothing changed on the way: 1.50 stays 1.50, and what is not JSON is refused with its place.

No fast reader refuses a member named twice or bounds the depth, so both are done here: depth is counted before anything
is parsed, on the text without its strings, and members are counted while the objects are made.  The refusals say where
and how to mend it and never what stood there.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

import msgspec

from mappings.values import Json, Number

MAX_DEPTH = 64
MAX_NUMBER = 100
"""Characters of a number.  R4 promises 18 digits; longer ones are no measurement but cost time when calculated with."""
MAX_EXPONENT = 400

_INT_DIGITS = 18
"""What surely fits 64 bits is an int; a longer one is kept as its text, as the fast writer needs it."""


class MalformedJSON(ValueError):
    """Text that is not JSON as we read it; says how to mend it and where, and never quotes it."""

    def __init__(self, text: str, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(text if line is None else f"{text} (line {line}, column {column})")


def loads(data: bytes | str, max_depth: int = MAX_DEPTH) -> Json:
    """The value of a JSON text; whole numbers are int, every other number is a Number that holds its text."""
    text, raw = _both(data)
    if not text.strip(" \t\r\n"):
        raise MalformedJSON("The input is empty: send one JSON value.")
    _check_depth(text, raw, max_depth)
    if b"\\u" in raw:
        _check_surrogates(text)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJSON(_sentence(error.msg), error.lineno, error.colno) from None
    except _Twice:
        _refuse(text, _second_member(text), "A member is named twice in one object: keep one of the two.")
    except _NotANumber as error:
        _refuse(text, _first(error.pattern, text), error.sentence)


def dumps(value: Json, indent: int | None = None) -> bytes:
    """The JSON text in UTF-8, members in their order, numbers as they were written."""
    written = _ENCODER.encode(value)
    return msgspec.json.format(written, indent=indent) if indent else written


def canonical(value: Json) -> bytes:
    """The one text of a value, whatever order its members came in: what content hashes are made of."""
    return _SORTING_ENCODER.encode(value)


def _raw(value: object) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise NotImplementedError(f"{type(value).__name__} is no JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_raw)
_SORTING_ENCODER = msgspec.json.Encoder(enc_hook=_raw, order="sorted")


class _Twice(Exception):
    """An object with two members of one name."""


class _NotANumber(Exception):
    def __init__(self, sentence: str, pattern: str) -> None:
        self.sentence, self.pattern = sentence, pattern


def _both(data: bytes | str) -> tuple[str, bytes]:
    """The input as text and as bytes."""
    if data[:1] == "\ufeff" or data[:3] == b"\xef\xbb\xbf":
        raise MalformedJSON("The input starts with a byte order mark: send UTF-8 without one.", 1, 1)
    if isinstance(data, str):
        try:
            return data, data.encode()
        except UnicodeEncodeError as error:
            _refuse(data, error.start, "Half of a surrogate pair stands alone: write the whole character.")
    try:
        return data.decode(), data
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        _refuse(before, len(before), "The input is not UTF-8: encode it as UTF-8.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise _Twice
    return found


def _integer(text: str) -> int | Number:
    if len(text) > _INT_DIGITS or text == "-0":
        return _number(text)
    return int(text)


def _number(text: str) -> Number:
    if len(text) > MAX_NUMBER:
        raise _NotANumber(
            f"A number is longer than {MAX_NUMBER} characters: send what was measured.",
            rf"[-+.eE0-9]{{{MAX_NUMBER + 1}}}",
        )
    exponent = _EXPONENT.search(text)
    if exponent and (len(exponent[1]) > 3 or int(exponent[1]) > MAX_EXPONENT):
        raise _NotANumber(
            f"A number's exponent is beyond {MAX_EXPONENT}: send what was measured.",
            r"[-.0-9]+[eE][-+]?0*(?:[1-9][0-9]{3,}|[5-9][0-9]{2}|4[1-9][0-9]|40[1-9])",
        )
    return Number(text)


_EXPONENT = re.compile(r"[eE][-+]?0*([0-9]+)")


def _constant(_: str) -> NoReturn:
    raise _NotANumber("NaN and Infinity are no JSON: leave the member out.", "-?(?:NaN|Infinity)")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)

_SENTENCES = {
    "Expecting value": "A value is missing here: write a string, number, true, false, null, object or list.",
    "Expecting property name": "A member's name in double quotes is missing here, or a comma is one too many.",
    "Expecting ':'": "A colon is missing between a member's name and its value.",
    "Expecting ','": "A comma or a closing bracket is missing here.",
    "Illegal trailing comma": "A comma stands before a closing bracket: take it out.",
    "Unterminated string": "The string that starts here has no end: close it with a double quote.",
    "Invalid control character": "A control character stands in a string: write it as an escape such as \\n.",
    "Invalid \\u": "An escape \\u needs four hexadecimal digits.",
    "Invalid \\": "There is no such escape: a backslash is written as two.",
    "Extra data": "Text follows the end of the JSON value: send one value only.",
}


def _sentence(message: str) -> str:
    return next((text for start, text in _SENTENCES.items() if message.startswith(start)), "This is not JSON.")


_STRING = r'"(?:[^"\\]++|\\.)*+"'
_OPENS_CLOSES: dict[int, int] = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_NEITHER_BRACKET_NOR_QUOTE = bytes(byte for byte in range(256) if byte not in b'"{}[]')


def _check_depth(text: str, raw: bytes, max_depth: int) -> None:
    """Escapes go, then all but brackets and quotes, then what is between quotes: brackets are left, at C's speed."""
    if raw.count(b"{") + raw.count(b"[") <= max_depth:
        return
    if b"\\" in raw:
        raw = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    outside = b"".join(raw.translate(None, _NEITHER_BRACKET_NOR_QUOTE).split(b'"')[::2])
    if max(accumulate(map(_OPENS_CLOSES.__getitem__, outside)), default=0) <= max_depth:
        return
    depth = 0
    for token in _compiled(rf"{_STRING}|[\[\]{{}}]").finditer(text):
        depth += _OPENS_CLOSES.get(ord(token[0][0]), 0)
        if depth > max_depth:
            _refuse(
                text, token.start(), f"Objects and lists lie deeper than {max_depth} in each other: send a flatter one."
            )


def _check_surrogates(text: str) -> None:
    whole = r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(?!u[dD][89a-fA-F]).|[^\\]++)*+"
    lone = _compiled(rf"{whole}(\\u[dD][89a-fA-F])").match(text)
    if lone:
        _refuse(text, lone.start(1), "Half of a surrogate pair stands alone: write both escapes of the character.")


def _second_member(text: str) -> int:
    """Where the first member stands whose name its object has already."""
    names: list[set[str] | None] = []
    for token in _compiled(rf"({_STRING})(\s*+:)?|[\[\]{{}}]").finditer(text):
        if token[2]:
            name, seen = json.loads(token[1]), names[-1] if names else None
            if seen is not None and name in seen:
                return token.start()
            if seen is not None:
                seen.add(name)
        elif token[0] in "[{":
            names.append(set() if token[0] == "{" else None)
        elif token[0] in "]}" and names:
            names.pop()
    return len(text)


def _first(pattern: str, text: str) -> int:
    """Where something stands outside of strings that the parser has met."""
    found = (each for each in _compiled(rf"{_STRING}|({pattern})").finditer(text) if each[1])
    return next((each.start() for each in found), len(text))


_compiled: Callable[[str], re.Pattern[str]] = functools.cache(functools.partial(re.compile, flags=re.DOTALL))


def _refuse(text: str, at: int, sentence: str) -> NoReturn:
    line = text.count("\n", 0, at) + 1
    raise MalformedJSON(sentence, line, at - text.rfind("\n", 0, at)) from None
