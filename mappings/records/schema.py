"""marshmallow schemas built from the rules of a mapping.

A schema checks and describes; it converts nothing: a decimal keeps its zeros, a date its precision.  Each shape
becomes one schema class, made on first use and kept.  What R4 asks of an element, a code of some value set or a target
of some type, is asked of the field that tells it.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from mappings.lens.choices import OneOf, SameAs
from mappings.lens.codes import Code
from mappings.lens.links import Link, Pointer
from mappings.lens.many import Each, Main
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import Field, Rule
from mappings.lens.shapes import Bare, Primitive, Shape, Verbatim, json_kind, resolved
from mappings.lens.worded import WORD, Worded
from mappings.r4.bindings import Binding, binding
from mappings.r4.definitions import Element, pattern
from mappings.r4.references import Lead, Scope, follow, named_type, wrong_target
from mappings.sites import AS_SHIPPED, Site

MISSING = "Say {name}: it must be there."
Members = dict[str, fields.Field[Any]]

NO_SUCH = "There is no such field."


class Value(fields.Field[Any]):
    """A primitive as FHIR writes it: the JSON kind, the official text rule, and the value set of a required code."""

    def __init__(self, type_: str, bound: Binding | None = None, **kwargs: Any) -> None:
        self.type, self.bound = type_, bound
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) not in json_kind(self.type):
            raise ValidationError(f"This must be a {self.type}.")
        rule = pattern(self.type)
        if rule is not None and isinstance(value, str) and not rule.fullmatch(value):
            raise ValidationError(f"This is not written as a {self.type} is.")
        if self.bound is not None and not self.bound.allows(value):
            raise ValidationError(self.bound.mend(value))
        return value


class Linked(fields.Field[Any]):
    """A pointer, or the record of what it leads to: `kind` says which schema holds."""

    def __init__(self, link: Link, **kwargs: Any) -> None:
        self.link = link
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("This must be a record.")
        kind = value.get("kind")
        if kind is not None and (not isinstance(kind, str) or kind not in self.link.known):
            raise ValidationError({"kind": [f"Say one of: {self.link.choices}."]})
        point, content, _ = self.link.split(value)
        errors = schema_class(self.link.pointer)().validate(point) if point or kind is None else {}
        if kind is not None:
            errors |= schema_class(self.link.known[kind])().validate(
                content | {k: value[k] for k in ("id",) if k in value}
            )
        elif content:
            errors |= {name: [NO_SUCH] for name in content}
        if errors:
            raise ValidationError(errors)
        return value


@cache
def schema_of(kind: str, sort: str = "", site: Site = AS_SHIPPED) -> Schema:
    """The schema of a record kind, where it has several roots of the one that `kind` of the record says."""
    from mappings.roots import mapping

    members: Members = {
        "record": fields.String(required=True, validate=validate.Equal(kind)),
        "needs_attention": fields.List(
            fields.String(), metadata={"description": "What a clinician has to look at; it follows from the rest."}
        ),
        "actionable": fields.Boolean(
            metadata={"description": "False if nothing may be done on it; we say so, nobody else."}
        ),
        "not_actionable_because": fields.List(fields.String()),
    }
    if sort:
        members["kind"] = fields.String(required=True, validate=validate.Equal(sort))
    return _made(mapping(kind, sort, site).shape, members)()


_SCHEMAS: dict[int, type[Schema]] = {}


def schema_class(shape: RecordShape) -> type[Schema]:
    """The schema of a shape within a record; the same class for the same shape."""
    if id(shape) not in _SCHEMAS:
        _SCHEMAS[id(shape)] = _made(shape, {})
    return _SCHEMAS[id(shape)]


def _instance(shape: RecordShape) -> Schema:
    return schema_class(shape)()


def _made(shape: RecordShape, members: Members) -> type[Schema]:
    choices = [rule for rule in shape.rules if isinstance(rule, OneOf)]

    class Made(Schema):
        class Meta:
            unknown = RAISE

        @validates_schema(skip_on_field_errors=False)
        def one_of_each_choice(self, data: dict[str, Any], **kwargs: Any) -> None:
            for choice in choices:
                said = [name for name in choice.names if name in data]
                if len(said) > 1:
                    raise ValidationError(f"Say only one of {', '.join(said)}.")
                if not said and choice.rules[0].element.min and len(choice.rules[0].steps) == 1:
                    raise ValidationError(f"Say one of {', '.join(choice.names)}: it must be there.")

        @validates_schema
        def something(self, data: dict[str, Any], **kwargs: Any) -> None:
            if not data and not isinstance(shape, ResourceShape):
                raise ValidationError("This record is empty: leave it out.")

    made: dict[str, Any] = {"error_messages": {"unknown": NO_SUCH, "type": "This must be a record."}, **members}
    for rule in shape.rules:
        made |= _fields(rule)
    return type(f"{shape.type.replace('.', '')}Record", (Made,), made)


def _fields(rule: Rule) -> Members:
    if isinstance(rule, Main):
        inner: RecordShape = rule.shape
        about = {"description": rule.others_about}
        word = {WORD: _word(rule)} if isinstance(rule, Worded) else {}
        others: fields.Field[Any] = fields.List(_field(inner), validate=validate.Length(min=1), metadata=about)
        if rule.name:
            return {rule.name: _field(inner, metadata={"description": rule.about}), rule.others: others}
        return word | {rule.others: others, **{name: f for r in inner.rules for name, f in _fields(r).items()}}
    if isinstance(rule, SameAs):
        found = {name: _one(rule.rule, required=False) for name in (rule.rule.name, rule.as_written)}
        if rule.unless:
            found[rule.unless] = fields.Boolean(
                validate=validate.Equal(True), metadata={"description": "True if it is not said at all."}
            )
        return found
    if isinstance(rule, OneOf):
        return {part.name: _one(part, required=False) for part in rule.rules}
    if isinstance(rule, Each):
        required = bool(rule.element.min) and len(rule.steps) == 1
        about = {"description": rule.about}
        some = validate.Length(min=1)
        inner_field = _field(rule.shape, rule.element)
        listed = fields.List(
            inner_field, required=required, validate=some, metadata=about, error_messages=_messages(rule.name)
        )
        return {rule.name: listed}
    if isinstance(rule, PointingHere):
        some, about = validate.Length(min=1), {"description": rule.about}
        return {rule.name: fields.List(Linked(rule.link), validate=some, metadata=about)}
    if isinstance(rule, Field):
        return {rule.name: _one(rule, required=bool(rule.element.min) and len(rule.steps) == 1 and rule.usual is None)}
    return {}


def _word(rule: Worded) -> fields.Field[Any]:
    choices = "; ".join(table.choices() for table in rule.tables)
    return fields.String(
        validate=validate.OneOf(rule.words, error=f"Say one of: {choices}."), metadata={"description": rule.about_word}
    )


def _messages(name: str) -> dict[str, Any]:
    return {
        "required": MISSING.format(name=name),
        "null": "This is null: leave it out.",
        "invalid": "This must be a list.",
    }


def _one(rule: Field, required: bool) -> fields.Field[Any]:
    return _field(
        rule.shape,
        rule.element,
        required=required,
        metadata={"description": rule.about},
        error_messages=_messages(rule.name),
    )


def _field(shape: Shape, element: Element | None = None, **kwargs: Any) -> fields.Field[Any]:
    """The field of a shape; `element` is where it stands, if anything is asked of it there."""
    shape = resolved(shape)
    if isinstance(shape, Bare):
        return _field(shape.field.shape, shape.field.element, **kwargs)
    if isinstance(shape, Primitive):
        return Value(shape.type, binding(element.binding) if element and element.binding else None, **kwargs)
    if isinstance(shape, Code):
        return fields.String(
            validate=validate.OneOf(list(shape.words), error=f"Say one of: {', '.join(shape.words)}."), **kwargs
        )
    if isinstance(shape, Verbatim):
        return fields.Dict(**kwargs)
    if isinstance(shape, Link):
        return Linked(shape, **_leading(shape.pointer, element), **kwargs)
    assert isinstance(shape, RecordShape)
    if isinstance(shape, Pointer):
        kwargs |= _leading(shape, element)
    kwargs["error_messages"] = {"type": "This must be a record.", **kwargs.get("error_messages", {})}
    return fields.Nested(partial(_instance, shape), **kwargs)


def _leading(pointer: Pointer, element: Element | None) -> dict[str, Any]:
    """What is asked of a pointer that stands on an element: that it leads where R4 lets it, as far as can be told."""
    ref, type_ = (
        next(r.name for r in pointer.rules if isinstance(r, Field) and r.fhir == n) for n in ("reference", "type")
    )
    targets = element.targets if element else ()

    def check(value: Any) -> None:
        text, named = value.get(ref), value.get(type_)
        lead = follow(text, Scope({}), None, inside=False) if isinstance(text, str) and text[:1] != "#" else Lead()
        errors = {
            ref: lead.fault[1] if lead.fault else wrong_target(lead.type, targets),
            type_: wrong_target(named_type(named), targets),
        }
        if found := {name: [sentence] for name, sentence in errors.items() if sentence}:
            raise ValidationError(found)

    return {"validate": check}


__all__ = ["Linked", "Value", "schema_class", "schema_of"]
