"""Every way in which the table says that a resource can fail its profile, done to the one that meets it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from mappings.r4.definitions import children
from mappings.us_core.elements import Found, standing, whole
from mappings.us_core.profiles import Row, Slice, profile
from tests.mappings.us_core.good import GOOD, LACKING

Json = dict[str, Any]
Edit = Callable[[Found, str], None]


class Damaged(NamedTuple):
    """A resource that meets its profile no more, and which element is at fault."""

    how: str
    profile: str
    resource: Json
    element: str


def all_damages() -> Iterator[Damaged]:
    for name in GOOD:
        for path, row in profile(name).elements.items():
            yield from Spot(name, name, lambda resource: [whole(resource)], path, row).damages()


def with_targets(resource: Json) -> Json:
    """The same with what a # leads to contained in it."""
    texts = {type_ for type_ in LACKING if f"'#{type_}'" in str(resource)}
    contained = [{"resourceType": type_, "id": type_, **LACKING[type_]} for type_ in sorted(texts)]
    return {**resource, "contained": contained} if contained else resource


@dataclass(frozen=True)
class Spot:
    """A row of the table, in a copy of the resource that is good by it."""

    profile: str
    label: str
    holders: Callable[[Json], list[Found]]
    """Where in a resource the path begins: in itself, or in the members of a slice."""
    path: str
    row: Row

    def damages(self) -> Iterator[Damaged]:
        for how, edit in (*self._of_itself(), *self._of_targets(), *self._of_slices()):
            yield self._done(how, edit)
        for each in self.row.slices:
            if each.url is not None:  # what a slice is known by is what its own row says: it cannot be damaged
                yield from self._inside(each)

    def _of_itself(self) -> Iterator[tuple[str, Edit]]:
        row, step = self.row, self.path.rpartition(".")[2]
        if row.min:
            yield "gone", _without
        if row.max is not None and (row.max or step != "extension"):
            yield "too many", lambda parent, step: _too_many(parent, step, row.max or 0)
        if row.types:
            yield "another type", _another_type
        if row.codes or row.limit:
            yield "another code", _another_code

    def _of_targets(self) -> Iterator[tuple[str, Edit]]:
        targets = self.row.targets
        for target in targets if "Resource" not in targets else ():
            if target.islower() and profile(target).type not in targets:
                type_ = profile(target).type
                yield f"to what does not meet {target}", _refer(f"#{type_}")
        if targets and (other := self._not_among()):
            yield f"to {other}", _refer(f"{other}/1")

    def _of_slices(self) -> Iterator[tuple[str, Edit]]:
        for each in self.row.slices:
            if each.min:
                yield f"no {each.name}", _drop(each)
            if each.max is not None:
                yield f"too many {each.name}", _repeat(each, each.max)

    def _inside(self, wanted: Slice) -> Iterator[Damaged]:
        def members(resource: Json) -> list[Found]:
            return [one for one in self._at(resource, self.path) if one.value.get("url") == wanted.url]

        rows = dict(wanted.elements)
        for obeyed in rows.get("", Row()).profiles:
            rows |= {path: row for path, row in profile(obeyed).elements.items() if path != "url"}
        for path, row in rows.items():
            if path:
                yield from Spot(self.profile, f"{self.label} {wanted.name}", members, path, row).damages()

    def _at(self, resource: Json, path: str) -> list[Found]:
        found = self.holders(resource)
        for step in path.split(".") if path else ():
            found = [one for each in found for one in standing(each, step)]
        return found

    def _done(self, how: str, edit: Edit) -> Damaged:
        resource = copy.deepcopy(GOOD[self.profile])
        above, _, last = self.path.rpartition(".")
        holders = self._at(resource, above)
        assert holders, f"{self.profile} {self.path}: the good resource has no place for it"
        for holder in holders:
            edit(holder.inside, last)
        return Damaged(f"{self.label} {self.path}: {how}", self.profile, resource, last.removesuffix("[x]"))

    def _not_among(self) -> str | None:
        """A type that R4 lets this lead to, and the profile does not."""
        type_, found = profile(self.profile).type, None
        for step in self.path.split("."):
            inside = [one for one in children(type_).values() if step in (one.name, one.choice)]
            found = next((one for one in inside if one.type == "Reference"), inside[0])
            type_ = found.type
        allowed = {profile(one).type if one.islower() else one for one in self.row.targets}
        return min(set(found.targets if found else ()) - allowed - {"Resource"}, default=None)


def _members(parent: Found, step: str) -> list[str]:
    return [one.name for one in children(parent.type).values() if step in (one.name, one.choice)]


def _without(parent: Found, step: str) -> None:
    for member in _members(parent, step):
        parent.value.pop(member, None)
        parent.value.pop(f"_{member}", None)


def _too_many(parent: Found, step: str, most: int) -> None:
    if most:
        parent.value[step] = (parent.value[step] * (most + 1))[: most + 1]
    else:
        parent.value["valueString" if step == "value[x]" else step] = "a"


def _another_type(parent: Found, step: str) -> None:
    _without(parent, step)
    parent.value["valueInteger"] = 1


def _another_code(parent: Found, step: str) -> None:
    for value in (parent.value[member] for member in _members(parent, step) if member in parent.value):
        if isinstance(value, str):
            parent.value[step] = "empty"
        else:
            coded = value.get("coding", [value])[0]
            coded |= {"system": "urn:x", "code": "a"}


def _refer(text: str) -> Edit:
    def edit(parent: Found, step: str) -> None:
        for value in (parent.value[member] for member in _members(parent, step) if member in parent.value):
            for reference in value if isinstance(value, list) else [value]:
                reference.clear()
                reference["reference"] = text

    return edit


def _drop(wanted: Slice) -> Edit:
    def edit(parent: Found, step: str) -> None:
        if wanted.url is None:
            parent.value[step] = [{"text": "another"}]
        else:
            others = [one for one in parent.value[step] if one["url"] != wanted.url]
            parent.value[step] = others or [{"url": "urn:x", "valueCode": "a"}]

    return edit


def _repeat(wanted: Slice, most: int) -> Edit:
    def edit(parent: Found, step: str) -> None:
        ours = next(one for one in parent.value[step] if wanted.url in (None, one.get("url")))
        others = [one for one in parent.value[step] if one is not ours]
        parent.value[step] = [*others, *[ours] * (most + 1)]

    return edit
