"""Who writes a letter, and the records that stand beside what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mappings import in_words
from mappings.in_words import joined

Record = dict[str, Any]


@dataclass(frozen=True)
class Letterhead:
    """Who writes, and whom to call."""

    name: str
    address: str = ""
    telephone: str = ""
    urgent: str = ""
    """What to do when it cannot wait and the clinic is closed, in words."""


@dataclass(frozen=True)
class Beside:
    """Records that stand beside the plan: of the same patient, as the clinic keeps them."""

    patient: Record | None = None
    others: tuple[Record, ...] = ()
    """Assessments, procedures and prescriptions, in any order."""

    def found(self, pointer: Record) -> Record:
        """The record that a pointer names by its identifier; {} where it is not here."""
        names = set(names_of(pointer)) if "ref_identifier" in pointer else set()
        return next((one for one in reversed(self.others) if names & set(names_of(one))), {})


NOTHING = Beside()


def note(one: Record) -> str:
    """A remark, with who made it and when."""
    by = joined(one.get("by_name"), in_words.when(one["on"]) if "on" in one else "")
    return joined(one.get("text"), f"({by})" if by else "", by=" ")


def number_of(record: Record) -> str | None:
    """The number that a record names its patient by."""
    number = record.get("patient", {}).get("ref_identifier", {}).get("value")
    return str(number) if number is not None else None


def names_of(told: Record) -> list[tuple[Any, Any]]:
    """The identifiers of what is told, or the one by which it is pointed to, as system and value."""
    pointed = [told["ref_identifier"]] if "ref_identifier" in told else []
    return [(one.get("system"), one["value"]) for one in (*told.get("identifiers", []), *pointed) if "value" in one]


def replaced(records: Iterable[Record]) -> set[tuple[Any, Any]]:
    """The identifiers of what one of the records replaces."""
    found = [one["replaces"] for one in records if "replaces" in one]
    old = [each for one in found for each in (one if isinstance(one, list) else [one])]
    return {name for each in old for name in names_of(each)}
