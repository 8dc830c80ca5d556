"""References: a pointer as such, and a link that tells what it leads to.

The first link that reaches a resource tells it; every other one only points, by a label that is the same in every
rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mappings.lens.document import DERIVED, ROOT, derived_uuid, is_uuid
from mappings.lens.making import WriteScope
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Pointed, Scope, Told
from mappings.lens.records import Node, Rec, RecordShape, ResourceShape, dependencies
from mappings.lens.shapes import Again, Shape, resolved
from mappings.r4.definitions import Element
from mappings.values import canonical_text, same


@dataclass(frozen=True, eq=False, repr=False)
class Pointer(RecordShape):
    """A Reference as such.  Where it leads inside the document, the record says "#label", whatever the rendering."""

    def from_fhir(self, raw: Any, scope: Scope) -> Rec | None:
        record = super().from_fhir(raw, scope)
        target = scope.resolve(raw.get("reference"))
        if record is not None and target is not None and "ref" in record:
            document = scope.reading.document
            if target is scope.root:
                if raw["reference"] in (ROOT, document.full_url(target)):  # its own Type/id stays as written
                    record["ref"] = ROOT
            elif (label := document.label(target)) is not None:
                record["ref"] = f"#{label}"
                scope.reading.pointed.append(Pointed(record, target, raw))
        return record

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Node:
        node = super().to_fhir(value, before, raw, scope)
        ref = value.get("ref") if isinstance(value, dict) else None
        if isinstance(ref, str) and ref.startswith("#") and not same(ref, (before or {}).get("ref")):
            node = {**node, "reference": reference_to(ref[1:], scope)}
        if isinstance(ref, str) and ref.startswith("#"):
            scope.making.pointers.append((ref[1:], ".".join(map(str, scope.trail))))
        return node


def reference_to(label: str, scope: WriteScope) -> str:
    """The literal reference that means a label in the rendering at hand."""
    making = scope.making
    document = making.document
    target = making.root if not label else document.labelled(label)
    if making.rendering == "contained" or (
        target is not None and document.full_url(target) is None and target is not making.root
    ):
        return f"#{label}"
    url = document.full_url(target) if target is not None else None
    return url or (f"urn:uuid:{making.basis}" if not label else entry_url(label, making.basis))


def entry_url(label: str, basis: str) -> str:
    return f"urn:uuid:{label}" if is_uuid(label) else f"urn:uuid:{derived_uuid(f'{basis}|{label}')}"


@dataclass(frozen=True, eq=False, repr=False)
class Link:
    """A Reference.  Where it leads to a resource of a named kind, that resource's record lies beside the pointer,
    with `kind`."""

    pointer: Pointer
    kinds: dict[str, Shape] = field(default_factory=dict)
    only: bool = False
    type: str = "Reference"
    leaf = False
    keyed = False

    def check_on(self, element: Element, where: str) -> None:
        if element.type != "Reference":
            raise DeclarationError(f"{where}: a link on {element.type}")
        for shape in self.kinds.values():
            if isinstance(shape, Again) or not element.targets or "Resource" in element.targets:
                continue
            if shape.type not in element.targets:
                raise DeclarationError(f"{where} cannot lead to {shape.type}, only to {', '.join(element.targets)}")

    def inside(self) -> list[Shape]:
        return list(self.kinds.values())

    def __repr__(self) -> str:
        return f"<link to {self.choices}>"

    @cached_property
    def known(self) -> dict[str, ResourceShape]:
        out: dict[str, ResourceShape] = {}
        for kind, shape in self.kinds.items():
            resource = resolved(shape)
            assert isinstance(resource, ResourceShape)
            out[kind] = resource = resource.as_linked
            if stray := [rule.where for rule in resource.rules if rule.of_root_only]:
                raise DeclarationError(
                    f"{stray[0]}: this means something in the root of a record only: leave it out here"
                )
            if clash := (set(self.pointer.names) | {"kind"}) & set(resource.names):
                raise DeclarationError(
                    f"{resource.where}: {resource.type} has fields that every link has: {', '.join(clash)}"
                )
        return out

    @cached_property
    def depends(self) -> frozenset[str]:
        return dependencies(self)

    def same_thing(self, a: Any, b: Any) -> bool:
        return same(a, b)

    def kind_of(self, target: Node | None) -> str | None:
        return next((k for k, resource in self.known.items() if target is not None and resource.is_ours(target)), None)

    def takes(self, raw: Any, scope: Scope, selective: bool) -> bool:
        if not isinstance(raw, dict):
            return False
        return not (selective or self.only) or self.kind_of(scope.resolve(raw.get("reference"))) is not None

    def from_fhir(self, raw: Any, scope: Scope) -> Rec | None:
        target = scope.resolve(raw.get("reference")) if isinstance(raw, dict) else None
        kind = self.kind_of(target)
        reading = scope.reading
        if target is None or kind is None or id(target) in reading.told or target is scope.root:
            return self.pointer.from_fhir(raw, scope)
        label = reading.document.label(target)
        if label is None:
            return self.pointer.from_fhir(raw, scope)
        record: Rec = {"kind": kind, "id": label}
        reading.told[id(target)] = Told(target, record, (*scope.trail, "id"))
        pointed = len(reading.pointed)
        point = self.pointer.from_fhir(raw, scope) or {}
        del reading.pointed[pointed:]
        point.pop("ref", None)
        reading.marks.pop((id(raw), "reference"), None)
        scope.mark(raw, "reference", "derived", self.known[kind].where)
        content = self.known[kind].read(target, scope.within(target))
        content.pop("id", None)
        record |= {**content, **point}
        return record

    def to_fhir(self, value: Any, before: Any, raw: Any, scope: WriteScope) -> Node:
        if not isinstance(value, dict) or not value:
            scope.refuse("This must be a record with at least one field.", "structure")
        point, content, kind = self.split(value)
        point0, content0, kind0 = self.split(before or {})
        if kind is None:
            if content:
                scope.refuse(f"Say what kind of thing this is, beside {', '.join(sorted(content))}: {self.choices}.")
            if self.only and not str(point.get("ref", "")).startswith("#"):  # else it is told elsewhere in the record
                scope.refuse(f"This list is only for: {self.choices}.")
            return self.pointer.to_fhir(point, None if kind0 else point0, None if kind0 else raw, scope)
        if kind not in self.known:
            scope.into("kind").refuse(f"Say one of: {self.choices}.", "code-invalid")
        resource = self.known[kind]
        if "ref" in point:
            scope.into("ref").refuse("What is told here needs no ref: give it an id, if others point to it.")
        document = scope.making.document
        target: Node | None = None
        if kind == kind0 and same(value.get("id"), (before or {}).get("id")) and resource.same_thing(content, content0):
            target = document.resolve(raw.get("reference"), scope.home)
        elif (named := document.labelled(value.get("id"))) is not None and value["id"] not in scope.making.told:
            content0 = self.told_there(named, resource, scope)
            point0, raw, target = {}, None, named
        else:
            raw, point0 = None, {}
        label = self.write_target(value.get("id"), kind, content, content0, target, scope)
        node = self.pointer.fill(point, point0, raw or {}, replace(scope, new=raw is None)) if point or raw else {}
        there = (raw or {}).get("reference") or (
            document.reference_from(scope.home, target) if target is not None else None
        )
        written = {**node, "reference": there or reference_to(label, scope)}
        return {"reference": written.pop("reference"), **written}

    @property
    def choices(self) -> str:
        return ", ".join(self.known)

    def split(self, value: Rec) -> tuple[Rec, Rec, str | None]:
        """The pointer's fields, the content's, and the kind."""
        point = {name: v for name, v in value.items() if name in self.pointer.names}
        content = {name: v for name, v in value.items() if name not in point and name not in ("kind", "id")}
        kind = value.get("kind")
        return point, content, kind if kind is None or isinstance(kind, str) else canonical_text(kind)

    def told_there(self, named: Node, resource: ResourceShape, scope: WriteScope) -> Rec:
        """What a resource that is here already says, if it may be rewritten as this one."""
        if named.get("resourceType") != resource.type:
            scope.into("id").refuse("This id belongs to another kind of resource here: leave it out, or give another.")
        look = scope.look().within(named)
        content = resource.read(named, look)
        content.pop("id", None)
        return content

    def write_target(
        self, own: Any, kind: str, content: Rec, before: Rec, target: Node | None, scope: WriteScope
    ) -> str:
        """Puts the linked resource where it belongs; its label."""
        making, resource = scope.making, self.known[kind]
        document = making.document
        if target is not None:
            label = document.label(target)
            assert label is not None
            if not resource.same_thing(content, before):
                scope.into("id").refuse(
                    f"Another {kind} cannot take the id of the one that is here: leave the id out, or give another."
                )
        else:
            label = own if isinstance(own, str) else self.fresh_label(kind, content, scope)
        if label in making.told:
            if not same(list(making.told[label]), [kind, content]):
                scope.into("id").refuse(f"Two parts of the record tell a {kind} with this id, and they differ.")
            return label
        making.told[label] = (kind, content)
        if target is not None:
            inner = scope.within(target)
            written = resource.write(content, before, target, inner)
            if written is not target:
                making.rewritten[id(target)] = written
        else:
            if making.rendering == "contained" and "meta_security" in content:
                text = "R4 allows no security label in a contained resource (dom-5): say it of the whole record."
                scope.into("meta_security").refuse(text)
            making.labels.add(label)
            place = len(making.added)
            making.added.append((label, {}))
            home = making.root
            made = resource.write(content, {}, None, replace(scope, home=home))
            if making.rendering == "contained" or isinstance(own, str):
                made = {"resourceType": made["resourceType"], "id": label, **made}
            making.added[place] = (label, made)
            making.growing.grow(reference_to(label, scope), label, made)
        return label

    def fresh_label(self, kind: str, content: Rec, scope: WriteScope) -> str:
        """A label from the business identifier, else from the text: the same thing always gets the same."""
        making = scope.making
        mark = derived_uuid(f"{kind}|{identity(content)}")[:8]
        taken = making.labels | set(making.told)
        n = 1
        while True:
            label = f"{DERIVED}{kind.replace('_', '-')}-{mark}" + (f"-{n}" if n > 1 else "")
            if label not in taken and making.document.labelled(label) is None:
                return label
            n += 1


def identity(record: Rec) -> str:
    """What a thing is known by: its first business identifier, else its id, else all that is said of it."""
    for item in record.get("identifiers") or []:
        if isinstance(item, dict) and item.get("value"):
            return f"{item.get('system', '')}|{item['value']}"
    if isinstance(record.get("id"), str):
        return str(record["id"])
    return canonical_text(record)
