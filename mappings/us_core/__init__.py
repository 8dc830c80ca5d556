"""US Core 8.0.0: which of its profiles a resource meets, and so may declare in meta.profile.

    check(resource, profile, document)   what keeps a resource from meeting a profile
    met(resource, document)              the profiles to declare: those that it meets, by their canonical URLs
    declared(document)                   a document with just those declarations in it
    false_claims(document)               what is claimed in it and not met, as warnings
    is_declared_by_us(url)               whether a claim is one of those: it follows from the rest of the resource

What the profiles demand beyond R4 is a table (profiles.json) made from their definitions by generate.py; invariants
are functions.  What is not valid R4 meets no profile.  Codes of extensible and preferred bindings are not looked at,
nor what lies outside the document, beyond its type.  Nothing is loaded before a resource claims a profile or is made
afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mappings.issues import Issue

Node = dict[str, Any]

BASE = "http://hl7.org/fhir/us/core/StructureDefinition/"


def is_declared_by_us(url: Any) -> bool:
    """Whether a profile is one that we declare wherever it is met, so that nobody has to say it."""
    if not isinstance(url, str) or not url.startswith(BASE):
        return False
    from mappings.us_core import profiles

    name = profiles.named(url)
    return name is not None and profiles.profile(name).declared


def false_claims(document: Node) -> list[Issue]:
    """Warnings on what resources claim of US Core and do not meet, with what each lacks."""
    if not any_claim(document):
        return []
    from mappings.us_core import declaring

    return declaring.false_claims(document)


def declared(document: Node) -> Node:
    """A resource or Bundle, every resource in it declaring those profiles that it meets, and no other of ours."""
    from mappings.us_core import declaring

    return declaring.declared(document)


def sources() -> list[str]:
    """The text of all that decides what is declared."""
    from pathlib import Path

    room = Path(__file__).parent
    texts = [room / "profiles.json", *sorted(one for one in room.glob("*.py") if not one.stem.startswith("generate"))]
    return [one.read_text("utf-8") for one in texts]


def any_claim(document: Node) -> bool:
    """Whether any resource of a document claims a profile of US Core."""
    from mappings.lens.document import Document

    return any(is_claim(url) for resource in Document(document).resources() for _, url in claims(resource))


def is_claim(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(BASE)


def claims(resource: Node) -> list[tuple[int, Any]]:
    """What stands in meta.profile, each with its place there."""
    meta = resource.get("meta")
    found = meta.get("profile") if isinstance(meta, dict) else None
    return list(enumerate(found)) if isinstance(found, list) else []


def check(resource: Node, profile: str, document: Node | None = None) -> list[Issue]:
    """What keeps a resource from meeting a profile ("us-core-patient", or its URL); nothing if it meets it.

    document: the Bundle or outer resource that it is part of, where it is.  KeyError for no profile of the table.
    """
    from mappings.us_core.judging import Judge
    from mappings.us_core.profiles import named

    return Judge(resource if document is None else document).faults(resource, named(profile) or profile)


def met(resource: Node, document: Node | None = None) -> list[str]:
    """The canonical URLs of the profiles that a resource meets, of those that we declare."""
    from mappings.us_core.judging import Judge

    return [BASE + name for name in Judge(resource if document is None else document).met(resource)]
