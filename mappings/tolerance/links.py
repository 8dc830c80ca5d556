"""References, and the addresses that they are compared with: one spelling for what is one address."""

from __future__ import annotations

import re

from mappings.r4.definitions import is_resource
from mappings.r4.references import UUID
from mappings.tolerance.names import type_named
from mappings.values import Json

_URN = re.compile(r"urn:(uuid|oid):(.*)", re.IGNORECASE | re.DOTALL)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_LONGEST = 2000

_LOWER = "A urn is compared by its text and written in lower case: read so."
_BLANKS = "There are no blanks around an address: read without them."
_LITERAL = "Read as a reference in the one way that R4 writes it: Type/id, or an address that ends with that."


def address(value: Json) -> tuple[Json, str, str] | None:
    """A URI without blanks around it; urn:uuid: and urn:oid: in lower case (RFC 4122: "output as lower case
    characters and are case insensitive on input"), so that a fullUrl and what refers to it are one text."""
    if type(value) is not str or len(value) > _LONGEST or (value.startswith("http") and not value[-1].isspace()):
        return None
    bare = value.strip()
    if found := _URN.fullmatch(bare):
        kind, rest = found[1].lower(), found[2]
        made = f"urn:{kind}:{rest}"
        if kind == "uuid" and UUID.fullmatch(made):
            made = made.lower()
        return (made, "value", _LOWER) if made != value else None
    return (bare, "value", _BLANKS) if bare and bare != value else None


def reference(value: Json) -> tuple[Json, str, str] | None:
    """A literal reference, or the fullUrl that one leads to, with single slashes.

    Where no server is named, also with its type in R4's capitals; elsewhere it may be no FHIR that is led to.  A lone
    id is left as it is: of what type, nobody has said.
    """
    if type(value) is not str or value.startswith("#") or len(value) > _LONGEST:
        return None
    made = _literal(value.strip())
    if made is None:
        return address(value)
    return (made, "value", _LITERAL) if made != value else None


def _literal(text: str) -> str | None:
    """The same as [server/]Type/id[/_history/version]; None where it is nothing like that."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    elif scheme not in ("http", "https"):
        return None
    parts = [part for part in rest.split("/") if part]
    end = -2 if parts[-2:-1] == ["_history"] else len(parts)
    *server, type_, id_ = ["", "", *parts[:end]][-max(2, len(parts[:end])) :]
    named = type_ if is_resource(type_) else None if scheme else type_named(type_)
    if named is None or bool(server) != bool(scheme) or not _ID.fullmatch(id_):
        return None
    return scheme + separator + "/".join([*server, named, id_, *parts[end:]])
