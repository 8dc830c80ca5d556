"""What deliveries have in common: what the partner holds, what is put where, and whether it did what it was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapter.client import (
    Answer,
    FhirClient,
    Identifier,
    Verdict,
    WillAnswerTheSame,
    WorthAnotherTry,
    issue_codes,
    placed,
    verdict,
)
from mappings.values import Json

Resource = dict[str, Any]
ARRIVAL_UNKNOWN = "arrival-unknown"
"""The code of a refusal of ours: something may be there already, and only a person can find out."""


@dataclass(frozen=True)
class Delivered:
    """The partner holds it; `sent` is False where it already did."""

    remote_id: str | None
    remote_version: str | None
    sent: bool
    resource: Resource | None = field(default=None, compare=False)
    """What was sent, to be compared with what the partner holds; None where there is nothing to compare."""
    found: Resource | None = field(default=None, compare=False)
    """What the partner holds, where it was looked at after the sending."""
    patient_there: str | None = field(default=None, compare=False)
    """The partner's Patient, where that was learned."""
    unkept: tuple[str, ...] | None = field(default=None, compare=False)
    """The elements that the partner did not keep as they were sent; None where that is not known."""
    fit: str | None = field(default=None, compare=False)
    """The way by which it went."""
    because: tuple[str, ...] = field(default=(), compare=False)
    """Why by no better one, and what else somebody should know of it."""


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


def only(client: FhirClient, type_: str, known_by: Identifier, what: str) -> Held | None:
    """What the partner holds under a business identifier; WillAnswerTheSame where it holds that (`what`) twice."""
    found = client.find(type_, known_by)
    if len(found) > 1:
        raise held_twice(what)
    return as_held(found[0]) if found else None


def held_twice(what: str) -> WillAnswerTheSame:
    return WillAnswerTheSame(f"the partner holds {what} more than once", codes=("multiple-matches",))


def entry(resource: Resource, known_by: Identifier, held: Held | None, *, conditional: bool = True) -> Resource:
    """An entry of a transaction: a create, on condition that it is not there where that is wished, or an update of what
    is."""
    type_ = resource["resourceType"]
    if held is None:
        request: Resource = {"method": "POST", "url": type_}
        if conditional:
            request["ifNoneExist"] = known_by.query()
        return {"fullUrl": urn(type_, known_by), "resource": resource, "request": request}
    request = {"method": "PUT", "url": f"{type_}/{held.id}"}
    if held.version is not None:
        request["ifMatch"] = f'W/"{held.version}"'
    return {"fullUrl": urn(type_, known_by), "resource": _with_id(resource, held.id), "request": request}


def urn(resource_type: str, identifier: Identifier) -> str:
    """What a resource with that business identifier is called within a Bundle."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{resource_type}?identifier={identifier.token()}')}"


def _with_id(document: Resource, there: str) -> Resource:
    return {
        "resourceType": document["resourceType"],
        "id": there,
        **{k: v for k, v in document.items() if k != "resourceType"},
    }


def accepted(answer: Answer) -> Resource:
    """What an accepting answer says, {} where nothing; WillAnswerTheSame where that is no: some servers send an
    OperationOutcome with errors inside it."""
    body = answer.body
    if answer.status == 409 or not isinstance(body, dict):
        return {}
    if errors := issue_codes(body):
        raise WillAnswerTheSame("refused inside an accepting answer", status=answer.status, codes=errors)
    return body


def must_have_succeeded(answer: Answer) -> None:
    """Some servers say no for an entry inside an accepting answer (fhirbase)."""
    for one in accepted(answer).get("entry") or []:
        response = one.get("response") if isinstance(one, dict) else None
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
