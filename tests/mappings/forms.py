"""Answered forms and delivered scores as they come from others, to try the instruments on.

Where numbers are somebody's published example, it is named: US Core (Questionnaire phq-9-example), PACIO
(sample-data-fsh, EX_jd1_questionnaire-*), CMS ACCESS (cmmi-access-model).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mappings import instruments
from mappings.instruments import INSTRUMENTS, Instrument, gather
from mappings.issues import Issue
from mappings.values import Number

Json = dict[str, Any]

LOINC = "http://loinc.org"
COMPUTED = [one for one in INSTRUMENTS.values() if one.method != "delivered"]
HOW_OFTEN = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
US_CORE_PHQ_9 = (2, 2, 2, 2, 1, 1, 2, 0, 0)
PACIO_NDI = (2, 1, 2, 2, 3, 2, 2, 2, 2, 2)
ACCESS_ODI = (2, 1, 3, 1, 2, 2, 1, 2, 3, 2)


def weigh(name: str, *weights: int | str | None) -> dict[str, Decimal | None]:
    """Answers by their weights, in the instrument's order; None: no answer."""
    items = INSTRUMENTS[name].items
    return {item: Decimal(one) for item, one in zip(items, weights, strict=True) if one is not None}


def coded(code: str) -> Json:
    return {"choice": {"system": LOINC, "code": code}}


def weighted(weight: int | Number, **more: Any) -> Json:
    return {"choice": {"display": "as shown", "weight": weight, **more}}


def form_of(links: list[str], answers: list[Json], **more: Any) -> Json:
    items = [{"link": link, "answers": [answer]} for link, answer in zip(links, answers, strict=True)]
    return {"kind": "answered_form", "status": "completed", "items": items, **more}


def phq_9(*weights: int, slash: str = "/", **more: Any) -> Json:
    """A PHQ-9 as US Core's example has it: linkIds of the NLM's LHC-Forms, answers by their codes."""
    links = [f"{slash}{code}" for code in INSTRUMENTS["PHQ-9"].items[: len(weights)]]
    return form_of(links, [coded(HOW_OFTEN[weight]) for weight in weights], **more)


def numbered(prefix: str, *weights: int, **more: Any) -> Json:
    """A form as PACIO and CMS ACCESS number its questions, answered with ordinalValues."""
    links = [f"{prefix}-{number}" for number in range(1, len(weights) + 1)]
    return form_of(links, [weighted(weight) for weight in weights], **more)


def scored(name: str, value: Any, unit: str | None = "{score}", **more: Any) -> Json:
    """A score as delivered."""
    quantity = {"value": value, "unit": unit, "code": unit} if unit else {"value": value}
    what = {"system": LOINC, "code": INSTRUMENTS[name].total}
    return {"kind": "score", "status": "final", "what": what, "quantity": quantity, **more}


def said(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(issue.code, issue.expression) for issue in issues]


@st.composite
def complete(draw: st.DrawFn) -> tuple[Instrument, dict[str, Decimal | None]]:
    """An instrument that we score, and an answer to each of its questions."""
    instrument = draw(st.sampled_from(COMPUTED))
    low, high = instrument.item_range
    return instrument, {item: Decimal(draw(st.integers(low, high))) for item in instrument.items}


sexes = st.sampled_from(["female", "male"])


def contradictions(
    forms: Any, scores: Any, *, forms_at: str = "forms", scores_at: str = "scores", **how: Any
) -> list[Issue]:
    return instruments.contradictions(gather(forms, scores, forms_at, scores_at), **how)


def needs_attention(forms: Any, scores: Any, *, forms_at: str = "forms", scores_at: str = "scores") -> list[str]:
    return instruments.needs_attention(gather(forms, scores, forms_at, scores_at))
