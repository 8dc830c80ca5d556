"""A change told by the Task at its sender's: what says where it stands is laid over what is there, all else survives.

Task and outputs go in one transaction: each output is created unless it is there, each that changed is put onto the
version that was read, and so is the Task (If-Match).  A look comes before every sending, so that one whose answer was
lost is found, and what is there already is not sent.
"""

from __future__ import annotations

from adapter.client import FhirClient, Identifier, WillAnswerTheSame, WorthAnotherTry
from adapter.client.searching import carries
from adapter.delivery.compare import holds
from adapter.delivery.plan_bundle import urn, with_id
from adapter.delivery.telling import Resource, Telling
from adapter.delivery.transaction import Delivered, Held, as_held, must_have_succeeded
from adapter.exchange.task import STATE
from mappings.faults import refuse
from mappings.r4 import validity
from mappings.values import same

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
    raise WorthAnotherTry("the Task changes at the partner while it is being updated")


class _Look:
    """What the partner holds of a referral and its outputs."""

    def __init__(self, client: FhirClient, telling: Telling) -> None:
        self._telling = telling
        self._task = _task(client, telling)
        self._outputs = {one.name: _only(client, one.type, one.known_by) for one in telling.outputs}

    def told(self, *, sent: bool) -> Delivered:
        """Where the Task is; WorthAnotherTry where it is not there."""
        if self._task is None:
            raise WorthAnotherTry("the partner accepted the Task, and a search does not find it")
        return Delivered(self._task.id, self._task.version, sent)

    def entries(self) -> list[Resource]:
        """What is to be sent: nothing where all of it is there."""
        found = [entry for one in self._telling.outputs if (entry := self._output(one.name)) is not None]
        task = self._task_entry()
        return [*found, task] if task is not None else found

    def _output(self, name: str) -> Resource | None:
        output = next(one for one in self._telling.outputs if one.name == name)
        resource = self._telling.outside(output.resource, self._place)
        refuse(validity.check(resource))
        held = self._outputs[name]
        if held is not None and holds(resource, held.resource):
            return None
        return _entry(resource, output.known_by, held)

    def _task_entry(self) -> Resource | None:
        ours = self._telling.outside(self._telling.task, self._place)
        if self._task is None:
            refuse(validity.check(ours))
            return _entry(ours, self._telling.filler, None)
        held = self._task.resource
        laid = {name: value for name, value in held.items() if name not in (*STATE, "output")}
        laid |= {name: ours[name] for name in STATE if name in ours}
        if output := self._merged(held.get("output") or [], ours.get("output") or []):
            laid["output"] = output
        if same(laid, held):
            return None
        return _entry({**laid, "lastModified": ours["lastModified"]}, self._telling.filler, self._task)

    def _merged(self, held: list[Resource], ours: list[Resource]) -> list[Resource]:
        """The outputs that are there, and those of ours that are not yet."""
        there = {self._local(one) for one in held}
        return [*held, *(one for one in ours if self._local(one) not in there)]

    def _local(self, output: Resource) -> str:
        """Where an output leads, without what servers add to it."""
        value = output.get("valueReference")
        text = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(text, str):
            return ""
        return text.removeprefix(f"{self._telling.partner.base_url}/").partition("/_history/")[0]

    def _place(self, name: str) -> str | None:
        if name not in self._outputs:
            return self._telling.theirs.get(name)
        held = self._outputs[name]
        if held is not None:
            return f"{name.partition('/')[0]}/{held.id}"
        return urn(name.partition("/")[0], next(one.known_by for one in self._telling.outputs if one.name == name))


def _entry(resource: Resource, known_by: Identifier, held: Held | None) -> Resource:
    """An entry of the transaction: a create on condition that it is not there, or an update of what is."""
    type_ = resource["resourceType"]
    if held is None:
        request: Resource = {"method": "POST", "url": type_, "ifNoneExist": known_by.query()}
        return {"fullUrl": urn(type_, known_by), "resource": resource, "request": request}
    request = {"method": "PUT", "url": f"{type_}/{held.id}"}
    if held.version is not None:
        request["ifMatch"] = f'W/"{held.version}"'
    return {"fullUrl": urn(type_, known_by), "resource": with_id(resource, held.id), "request": request}


def _task(client: FhirClient, telling: Telling) -> Held | None:
    """The Task that the referral came with, where it is there and is about it; else the one that has our number."""
    if telling.their_task is not None:
        found = _read(client, telling.their_task)
        if found is not None and _about(found, telling):
            return as_held(found)
    return _only(client, "Task", telling.filler)


def _read(client: FhirClient, name: str) -> Resource | None:
    try:
        return client.read(name)
    except WillAnswerTheSame as refused:
        if refused.status in _GONE:
            return None
        raise


def _about(task: Resource, telling: Telling) -> bool:
    """Whether a Task is of this referral: by what it focuses on, or by a number that it has in common with ours."""
    focus = task.get("focus")
    text = focus.get("reference") if isinstance(focus, dict) else None
    local = (
        text.removeprefix(f"{telling.partner.base_url}/").partition("/_history/")[0] if isinstance(text, str) else ""
    )
    request = telling.theirs.get(telling.task["focus"]["reference"])
    numbers = [
        Identifier(one["system"], one["value"])
        for one in telling.task.get("identifier", [])
        if "system" in one and "value" in one
    ]
    return (request is not None and local == request) or any(carries(task, one) for one in numbers)


def _only(client: FhirClient, type_: str, known_by: Identifier) -> Held | None:
    found = client.find(type_, known_by)
    if len(found) > 1:
        raise WillAnswerTheSame("the partner holds it more than once", codes=("multiple-matches",))
    return as_held(found[0]) if found else None
