"""Which codes are units of UCUM: its grammar (unitsofmeasure.org/ucum, section 2) over its own table of units.

The table is ucum-essence.xml, whose licence is in NOTICE.md; it is read when the first unit is asked for.
An annotation behind a number or a parenthesis is taken too, as R4's own list of common units has them: /100{WBC}.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

UCUM = "http://unitsofmeasure.org"

MEND = "This is no unit of UCUM: write one, such as mg, mL/h or {score}, or leave the system out."

_TABLE = Path(__file__).with_name("ucum-essence.xml")
_SPACE = "{http://unitsofmeasure.org/ucum-essence}"

_TOKEN = re.compile(r"(?P<mark>[./()])|(?P<note>\{[!-z|~]*\})|(?P<unit>(?:[^][./(){}\s]|\[[^][{}\s]*\])+)")
_POWER = re.compile(r"[+-]?[0-9]+$")
_LONGEST = 255
"""Longer than any unit that means something."""


class _Units(NamedTuple):
    plain: frozenset[str]
    metric: frozenset[str]
    """Those that take a prefix."""
    prefixes: frozenset[str]


def is_unit(code: str) -> bool:
    """Whether a code is a unit of UCUM, in its case-sensitive form."""
    return len(code) <= _LONGEST and _holds(code)


@functools.lru_cache(maxsize=2048)
def _holds(code: str) -> bool:
    depth, wanted, may_lead, noted = 0, True, True, True
    at = 0
    while at < len(code):
        token = _TOKEN.match(code, at)
        if token is None:
            return False
        at, text = token.end(), token[0]
        if token["note"]:
            if not wanted and noted:
                return False
            wanted, may_lead, noted = False, False, True
        elif token["unit"] or text == "(":
            if not wanted or (token["unit"] and not _is_simple(text)):
                return False
            depth += text == "("
            wanted, may_lead, noted = text == "(", text == "(", False
        elif text == ")":
            if wanted or not depth:
                return False
            depth, noted = depth - 1, False
        else:
            if wanted and not (may_lead and text == "/"):
                return False
            wanted, may_lead = True, False
    return not wanted and not depth


def _is_simple(text: str) -> bool:
    """A number, or a unit with its prefix and exponent."""
    if text.isascii() and text.isdigit():
        return True
    units = _units()
    return _is_atom(text, units) or _is_atom(_POWER.sub("", text), units)


def _is_atom(name: str, units: _Units) -> bool:
    return name in units.plain or any(name[:n] in units.prefixes and name[n:] in units.metric for n in (1, 2))


@functools.cache
def _units() -> _Units:
    root = ET.parse(_TABLE).getroot()  # noqa: S314  # our own file
    units = {one.attrib["Code"]: one.get("isMetric") == "yes" for one in root.iter(f"{_SPACE}unit")}
    units |= {one.attrib["Code"]: True for one in root.iter(f"{_SPACE}base-unit")}
    prefixes = frozenset(one.attrib["Code"] for one in root.iter(f"{_SPACE}prefix"))
    return _Units(frozenset(units), frozenset(name for name, metric in units.items() if metric), prefixes)
