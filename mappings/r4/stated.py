"""What R4 says of its data types in words and not as invariants: in the definition of an element or of a primitive.

Each function says what is wrong with a node of the type that it is of: the members that lead there, the code, and how
to mend it.  They look only at nodes whose shape is sound.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from decimal import Decimal

from mappings.r4.fhirpath import Key
from mappings.r4.references import ABSOLUTE, OID, UUID
from mappings.r4.xhtml import is_basic, is_xhtml, is_xml
from mappings.values import Json

Fault = tuple[tuple[Key, ...], str, str]
Node = dict[str, Json]

_URIS = "urn:ietf:rfc:3986"
_DATA = re.compile(r"(?:-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[EUL])(?: (?:-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[EUL]))*")


def faults(type_: str, node: Node) -> Iterator[Fault]:
    """What a sound node of a type breaks of what R4 says of the type in words."""
    if " " in node.get("id", ""):
        yield ("id",), "value", "Write the id of an element without a space."
    if type_ in _STATED:
        yield from _STATED[type_](node)
    if type_ != "Extension":
        for name in ("extension", "modifierExtension"):
            yield from _extensions(name, node.get(name, ()))


def wrong_uri(text: str, *, canonical: bool = False) -> str | None:
    """How to mend a URI: one of a scheme with a form of its own has that form, a canonical one is absolute."""
    if text.startswith("urn:uuid:") and (not UUID.fullmatch(text) or text != text.lower()):
        return "Write a UUID as urn:uuid: and 32 lower-case hexadecimal digits with hyphens."
    if text.startswith("urn:oid:") and not OID.fullmatch(text.partition("|")[0]):
        return "Write an OID as urn:oid:1.2.3."
    if text.startswith(("oid:", "uuid:")):
        return "Write it with urn: before it."
    if canonical and not text.startswith("#") and not ABSOLUTE.fullmatch(text):
        return "Write a canonical URL whole, as https://..., or #id of a contained resource."
    return None


def _extensions(name: str, extensions: Json) -> Iterator[Fault]:
    for index, extension in enumerate(extensions):
        if not ABSOLUTE.fullmatch(extension["url"]):
            yield (
                (name, index, "url"),
                "value",
                "Write it whole, as https://...: only in another extension may a URL be a name.",
            )


def _attachment(attachment: Node) -> Iterator[Fault]:
    if not isinstance(attachment.get("data"), str):
        return
    data = b64decode(attachment["data"])
    if "size" in attachment and attachment["size"] != len(data):
        yield ("size",), "value", "Write how many bytes the data has before it is base64, or leave this out."
    if "hash" in attachment and b64decode(attachment["hash"]) != hashlib.sha1(data, usedforsecurity=False).digest():
        yield ("hash",), "value", "Write the SHA-1 of the data as base64, or leave this out."


def _system(node: Node) -> Iterator[Fault]:
    """A system makes a code or a value unambiguous, which a word or a path on some server does not."""
    system = node.get("system")
    if isinstance(system, str) and not ABSOLUTE.fullmatch(system):
        yield ("system",), "value", "Write the system as an absolute URI: https://..., urn:oid:... or urn:uuid:..."


def _identifier(identifier: Node) -> Iterator[Fault]:
    yield from _system(identifier)
    system, value = identifier.get("system"), identifier.get("value")
    if system == _URIS and isinstance(value, str) and not ABSOLUTE.fullmatch(value):
        yield ("value",), "value", f"A value of {_URIS} is a whole URI: write it as one, or name another system."


def _narrative(narrative: Node) -> Iterator[Fault]:
    div = narrative.get("div")
    if not isinstance(div, str) or not is_basic(div):
        return
    if not is_xhtml(div):
        yield ("div",), "value", 'Write xmlns="http://www.w3.org/1999/xhtml" into the div: it is XHTML.'
    if not is_xml(div):
        yield ("div",), "value", "XML knows no entity of HTML such as &nbsp; here: write the character itself."


def _sampled_data(sampled: Node) -> Iterator[Fault]:
    data, dimensions = sampled.get("data"), sampled.get("dimensions")
    if not isinstance(data, str):
        return
    if not _DATA.fullmatch(data):
        yield ("data",), "value", "Write decimals, or E, U or L for one, with a single space between each two."
    elif isinstance(dimensions, int | Decimal) and (data.count(" ") + 1) % int(dimensions):
        yield ("data",), "value", "Give as many points for each time as there are dimensions."


_STATED: dict[str, Callable[[Node], Iterator[Fault]]] = {
    "Attachment": _attachment,
    "Coding": _system,
    "Identifier": _identifier,
    "Narrative": _narrative,
    "Quantity": _system,
    "SampledData": _sampled_data,
    "SimpleQuantity": _system,
}
