"""What one resource has to be for a profile, element by element.

Faults come as the keys that lead to the place, a code and a sentence.  What a reference into the same document leads to
has to meet a profile of its own: that is asked of whoever knows the document, as claims.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mappings.lens.document import Document, Node
from mappings.lens.paths import contains
from mappings.r4.bindings import Binding
from mappings.r4.invariants import sentence
from mappings.r4.references import Scope, follow, named_type
from mappings.us_core.elements import Found, Keys, at, standing, whole
from mappings.us_core.invariants import compiled
from mappings.us_core.profiles import Profile, Row, Slice, invariants, profile

Fault = tuple[Keys, str, str]


class Demands:
    """The faults of one resource, and what it demands of those that it leads to."""

    def __init__(self, document: Document, resource: Node) -> None:
        self.document, self.resource = document, resource
        self.faults: list[Fault] = []
        self.claims: list[tuple[Keys, list[tuple[Node, str]]]] = []

    def of_profile(self, wanted: Profile) -> None:
        self._rows(whole(self.resource), wanted.elements)

    def _rows(self, holder: Found, rows: Mapping[str, Row]) -> None:
        for path, row in rows.items():
            if not path:
                self._value(holder, row)
                continue
            name = path.rpartition(".")[2].removesuffix("[x]")
            for parent, found in at(holder, path):
                self._count(parent, name, name, len(found), row.min, row.max)
                for one in found:
                    self._value(one, row)
                for each in row.slices:
                    self._slice(parent, name, each, found)
                if row.closed:
                    self._strangers(found, {each.url for each in row.slices})

    def _count(self, parent: Found, name: str, what: str, times: int, least: int, most: int | None) -> None:
        keys = (*parent.inside.keys, name)
        if times < least:
            self._say(keys, "required", f"{what} is required here.")
        if most is not None and times > most:
            self._say(keys, "structure", f"{what} stands here {f'at most {most} times' if most else 'never'}.")

    def _slice(self, parent: Found, name: str, wanted: Slice, found: list[Found]) -> None:
        members = [one for one in found if _is_of(one, wanted)]
        self._count(parent, name, f"{name} {_told(wanted)}", len(members), wanted.min, wanted.max)
        for one in members:
            self._rows(one, wanted.elements)

    def _strangers(self, found: list[Found], known: set[str | None]) -> None:
        for one in found:
            url = one.value["url"]
            if url not in known and ":" not in url:
                self._say((*one.keys, "url"), "structure", "The extension that this is part of has no such part.")

    def _value(self, found: Found, row: Row) -> None:
        value = found.value
        if row.types and found.type not in row.types:
            self._say(found.keys, "structure", f"This has to be a {' or '.join(row.types)}.")
        if row.pattern is not None and not contains(value, row.pattern):
            self._say(found.keys, "value", "This is not what the profile says it is.")
        if row.codes is not None and not _is_coded(found, row.codes):
            self._say(found.keys, "code-invalid", row.codes.mend_coding())
        if row.limit is not None and not _keeps(found, row.limit):
            self._say(found.keys, "code-invalid", row.limit.mend_coding())
        if row.targets and found.type == "Reference" and isinstance(value, dict):
            self._reference(found.keys, value, row.targets)
        for name in row.profiles:
            self._rows(found, profile(name).elements)
        for key in row.invariants:
            mend, test = compiled()[key]
            if not test(value, self._resolve):
                self._say(found.keys, "invariant", sentence(key, invariants()[key]["human"], mend))

    def _reference(self, keys: Keys, reference: Node, targets: tuple[str, ...]) -> None:
        """Where it leads within the document, that has to meet a profile; beyond it only the type can be told."""
        target = self._resolve(reference)
        type_ = str(target.get("resourceType")) if target is not None else _named(reference)
        if type_ is None or "Resource" in targets:
            return
        fitting = [name for name in targets if type_ in (name, _type_of(name))]
        if not fitting:
            types = dict.fromkeys(_type_of(name) for name in targets)
            self._say((*keys, "reference"), "value", f"This may lead to {' or '.join(types)}, not to {type_}.")
        elif target is not None and type_ not in fitting:
            self.claims.append(((*keys, "reference"), [(target, name) for name in fitting]))

    def _resolve(self, reference: Any) -> Node | None:
        """The resource of the document that a Reference leads to."""
        text = reference.get("reference") if isinstance(reference, dict) else None
        return self.document.resolve(text, self.document.home(self.resource))

    def _say(self, keys: Keys, code: str, text: str) -> None:
        self.faults.append((keys, code, text))


def _type_of(target: str) -> str:
    return profile(target).type if target.islower() else target


def _named(reference: Node) -> str | None:
    """The type of resource that a reference names by its text or says."""
    text = reference.get("reference")
    found = follow(text, Scope({}), None, inside=True).type if isinstance(text, str) and text[:1] != "#" else None
    return found or named_type(reference.get("type"))


def _is_of(found: Found, wanted: Slice) -> bool:
    if wanted.url is not None:
        return isinstance(found.value, dict) and found.value.get("url") == wanted.url
    row = wanted.elements[wanted.by]
    return any(
        _is_coded(one, row.codes) if row.codes is not None else contains(one.value, row.pattern)
        for one in (standing(found, wanted.by) if wanted.by else (found,))
    )


def _told(wanted: Slice) -> str:
    """How a slice is told to who has to add one to it, or to take one away."""
    row = wanted.elements.get(wanted.by, Row())
    if row.codes is not None:
        codes = sorted(row.codes.codes)
    else:
        codes = [str(coding["code"]) for coding in (row.pattern or {}).get("coding", ())]
    return f"({', '.join(codes)})" if codes else f"({wanted.name})"


def _codings(found: Found) -> Iterator[Any]:
    if found.type == "CodeableConcept":
        codings = found.value.get("coding") if isinstance(found.value, dict) else None
        yield from codings if isinstance(codings, list) else ()
    else:
        yield found.value


def _is_coded(found: Found, codes: Binding) -> bool:
    """Whether a code is of a value set; one that was withheld, with the reason beside it, is not asked for."""
    if found.value is None:
        return True
    if isinstance(found.value, str):
        return codes.allows(found.value)
    return any(map(codes.allows_coding, _codings(found)))


def _keeps(found: Found, codes: Binding) -> bool:
    """Whether what is coded here is coded by the value set; a Quantity without a code says its unit in words."""
    if found.type not in ("Quantity", "SimpleQuantity", "CodeableConcept", "Coding"):
        return True
    said = [one for one in _codings(found) if isinstance(one, dict) and ("code" in one or "system" in one)]
    return not said or any(map(codes.allows_coding, said))
