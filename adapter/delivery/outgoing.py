"""The clinic's records as resources that may leave: named, about the partner's patient, and pointing nowhere that means
something else there.

Equal input gives equal bytes.  What is sent declares the profiles of US Core that it meets as it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adapter.client import Identifier
from adapter.delivery.transaction import Resource
from mappings import us_core
from mappings.faults import refuse
from mappings.r4 import validity
from mappings.values import Json

Record = dict[str, Any]
Render = Callable[[Record], Resource]
"""A clinic record as one FHIR resource with everything it holds contained."""


class CannotBeSent(Exception):
    """The stored records do not make something that may be sent; no partner will change that."""

    def __init__(self, what: str, *codes: str) -> None:
        self.codes = codes
        super().__init__(what)


def checked(entries: list[Resource]) -> Resource:
    """A transaction of these; Refused where it is not valid R4."""
    bundle = us_core.declared({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    refuse(validity.check(bundle))
    return bundle


def document(plan: Record, identifier: Identifier, render: Render) -> Resource:
    """The plan as it may leave: named, and without what it and its patient are called here alone."""
    found = named(plan, identifier, render)
    subject = _subject(found)
    if _leads_elsewhere(subject.get("reference")):
        found = _replaced(found, subject, {name: value for name, value in subject.items() if name != "reference"})
    return _outgoing(found)


def named(plan: Record, identifier: Identifier, render: Render) -> Resource:
    """The plan as a resource that carries our identifier, first where the record did not name it."""
    document = render(plan)
    type_ = document["resourceType"]
    _must_be_actionable(plan, "the plan" if type_ == "CarePlan" else "the record")
    identifiers = document.get("identifier") or []
    ours = identifier.json()
    if not any(ours.items() <= one.items() for one in identifiers):
        identifiers = [ours, *identifiers]
    named = {"resourceType": type_, "identifier": identifiers}
    return {**named, **{name: value for name, value in document.items() if name not in named}}


def patient_resource(patient: Record, render: Render) -> tuple[Resource, Identifier]:
    """The patient as it may leave, and the identifier that it is created by."""
    person = _patient(patient, render)
    for one in _usable(person):
        return person, one
    raise CannotBeSent("the patient has no identifier with a system to be known by", "required", "Patient.identifier")


def usable_identifiers(patient: Record, render: Render) -> Iterator[Identifier]:
    """All that a patient may be known by, those that hold first."""
    return _usable(_patient(patient, render))


def _patient(patient: Record, render: Render) -> Resource:
    _must_be_actionable(patient, "the patient")
    return _outgoing(render(patient))


def _usable(person: Resource) -> Iterator[Identifier]:
    usable = [one for one in person.get("identifier") or [] if one.get("system") and one.get("value")]
    ended = [one for one in usable if one.get("use") == "old" or "end" in (one.get("period") or {})]
    for one in [*(one for one in usable if one not in ended), *ended]:
        yield Identifier(one["system"], one["value"])


def _must_be_actionable(record: Record, what: str) -> None:
    if record.get("actionable") is False:
        raise CannotBeSent(f"{what} must not be acted upon: it holds what we do not understand", "not-actionable")


def _outgoing(resource: Resource) -> Resource:
    """Without the id that it has here, and without references that would mean something else there."""
    outgoing: Resource = _unlocated({name: value for name, value in resource.items() if name != "id"})
    return outgoing


def _unlocated(value: Json) -> Json:
    """A relative reference ("Organization/1") would point at the receiver's own Organization/1: it keeps its identifier
    and its words, or else becomes words."""
    if isinstance(value, list):
        return [_unlocated(item) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {name: _unlocated(item) for name, item in value.items()}
    where = inside.get("reference")
    if not _leads_elsewhere(where):
        return inside
    rest = {name: item for name, item in inside.items() if name not in ("reference", "_reference")}
    return rest if "identifier" in rest or "display" in rest else {**rest, "display": where}


def _leads_elsewhere(reference: Json) -> bool:
    return isinstance(reference, str) and not reference.startswith("#") and ":" not in reference.split("/")[0]


def about(document: Resource, patient: str) -> Resource:
    """The plan, and what is contained in it, with the patient of that address as subject."""
    said = {name: value for name, value in _subject(document).items() if name != "reference"}
    return with_subject(document, {"reference": patient, **said})


def with_subject(document: Resource, patient: Resource) -> Resource:
    """The plan, and what is contained in it, with another pointer to its patient."""
    subject = _subject(document)
    inside = subject.get("reference")
    replaced: Resource = _replaced(document, subject, patient)
    if not (isinstance(inside, str) and inside.startswith("#")):
        return replaced
    contained = [one for one in replaced.get("contained") or [] if f"#{one.get('id')}" != inside]
    rest = {name: value for name, value in replaced.items() if name != "contained"}
    return {**rest, "contained": contained} if contained else rest


def _subject(document: Resource) -> Resource:
    subject = document.get("subject")
    if not isinstance(subject, dict):
        raise CannotBeSent("the plan names no patient", "required", "CarePlan.subject")
    return subject


def _replaced(value: Json, old: Resource, new: Resource) -> Json:
    if value == old:
        return new
    if isinstance(value, dict):
        return {name: _replaced(item, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return value
