"""The fields of clinic records as JSON Schema: marshmallow's own, and the two that records have besides."""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import RAISE, Schema, fields, validate

from mappings.lens.links import Link
from mappings.lens.shapes import json_kind
from mappings.r4.definitions import pattern
from mappings.records.schema import Linked, Value, schema_class

_NAMED = {bool: "boolean", int: "integer", str: "string"}
_WRITTEN = frozenset(("date", "dateTime", "instant", "time", "id", "oid", "uuid"))
"""Primitives of which the rule for their text says more than that it is one."""


class Describing(MarshmallowPlugin):
    """apispec's plugin, with the fields of records; schemas of one name are told apart by a number."""

    def __init__(self) -> None:
        self._names: dict[type[Schema], str] = {}
        super().__init__(schema_name_resolver=self._name)

    def init_spec(self, spec: Any) -> None:
        super().init_spec(spec)
        converter: Any = self.converter
        for kind in (Value, Linked):
            converter.map_to_openapi_type(kind, "object", None)
        converter.add_attribute_function(_value)
        converter.add_attribute_function(_linked)

    def _name(self, schema: Any) -> str:
        class_: type[Schema] = schema if isinstance(schema, type) else type(schema)
        if class_ not in self._names:
            alike = sum(1 for other in self._names if other.__name__ == class_.__name__)
            self._names[class_] = f"{class_.__name__}{alike + 1 if alike else ''}"
        return self._names[class_]


def _linked(converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """A pointer, or the record of what it leads to beside the members of one."""
    if not isinstance(field, Linked):
        return {}
    every = [schema_class(field.link.pointer), *(_told(field.link, kind) for kind in field.link.known)]
    return {"anyOf": [converter.resolve_nested_schema(one) for one in every]}


def _value(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    if not isinstance(field, Value):
        return {}
    kinds = json_kind(field.type)
    said: dict[str, Any] = {"type": "number" if len(kinds) > 1 else _NAMED[kinds[0]]}
    if field.bound is not None and field.bound.codes:
        said["enum"] = sorted(field.bound.codes)
    elif field.type in _WRITTEN and (rule := pattern(field.type)) is not None:
        said["pattern"] = f"^(?:{rule.pattern})$"
    return said


_TOLD: dict[tuple[int, int, str], type[Schema]] = {}


def _told(link: Link, kind: str) -> type[Schema]:
    """What is told of what a link leads to: the members of a pointer and of the record, and which it is."""
    known = link.known[kind]
    key = (id(link.pointer), id(known), kind)
    if key not in _TOLD:
        members: dict[str, Any] = {
            **schema_class(link.pointer)().fields,
            **schema_class(known)().fields,
            "kind": fields.String(required=True, validate=validate.Equal(kind)),
        }
        name = "".join(word.capitalize() for word in kind.split("_"))
        _TOLD[key] = type(f"{name}Told", (Schema,), {**members, "Meta": type("Meta", (), {"unknown": RAISE})})
    return _TOLD[key]
