"""How senders differ, as data: what tells a dialect, where its messages keep their ids, what its answers repeat.

A dialect is fixed in a partner's configuration, or told by what a document says of itself.  It never decides what a
referral means: whatever dialect it comes in, the same referral becomes the same record.

BSeR: hl7.org/fhir/us/bser (event and profiles: BSeRReferralMessageHeader).  Gravity: hl7.org/fhir/us/sdoh-clinicalcare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Node = dict[str, Any]

Place = Literal["MessageHeader.id", "Bundle.identifier", "Bundle.id", "X-Request-Id"]
"""Where the sender's own name for a message may stand."""


Return = Literal["Task", "message"]
"""How a change of a referral is told at its sender's address: in a message, or by the Task there; that is the one which
the referral came with, or else one of ours."""


@dataclass(frozen=True)
class Dialect:
    """What a sender's way of referring expects of us."""

    name: str
    profiles: tuple[str, ...]
    """A document with a profile that starts with one of these is of this dialect."""
    message_ids: tuple[Place, ...]
    """What names a message, the strongest first: two with the same name are one message."""
    acknowledged: tuple[Place, ...]
    """What MessageHeader.response.identifier repeats: the first of these that there is."""
    answers_with_task: bool
    """Whether the answer to a message holds our Task, and has it as its focus."""
    returns: Return
    """How changes of a referral are told to its sender."""


PLAIN = Dialect(
    name="plain",
    profiles=(),
    message_ids=("MessageHeader.id", "Bundle.identifier"),
    acknowledged=("MessageHeader.id", "Bundle.identifier", "Bundle.id"),
    answers_with_task=False,
    returns="Task",
)
BSER = Dialect(
    name="bser",
    profiles=("http://hl7.org/fhir/us/bser/StructureDefinition/",),
    message_ids=("MessageHeader.id", "Bundle.identifier"),
    acknowledged=("MessageHeader.id", "Bundle.identifier", "Bundle.id"),
    answers_with_task=True,  # BSeRReferralMessageHeader: focus is a Task, in both directions
    returns="message",  # and that header comes back, to the initiator's $process-message
)
GRAVITY = Dialect(
    name="gravity",
    profiles=("http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/",),
    message_ids=("Bundle.identifier",),
    acknowledged=("MessageHeader.id", "Bundle.identifier", "Bundle.id"),
    answers_with_task=True,
    returns="Task",  # SDOHCCTaskForReferralManagement: whoever does it updates the requester's Task
)
DIALECTS = {dialect.name: dialect for dialect in (PLAIN, BSER, GRAVITY)}

REFERRAL_EVENTS = frozenset(("I12",))
"""Codes of MessageHeader.event that ask for a referral, of whatever system: v2-0003 is spelt in several ways.
I12 is REF/RRI, patient referral (http://terminology.hl7.org/CodeSystem/v2-0003)."""


def dialect_of(document: Node, fixed: str | None = None) -> Dialect:
    """The dialect that a partner's configuration fixes, or that a document declares by its profiles; else plain."""
    if fixed is not None and fixed != PLAIN.name:
        return DIALECTS[fixed]
    declared = tuple(_profiles(document))
    return next((one for one in DIALECTS.values() if any(p.startswith(one.profiles) for p in declared)), PLAIN)


def asks_for_a_referral(header: Node) -> bool:
    """Whether a message's event is one that brings a referral, told by coding or by uri."""
    coding = header.get("eventCoding", {})
    said = coding.get("code") or header.get("eventUri", "").replace("|", "#").replace("/", "#").rpartition("#")[2]
    return said in REFERRAL_EVENTS


def _profiles(document: Node) -> Iterator[str]:
    yield from document.get("meta", {}).get("profile", [])
    for entry in document.get("entry", []):
        yield from entry.get("resource", {}).get("meta", {}).get("profile", [])
