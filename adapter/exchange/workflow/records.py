"""The records that the clinic answers with, as the exchange fills them in and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.exchange.refusal import Refusal, refuse
from adapter.exchange.translation import Record
from mappings import Issue

FOLLOW_UP = "follow_up"
CONSULT_NOTE = "consult_note"
INFORMATION = "information"
"""What a sender added; no record of the clinic's."""

_INTERIM = {
    "document": ("document_status", (None, "preliminary", "final", "amended")),
    "report": ("status", ("partial", "preliminary", "final", "amended", "corrected", "appended")),
}
_FINAL = {
    "document": ("document_status", (None, "final", "amended")),
    "report": ("status", ("final", "amended", "corrected", "appended")),
}
"""How far a note must be, by its kind: the field, and what it may say."""

_ANOTHER = "This is not the referral's patient: leave it out, or give the number that the patient has here."


def appointment(told: Any, ours: Record) -> Record:
    """An appointment as a whole record, of the patient who has this identifier; Refusal where it says otherwise.

    Whoever is not named but the patient has agreed: "booked" means that (codesystem-appointmentstatus.html).
    """
    record: Record = {"status": "booked", **_filled(_named(told, FOLLOW_UP, "appointment"), ours)}
    if record["status"] != "booked":
        raise refuse("unprocessable", "business-rule", "status", "What is scheduled is booked: leave status out.")
    participants = record.get("participants", [])
    if isinstance(participants, list) and not any(_is(_who(one), ours) for one in participants):
        here = {"who": {"ref_type": "Patient", "ref_identifier": dict(ours)}, "status": "accepted"}
        record["participants"] = [here, *participants]
    _refuse_another_patient(record, ours)
    return record


def note(told: Any, ours: Record, *, final: bool) -> Record:
    """A consult note as a whole record, of the patient who has this identifier; Refusal where it says otherwise."""
    named = _named(told, CONSULT_NOTE, told.get("kind") if isinstance(told, dict) else None)
    record: Record = _filled(named, ours)
    if "patient" not in record:
        record["patient"] = {"ref_type": "Patient", "ref_identifier": dict(ours)}
    _refuse_another_patient(record, ours)
    if record.get("kind") == "document" and record.get("status") not in (None, "current"):
        raise refuse("unprocessable", "business-rule", "status", "A note that answers is the current one.")
    field, may = (_FINAL if final else _INTERIM).get(str(record.get("kind")), ("kind", ()))
    if may and record.get(field) not in may:
        words = ", ".join(one for one in may if one)
        raise refuse("unprocessable", "business-rule", field, f"A note that answers is one of {words}.")
    return record


def _named(told: Any, kind: str, sort: Any) -> Record:
    """The record, with what it is."""
    if not isinstance(told, dict):
        raise refuse("unprocessable", "invalid", "record", f"This must be a record: an object of {kind}.")
    if told.get("record", kind) != kind or told.get("kind", sort) != sort:
        text = f'This must be a record of another sort: "record": "{kind}"' + (f', "kind": "{sort}".' if sort else ".")
        raise refuse("unprocessable", "invalid", "record", text)
    named: Record = {"record": kind, **({"kind": sort} if sort is not None else {}), **told}
    return named


def _filled(value: Any, ours: Record) -> Any:
    """A copy in which the number that the patient has here has its system too."""
    if isinstance(value, list):
        return [_filled(item, ours) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("ref_identifier") == {"value": ours["value"]}:
        value = {**value, "ref_identifier": dict(ours)}
    return {name: _filled(inside, ours) for name, inside in value.items()}


def _refuse_another_patient(record: Record, ours: Record) -> None:
    found = [Issue("error", "value", place, _ANOTHER) for place, one in _patients(record, "") if not _is(one, ours)]
    if found:
        raise Refusal("unprocessable", found)


def _patients(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every place that names a patient, and what it says."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _patients(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        if path.rpartition(".")[2] in ("patient", "patient_as_written") or _is_patient(value):
            yield path, value
            return
        for name, inside in value.items():
            yield from _patients(inside, f"{path}.{name}".lstrip("."))


def _is_patient(value: Record) -> bool:
    ref = value.get("ref")
    led = isinstance(ref, str) and "Patient/" in ref
    return led or value.get("ref_type") == "Patient" or value.get("kind") == "patient"


def _is(pointer: Any, ours: Record) -> bool:
    """Whether a pointer is to this patient by number, and by nothing else."""
    if not isinstance(pointer, dict) or pointer.keys() - {"ref_type", "ref_identifier", "shown_as"}:
        return False
    return pointer.get("ref_identifier") == ours


def _who(participant: Any) -> Any:
    return participant.get("who") if isinstance(participant, dict) else None
