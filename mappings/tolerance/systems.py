"""What stands in `system`: an OID or UUID without its urn:, or another spelling of a URL that everybody knows.

HAPI's validator refuses a bare OID, and senders send it (hapifhir/org.hl7.fhir.core#545): it is what HL7 v2 and CDA
write.  An OID of which HL7 terminology knows the URL becomes that URL, so that the code is found in tables.  With the
system of an Identifier less is done: its `urn:oid:` and its URL are names that others may ask for as they stand.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

from mappings.r4.systems import urls
from mappings.tolerance.links import address
from mappings.values import Json

_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_STU3 = re.compile(r"https?://(?:www\.)?hl7\.org/fhir/v([23])/([A-Za-z0-9\-]+)/?", re.ASCII)
"""How the tables of HL7 v2 and v3 were named before R4, and are still (in usnistgov/iheos-toolkit2#488, say)."""
_URN = "urn:oid:"
_LONGEST = 200

_KNOWN = "R4 knows this system by its URL, not by its OID: read as that URL."
_BARE = "An OID stands as urn:oid:1.2.3: read so."
_BARE_UUID = "A UUID stands as urn:uuid: and lower-case digits: read so."
_RENAMED = "R4 has another URL for this table of HL7: read as that one."
_SPELLED = "The URL of this system is spelled otherwise: read as the one that HL7 gives for it."

Repair = Callable[[Json], tuple[Json, str, str] | None]


def system_of(*, of_codes: bool) -> Repair:
    """What is asked of a system, of codes or of identifiers."""

    def repair(value: Json) -> tuple[Json, str, str] | None:
        if type(value) is not str or len(value) > _LONGEST or value in _canonical():
            return None
        return _system(value.strip(), of_codes=of_codes) or address(value)

    return repair


def _system(text: str, *, of_codes: bool) -> tuple[Json, str, str] | None:
    urn = text[: len(_URN)].lower() == _URN
    oid = text[len(_URN) :] if urn else text
    if _OID.fullmatch(oid):
        url = urls().get(oid)
        if url is not None and (of_codes or not urn):
            return url, "value", _KNOWN
        return None if urn else (_URN + oid, "value", _BARE)
    if _UUID.fullmatch(text):
        return f"urn:uuid:{text.lower()}", "value", _BARE_UUID
    if old := _STU3.fullmatch(text):
        url = f"http://terminology.hl7.org/CodeSystem/v{old[1]}-{old[2]}"
        return (url, "value", _RENAMED) if url in _canonical() else None
    url = _spellings().get(_spelling(text)) if of_codes else None
    return (url, "value", _SPELLED) if url is not None and url != text else None


def _spelling(url: str) -> str:
    """What https, www, capitals in the host and a slash at the end do not change."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return ""
    host, slash, path = rest.partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}".rstrip("/")


@functools.cache
def _canonical() -> frozenset[str]:
    return frozenset(urls().values())


@functools.cache
def _spellings() -> Mapping[str, str]:
    known: dict[str, set[str]] = {}
    for url in _canonical():
        known.setdefault(_spelling(url), set()).add(url)
    return {spelling: min(found) for spelling, found in known.items() if spelling and len(found) == 1}
