"""A plan's goals, team and orders as resources of their own, and the plan whole again.

A record is rendered as one resource that contains the rest.  Where a partner takes goals, teams and orders themselves,
each stands there by itself, with a business identifier of its own, and the plan points to it; what is compared with the
record, or laid under it, is put together again first: `joined` undoes `apart`.
What has no use outside the plan (its problems as the plan sees them, who does something) is contained in each that
points to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.client import Identifier
from adapter.delivery.compare import holds
from adapter.delivery.transaction import Held, Resource, urn
from mappings.lens.document import DERIVED, derived_uuid, objects, references
from mappings.values import Json

_ITS_OWN_META = ("versionId", "lastUpdated", "source")


WHAT = ("description", "code", "codeCodeableConcept", "medicationCodeableConcept")
"""The elements that say what a goal, an order or an appointment is, whatever becomes of it."""
Key = tuple[str, Identifier]
"""What a part is known by: its type and an identifier."""


@dataclass(frozen=True)
class Part:
    """A resource that stands by itself, and what it is known by."""

    key: Key
    resource: Resource


def named(whole: Resource, types: Collection[str], ours: Callable[[str], Identifier]) -> Resource:
    """The plan with an identifier in each contained resource of those types that has none of its own.

    ours: of what a part is called within the plan.  One that its record names keeps it as long as it has that name; one
    without a name as long as it is the same thing (WHAT), wherever it stands: what a partner added to a goal must not
    come to stand with another."""
    taken: set[Key] = set()
    alike: Counter[tuple[str, str]] = Counter()

    def told(one: Resource) -> Resource:
        type_ = one["resourceType"]
        if type_ not in types:
            return one
        own = _usable(one)
        if own is None or (type_, own) in taken:
            name = one["id"]
            if name.startswith(DERIVED):
                what = _what(one)
                alike[type_, what] += 1
                name = DERIVED + "-".join(filter(None, (what, str(alike[type_, what]))))
            own = ours(f"{type_}/{name}")
            one = {**one, "identifier": [own.json(), *(one.get("identifier") or [])]}
        taken.add((type_, own))
        return one

    return _with_contained(whole, [told(one) for one in whole.get("contained") or []])


def _what(part: Resource) -> str:
    """What a part is, in few letters; of several that are alike the place tells them apart."""
    said = next((words for member in WHAT if (words := _words(part.get(member)))), "")
    return derived_uuid(said)[:8] if said else ""


def _words(value: Json) -> str:
    """Of a text, or of a concept: its text, else its first code."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    first = next(iter(objects(value.get("coding"))), {})
    return str(value.get("text") or f"{first.get('system', '')}|{first.get('code', '')}".strip("|"))


def key(part: Resource) -> Key:
    """Of a part of a plan whose parts have been named."""
    found = _usable(part)
    assert found is not None
    return part["resourceType"], found


def _usable(part: Resource) -> Identifier | None:
    held = part.get("identifier")
    for one in objects(held):
        system, value = one.get("system"), one.get("value")
        texts = isinstance(system, str) and isinstance(value, str)
        if texts and system and value and one.get("use") not in ("old", "temp"):
            return Identifier(system, value)
    return None


def parts_of(whole: Resource, types: Collection[str]) -> list[Resource]:
    """The contained resources that stand by themselves, each behind those that it points to.

    One that points back to the plan, or is part of a circle, could not be made before what it points to: it stays."""
    contained = whole.get("contained") or []
    waiting = {f"#{one['id']}": one for one in contained if one["resourceType"] in types}
    others = {f"#{one['id']}": one for one in contained if f"#{one['id']}" not in waiting}
    ordered: list[Resource] = []
    while ready := [
        name
        for name, one in waiting.items()
        if not (to := _reached(one, others)) & waiting.keys() and "#" not in to and name not in to
    ]:
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def apart(whole: Resource, types: Collection[str]) -> tuple[Resource, list[Part]]:
    """The plan and the parts that stand by themselves, in an order in which they can be made; they point to one another
    by `urn`."""
    own = parts_of(whole, types)
    if not own:
        return whole, []
    urns = {f"#{one['id']}": urn(*key(one)) for one in own}
    others = {f"#{one['id']}": one for one in whole["contained"] if f"#{one['id']}" not in urns}
    inside = set[str]()

    def alone(resource: Resource) -> Resource:
        needed = _reached(resource, others) & others.keys()
        inside.update(needed)
        carried = [others[name] for name in others if name in needed]
        return pointing_to(_with_contained(resource, carried), urns)

    parts = [Part(key(one), alone({name: value for name, value in one.items() if name != "id"})) for one in own]
    body = _with_contained(whole, [])
    needed = _reached(body, others)
    kept = [one for name, one in others.items() if name in needed or name not in inside]
    return _pointing(_with_contained(body, kept), urns), parts


def joined(
    root: Resource, held: Mapping[Key, Held], like: Resource, base_url: str, *, else_like: Resource | None = None
) -> Resource:
    """The plan as a partner holds it with the parts that it points to contained, called and ordered as in `like`.

    base_url: the partner's, since it may point to its own by the whole address.
    else_like: where what is not in `like` has its names from."""
    called = _names(else_like or {}) | _names(like)
    inside = _by_id(root)
    others = [one for one in objects(root.get("contained")) if not isinstance(one.get("id"), str)]
    there = {f"{of[0]}/{one.id}": (of, one.resource) for of, one in held.items()}
    pointed = _leading_to(root, there, base_url)
    names: dict[str, str] = {}
    while new := [name for name in there if name in pointed and name not in names]:
        for name in new:
            of, resource = there[name]
            names[name] = _free(called.get(of, name.replace("/", "-")), {*inside, *names.values()})
            pointed |= _leading_to(resource, there, base_url)
    if not names:
        return root
    labels = {address: f"#{label}" for name, label in names.items() for address in _addresses(name, base_url)}
    for name, label in names.items():
        resource = there[name][1]
        renamed: dict[str, str] = {}
        for id_, one in _by_id(resource).items():
            if id_ in inside and not _alike(one, inside[id_]):
                renamed[f"#{id_}"] = f"#{_free(id_, {*inside, *names.values()})}"
            inside[renamed.get(f"#{id_}", f"#{id_}")[1:]] = _pointing(one, renamed)
        inside[label] = _pointing({**_unversioned(_with_contained(resource, [])), "id": label}, renamed)
    order = {str(one["id"]): place for place, one in enumerate(like.get("contained") or [])}
    contained = [{**inside[id_], "id": id_} for id_ in sorted(inside, key=lambda id_: order.get(id_, len(order)))]
    return pointing_to(_with_contained(root, [*contained, *others]), labels)


def _by_id(resource: Resource) -> dict[str, Resource]:
    """What it contains; a partner may hold there what it likes."""
    return {one["id"]: one for one in objects(resource.get("contained")) if isinstance(one.get("id"), str)}


def _alike(one: Resource, other: Resource) -> bool:
    return one.get("resourceType") == other.get("resourceType") and holds(one, other)


def _names(whole: Resource) -> dict[Key, str]:
    return {key(one): str(one["id"]) for one in whole.get("contained") or [] if _usable(one) is not None}


def _unversioned(resource: Resource) -> Resource:
    """Without what its server counts."""
    meta = resource.get("meta")
    told = meta if isinstance(meta, dict) else {}
    said = {name: value for name, value in told.items() if name not in _ITS_OWN_META}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**rest, "meta": said} if said else rest


def _addresses(name: str, base_url: str) -> tuple[str, str]:
    return name, f"{base_url}/{name}"


def _leading_to(resource: Resource, there: Mapping[str, Any], base_url: str) -> set[str]:
    """The names, out of those, that a resource points to."""
    pointed = {_of_any_version(one) for one in references(resource)}
    return {name for name in there if pointed.intersection(_addresses(name, base_url))}


def _of_any_version(reference: str) -> str:
    return reference.partition("/_history/")[0]


def _free(wanted: str, taken: Collection[str]) -> str:
    tried = [wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))]
    return next(one for one in tried if one not in taken)


def _reached(resource: Resource, through: Mapping[str, Resource]) -> set[str]:
    """The local references of a resource, and of what it points to out of those."""
    reached: set[str] = set()
    ahead = [resource]
    while ahead:
        for reference in references(ahead.pop()):
            if reference.startswith("#") and reference not in reached:
                reached.add(reference)
                ahead += [through[reference]] if reference in through else []
    return reached


def _pointing(value: Json, to: Mapping[str, str]) -> Any:
    """The value with each of these references replaced."""
    if isinstance(value, list):
        return [_pointing(item, to) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {name: _pointing(item, to) for name, item in value.items()}
    reference = value.get("reference")
    if isinstance(reference, str) and (other := to.get(reference) or to.get(_of_any_version(reference))):
        inside["reference"] = other
    return inside


def pointing_to(resource: Resource, addresses: Mapping[str, str]) -> Resource:
    """The resource with what stands for other ones replaced by where they are."""
    pointed: Resource = _pointing(resource, addresses)
    return pointed


def _with_contained(resource: Resource, contained: list[Resource]) -> Resource:
    """With these contained, in the place where a resource has them."""
    if contained and "contained" in resource:
        return {**resource, "contained": contained}
    rest = {name: value for name, value in resource.items() if name != "contained"}
    if not contained:
        return rest
    head: Resource = {name: rest.pop(name) for name in ("resourceType", "id", "meta", "text") if name in rest}
    return {**head, "contained": contained, **rest}
