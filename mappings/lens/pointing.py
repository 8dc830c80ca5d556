"""Resources that point here: scores worked out from an answered form, what was given during a procedure.

Such a resource is not led to by the root, it leads to the root itself (Observation.derivedFrom, .partOf).  Its record
lies in the root's all the same; that it points there goes without saying, unless it says more than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mappings.lens.binding import Binder, element_of
from mappings.lens.document import ROOT, objects
from mappings.lens.links import Link
from mappings.lens.lists import paired
from mappings.lens.making import WriteScope
from mappings.lens.many import listed
from mappings.lens.paths import DeclarationError
from mappings.lens.reading import Mark, Scope, Told
from mappings.lens.rules import Node, Record, Rule
from mappings.lens.shapes import Shape
from mappings.r4.definitions import is_resource
from mappings.values import same

HERE = {"ref": ROOT}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PointingHere(Rule):
    """A list of the resources of some kinds whose element `fhir` (Observation.partOf) leads to the root."""

    name: str
    about: str
    fhir: str
    link: Link

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def of_root_only(self) -> bool:
        return True

    @property
    def member(self) -> str:
        return self.fhir.partition(".")[2]

    def bound(self, binder: Binder) -> Rule:
        binder.rank += 1
        type_ = self.fhir.partition(".")[0]
        element = element_of(type_, self.member) if is_resource(type_) else None
        if element is None or element.type != "Reference" or not element.many:
            raise DeclarationError(f"{self.where}: {self.fhir} is no list of references")
        if element.targets and not {binder.type, "Resource"} & set(element.targets):
            raise DeclarationError(f"{self.where}: {self.fhir} cannot lead to {binder.type}")
        return replace(self, rank=binder.rank)

    def shapes(self) -> list[Shape]:
        return [self.link]

    def field_of(self, kind: str) -> str:
        """The field of a kind's record that tells where its element leads."""
        for name, rule in self.link.known[kind].names.items():
            if any(part.steps[0].name == self.member for part in rule.parts()):
                return name
        raise DeclarationError(f"{self.where}: {kind} has no rule for {self.fhir}")

    def found(self, scope: Scope) -> Iterator[tuple[Node, str, Node]]:
        """The resources that point here, each with its kind and the reference, in the order of the document."""
        document = scope.reading.document
        for resource in document.resources():
            if self.member not in resource or resource is scope.root or id(resource) in scope.reading.told:
                continue
            home = document.home(resource)
            here = (
                one
                for one in objects(resource[self.member])
                if document.resolve(one.get("reference"), home) is scope.root
            )
            reference = next(here, None)
            if reference is not None and (kind := self.link.kind_of(resource)) and document.label(resource) is not None:
                yield resource, kind, reference

    def from_fhir(self, node: Node, scope: Scope) -> Record:
        told: list[Record] = []
        for resource, kind, reference in list(self.found(scope)):
            inner = scope.into(self.name, len(told))
            record: Record = {"kind": kind, "id": scope.reading.document.label(resource)}
            scope.reading.told[id(resource)] = Told(resource, record, (*inner.trail, "id"))
            content = self.link.known[kind].read(resource, inner.within(resource))
            content.pop("id", None)
            if _only_a_pointer(content.get(self.field_of(kind))):
                del content[self.field_of(kind)]
                scope.reading.marks[id(reference), "reference"] = Mark("derived", self.where)
            record |= content
            told.append(record)
        return {self.name: told} if told else {}

    def to_fhir(self, record: Record, before: Record, node: Node, scope: WriteScope) -> Node:
        wanted, known = listed(record.get(self.name), self.name, scope), before.get(self.name) or []
        if same(wanted, known) and not scope.moved(self.link.depends):
            return node
        there = [scope.making.there[id(one)] for one in known]
        kept: set[int] = set()
        for n, (value, k) in enumerate(zip(wanted, paired(wanted, known, self.same_thing), strict=True)):
            old = known[k] if k is not None and _may_be(value, known[k]) else None
            if old is None or k is None:
                self.write(value, None, None, scope.into(self.name, n))
            else:
                kept.add(k)
                self.write(value, old, there[k], scope.into(self.name, n))
        for k, resource in enumerate(there):
            if k not in kept:
                self.take_away(known[k], resource, scope.into(self.name))
        return node

    def same_thing(self, value: Any, known: Any) -> bool:
        if not _may_be(value, known):
            return False
        shape = self.link.known.get(str(value["kind"]))
        return shape is not None and bool(shape.key) and shape.same_thing(value, known) and _named_alike(value, known)

    def write(self, value: Any, old: Record | None, resource: Node | None, scope: WriteScope) -> None:
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self.link.known:
            scope.refuse(f"Say in `kind` what this is, one of: {self.link.choices}.", "code-invalid")
        content, content0 = self.whole(value), self.whole(old) if old is not None else {}
        if resource is not None and not self.link.known[kind].same_thing(content, content0):
            resource, content0 = None, {}
        self.link.write_target(value.get("id"), kind, content, content0, resource, scope)

    def whole(self, value: Record) -> Record:
        """The content of a record with what goes without saying."""
        _, content, kind = self.link.split(value)
        content |= {name: value[name] for name in value if name in self.link.pointer.names}
        return {self.field_of(str(kind)): [dict(HERE)], **content}

    def take_away(self, known: Record, resource: Node, scope: WriteScope) -> None:
        """It points here no more; where it was contained, there is no other place for it."""
        kind, content = known["kind"], self.whole(known)
        name = self.field_of(kind)
        rest = [one for one in content[name] if not same(one, HERE)]
        after = {key: value for key, value in content.items() if key != name} | ({name: rest} if rest else {})
        shape = self.link.known[kind]
        scope.making.rewritten[id(resource)] = shape.write(after, content, resource, scope.within(resource))
        if scope.making.document.home(resource) is not resource:
            scope.making.gone.add(id(resource))


def _only_a_pointer(told: Any) -> bool:
    """Whether it says nothing but that it points here, by whichever name."""
    return isinstance(told, list) and len(told) == 1 and told[0].keys() == {"ref"}


def _may_be(value: Any, known: Record) -> bool:
    return isinstance(value, dict) and value.get("kind") == known.get("kind")


def _named_alike(value: Record, known: Record) -> bool:
    return same(value.get("id"), known.get("id"))
