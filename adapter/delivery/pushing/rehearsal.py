"""A push that sends nothing: what would go to a partner, which way and why, and what is known not to be kept there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from adapter.client import Answer, Authorisation, FhirClient, Limits, PartnerTrouble, Tls, WillAnswerTheSame
from adapter.delivery.partners import authorisation, configured, limits_of, tls
from adapter.delivery.pushing.fits import Accepts, will_not_keep
from adapter.delivery.pushing.push import as_it_goes, push, why_so
from adapter.delivery.pushing.records import Records, accepted_by, knowledge_of
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.transaction import Resource
from adapter.exchange.sending.plans import KIND
from adapter.settings import Settings
from adapter.store import deliveries
from adapter.store.deliveries import Sought
from adapter.store.engine import reading
from mappings.lens.document import objects
from mappings.r4.exact_json import loads
from mappings.values import Json

_LOOKED_AT = 50
"""Earlier deliveries from which is known what a partner does not keep."""
THERE = "to-be-given-there"
"""The id of what would be made there."""


@dataclass(frozen=True)
class Request:
    """A request that would be sent, without how we are known there."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True)
class Rehearsed:
    """What would happen."""

    fit: str
    says: str
    because: tuple[str, ...]
    """Why by no better way."""
    requests: tuple[Request, ...]
    """What would be sent; nothing where it is there already."""
    unkept: tuple[str, ...] | None
    """What the partner will not keep by its profiles, and did not keep of earlier plans that went the same way; None
    where nothing is known."""
    trouble: str = ""
    """What would stand in the way."""


class _Rehearsal(FhirClient):
    """A client that reads, and notes what it would write."""

    def __init__(self, base_url: str, authorised: Authorisation, limits: Limits, of_tls: Tls) -> None:
        super().__init__(base_url, authorisation=authorised, limits=limits, tls=of_tls)
        self.noted: list[Request] = []

    def _send(self, method: str, path: str, *, headers: dict[str, str], body: str | bytes | None = None) -> Answer:
        if method == "GET":
            return super()._send(method, path, headers=headers, body=body)
        told = loads(body) if body else None
        self.noted.append(Request(method, self._url(path), headers, told))
        return _accepted(told)


def _accepted(told: Json) -> Answer:
    """As a partner answers that takes it."""
    if isinstance(told, dict) and told.get("resourceType") == "Bundle":
        entries = [{"response": {"status": "201", "location": _place(one["resource"])}} for one in told["entry"]]
        return Answer(200, {}, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    return Answer(201, {"Location": _place(told)}, None)


def _place(resource: Any) -> str:
    return f"{resource['resourceType']}/{resource.get('id', THERE)}/_history/1"


def rehearse(engine: Engine, settings: Settings, partner_name: str, sending: Sending) -> Rehearsed:
    """PartnerTrouble where the partner cannot even be asked."""
    partner = configured(settings, partner_name)
    limits = limits_of(settings, partner)
    with _Rehearsal(partner.base_url, authorisation(partner, limits), limits, tls(partner)) as client:
        known = knowledge_of(engine, settings, partner, client)
        sending = replace(sending, accepted=accepted_by(known), offer=_not_kept)
        choosing = replace(Records(engine, settings).choosing(partner, known), remember=_not_remembered)
        trouble = ""
        try:
            push(client, sending, choosing, first=False)
        except WillAnswerTheSame as refused:
            trouble = str(refused)
        except PartnerTrouble as waits:
            trouble = "" if client.noted else str(waits)  # it looked for what was not really sent
    choice = choosing.choice(sending, choosing.failed)
    with reading(engine) as connection:
        earlier = deliveries.page(connection, Sought(("delivered",), partner_name, KIND), None, _LOOKED_AT)
    same_way = [one.unkept for one in earlier if one.fit == choice.fit.name and one.unkept is not None]
    lost = [*(_forbidden(sending.accepted, client.noted)), *(path for one in same_way for path in one)]
    kept = tuple(dict.fromkeys(lost)) if lost or same_way else None
    because = why_so(choice, as_it_goes(choice, sending))
    return Rehearsed(choice.fit.name, choice.fit.says, because, tuple(client.noted), kept, trouble)


def _forbidden(accepted: Accepts | None, noted: list[Request]) -> Iterator[str]:
    """What the partner's profiles forbid of all that would be sent."""
    if accepted is None:
        return
    for body in (one.body for one in noted if isinstance(one.body, dict)):
        entries = body.get("entry") if body.get("resourceType") == "Bundle" else [{"resource": body}]
        for one in objects(entries):
            yield from will_not_keep(accepted, one["resource"])


def _not_kept(_: Resource) -> tuple[str, str]:
    return "here", "1"


def _not_remembered(fit: str, why: str) -> None:
    """What a rehearsal finds out is no reason to send another way."""
