"""What the clinic tells of a referral or a patient beside its decisions: marshmallow schemas check and describe it."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from adapter.authorisation import clinic_caller
from adapter.exchange.deciding.editing import SIDES
from adapter.exchange.refusal import Refusal, refuse
from mappings import Issue


def _text(says: str, *checks: Any) -> fields.String:
    return fields.String(
        required=True,
        validate=list(checks),
        metadata={"description": says},
        error_messages={"required": says, "invalid": says, "null": says},
    )


_WHO = 'Say who decides: "by": "..."; with a token of the clinic\'s it may be left out, and is the name of that.'


def _who() -> fields.String:
    named = validate.Regexp(r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$", error=_WHO)
    found = _text(_WHO, named, validate.Length(max=200, error=_WHO))
    found.required = False
    return found


class Told(Schema):
    """What is not described is refused."""

    class Meta:
        unknown = RAISE


class OwnRecord(Told):
    """The clinic's own record of a referral; what it says is checked by the record's own schema."""

    record = fields.Raw(required=True, metadata={"description": "The record as it is to stand."})
    changed_at = _text("Send changed_at, as the referral was read.")


class Decided(Told):
    """Which side holds, of what both changed."""

    take = _text(
        f"take is one of {', '.join(SIDES)}.", validate.OneOf(SIDES, error=f"take is one of {', '.join(SIDES)}.")
    )
    by = _who()


class Linking(Told):
    """Who else is this patient."""

    linked_number = _text("Send linked_number, the number that the patient has here as another one.")
    by = _who()


class Undoing(Told):
    """That a link does not hold."""

    by = _who()


def checked(schema: Schema, told: Any) -> dict[str, Any]:
    """The members of a body; refused with the first thing that is wrong with it."""
    if not isinstance(told, dict):
        raise refuse("unprocessable", "structure", "", f"Send an object with {' and '.join(schema.fields)}.")
    if found := issues(schema, told):
        raise Refusal("unprocessable", found[:1])
    return told


def issues(schema: Schema, told: dict[str, Any]) -> list[Issue]:
    """All that is wrong with the members of a body, by its schema."""
    return [_issue(schema, told, name, text) for name, texts in schema.validate(told).items() for text in texts]


def _issue(schema: Schema, told: dict[str, Any], name: str, text: str) -> Issue:
    if name not in schema.fields:
        return Issue("error", "structure", name, "There is no such field.")
    missing = name not in told or text.startswith("Say it")  # a text of nothing is none
    return Issue("error", "required" if missing else "value", name, text)


def who(told: dict[str, Any]) -> str:
    """Who tells it: as it is said, else by the token; refused where neither says."""
    found: str = told.get("by") or clinic_caller().name
    if not found:
        raise refuse("unprocessable", "required", "by", _WHO)
    return found
