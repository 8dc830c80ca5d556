"""What no single rule can say about a record, because it spans fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mappings.issues import Issue


def birth_date_and_time_agree(record: dict[str, Any]) -> Iterator[Issue]:
    """born_at is the birth date with its time: http://hl7.org/fhir/StructureDefinition/patient-birthTime"""
    date, time = record.get("birth_date"), record.get("born_at")
    if isinstance(date, str) and isinstance(time, str) and time[: len(date)] != date[: len(time)]:
        yield Issue("warning", "business-rule", "born_at", "This is another day than birth_date: mend one of them.")


def what_needs_attention_is_said(record: dict[str, Any]) -> Iterator[Issue]:
    """A record says what somebody has to look at: a system that leaves that out has not shown it to anybody."""
    from mappings.instruments import found_in, needs_attention

    wanted = needs_attention(found_in(record))
    if wanted != record.get("needs_attention", []):
        text = (
            f"This record has to say exactly this: {wanted}." if wanted else "Nothing here calls for it: leave it out."
        )
        yield Issue("error", "business-rule", "needs_attention", text)


SPANNING: dict[str, tuple[Callable[[dict[str, Any]], Iterator[Issue]], ...]] = {
    "": (what_needs_attention_is_said,),  # of every record
    "patient": (birth_date_and_time_agree,),
}
