"""What an answer means: one pure table from status and issue codes to what the sender does next.

Vendors' habits that it rests on: 409 with the code `duplicate` is a success told late (NHS BaRS), 409 with a code for a
lock or a race is worth another try (HAPI, Azure), 501 will never change, HTML on a 200 comes from a proxy in between.
A 401 and a redirect are about us and the address: everything would be refused for it, and everything waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from mappings.values import Json

_TOKEN = re.compile(r"[A-Za-z0-9_.\-]{1,40}")
_PLACE = re.compile(r"[A-Za-z][A-Za-z0-9.\[\]]{0,120}")
_PASSING = frozenset({"lock-error", "transient", "timeout", "throttled", "incomplete"})


class Verdict(Enum):
    """What the sender does with an answer."""

    ACCEPTED = "accepted"
    ALREADY_THERE = "already there"
    SAME_AGAIN = "will answer the same"
    TRY_AGAIN = "worth another try"


def verdict(status: int, codes: tuple[str, ...] = ()) -> Verdict:
    """The retry decision: by status, and by the issue codes where a status has two meanings."""
    if status == 202:
        return Verdict.TRY_AGAIN  # taken, and perhaps done later: only a search can tell
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    if status == 409 and "duplicate" in codes:
        return Verdict.ALREADY_THERE
    if status in (408, 423, 425, 429) or (status >= 500 and status != 501):
        return Verdict.TRY_AGAIN
    if status == 401 or 300 <= status < 400:
        return Verdict.TRY_AGAIN  # how we are known there, or where it is, is to be mended: not what was sent
    if status in (409, 412) and _PASSING.intersection(codes):
        return Verdict.TRY_AGAIN
    return Verdict.SAME_AGAIN


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, which holds seconds or an HTTP date; None where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def issue_codes(outcome: Json) -> tuple[str, ...]:
    """An OperationOutcome's codes and places, in its order: `required`, `4107`, `CarePlan.subject`; never its words."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return ()
    found: dict[str, None] = {}
    for issue in _dicts(outcome.get("issue")):
        if issue.get("severity") in ("error", "fatal"):
            found.update(dict.fromkeys(_codes(issue)))
    return tuple(found)[:20]


def _codes(issue: dict[str, Json]) -> Iterator[str]:
    yield from _matching(_TOKEN, [issue.get("code")])
    details = issue.get("details")
    if isinstance(details, dict):
        yield from _matching(_TOKEN, [coding.get("code") for coding in _dicts(details.get("coding"))])
    for places in (issue.get("expression"), issue.get("location")):
        yield from _matching(_PLACE, places if isinstance(places, list) else [])


def _matching(shape: re.Pattern[str], values: list[Json]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and shape.fullmatch(value))


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Placed:
    """Where a partner says that it put a resource: its id and version there, as far as it says."""

    status: int
    id: str | None = None
    version: str | None = None
    resource: Json = None


_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?/?$")
_ETAG = re.compile(r'(?:W/)?"?([A-Za-z0-9\-.]{1,64})"?')


def placed(entry: Json, resource_type: str) -> Placed | None:
    """What one entry of a transaction-response says.

    The Location may be relative, may lack the version, and may name another host than the one that was called
    (sekmet names the base URL of its settings): only its last parts count.
    """
    if not isinstance(entry, dict):
        return None
    response = entry.get("response")
    said = response if isinstance(response, dict) else {}
    status = _status(said.get("status"))
    resource = entry.get("resource")
    if not (isinstance(resource, dict) and resource.get("resourceType") == resource_type):
        resource = None
    where = _LOCATION.search(said["location"].split("?")[0]) if isinstance(said.get("location"), str) else None
    here = where if where and where[1] == resource_type else None
    tag = _ETAG.fullmatch(said["etag"].strip()) if isinstance(said.get("etag"), str) else None
    meta = resource.get("meta") if resource else None
    return Placed(
        status=status,
        id=(here and here[2]) or (resource.get("id") if resource else None),
        version=(here and here[3]) or (tag and tag[1]) or (meta.get("versionId") if isinstance(meta, dict) else None),
        resource=resource,
    )


def placed_by(status: int, headers: Mapping[str, str], body: Json, resource_type: str) -> Placed:
    """What the answer to a create or update says; some name the place in Content-Location, or only in the body."""
    where = headers.get("Location") or headers.get("Content-Location")
    said = {"status": str(status), "location": where, "etag": headers.get("ETag")}
    response = {name: value for name, value in said.items() if value is not None}
    return placed({"response": response, "resource": body}, resource_type) or Placed(status)


def _status(text: Json) -> int:
    """ "201 Created", "201" or nothing at all, in which case the transaction's own 200 stands for the entry."""
    digits = re.match(r"\s*(\d{3})\b", text) if isinstance(text, str) else None
    return int(digits[1]) if digits else 200
