"""What every delivery by transaction has in common: what the partner holds, and whether it did what it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.client import Answer, Verdict, WillAnswerTheSame, WorthAnotherTry, issue_codes, placed, verdict
from mappings.values import Json

Resource = dict[str, Any]


@dataclass(frozen=True)
class Delivered:
    """The partner holds it; `sent` is False where it already did."""

    remote_id: str | None
    remote_version: str | None
    sent: bool


@dataclass(frozen=True)
class Held:
    """A resource as the partner holds it."""

    id: str
    version: str | None
    resource: Resource


def as_held(resource: Resource) -> Held:
    """WillAnswerTheSame where it has no id."""
    there, meta = resource.get("id"), resource.get("meta")
    if not isinstance(there, str):
        raise WillAnswerTheSame("what the partner holds has no id", codes=("search-not-trusted",))
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return Held(there, version if isinstance(version, str) else None, resource)


def must_have_succeeded(answer: Answer) -> None:
    """Some servers say no inside an accepting answer: an OperationOutcome with errors, or a failed entry (fhirbase)."""
    body = answer.body
    if answer.status == 409 or not isinstance(body, dict):
        return
    if errors := issue_codes(body):
        raise WillAnswerTheSame("refused inside an accepting answer", status=answer.status, codes=errors)
    for entry in body.get("entry") or []:
        response = entry.get("response") if isinstance(entry, dict) else None
        _entry_must_have_succeeded(response if isinstance(response, dict) else {})


def _entry_must_have_succeeded(response: dict[str, Json]) -> None:
    there = placed({"response": response}, "")
    status = there.status if there else 200
    codes = issue_codes(response.get("outcome"))
    match verdict(status, codes):
        case Verdict.SAME_AGAIN:
            raise WillAnswerTheSame("an entry was refused", status=status, codes=codes)
        case Verdict.TRY_AGAIN:
            raise WorthAnotherTry("an entry failed", status=status, codes=codes)
        case _:
            return
