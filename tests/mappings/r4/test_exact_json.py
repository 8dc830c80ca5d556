"""JSON comes back as it was written, and what is not JSON is refused with its place and without its content."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mappings.r4.exact_json import MAX_EXPONENT, MAX_NUMBER, MalformedJSON, canonical, dumps, loads
from mappings.values import Number, same

_number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
_strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)
_texts = st.recursive(
    _number_texts | _strings | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(inner, max_size=5).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(_strings, inner), max_size=5, unique_by=lambda member: json.loads(member[0])).map(
            lambda members: "{" + ",".join(f"{name}:{value}" for name, value in members) + "}"
        )
    ),
    max_leaves=20,
)


@given(_texts)
@example('{"b":1.50,"a":[1e2,-0,0.0,-0.0,1E+5,123456789012345678901234567890]}')
@example('["\\u007f"]')
def test_a_text_comes_back_with_its_numbers_and_its_order(text: str) -> None:
    written = dumps(loads(text)).decode()
    assert _normal(written) == _normal(text)
    assert _tokens(written) == _tokens(text)
    assert same(loads(written), loads(text))


@given(_texts)
def test_a_pretty_text_says_the_same(text: str) -> None:
    assert dumps(loads(dumps(loads(text), indent=2))) == dumps(loads(text))


@given(_texts, st.randoms(use_true_random=False))
def test_the_canonical_text_minds_no_order(text: str, dice: Any) -> None:
    value = loads(text)
    assert canonical(_shuffled(value, dice)) == canonical(value)
    assert same(loads(canonical(value)), value)


def test_the_canonical_text_has_its_members_sorted_and_no_white_space() -> None:
    assert canonical(loads('{"b": 1.50, "a": {"d": 1, "c": "é"}}')) == '{"a":{"c":"é","d":1},"b":1.50}'.encode()


@pytest.mark.parametrize(
    ("text", "type_"), [("0", int), ("-7", int), ("12", int), ("-0", Number), ("1.0", Number), ("1e0", Number)]
)
def test_only_a_whole_number_as_python_would_write_it_is_an_int(text: str, type_: type) -> None:
    assert type(loads(text)) is type_
    assert dumps(loads(text)) == text.encode()


@pytest.mark.parametrize(
    "text", [str(2**63 - 1), str(2**64), "-" + "9" * 40, "1" * MAX_NUMBER, f"1e{MAX_EXPONENT}", "5e-324"]
)
def test_a_large_number_keeps_its_text(text: str) -> None:
    assert dumps(loads(text)) == text.encode()


def test_a_number_calculates_and_copies_with_its_text() -> None:
    value = loads("1.50")
    assert value + 1 == Decimal("2.5")
    assert copy.deepcopy(value).text == "1.50"


def test_strings_are_written_as_utf_8_whatever_they_were() -> None:
    assert dumps(loads('"\\u00e9\\ud83d\\ude00\\/"')) == '"é😀/"'.encode()
    assert loads(r'"\\ud800 \\\\ud800"') == r"\ud800 \\ud800"


def test_brackets_in_strings_are_no_depth() -> None:
    text = json.dumps(['[{"\\' * 500, "\\", "[" * 500])
    assert loads(text) == json.loads(text)


def test_what_lies_at_the_greatest_depth_is_read() -> None:
    assert loads("[" * 64 + "]" * 64)
    assert loads('{"a":' * 3 + "1" + "}" * 3, max_depth=3)
    assert len(loads("[" + "[]," * 100 + "[]]")) == 101


def test_no_json_is_written_of_what_is_none() -> None:
    with pytest.raises(NotImplementedError):
        dumps({"a": object()})


def test_every_official_example_comes_back_with_its_numbers(official_examples: Path) -> None:
    for path in sorted(official_examples.glob("*.json")):
        if path.stat().st_size < 200_000:
            text = path.read_text("utf-8")
            assert _tokens(dumps(loads(text)).decode()) == _tokens(text), path.name


SECRET = "Hildegard"

MALFORMED: dict[str, tuple[bytes | str, str, tuple[int, int | None] | None]] = {
    "nothing": (b"", "empty", None),
    "white space": (b" \r\n\t", "empty", None),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark", (1, 1)),
    "a byte order mark in text": ("\ufeff{}", "byte order mark", (1, 1)),
    "UTF-16": ("{}".encode("utf-16"), "UTF-8", (1, 1)),
    "Latin-1": ('{"a":\n"é"}'.encode("latin-1"), "UTF-8", (2, 2)),
    "a raw surrogate": (b'"\xed\xa0\x80"', "UTF-8", (1, 2)),
    "a surrogate in text": ('"\ud800"', "surrogate", (1, 2)),
    "a high surrogate alone": (rb'{"a":"\ud800"}', "surrogate", (1, 7)),
    "a low surrogate alone": (rb'["\u00e9", "\udC00"]', "surrogate", (1, 13)),
    "surrogates the wrong way round": (rb'"\udc00\ud800"', "surrogate", (1, 2)),
    "two high surrogates": (rb'"\ud83d\ud83d\ude00"', "surrogate", (1, 2)),
    "a surrogate after an escaped backslash": (rb'"\\\ud800"', "surrogate", (1, 4)),
    "a surrogate in a member's name": (rb'{"\ud800":1}', "surrogate", (1, 3)),
    "NaN": (b'{"a":NaN}', "NaN", (1, 6)),
    "NaN after a string that says so": (b'["NaN",\nNaN]', "NaN", (2, 1)),
    "Infinity": (b"[1,\n Infinity]", "NaN", (2, 2)),
    "-Infinity": (b"-Infinity", "NaN", (1, 1)),
    "a member twice": (b'{"a":1,\n "b":{"c":"}","c":2}}', "twice", (2, 15)),
    "a member twice, once escaped": (rb'{"a":1,"\u0061":2}', "twice", (1, 8)),
    "a member twice, in a list": (b'[{"a":1},{"a":1},{"a":[],"a":[]}]', "twice", (1, 26)),
    "a list too deep": (b"[" * 65 + b"]" * 65, "deeper than 64", (1, 65)),
    "10,000 lists": (b"[" * 10_000 + b"]" * 10_000, "deeper than 64", (1, 65)),
    "10,000 objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "deeper than 64", (1, 321)),
    "10,000 lists without an end": (b"[" * 10_000, "deeper than 64", (1, 65)),
    "10,000 lists after a string": (rb'["\"]\\",' + b"[" * 10_000, "deeper than 64", (1, 73)),
    "text after the value": (b"{} {}", "follows", (1, 4)),
    "a leading zero": (b"01", "follows", (1, 2)),
    "a number without decimals": (b"[1.]", "comma", (1, 3)),
    "a plus sign": (b"+1", "value is missing", (1, 1)),
    "a number of 5,000 digits": (b"[" + b"1" * 5_000 + b"]", "longer than", (1, 2)),
    "5,000 decimals": (b'["1", 0.' + b"1" * 5_000 + b"]", "longer than", (1, 7)),
    "an absurd exponent": (b"[1,\n1e99999999999999999999999]", "exponent", (2, 1)),
    "an exponent just too large": (b"[1e400,-1E-00401]", "exponent", (1, 8)),
    "no value": (b'{"a":', "value is missing", (1, 6)),
    "a comma too many in a list": (b"[1,]", "", (1, None)),
    "a comma too many in an object": (b'{"a":1,}', "", (1, None)),
    "a name without quotes": (b"{a:1}", "double quotes", (1, 2)),
    "single quotes": (b"{'a':1}", "double quotes", (1, 2)),
    "no colon": (b'{"a" 1}', "colon", (1, 6)),
    "no comma": (b'["a"\n"b"]', "comma", (2, 1)),
    "a string without end": (b'["Hildegard', "no end", (1, 2)),
    "a control character": (b'"a\nb"', "control character", (1, 3)),
    "no such escape": (rb'"\x41"', "escape", (1, 2)),
    "a short escape": (rb'"\u12"', "four hexadecimal", (1, None)),
    "a closing bracket alone": (b"]", "value is missing", (1, 1)),
    "the wrong bracket": (b"[1}", "comma", (1, 3)),
    "a comment": (b"{} // Hildegard", "follows", (1, 4)),
    "True": (b"True", "value is missing", (1, 1)),
}


@pytest.mark.parametrize(("data", "says", "place"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_is_refused_with_its_place(
    data: bytes | str, says: str, place: tuple[int, int | None] | None
) -> None:
    with pytest.raises(MalformedJSON) as refused:
        loads(data)
    sentence = str(refused.value)
    assert says in sentence
    assert SECRET not in sentence
    if place is None:
        assert refused.value.line is None
    else:
        assert refused.value.line == place[0]
        assert refused.value.column == place[1] or place[1] is None
        assert f"(line {refused.value.line}, column {refused.value.column})" in sentence


def test_a_refusal_carries_nothing_of_the_input_along() -> None:
    for data in (f'{{"{SECRET}":1,"{SECRET}":2}}', f'["{SECRET}" "{SECRET}"]', f'{{"a":NaN,"b":"{SECRET}"}}'):
        with pytest.raises(MalformedJSON) as refused:
            loads(data)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__
        assert SECRET not in repr(refused.value.args)


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u d8"01e-+.NaItrufls\n', max_size=40))
def test_any_input_is_read_or_refused(data: bytes | str) -> None:
    try:
        value = loads(data)
    except MalformedJSON:
        return
    assert same(loads(dumps(value)), value)


def _normal(text: str) -> Any:
    """Everything but the spelling of strings: numbers as their texts, members as pairs in their order."""
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=tuple)


def _tokens(text: str) -> list[str]:
    return re.findall(r"-?[0-9][-+.0-9eE]*", re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL))


def _shuffled(value: Any, dice: Any) -> Any:
    if isinstance(value, dict):
        members = [(name, _shuffled(each, dice)) for name, each in value.items()]
        dice.shuffle(members)
        return dict(members)
    return [_shuffled(each, dice) for each in value] if isinstance(value, list) else value
