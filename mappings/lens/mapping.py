"""A record kind as a whole: from_fhir and to_fhir of one root, with the promises that hold at run time.

to_fhir reads back what it wrote and refuses when that is not the record: PutGet is a promise, not a hope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mappings.issues import Issue, Refused
from mappings.lens.assembling import assembled
from mappings.lens.document import Document, Node, derived_uuid, references
from mappings.lens.gates import not_actionable, not_told
from mappings.lens.links import identity
from mappings.lens.making import Making, Rendering, WriteScope
from mappings.lens.normal import normal
from mappings.lens.reading import Mark, Note, Reading, Scope
from mappings.lens.records import ResourceShape
from mappings.values import same

SAID_BY_US = ("needs_attention", "actionable", "not_actionable_because")
"""What a record says that stands in no element: it follows from the rest."""


@dataclass(frozen=True)
class Mapping:
    """One kind of clinic record and the resource that is its root; sort tells apart those of a kind with several."""

    kind: str
    sort: str
    shape: ResourceShape
    attention: Callable[[dict[str, Any]], list[str]] = lambda record: []
    """What in a record somebody has to look at; the record says it, and no mapping drops it."""
    narrate: Callable[[dict[str, Any]], str] | None = None
    """The record in words, as the div of a generated narrative."""
    finish: Callable[[Node, Node | None], tuple[Node, list[Issue]]] = lambda made, onto: (made, [])
    """What stands in a document and follows from the whole of it, said once that is put together."""

    @property
    def heading(self) -> dict[str, Any]:
        """What a record says first: which it is."""
        return {"record": self.kind, "kind": self.sort} if self.sort else {"record": self.kind}

    def read(self, document: Document, root: Node) -> tuple[dict[str, Any], Reading]:
        """The record of one root, and what became of each leaf that it reaches."""
        reading = Reading(document)
        scope = Scope(reading, root, root)
        record = self.shape.read(root, scope)
        _settle_labels(reading)
        _note_narratives(reading, root)
        if reasons := [*reading.gates, *not_actionable(record), *not_told(reading, root)]:
            record = {"actionable": False, "not_actionable_because": reasons, **record}
        if sentences := self.attention({**self.heading, **record}):
            record = {"needs_attention": sentences, **record}
        return {**self.heading, **record}, reading

    def content_of(self, document: Document, root: Node) -> dict[str, Any]:
        """The record of one root without what only says what it is."""
        return _content(self.read(document, root)[0])

    def write(
        self, record: dict[str, Any], onto: Document | None, root: Node | None, rendering: Rendering
    ) -> tuple[Node, list[Issue]]:
        """A fresh rendering, or the document `onto` changed only where the record says so; with what there is to say.

        Refused: a field or value that has no place, or a record that would read back otherwise.
        """
        record = normal(self.shape, record)
        content = _content(record)
        if onto is None or root is None:
            root = {"resourceType": self.shape.type}
            document, before, there = Document(root), {}, {}
        else:
            document = onto
            known, reading = self.read(document, root)
            there = {id(told.record): told.resource for told in reading.told.values()}
            if same(known, {**self.heading, **record}):
                return document.given, []
            before = _content(known)
            if not self.shape.same_thing(content, before):
                raise Refused(
                    [Issue("error", "conflict", "identifiers", f"What this is to be put onto is another {self.kind}.")]
                )
        basis = derived_uuid(f"{self.shape.type}|{identity(content)}")
        making = Making(document, root, rendering, basis, root_now=root, there=there)
        written = _fill_root(self.shape, content, before, root, WriteScope(making, root, new=not before))
        words = self.narrate(record) if self.narrate is not None else None
        made = assembled(making, written, fresh=onto is None, words=words)
        _refuse_dangling(making, made)
        made, said = self.finish(made, onto.given if onto is not None else None)
        back = self._check(record, made, making)
        return made, [*making.notes, *said, *_left_behind(making, Document(made), back)]

    def _check(self, record: dict[str, Any], made: Node, making: Making) -> Reading:
        document = Document(made)
        root = made
        if document.is_bundle:
            place = making.document.place_of(making.root) if making.document.is_bundle else 0
            root = document.entries[place]
        for label, where in making.pointers:
            if label and label not in making.told and document.labelled(label) is None:
                raise Refused(
                    [
                        Issue(
                            "error",
                            "not-found",
                            where,
                            f'This points to "#{label[:64]}", which the record does not tell.',
                        )
                    ]
                )
        back, reading = self.read(document, root)
        wanted = {**self.heading, **record}
        if not same(back, wanted):
            raise Refused(
                Issue("error", "business-rule", place, _otherwise(place, back))
                for place in sorted(differences(wanted, back))
            )
        return reading


def _refuse_dangling(making: Making, made: Node) -> None:
    """What was taken away must not be pointed to by what stays."""
    lost = {f"#{one.get('id')}" for one in making.document.resources() if id(one) in making.gone}
    if lost & references(made):
        text = "Something else in the record still points to what was taken away here."
        raise Refused([Issue("error", "not-found", "record", text)])


def _left_behind(making: Making, made: Document, back: Reading) -> Iterator[Issue]:
    """The entries of a Bundle that the record told and tells no more: they stay, and say what they said."""
    still = {id(told.resource) for told in back.told.values()} | {id(one.resource) for one in back.pointed}
    for resource in making.there.values():
        if any(entry is resource for entry in made.entries) and id(resource) not in still:
            place = f"Bundle.entry[{next(n for n, entry in enumerate(made.entries) if entry is resource)}].resource"
            say = "The record tells this no more; it stays in the Bundle as it was: see whether it still holds."
            yield Issue("warning", "informational", place, say)


def _otherwise(place: str, back: dict[str, Any]) -> str:
    name = place.partition("[")[0]
    if name not in SAID_BY_US:
        return "This would read back otherwise: the record contradicts itself here."
    return (
        f"This follows from the rest: say exactly {back[name]}."
        if name in back
        else "Nothing calls for it: leave it out."
    )


def _fill_root(
    shape: ResourceShape, content: dict[str, Any], before: dict[str, Any], root: Node, scope: WriteScope
) -> Node:
    shape.check(content, before, scope)
    node = root
    # what linked resources have in common with the root comes first, wherever it stands in the root
    asked_for = {id(rule) for rule in shape.rules for part in rule.parts() if part.steps[0].name in shape.depends}
    for rule in sorted(shape.in_writing_order, key=lambda rule: id(rule) not in asked_for):
        node = rule.to_fhir(content, before, node, scope)
        scope.making.root_now = node
    shape.name_what_may_be_untrue(content, before, scope)
    return node


def _content(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what only says what it is and whether it may be acted on."""
    return {k: v for k, v in record.items() if k not in ("record", "kind", *SAID_BY_US)}


def _note_narratives(reading: Reading, root: Node) -> None:
    """A narrative that says more than the elements is not in the record: the original has to be read."""
    for resource in (root, *(told.resource for told in reading.told.values())):
        text = resource.get("text")
        if isinstance(text, dict) and text.get("status") == "additional":
            say = "This narrative says more than the elements: it is not in the record, read the original."
            reading.notes.append(Note("information", "informational", text, "status", say, ""))


def _settle_labels(reading: Reading) -> None:
    """Which labels the record tells: somebody's own names, and those that something else in it points to."""
    document, pointed = reading.document, set()
    for pointer in reading.pointed:
        told = reading.told.get(id(pointer.resource))
        if told is not None:
            pointed.add(id(pointer.resource))
        else:
            pointer.record["ref"] = pointer.container["reference"]
    for key, told in reading.told.items():
        place = (id(told.resource), "id")
        if key in pointed or document.named_by_others(told.resource):
            reading.marks[place] = Mark("carried", "id", told.trail)
        else:
            told.record.pop("id", None)
            reading.marks[place] = Mark("derived", "id")


def differences(a: Any, b: Any, where: str = "") -> set[str]:
    """The places where two records differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        names = a.keys() | b.keys()
        return set().union(*(differences(a.get(n), b.get(n), f"{where}.{n}" if where else n) for n in names))
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return set().union(*(differences(x, y, f"{where}[{n}]") for n, (x, y) in enumerate(zip(a, b, strict=True))))
    return set() if same(a, b) else {where}
