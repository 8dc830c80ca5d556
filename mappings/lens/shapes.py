"""What a value is: a primitive, FHIR as it stands, or a record of several rules; codes through a table are in codes.py.

A shape turns one FHIR value into one record value and back:
    from_fhir(raw, scope) -> value, or None where there is nothing it can tell
    to_fhir(value, before, raw, scope) -> raw      `before` is what from_fhir says of `raw`
to_fhir changes only what differs from `before`: first, do no harm.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from mappings.lens.making import WriteScope
from mappings.lens.reading import Scope
from mappings.r4.definitions import Element
from mappings.values import Number, same


class Unreadable(Exception):
    """A value that a leaf cannot tell: code and sentence for the report."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class Shape(Protocol):
    """See the module."""

    leaf: bool

    @property
    def type(self) -> str: ...
    def from_fhir(self, raw: Any, scope: Scope) -> Any: ...
    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any: ...
    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool: ...
    def same_thing(self, a: Any, b: Any) -> bool: ...
    @property
    def keyed(self) -> bool: ...
    def check_on(self, element: Element, where: str) -> None:
        """DeclarationError if it cannot stand on an element."""

    def inside(self) -> list[Shape]:
        """The shapes that it is made of."""
        ...

    @property
    def depends(self) -> frozenset[str]:
        """The elements of the root that something in it is the same as."""
        ...


class Leaf:
    """A shape of one value without parts."""

    leaf = True
    keyed = False
    depends: frozenset[str] = frozenset()

    def check_on(self, element: Element, where: str) -> None:
        """A leaf is bound to its element's type."""

    def inside(self) -> list[Shape]:
        return []

    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool:
        return raw is not None

    def same_thing(self, a: Any, b: Any) -> bool:
        return same(a, b)


_INTEGERS = frozenset({"integer", "unsignedInt", "positiveInt", "integer64"})


def json_kind(type_: str) -> tuple[type, ...]:
    """The JSON kinds that a primitive type of FHIR is written as."""
    if type_ == "boolean":
        return (bool,)
    if type_ in _INTEGERS:
        return (int,)
    return (int, Number) if type_ == "decimal" else (str,)


@dataclass(frozen=True)
class Primitive(Leaf):
    """A value as FHIR writes it: dates keep their precision, decimals their zeros."""

    type: str

    def from_fhir(self, raw: Any, scope: Scope) -> Any:
        if type(raw) not in json_kind(self.type):
            raise Unreadable("structure", f"This is not a {self.type}.")
        return raw

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any:
        if type(value) not in json_kind(self.type):
            scope.refuse(f"This must be a {self.type}.", "structure")
        return value


@dataclass(frozen=True)
class Verbatim(Leaf):
    """FHIR as it stands, for extensions that nobody here knows."""

    type: str = "Extension"

    def from_fhir(self, raw: Any, scope: Scope) -> Any:
        if not isinstance(raw, dict):
            raise Unreadable("structure", f"This is not a {self.type}.")
        return copy.deepcopy(raw)

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any:
        if not isinstance(value, dict) or not value:
            scope.refuse(f"This must be a FHIR {self.type}.", "structure")
        return copy.deepcopy(value)


@dataclass(frozen=True, eq=False, repr=False)
class Bare:
    """A record of one field, told as that field's value alone."""

    inner: Any
    leaf = False
    keyed = False

    @property
    def type(self) -> str:
        return str(self.inner.type)

    def check_on(self, element: Element, where: str) -> None:
        self.inner.check_on(element, where)

    def inside(self) -> list[Shape]:
        return [self.inner]

    @property
    def depends(self) -> frozenset[str]:
        return frozenset(self.inner.depends)

    @cached_property
    def field(self) -> Any:
        """The rule of its one field."""
        ((_, rule),) = self.inner.names.items()
        return rule

    @property
    def name(self) -> str:
        return str(self.field.name)

    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool:
        return bool(self.inner.takes(raw, scope, selective))

    def same_thing(self, a: Any, b: Any) -> bool:
        return same(a, b)

    def from_fhir(self, raw: Any, scope: Scope) -> Any:
        apart = scope.apart()
        value = (self.inner.from_fhir(raw, apart) or {}).get(self.name)
        for place, mark in apart.reading.marks.items():
            scope.reading.marks.setdefault(place, mark._replace(trail=scope.trail))
        return value

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any:
        return self.inner.to_fhir({self.name: value}, None if before is None else {self.name: before}, raw, scope)


@dataclass(frozen=True, eq=False, repr=False)
class Again:
    """A shape that is defined further down, or that contains itself."""

    of: Callable[[], Shape] = field(compare=False)
    leaf = False

    @cached_property
    def shape(self) -> Shape:
        return self.of()

    def check_on(self, element: Element, where: str) -> None:
        """Not known yet: held to its element when it is used."""

    def inside(self) -> list[Shape]:
        return [self.shape]

    @property
    def type(self) -> str:
        return self.shape.type

    @property
    def keyed(self) -> bool:
        return self.shape.keyed

    @property
    def depends(self) -> frozenset[str]:
        return self.shape.depends

    def from_fhir(self, raw: Any, scope: Scope) -> Any:
        return self.shape.from_fhir(raw, scope)

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Any:
        return self.shape.to_fhir(value, before, raw, scope)

    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool:
        return self.shape.takes(raw, scope, selective)

    def same_thing(self, a: Any, b: Any) -> bool:
        return self.shape.same_thing(a, b)


def resolved(shape: Shape) -> Shape:
    """The shape itself, where it was said to be defined elsewhere."""
    return resolved(shape.shape) if isinstance(shape, Again) else shape


def everything_in(*shapes: Shape) -> Iterator[Shape]:
    """These shapes and every one that they are made of, each once."""
    todo, seen = list(shapes), set[int]()
    while todo:
        shape = resolved(todo.pop())
        if id(shape) not in seen:
            seen.add(id(shape))
            yield shape
            todo += shape.inside()
