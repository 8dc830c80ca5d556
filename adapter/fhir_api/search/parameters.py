"""One parameter of a search as a condition: its modifier, its alternatives, its escapes.

Returns None for what is not known here; what is known and says nothing sensible is refused with 400, and so is a
modifier that is not understood, as the specification wants it: ignoring one would answer another question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from adapter.exchange.refusal import Refusal, refuse
from adapter.store.searching import hashes
from adapter.store.searching.conditions import Comparison, Condition, Dates, Ids, Keys, NoKey, Texts, Updated
from adapter.store.searching.searched import searched
from mappings.r4 import definitions
from mappings.r4.instants import Interval, interval, widened
from mappings.r4.search_parameters import Parameter, link
from mappings.r4.search_values import Token, plain

_PREFIX = re.compile("(eq|ne|gt|lt|ge|le|sa|eb|ap)?([0-9].*)")
_ID = re.compile("[A-Za-z0-9.-]{1,64}")
_TEXT_MODIFIERS = ("", "exact", "contains")


@dataclass(frozen=True)
class Asked:
    """One parameter as it was given."""

    type: str
    name: str
    modifier: str
    text: str
    base: str
    """Our own address: what begins with it leads to us."""
    at: datetime
    """What "approximately" is told from."""

    @property
    def alternatives(self) -> list[str]:
        return split(self.text, ",")


def condition(asked: Asked) -> Condition | None:
    """What a parameter asks for; None where this type is not searched by it."""
    if asked.name == "_id":
        _plainly(asked)
        return Ids(tuple(unescaped(one) for one in asked.alternatives))
    if asked.name == "_lastUpdated":
        _plainly(asked)
        return Updated(tuple(_date(asked, one) for one in asked.alternatives))
    parameter = searched(asked.type).get(asked.name)
    if parameter is None:
        return None
    if asked.modifier == "missing":
        return _missing(asked, parameter)
    return _OF_KIND[parameter.kind](asked, parameter)


def split(text: str, at: str) -> list[str]:
    """The parts of a text between the characters that are not escaped; the parts keep their escapes."""
    parts, escaped = [""], False
    for character in text:
        if character == at and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def unescaped(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


def token(asked: Asked, text: str) -> Token:
    """code, system|code, |code or system|."""
    parts = [unescaped(one) for one in split(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise senseless(asked.name, "is a code, system|code, |code or system|")
    return Token(None, parts[0]) if len(parts) == 1 else Token(parts[0], parts[1] or None)


def senseless(name: str, says: str) -> Refusal:
    return refuse("bad request", "invalid", "", f"{name} {says}.")


def _token(asked: Asked, parameter: Parameter) -> Condition:
    keys = tuple(_key(parameter, token(asked, one)) for one in asked.alternatives)
    if asked.modifier == "not":
        return NoKey(keys)
    _plainly(asked)
    return Keys(keys)


def _key(parameter: Parameter, wanted: Token, of: str = "") -> bytes:
    if wanted.code is None:
        return hashes.in_system(parameter, wanted.system or "", of)
    return hashes.coded(parameter, wanted.system, wanted.code, of)


def _reference(asked: Asked, parameter: Parameter) -> Condition:
    if asked.modifier == "identifier":
        tokens = [token(asked, one) for one in asked.alternatives]
        return Keys(tuple(_key(parameter, one, hashes.IDENTIFIER) for one in tokens))
    if asked.modifier and not definitions.is_resource(asked.modifier):
        raise _modifier(asked)
    return Keys(tuple(key for one in asked.alternatives for key in _leads(asked, parameter, unescaped(one))))


def _leads(asked: Asked, parameter: Parameter, text: str) -> Iterator[bytes]:
    if _ID.fullmatch(text):
        if asked.modifier:
            yield hashes.local(parameter, asked.modifier, text)
        else:
            yield hashes.by_id(parameter, text)
        return
    there = link(text.removeprefix(f"{asked.base}/"))
    if there is not None and there.server is None:
        if asked.modifier in ("", there.type):
            yield hashes.local(parameter, there.type, there.id)
    else:
        yield hashes.address(parameter, text)


def _dates(asked: Asked, parameter: Parameter) -> Condition:
    _plainly(asked)
    return Dates(f"{parameter.of}.{parameter.name}", tuple(_date(asked, one) for one in asked.alternatives))


def _date(asked: Asked, text: str) -> tuple[Comparison, Interval]:
    found = _PREFIX.fullmatch(text)
    when = interval(found[2]) if found else None
    if found is None or when is None:
        raise senseless(asked.name, "is a date such as 2026-11, 2026-11-24 or 2026-11-24T08:30:00Z, behind ge, lt ...")
    how = cast("Comparison", found[1] or "eq")
    return how, widened(when, asked.at) if how == "ap" else when


def _texts(asked: Asked, parameter: Parameter) -> Condition:
    if asked.modifier not in _TEXT_MODIFIERS:
        raise _modifier(asked)
    wanted = [unescaped(one) for one in asked.alternatives]
    name = f"{parameter.of}.{parameter.name}"
    told = tuple((one, plain(one)) for one in wanted)
    match asked.modifier:
        case "exact":
            return Texts(name, "exact", told)
        case "contains":
            return Texts(name, "contains", told)
        case _:
            return Texts(name, "start", told)


_OF_KIND: dict[str, Callable[[Asked, Parameter], Condition]] = {
    "token": _token,
    "reference": _reference,
    "date": _dates,
    "string": _texts,
}


def _missing(asked: Asked, parameter: Parameter) -> Condition:
    key = (hashes.missing(parameter),)
    if asked.text not in ("true", "false"):
        raise senseless(f"{asked.name}:missing", "is true or false")
    return Keys(key) if asked.text == "true" else NoKey(key)


def _plainly(asked: Asked) -> None:
    if asked.modifier:
        raise _modifier(asked)


def _modifier(asked: Asked) -> Refusal:
    return refuse(
        "bad request", "not-supported", "", f"{asked.name} is not understood with that modifier: leave it out."
    )
