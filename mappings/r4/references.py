"""References: what is written in one, where it leads, and what may stand there.

A reference leads to a contained resource (#id), to an entry of the Bundle (its fullUrl), or by its text to a resource
of a type (Patient/12, https://ehr.example/fhir/Patient/12).  What lies beyond the message is not looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.r4.definitions import is_resource
from mappings.values import Json

_LITERAL = re.compile(
    r"(?:https?://[^\s?#]+/|)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?\S+")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


class Scope:
    """A resource with what it contains: where a # leads, and which of it has been led to."""

    def __init__(self, node: Mapping[str, Json]) -> None:
        contained = node.get("contained")
        self.contained: dict[str, Any] = {}
        for each in contained if isinstance(contained, list) else ():
            if isinstance(each, dict) and isinstance(each.get("id"), str):
                self.contained.setdefault(each["id"], each.get("resourceType"))
        self.used: set[str] = set()
        """The ids of contained resources that something refers to."""
        self.pointing_out: set[str] = set()
        """Those that refer to the resource that they lie in (#)."""
        self._ids: set[tuple[str | None, str]] = set()

    def is_first(self, id_: str, type_: str, inside: str | None) -> bool:
        """Whether no element before had this id, in the resource or in the contained one that it is inside of.

        A StructureDefinition describes an element twice, in its snapshot and in its differential, by one id.
        """
        known = len(self._ids)
        self._ids.add((inside, id_))
        return len(self._ids) > known or type_ == "ElementDefinition"


class Bundle:
    """The type of a Bundle, and the types of its entries by fullUrl."""

    def __init__(self, node: Mapping[str, Json]) -> None:
        self.type = node.get("type")
        self.types: dict[str, str | None] = {}
        entries = node.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("fullUrl"), str):
                resource = entry.get("resource")
                type_ = resource.get("resourceType") if isinstance(resource, dict) else None
                self.types[entry["fullUrl"]] = type_ if isinstance(type_, str) else None


class Lead(NamedTuple):
    """Where a reference leads: a type of resource where that can be told, or what is wrong with it."""

    type: str | None = None
    fault: tuple[str, str] | None = None


def follow(text: str, scope: Scope, bundle: Bundle | None, *, inside: bool) -> Lead:
    """Where the text of a reference leads; `inside` a contained resource, # is the resource that contains it."""
    if text.startswith("#"):
        return _contained(text[1:], scope, inside=inside)
    if bundle is not None and text in bundle.types:
        return Lead(bundle.types[text])
    transaction = bundle is not None and bundle.type == "transaction"
    if text.startswith("urn:"):
        return _urn(text, transaction=transaction)
    if match := _LITERAL.fullmatch(text):
        if is_resource(match[1]):
            return Lead(match[1])
        if not text.startswith("http"):
            return Lead(fault=("value", "R4 has no resource of the type that this leads to."))
    if match := _SEARCH.fullmatch(text):
        if transaction and is_resource(match[1]):
            return Lead(match[1])
        return Lead(fault=("value", "Only in a transaction may a reference be a search: write Type/id."))
    if not ABSOLUTE.fullmatch(text):
        return Lead(fault=("value", "Write a reference as Type/id, #id of a contained resource, or an absolute URL."))
    return Lead()


def _contained(id_: str, scope: Scope, *, inside: bool) -> Lead:
    if not id_ and inside:
        return Lead()
    if id_ not in scope.contained:
        human = "SHALL have a contained resource if a local reference is provided"
        mend = "Contain a resource with this id, or refer to one that is there"
        return Lead(fault=("not-found", f"{human}. {mend} (ref-1)."))
    named = scope.contained[id_]
    return Lead(named if isinstance(named, str) else None)


def _urn(text: str, *, transaction: bool) -> Lead:
    if text.startswith("urn:uuid:") and not UUID.fullmatch(text):
        return Lead(fault=("value", "Write a UUID as urn:uuid: and 32 hexadecimal digits with hyphens."))
    if text.startswith("urn:oid:") and not OID.fullmatch(text):
        return Lead(fault=("value", "Write an OID as urn:oid:1.2.3."))
    if transaction and text.startswith(("urn:uuid:", "urn:oid:")):
        return Lead(
            fault=("not-found", "No entry of this transaction has this as its fullUrl: add it, or refer to one.")
        )
    return Lead()


def named_type(text: Json) -> str | None:
    """The type of resource that Reference.type names; None where it names none of R4's, which a URL may."""
    name = text.removeprefix(_DEFINITION) if isinstance(text, str) else ""
    return name if is_resource(name) else None


def wrong_target(found: str | None, targets: tuple[str, ...]) -> str | None:
    """A sentence where what a reference leads to may not stand there."""
    if found is None or not targets or "Resource" in targets or found in targets:
        return None
    return f"This may lead to {' or '.join(targets)}, not to {found}."
