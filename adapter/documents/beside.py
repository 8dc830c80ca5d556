"""Who writes a letter, and the records that stand beside what it is about."""

from __future__ import annotations

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
        named = pointer.get("ref_identifier")
        return next((one for one in self.others if named is not None and named in _identifiers(one)), {})


NOTHING = Beside()


def note(one: Record) -> str:
    """A remark, with who made it and when."""
    by = joined(one.get("by_name"), in_words.when(one["on"]) if "on" in one else "")
    return joined(one.get("text"), f"({by})" if by else "", by=" ")


def _identifiers(record: Record) -> list[Any]:
    return [{name: one[name] for name in ("system", "value") if name in one} for one in record.get("identifiers", [])]
