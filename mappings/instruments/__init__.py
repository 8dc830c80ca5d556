"""Questionnaires as data, and what follows from their answers: totals, bands, and what does not agree.

    instrument_of(form)                which instrument an answered form is
    answers_of(form, instrument)       what each answer weighs; read_answers says also what could not be read, and why
    score(instrument, answers)         the total, exactly, or the sentence that says why there is none
    interpretation(instrument, value)  the published band of a total
    found_in(record)                   the forms and scores of a whole record; gather, of two lists
    contradictions(evidence)           delivered scores that are not what their own forms give: reported, never replaced
    needs_attention(evidence)          what a clinician has to look at, whatever the total says

An instrument is a row of a table and nothing else: a site gives its own row (dataclasses.replace, phq_2) where it has
an answer list or a cut-off of its own, and every function takes it.
"""

from __future__ import annotations

from mappings.instruments.answers import Answers, answers_of, instrument_of, read_answers
from mappings.instruments.attention import needs_attention
from mappings.instruments.comparison import contradictions
from mappings.instruments.evidence import Evidence, found_in, gather
from mappings.instruments.instrument import Band, Instrument, Range
from mappings.instruments.scoring import Score, interpretation, score
from mappings.instruments.table import INSTRUMENTS, phq_2

__all__ = [
    "INSTRUMENTS", "Answers", "Band", "Evidence", "Instrument", "Range", "Score", "answers_of", "contradictions",
    "found_in", "gather", "instrument_of", "interpretation", "needs_attention", "phq_2", "read_answers", "score",
]  # fmt: skip
