"""What an instrument is: one questionnaire's codes, weights, range and bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

LOINC = "http://loinc.org"

Method = Literal["sum", "mean", "percent", "by sex", "delivered"]
"""How a total comes about: percent is of the most that the answered questions could give; by sex is a sum whose weights
depend on the patient's sex; delivered means that we take what comes and compute nothing."""

Missing = Literal["no total", "of the answered", "mean of the others, if asked"]
"""What is done where a question has no answer.  "no total" also where no source has a rule: then we make none up."""


class Range(NamedTuple):
    """From and to, both included."""

    low: int
    high: int


NOTHING = Range(0, 0)


@dataclass(frozen=True)
class Band:
    """What totals from low to high, both included, are called; `also` are other words for the same band."""

    name: str
    low: int
    high: int
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instrument:
    """One questionnaire.

    items: its questions in order, by LOINC code; by another name where LOINC has no code for them.
    links: how the linkIds of PACIO (for the ODI and NDI also of CMS ACCESS) begin: phq9 for phq9-1, phq9-2 ...
    answers: what an answer code weighs; empty where an answer weighs what it says (a number, an ordinalValue).
    range, item_range: of the total, in `unit` (None where no two sources have it), and of what one answer may weigh.
    whole: whether an answer weighs a whole number.
    percent_per_point: what makes a percentage of the total, where the same code is used for both.
    doubtful: totals for which the sources, or the sites, do not agree on the band.
    """

    name: str
    title: str
    method: Method
    source: str
    panel: str | None = None
    items: tuple[str, ...] = ()
    total: str | None = None
    unit: str = "{score}"
    range: Range | None = None
    item_range: Range = NOTHING
    whole: bool = True
    answers: Mapping[str, int] = field(default_factory=dict)
    by_sex: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    missing: Missing = "no total"
    bands: tuple[Band, ...] = ()
    doubtful: Range | None = None
    percent_per_point: int | None = None
    canonicals: tuple[str, ...] = ()
    links: str = ""

    def item_of(self, link: object) -> str | None:
        """Which question a linkId means: the code itself, the last step of a path of codes (/44249-1/44250-9, as the
        NLM's LHC-Forms write it), or its number in the form (phq9-1)."""
        if not isinstance(link, str):
            return None
        last = link.rpartition("/")[2]
        if last in self.items:
            return last
        if not self.links or not last.startswith(f"{self.links}-"):
            return None
        return {f"{self.links}-{number}": item for number, item in enumerate(self.items, 1)}.get(last)
