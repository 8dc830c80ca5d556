"""`paingate plan-pdf`: a care plan record as the letter that partners get."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.delivery.pushing.plan_letter import letterhead
from adapter.documents.beside import Beside
from adapter.documents.pdf import Unprintable, plan_pdf
from adapter.settings import SettingsError, read_settings
from mappings.r4.exact_json import MalformedJSON, loads

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Writes the PDF; 1 where a record is none or cannot be set, 2 where the settings are wrong."""
    try:
        settings = read_settings(arguments.config)
    except SettingsError as contradiction:
        sys.stderr.write(f"paingate: {contradiction}\n")
        return 2
    try:
        plan, *others = (_read(Path(name)) for name in (arguments.plan, *arguments.beside))
        if plan.get("record") != "care_plan":
            raise _NoRecord(f'{arguments.plan} is no care plan: "record": "care_plan".')
        patient = next((one for one in others if one.get("record") == "patient"), None)
        made = plan_pdf(plan, letterhead(settings), Beside(patient, tuple(others)))
        Path(arguments.out).write_bytes(made)
    except (_NoRecord, Unprintable) as trouble:
        sys.stderr.write(f"paingate: {trouble}\n")
        return 1
    except OSError as trouble:
        sys.stderr.write(f"paingate: {trouble.filename}: {trouble.strerror}.\n")
        return 1
    return 0


class _NoRecord(Exception):
    """A file that holds no record."""


def _read(path: Path) -> dict[str, Any]:
    try:
        record = loads(path.read_bytes())
    except (MalformedJSON, UnicodeDecodeError) as malformed:
        raise _NoRecord(f"{path} is no JSON: {malformed}") from None
    if not isinstance(record, dict):
        raise _NoRecord(f"{path} is no record: an object is wanted.")
    return record
