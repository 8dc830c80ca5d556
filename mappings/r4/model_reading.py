"""What a model of fhir.resources holds, as exact JSON; the model is left as it is.

It is read attribute by attribute: dumping would change it under the feet of another thread, and make floats of its
decimals.  Nothing is put right on the way: what is no R4 in a model is no R4 in its JSON either, for others to refuse.
"""

from __future__ import annotations

import functools
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from mappings.issues import Issue, Refused
from mappings.r4.exact_json import MAX_DEPTH, MAX_NUMBER, MalformedJSON, loads
from mappings.r4.fhirpath import Key, expression
from mappings.values import Json

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

Node = dict[str, Json]

_LIBRARY = "fhir.resources."
_R4B = "fhir.resources.R4B."
_JSON = (dict, list, str, int, float, Decimal, type(None))


def exact(document: Json | FHIRAbstractModel) -> Json:
    """Exact JSON as it came, or that of a model, whose structure is not looked at.

    Refused: what is neither, such as a model of R5.
    """
    if isinstance(document, _JSON):
        return document
    text = _no_r4b(document)
    if not text and not document.has_resource_base():
        text = "This is the model of a data type: give that of a resource."
    if text:
        raise Refused([Issue("error", "structure", "Resource", text)])
    return _Reader(document.get_resource_type()).object(document)


def _no_r4b(model: object) -> str:
    """What to do about something that is no model of R4B; empty where it is one.  Modules tell the releases apart."""
    bases = [base.__module__ for base in type(model).__mro__ if base.__module__.startswith(_LIBRARY)]
    if not bases:
        return "This is neither exact JSON nor a model of fhir.resources.R4B: give one of these."
    if bases[0].startswith(_R4B):
        return ""
    release = "STU3" if bases[0].startswith(f"{_LIBRARY}STU3.") else "R5"
    return f"This is a model of {release}: make it of the classes of fhir.resources.R4B."


class _Reader:
    """Where in a model the reading is."""

    def __init__(self, type_: str) -> None:
        self.root: Node = {"resourceType": type_}
        self.keys: list[Key] = []

    def object(self, model: FHIRAbstractModel) -> Node:
        found: Node = {"resourceType": model.get_resource_type()} if model.has_resource_base() else {}
        for attribute, name in _names(type(model)):
            value = model.__dict__.get(attribute)
            if value is not None:
                found[name] = self.below(name, value)
        for name, value in (model.__pydantic_extra__ or {}).items():
            found[name] = self.below(name, value)
        return found

    def below(self, key: Key, value: Any) -> Json:
        if len(self.keys) > MAX_DEPTH + 1:
            self.refuse(f"Objects lie deeper than {MAX_DEPTH} in each other: send a flatter resource.")
        self.keys.append(key)
        found = self.value(value)
        self.keys.pop()
        return found

    def value(self, value: Any) -> Json:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, list | tuple):
            return [self.below(index, item) for index, item in enumerate(value)]
        if isinstance(value, dict):  # in a model that was constructed unchecked
            return {str(name): self.below(name, item) for name, item in value.items()}
        for type_, text_of in _SCALARS:
            if isinstance(value, type_):
                return text_of(value)
        if isinstance(value, int | float | Decimal):
            return self.number(value)
        return self.refuse(text) if (text := _no_r4b(value)) else self.object(value)

    def number(self, value: float | Decimal) -> Json:
        try:
            return loads(_decimal(value) if isinstance(value, Decimal) else str(value))
        except MalformedJSON:
            return self.refuse("This number cannot be written as JSON: give one that was measured, or none.")

    def refuse(self, text: str) -> NoReturn:
        raise Refused([Issue("error", "structure", expression(self.root, self.keys), text)])


@functools.cache
def _names(of: type[FHIRAbstractModel]) -> tuple[tuple[str, str], ...]:
    """The attributes of a model class and the JSON members that they are, in the specification's order."""
    names = {attribute: field.alias or attribute for attribute, field in of.model_fields.items()}
    order = {name: index for index, name in enumerate(of.elements_sequence())}
    return tuple(sorted(names.items(), key=lambda one: (order.get(one[1].lstrip("_"), len(order)), one[1][:1] == "_")))


def _decimal(value: Decimal) -> str:
    """With its noughts, and without the exponent that Python writes 0.0000001 with."""
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and -MAX_NUMBER < exponent <= 0 else str(value)


def _moment(value: datetime) -> str:
    """As most senders write it: Z for no offset, no noughts at the end of a fraction."""
    text = value.isoformat()
    head, point, tail = text.partition(".")
    text = head + (point + tail[:6]).rstrip("0") + tail[6:] if point else text
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _hour(value: time) -> str:
    text = value.isoformat()
    return text.rstrip("0") if "." in text else text


_SCALARS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (str, str.__str__),
    (datetime, _moment),
    (date, date.isoformat),
    (time, _hour),
    (bytes, lambda value: b64encode(value).decode()),
    (UUID, lambda value: value.urn),
)
"""What a model holds a primitive as, and its text."""
