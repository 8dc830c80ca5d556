"""What a partner will not keep by its own profiles: the elements that they forbid.

`rest.resource.profile` of its statement is the profile that all its resources of a type follow (R4); what that limits
to nothing (`max` 0) has no place there.  What a profile merely does not mention may still be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from adapter.delivery.pushing.fits.statement import ASKED, Accepts
from mappings.lens.document import objects
from mappings.values import Json

_OF_R4 = "http://hl7.org/fhir/StructureDefinition/"

Fetch = Callable[[str], Mapping[str, Json] | None]
"""The StructureDefinition of that canonical URL, where the partner has it."""


def with_forbidden(accepted: Accepts, statement: Json, fetch: Fetch) -> Accepts:
    """What a server accepts, with what the profiles of the types that are written there forbid."""
    types = dict(accepted.types)
    for type_, canonical in _profiles(statement):
        if type_ not in ASKED or "create" not in accepted.of(type_).interactions:
            continue
        profile = fetch(canonical.partition("|")[0])
        if profile is not None:
            types[type_] = replace(types[type_], forbidden=types[type_].forbidden | frozenset(forbidden(profile)))
    return replace(accepted, types=types)


def _profiles(statement: Json) -> Iterator[tuple[str, str]]:
    rest = objects(statement.get("rest")) if isinstance(statement, dict) else ()
    for one in (each for of_rest in rest for each in objects(of_rest.get("resource"))):
        type_, canonical = one.get("type"), one.get("profile")
        if isinstance(type_, str) and isinstance(canonical, str) and not canonical.startswith(_OF_R4):
            yield type_, canonical


def forbidden(profile: Mapping[str, Json]) -> Iterator[str]:
    """The paths of elements that a StructureDefinition limits to nothing; a slice of one is not the whole of it."""
    for view in ("snapshot", "differential"):
        held = profile.get(view)
        for element in objects(held.get("element")) if isinstance(held, dict) else ():
            path = element.get("path")
            if element.get("max") == "0" and isinstance(path, str) and ":" not in str(element.get("id", "")):
                yield path


def will_not_keep(accepted: Accepts, resource: Mapping[str, Any]) -> tuple[str, ...]:
    """Those elements of a resource, and of what it contains, that the partner's profiles forbid."""
    found: dict[str, None] = {}
    for one in (resource, *objects(resource.get("contained"))):
        type_ = str(one.get("resourceType"))
        there = accepted.of(type_).forbidden
        for path in _paths(one, type_) if there else ():
            if path in there or any(_is_choice(path, one) for one in there):
                found[path] = None
    return tuple(found)


def _is_choice(path: str, of: str) -> bool:
    """Whether an element is one of a choice: Goal.startDate of Goal.start[x]."""
    rest = path.removeprefix(of.removesuffix("[x]"))
    return of.endswith("[x]") and rest != path and rest[:1].isupper() and "." not in rest


def _paths(value: Any, path: str) -> Iterator[str]:
    """The path of each element, once for each place."""
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in ("resourceType", "contained"):
                here = f"{path}.{name.removeprefix('_')}"
                yield here
                yield from _paths(item, here)
