"""How much one message may bring: entries of a Bundle, and attachments by their size and type.

It is looked at before anything else is, so that what is too much costs little; what is wrong in another way passes here
and is refused by who checks that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.exchange.refusal import refuse
from adapter.settings import Settings
from mappings.r4 import definitions
from mappings.r4.fhirpath import expression

Keys = tuple[str | int, ...]
_CARRIERS = ("Attachment", "Binary")
"""The types whose `data` is a document of the media type that `contentType` says."""
_SPACE = re.compile(r"\s+")


def refuse_too_much(document: Any, settings: Settings) -> None:
    """Refuses a parsed body that brings more than the settings allow."""
    if not isinstance(document, dict):
        return
    entries = document.get("entry")
    if isinstance(entries, list) and len(entries) > settings.max_entries:
        text = f"This Bundle has more than {settings.max_entries} entries, which is what is taken: send less at once."
        raise refuse("too long", "too-costly", "Bundle.entry", text)
    for keys, carrier in _carriers(document, "Resource", ()):
        _check(document, keys, carrier, settings)


def _check(document: dict[str, Any], keys: Keys, carrier: dict[str, Any], settings: Settings) -> None:
    data, said = carrier["data"], carrier.get("contentType")
    if _decoded_size(data) > settings.max_attachment:
        text = f"This attachment is larger than {settings.max_attachment} bytes: send a smaller one, or its address."
        raise refuse("too long", "too-long", expression(document, (*keys, "data")), text)
    type_ = said.partition(";")[0].strip().lower() if isinstance(said, str) else ""
    if type_ not in settings.attachment_types:
        taken = ", ".join(settings.attachment_types)
        text = f"Attachments that carry their data say their media type and are of one of these: {taken}."
        raise refuse("unprocessable", "not-supported", expression(document, (*keys, "contentType")), text)


def _carriers(value: Any, type_: str, keys: Keys) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """Everything that carries data, in the document's order, and the way to it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _carriers(item, type_, (*keys, index))
        return
    if type_ == "Resource":
        named = value.get("resourceType")
        type_ = named if isinstance(named, str) and definitions.is_resource(named) else "Element"
    if type_ in _CARRIERS and isinstance(value.get("data"), str):
        yield keys, value
    known = definitions.children(definitions.alike(type_))
    for name, inner in value.items():
        if isinstance(inner, (dict, list)):
            # what is no element is the `_` twin of one, or refused later
            yield from _carriers(inner, known[name].type if name in known else "Element", (*keys, name))


def _decoded_size(data: str) -> int:
    """How many bytes a base64 text stands for."""
    text = _SPACE.sub("", data)
    return len(text) * 3 // 4 - text[-2:].count("=")
