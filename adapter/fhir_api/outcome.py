"""OperationOutcomes: how this door says what was wrong, and what was taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mappings import Issue


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in issues]}


def receipt(report: dict[str, Any], where: str) -> dict[str, Any]:
    """What the reading of a referral found, element by element, from the report that is kept with it: first what was
    not understood or will not be done, then the clinic's word for what was taken."""
    said = [Issue(**issue) for issue in report["issues"]]
    said += [
        Issue("information", "informational", place, "Kept as it came; the clinic's record has no place for it.")
        for place in report["unmapped"]
    ]
    told = outcome(said or [Issue("information", "informational", where, "All of it is in the clinic's record.")])
    told["issue"] += [
        {
            "severity": "information",
            "code": "informational",
            "diagnostics": f"Taken into the clinic's record as {word}.",
            "expression": places,
        }
        for word, places in report.get("taken", {}).items()
    ]
    return told


def warns(report: dict[str, Any]) -> bool:
    """Whether the receipt says more than how much was understood."""
    return any(issue["severity"] != "information" for issue in report["issues"])


def _issue(issue: Issue) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.text}
    if issue.expression:
        told["expression"] = [issue.expression]
    return told
