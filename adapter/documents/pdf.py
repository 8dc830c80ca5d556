"""A care plan as a PDF that a physician reads: one or two pages, tagged and accessible (PDF/UA-1), set by Typst.

The same record gives the same bytes.  The fonts are Typst's own, embedded: Latin, Greek and Cyrillic script; a plan
with other script is Unprintable, since what cannot be shown would be missing in silence.
"""

from __future__ import annotations

from pathlib import Path

from adapter.documents.beside import NOTHING, Beside, Letterhead, Record, number_of
from adapter.documents.letter import letter
from mappings.lens.gates import not_actionable
from mappings.r4 import exact_json

TEMPLATE = Path(__file__).with_name("plan.typ")


class Unprintable(Exception):
    """A plan that cannot be set as it is; the message quotes nothing of it."""


def plan_pdf(plan: Record, head: Letterhead, beside: Beside = NOTHING) -> bytes:
    """The PDF of a care plan record.

    Unprintable where it holds script that the fonts do not have, must not be acted upon, or lies beside records of
    another patient.
    """
    import typst

    _refuse_unsafe(plan, beside)
    told = exact_json.canonical(letter(plan, head, beside)).decode()
    compiler = typst.Compiler(TEMPLATE.read_bytes(), ignore_system_fonts=True)
    try:
        made = compiler.compile(format="pdf", sys_inputs={"plan": told}, pdf_standards="ua-1")
    except typst.TypstError as trouble:
        if "could not be displayed" in trouble.message:
            text = "The plan holds characters that none of the embedded fonts has (Latin, Greek and Cyrillic are there)"
            raise Unprintable(f"{text}: say it in those, or send the plan as FHIR.") from None
        raise
    assert isinstance(made, bytes)
    return made


def _refuse_unsafe(plan: Record, beside: Beside) -> None:
    """Unprintable for a plan that must not be acted upon, and for records of another patient than the plan's."""
    if plan.get("actionable") is False or not_actionable(plan):
        raise Unprintable("The plan must not be acted upon (actionable): it is not printed for anybody.")
    ours = number_of(plan)
    if ours is None:
        return
    if beside.patient is not None and ours not in [one.get("value") for one in beside.patient.get("identifiers", [])]:
        raise Unprintable("The patient's record has not the number that the plan names its patient by.")
    if any(number_of(one) not in (None, ours) for one in beside.others if one.get("record") != "patient"):
        raise Unprintable("A record beside the plan is of another patient: leave it out.")
