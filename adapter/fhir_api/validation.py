"""$validate: whether a resource is valid R4 as it stands, without any repair.

By http://hl7.org/fhir/R4/resource-operation-validate.html: 200 whether it is or not, and 4xx where that could not be
told.  Profiles are not looked at, nor whether it would be stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.exchange.refusal import refuse
from mappings import Issue
from mappings.r4 import validity

DEFINITION = "http://hl7.org/fhir/OperationDefinition/Resource-validate"

_VALID = Issue("information", "informational", "", "This is valid R4: no error was found.")
_UNSEEN = "This was not looked at: what is checked here is whether the resource is valid R4 4.0.1, and nothing beyond."


def validated(body: Any, type_: str) -> list[Issue]:
    """What there is to say of a resource, or of the one that Parameters bring; never nothing.

    Refusal: there is no resource of this type to be looked at.
    """
    resource, notes = _brought(body) if _is(body, "Parameters") else (body, [])
    named = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(named, str) or named.strip().lower() != type_.lower():
        text = f'What is sent here is one {type_}: an object with "resourceType": "{type_}", or Parameters with it.'
        raise refuse("wrong type", "invalid", type_, text)
    return [*(validity.check(resource) or [_VALID]), *notes]


def _is(body: Any, type_: str) -> bool:
    return isinstance(body, dict) and body.get("resourceType") == type_


def _brought(parameters: dict[str, Any]) -> tuple[Any, list[Issue]]:
    """The resource, and a note on every other parameter."""
    told = list(_parameters(parameters))
    resources = [one.get("resource") for _, one in told if one.get("name") == "resource"]
    if len(resources) != 1:
        text = "Send exactly one parameter named resource, which holds what is to be looked at."
        raise refuse("bad request", "required", "Parameters.parameter", text)
    notes = [
        Issue("warning", "not-supported", f"Parameters.parameter[{index}]", _UNSEEN)
        for index, one in told
        if one.get("name") != "resource"
    ]
    return resources[0], notes


def _parameters(parameters: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = parameters.get("parameter")
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield index, one
