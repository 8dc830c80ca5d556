"""A change told by the Task at its sender's: what says where it stands is laid over what is there, all else survives.

Task and outputs go in one transaction: each output is created unless it is there, each that changed is put onto the
version that was read, and so is the Task (If-Match).  A look comes before every sending, so that one whose answer was
lost is found, and what is there already is not sent.
"""

from __future__ import annotations

from adapter.client import FhirClient, Identifier, WillAnswerTheSame, WorthAnotherTry
from adapter.client.searching import carries
from adapter.delivery.answering.output import Output
from adapter.delivery.answering.telling import Telling
from adapter.delivery.compare import holds
from adapter.delivery.transaction import Delivered, Held, Resource, as_held, entry, must_have_succeeded, only, urn
from adapter.exchange.workflow.task import STATE
from mappings.faults import refuse
from mappings.r4 import validity
from mappings.values import Json, same

_TRIES = 3  # somebody may change the Task between our look and our request
_GONE = (404, 410)


def tell_by_task(client: FhirClient, telling: Telling) -> Delivered:
    """Delivers, or raises what stands in the way."""
    for _ in range(_TRIES):
        there = _Look(client, telling)
        entries = there.entries()
        if not entries:
            return there.told(sent=False)
        try:
            answer = client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
            must_have_succeeded(answer)
        except WillAnswerTheSame as refused:
            if refused.status in (409, 412) and "multiple-matches" not in refused.codes:
                continue  # read again, and lay over what is there then
            raise
        return _Look(client, telling).told(sent=True)
    raise WorthAnotherTry("the Task changes at the partner while it is being updated", of_partner=False)


class _Look:
    """What the partner holds of a referral and its outputs."""

    def __init__(self, client: FhirClient, telling: Telling) -> None:
        self._telling = telling
        self._task = _task(client, telling)
        self._outputs = {one.name: one for one in telling.outputs}
        self._held = {one.name: only(client, one.type, one.known_by, "it") for one in telling.outputs}

    def told(self, *, sent: bool) -> Delivered:
        """Where the Task is; WorthAnotherTry where it is not there."""
        if self._task is None:
            raise WorthAnotherTry("the partner accepted the Task, and a search does not find it", of_partner=False)
        return Delivered(self._task.id, self._task.version, sent)

    def entries(self) -> list[Resource]:
        """What is to be sent: nothing where all of it is there."""
        found = [*map(self._output_entry, self._telling.outputs), self._task_entry()]
        return [one for one in found if one is not None]

    def _output_entry(self, output: Output) -> Resource | None:
        resource = self._telling.outside(output.resource, self._place)
        refuse(validity.check(resource))
        held = self._held[output.name]
        if held is not None and holds(resource, held.resource):
            return None
        return entry(resource, output.known_by, held)

    def _task_entry(self) -> Resource | None:
        ours = self._telling.outside(self._telling.task, self._place)
        if self._task is None:
            refuse(validity.check(ours))
            return entry(ours, self._telling.filler, None)
        held = self._task.resource
        laid = {name: value for name, value in held.items() if name not in (*STATE, "output")}
        laid |= {name: ours[name] for name in STATE if name in ours}
        if output := self._merged(held.get("output") or [], ours.get("output") or []):
            laid["output"] = output
        if same(laid, held):
            return None
        return entry({**laid, "lastModified": ours["lastModified"]}, self._telling.filler, self._task)

    def _merged(self, held: list[Resource], ours: list[Resource]) -> list[Resource]:
        """The outputs that are there, and those of ours that are not yet."""
        there = {_local(one.get("valueReference"), self._telling) for one in held}
        return [*held, *(one for one in ours if _local(one["valueReference"], self._telling) not in there)]

    def _place(self, name: str) -> str | None:
        """Where something of ours, or of the partner's, is there or will be."""
        output = self._outputs.get(name)
        if output is None:
            return self._telling.theirs.get(name)
        held = self._held[name]
        return f"{output.type}/{held.id}" if held is not None else urn(output.type, output.known_by)


def _task(client: FhirClient, telling: Telling) -> Held | None:
    """The Task that the referral came with, where it is there and is about it; else the one that has our number, or one
    that it came with."""
    if telling.their_task is not None:
        found = _read(client, telling.their_task)
        if found is not None and _about(found, telling):
            return as_held(found)
    for number in (telling.filler, *telling.their_numbers):
        held = only(client, "Task", number, "it")
        if held is not None and _about(held.resource, telling):
            return held
    return None


def _read(client: FhirClient, name: str) -> Resource | None:
    try:
        return client.read(name)
    except WillAnswerTheSame as refused:
        if refused.status in _GONE:
            return None
        raise


def _about(task: Resource, telling: Telling) -> bool:
    """Whether a Task is of this referral: by what it focuses on, or by a number that it has in common with ours."""
    request = telling.theirs.get(telling.task["focus"]["reference"])
    numbers = [
        Identifier(one["system"], one["value"])
        for one in telling.task.get("identifier", [])
        if "system" in one and "value" in one
    ]
    focus = _local(task.get("focus"), telling)
    return (request is not None and focus == request) or any(carries(task, one) for one in numbers)


def _local(reference: Json, telling: Telling) -> str:
    """Where a reference at the partner leads, as Type/id where that is there too."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str):
        return ""
    return text.removeprefix(f"{telling.partner.base_url}/").partition("/_history/")[0]
