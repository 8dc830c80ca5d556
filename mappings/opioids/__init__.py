"""Opioids, watched closely: what a prescription comes to in morphine milligram equivalents (MME) a day, and the
depressants that run beside it.

    daily_mme(prescription)       the figure of one prescription with its arithmetic, or why there is none
    daily_mme_of(prescriptions)   the same over a patient's list, with a total that says when it is incomplete
    depressants(prescriptions)    benzodiazepines and other depressants that run beside an opioid, by name
"""

from __future__ import annotations

from mappings.opioids.drugs import FACTORS
from mappings.opioids.mme import (
    ATTENTION_FROM,
    CAUTIONS,
    HIGHEST_STEP,
    Concurrent,
    DailyMME,
    Part,
    Step,
    TotalMME,
    daily_mme,
    daily_mme_of,
    depressants,
)

__all__ = [
    "ATTENTION_FROM", "CAUTIONS", "FACTORS", "HIGHEST_STEP", "Concurrent", "DailyMME", "Part", "Step", "TotalMME",
    "daily_mme", "daily_mme_of", "depressants",
]  # fmt: skip
