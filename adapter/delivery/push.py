"""One attempt to bring one plan to one partner: look what is there, send what is missing, say where it ended up.

Only the very first attempt of all sends without looking; every other may be the second of one whose answer was lost, so
it searches by our identifier and compares first, and where the partner already holds exactly this it sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.client import (
    Answer,
    FhirClient,
    Identifier,
    Placed,
    Verdict,
    WillAnswerTheSame,
    WorthAnotherTry,
    issue_codes,
    placed,
    verdict,
)
from adapter.delivery.compare import holds
from adapter.delivery.plan_bundle import Held, Record, Render, Resource, plan_bundle
from mappings.values import Json

_PLAN = 1  # the plan's entry in our Bundle, and so in the answer


@dataclass(frozen=True)
class Delivered:
    """The partner holds the plan; `sent` is False where it already did."""

    remote_id: str
    remote_version: str | None
    sent: bool


@dataclass(frozen=True)
class Sending:
    """What is to be delivered: the stored records, the plan's identifier, and how records become resources."""

    plan: Record
    patient: Record
    identifier: Identifier
    render: Render

    def bundle(self, held: Held | None) -> Resource:
        return plan_bundle(self.plan, self.patient, self.identifier, self.render, held)


def push(client: FhirClient, sending: Sending, *, first: bool) -> Delivered:
    """Delivers, or raises what stands in the way.  `first`: nothing of this plan ever left for this partner."""
    held = None if first else _held(client, sending.identifier)
    for _ in range(2):  # once more, where somebody made the plan between our look and our request
        bundle = sending.bundle(held)
        if held is not None and holds(bundle["entry"][_PLAN]["resource"], held.resource):
            return Delivered(held.id, held.version, sent=False)
        there = _sent(client, bundle, held)
        ours = held is not None or (there is not None and there.status == 201)
        alone = first or held is not None
        if ours and alone and there is not None and there.id is not None:
            return Delivered(there.id, there.version, sent=True)
        # A look tells what an answer does not; and after a create that may not have been the first request, it raises
        # where one that was thought dead made a second plan (conditional creates race: HAPI #3141, Medplum #4878).
        held = _held(client, sending.identifier)
        if held is None:
            raise WorthAnotherTry("the partner accepted the plan, and a search does not find it")
        if ours:
            return Delivered(held.id, held.version, sent=True)
    raise WorthAnotherTry("the plan changes at the partner while it is being delivered")


def _held(client: FhirClient, identifier: Identifier) -> Held | None:
    found = client.find("CarePlan", identifier)
    if len(found) > 1:
        raise WillAnswerTheSame("the partner holds the plan more than once", codes=("multiple-matches",))
    return _as_held(found[0]) if found else None


def _as_held(resource: dict[str, Json]) -> Held:
    there, meta = resource.get("id"), resource.get("meta")
    if not isinstance(there, str):
        raise WillAnswerTheSame("the partner's plan has no id", codes=("search-not-trusted",))
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return Held(there, version if isinstance(version, str) else None, resource)


def _sent(client: FhirClient, bundle: Resource, held: Held | None) -> Placed | None:
    """Where the plan was put, or None where the answer does not say."""
    try:
        answer = client.transaction(bundle)
    except WillAnswerTheSame as refused:
        if held is not None and refused.status in (409, 412) and "multiple-matches" not in refused.codes:
            raise WorthAnotherTry("the plan was changed at the partner meanwhile", status=refused.status) from refused
        raise
    _must_have_succeeded(answer)
    entries = answer.body.get("entry") if isinstance(answer.body, dict) else None
    return placed(entries[_PLAN], "CarePlan") if isinstance(entries, list) and len(entries) > _PLAN else None


def _must_have_succeeded(answer: Answer) -> None:
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
