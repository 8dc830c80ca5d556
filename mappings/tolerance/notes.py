"""What is R4 and yet not followed, so that it is said: nothing is repaired here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mappings.values import Json

LOOKED_AT = frozenset(("Coding", "Reference"))
"""The types of which there is something to say."""

_VERSION = "Which version of the resource is meant is kept and not followed: what is read is the one that is here."
_NO_ADDRESS = "This is no address of a code system: it is kept as it is, and the code is known to nobody by it."
_WORDS = "There is no code here, only words: they are carried as words, and no code is looked for that they may mean."


def on(type_: str, node: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """What there is to say of an object: a code of http://hl7.org/fhir/issue-type, the sentence, and the member."""
    if type_ == "Reference":
        text = node.get("reference")
        if type(text) is str and "/_history/" in text:
            yield "informational", _VERSION, "reference"
        return
    system = node.get("system")
    if type(system) is str and ":" not in system:
        yield "value", _NO_ADDRESS, "system"
    if "code" not in node and "_code" not in node and "display" in node:
        yield "incomplete", _WORDS, "display"
