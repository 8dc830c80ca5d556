"""What there is to say about an input: where, what kind, and how to mend it.  Never a patient's values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True)
class Issue:
    """One finding.

    code: a code of http://hl7.org/fhir/issue-type (structure, required, code-invalid, ...).
    expression: the place, as official FHIRPath ("Observation.value", "Patient.name[0].family") or a record's path.
    text: a sentence that says how to mend it.
    rule: the rule of a mapping that met it, with its file and line; empty where no mapping was at work.
    """

    severity: Severity
    code: str
    expression: str
    text: str
    rule: str = ""

    def __str__(self) -> str:
        where = f"{self.severity} {self.code}  {self.expression}"
        return f"{where}   {self.rule}\n     {self.text}" if self.rule else f"{where}\n     {self.text}"


class Refused(Exception):
    """An input that is not taken as it stands; `issues` say why, place by place."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(f"{issue.expression}: {issue.text}" for issue in self.issues))


def errors(found: Iterable[Issue]) -> list[Issue]:
    """Those that refuse an input; what is only warned of is left out."""
    return [issue for issue in found if issue.severity in ("fatal", "error")]
