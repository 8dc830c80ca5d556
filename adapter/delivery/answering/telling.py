"""What there is to tell the sender of a referral: the Task as it stood at one version, and what its outputs say.

Everything is taken in the version of that moment, so that the same thing sent twice is the same.  What goes is what the
sender may read here: what was answered to it, and of what that refers to only what is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from adapter.client import Identifier
from adapter.delivery.answering.output import Output, named_records
from adapter.delivery.transaction import Resource
from adapter.exchange.identifiers import identifiers
from adapter.exchange.receiving.dialects import DIALECTS, PLAIN, Dialect
from adapter.exchange.receiving.envelope import TASK, Envelope
from adapter.exchange.receiving.notification import RELATIVE
from adapter.exchange.receiving.sameness import acknowledged
from adapter.exchange.receiving.updates import reopened
from adapter.exchange.references import Links
from adapter.settings import Partner, Settings
from adapter.store import messages, referrals, resources
from adapter.store.deliveries import Delivery
from adapter.store.messages import Message
from adapter.store.referrals import Referral
from adapter.store.resources import Stored
from mappings.r4 import definitions, exact_json
from mappings.r4.fhirpath import leaves


@dataclass(frozen=True)
class Telling:
    """What is to be told."""

    partner: Partner
    dialect: Dialect
    task: Resource
    filler: Identifier
    """The referral's number here."""
    outputs: tuple[Output, ...]
    theirs: Mapping[str, str]
    """What is called Type/id here and came from the partner's own address: Type/id there."""
    their_task: str | None
    """The Task that the referral came with, as Type/id there."""
    their_numbers: tuple[Identifier, ...]
    """The business identifiers that this Task had."""
    elsewhere: Mapping[str, str]
    """Where what is here can be read, by Type/id; nothing where our address is not configured."""
    numbers: Mapping[str, Resource]
    """The identifiers of what is here, by Type/id."""
    header: Resource
    """The MessageHeader that the referral came with; {} where it was no message."""
    answers_to: str
    """What that message is called by its sender."""

    def outside(self, resource: Resource, placed: Callable[[str], str | None]) -> Resource:
        """A copy without our id and version, whose references can be followed where it goes.

        placed: where an output is, and what is the partner's, by Type/id here.  What is nowhere is named by its number.
        """
        texts = set(_relative(resource))
        found = {text: placed(_unversioned(text)) or self.elsewhere.get(_unversioned(text)) for text in texts}
        known = {text: there for text, there in found.items() if there is not None}
        copy = Links([None], [{}]).rewritten(resource, 0, lambda index, _: str(index), known)
        bare = {name: value for name, value in copy.items() if name not in ("id", "meta")}
        if "profile" in copy.get("meta", {}):
            bare["meta"] = {"profile": copy["meta"]["profile"]}
        nowhere = texts - known.keys()
        told: Resource = self._by_number(bare, nowhere) if nowhere else bare
        return told

    def _by_number(self, value: Any, nowhere: set[str]) -> Any:
        if isinstance(value, list):
            return [self._by_number(item, nowhere) for item in value]
        if not isinstance(value, dict):
            return value
        inside = {name: self._by_number(item, nowhere) for name, item in value.items()}
        text = inside.get("reference")
        if not isinstance(text, str) or text not in nowhere:
            return inside
        rest = {name: item for name, item in inside.items() if name not in ("reference", "_reference")}
        number = self.numbers.get(_unversioned(text))
        return {"type": text.partition("/")[0], **({"identifier": number} if number else {}), **rest}


def telling(connection: Connection, settings: Settings, partner: Partner, delivery: Delivery) -> Telling:
    """What a delivery is to tell; LookupError where it is of nothing that is stored."""
    referral = referrals.get(connection, delivery.item_id)
    stored = resources.at_version(connection, TASK, referral.task_id, delivery.item_version) if referral else None
    if referral is None or stored is None:
        raise LookupError("the Task of a delivery is not stored")
    task = exact_json.loads(stored.json)
    found = dict(_outputs(connection, task, stored))
    outputs = [_output(settings, name, one) for name, one in found.items()]
    outputs += named_records(connection, settings, partner, referral, task, list(found.values()))
    held = [messages.get(connection, one) for one in referrals.messages_of(connection, referral.id)]
    came = [(message, reopened(settings, message)) for message in held]
    theirs, their_task = _theirs(came, referral, partner)
    their_numbers = {one for message, envelope in came for one in _numbers_of_task(message, envelope, referral)}
    here = {_unversioned(text) for one in (task, *(output.resource for output in outputs)) for text in _relative(one)}
    kept = dict(_readable(connection, here - {output.name for output in outputs}, stored.partner))
    message, envelope = came[-1]
    return Telling(
        partner=partner,
        dialect=envelope.dialect if partner.dialect == PLAIN.name else DIALECTS[partner.dialect],
        task=task,
        filler=Identifier(settings.system("referral"), referral.number),
        outputs=tuple(outputs),
        theirs=theirs,
        their_task=their_task,
        their_numbers=tuple(sorted(their_numbers, key=Identifier.token)),
        elsewhere={name: f"{settings.audience.rstrip('/')}/{name}" for name in kept} if settings.audience else {},
        numbers={name: number for name, one in kept.items() if (number := _number(one))},
        header=envelope.header or {},
        answers_to=str(acknowledged(envelope, exact_json.loads(message.body), None) or message.id),
    )


def _outputs(connection: Connection, task: Resource, stored: Stored) -> Iterator[tuple[str, Resource]]:
    """What the Task's outputs lead to, and what that refers to in turn, as far as it is ours to tell this partner."""
    waiting = list(_relative({"output": task.get("output", [])}))
    seen: set[str] = set()
    while waiting:
        name = _unversioned(waiting.pop(0))
        type_, _, id_ = name.partition("/")
        if name in seen or type_ == TASK or "identifier" not in definitions.children(type_):
            continue
        seen.add(name)
        found = resources.as_of(connection, type_, id_, stored.last_updated, sees=stored.partner)
        if found is not None and found.message_id is None:  # what came in a message is the sender's own
            resource = exact_json.loads(found.json)
            yield name, resource
            waiting += _relative(resource)


def _output(settings: Settings, name: str, resource: Resource) -> Output:
    """The resource with a number by which it is found again, ours where it may have several."""
    type_, _, id_ = name.partition("/")
    ours = Identifier(settings.system("answer"), id_)
    held = resource.get("identifier")
    if definitions.children(type_)["identifier"].many:
        return Output(name, {**resource, "identifier": [ours.json(), *(held or [])]}, ours)
    if held and held.get("system") and held.get("value"):
        return Output(name, resource, Identifier(held["system"], held["value"]))
    return Output(name, {**resource, "identifier": ours.json()}, ours)


def _theirs(
    came: list[tuple[Message, Envelope]], referral: Referral, partner: Partner
) -> tuple[dict[str, str], str | None]:
    """What came from the partner's own address, and the Task of the referral that did."""
    theirs: dict[str, str] = {}
    their_task = None
    for message, envelope in came:
        for entry, made in zip(envelope.entries, message.made, strict=False):
            there = (entry.full_url or "").removeprefix(f"{partner.base_url}/")
            if there == entry.full_url or not RELATIVE.fullmatch(there) or not there.startswith(f"{entry.type}/"):
                continue
            if entry.type != TASK:
                theirs[f"{made.type}/{made.id}"] = _unversioned(there)
            elif made.id == referral.task_id:
                their_task = _unversioned(there)
    return theirs, their_task


def _numbers_of_task(message: Message, envelope: Envelope, referral: Referral) -> Iterator[Identifier]:
    """How the sender knows the Task that it told the referral by, whether or not it said where that is."""
    for entry, made in zip(envelope.entries, message.made, strict=False):
        if entry.type == TASK and made.id == referral.task_id:
            yield from (Identifier(system, value) for system, value in identifiers(entry.resource) if system)


def _readable(connection: Connection, names: Iterable[str], sees: str) -> Iterator[tuple[str, Resource]]:
    """What of these the partner can read here."""
    for name in sorted(names):
        type_, _, id_ = name.partition("/")
        found = resources.current(connection, type_, id_, sees=sees)
        if found is not None:
            yield name, exact_json.loads(found.json)


def _number(resource: Resource) -> Resource | None:
    held = resource.get("identifier")
    return next(iter(held), None) if isinstance(held, list) else held


def _relative(resource: Resource) -> list[str]:
    texts = [value for _, key, value, _ in leaves(resource) if key == "reference" and isinstance(value, str)]
    return [text for text in dict.fromkeys(texts) if RELATIVE.fullmatch(text)]


def _unversioned(name: str) -> str:
    return name.partition("/_history/")[0]
