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


SPANNING: dict[str, tuple[Callable[[dict[str, Any]], Iterator[Issue]], ...]] = {
    "patient": (birth_date_and_time_agree,),
}
