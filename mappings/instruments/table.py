"""The instruments, one row each: codes, what an answer may weigh, how the total comes about, and its published bands.

A code stands here only if two independent sources have it, and `source` names them (VSAC x: the value set
2.16.840.1.113762.1.4.x).  No question and no answer text is shipped: codes and arithmetic are facts, the wording
belongs to its authors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mappings.instruments.instrument import Band, Instrument, Range

# LOINC LL358-3; the same list in US Core Questionnaire-phq-9-example and in PACIO's and ACCESS's forms
HOW_OFTEN = MappingProxyType({"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3})

# Pfizer: no permission needed to reproduce, translate, display or distribute (loinc.org 44261-6); so GAD-7 and PHQ-2.
PHQ_9 = Instrument(
    name="PHQ-9",
    title="Patient Health Questionnaire, 9 questions",
    panel="44249-1",
    items=("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"),
    total="44261-6",
    range=Range(0, 27),
    item_range=Range(0, 3),
    answers=HOW_OFTEN,
    method="sum",  # 69722-7, how difficult it all makes life, is asked along with it and not added (PACIO phq9)
    bands=(
        Band("minimal", 0, 4),
        Band("mild", 5, 9),
        Band("moderate", 10, 14),
        Band("moderately severe", 15, 19),
        Band("severe", 20, 27),
    ),
    canonicals=(
        "http://hl7.org/fhir/us/core/Questionnaire/phq-9-example",
    ),  # HL7/US-Core, the Questionnaire and its response
    links="phq9",
    source="codes: US Core Questionnaire-phq-9-example, PACIO phq9; bands: Kroenke 2001 (JGIM 16:606), PACIO phq9",
)
PHQ_9_ITEM_9 = "44260-8"


def phq_2(cut_off: int = 3) -> Instrument:
    """The first two questions of PHQ-9; from which total on it counts as positive is for the site to say.

    3 is usual, 2 finds more (Arroll 2010, PMC2906530): so nobody is told that a 2 was named wrongly.
    """
    return Instrument(
        name="PHQ-2",
        title="Patient Health Questionnaire, 2 questions",
        panel="55757-9",
        items=PHQ_9.items[:2],
        total="55758-7",  # 58120-7 is a variant of CMS
        range=Range(0, 6),
        item_range=Range(0, 3),
        answers=HOW_OFTEN,
        method="sum",
        bands=(Band("negative", 0, cut_off - 1), Band("positive", cut_off, 6)),
        doubtful=Range(2, 2),
        source="codes: loinc.org 55757-9, VSAC 1032.55 and 1260.163; cut-off: Arroll 2010, hindawi cpn/2013/695925",
    )


GAD_7 = Instrument(
    name="GAD-7",
    title="Generalized anxiety disorder, 7 questions",
    panel="69737-5",
    items=("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
    total="70274-6",
    range=Range(0, 21),
    item_range=Range(0, 3),
    answers=HOW_OFTEN,
    method="sum",
    bands=(Band("minimal", 0, 4), Band("mild", 5, 9), Band("moderate", 10, 14), Band("severe", 15, 21)),
    links="gad7",
    source="codes: LOINC panel 69737-5, PACIO gad7; bands: Spitzer 2006, PACIO gad7",
)

# The one number itself: there is no panel.
NRS = Instrument(
    name="NRS",
    title="Pain severity, 0 to 10, verbal numeric rating",
    items=("72514-3",),
    total="72514-3",
    range=Range(0, 10),
    item_range=Range(0, 10),
    whole=False,
    method="sum",
    source="VSAC 2.16.840.1.113883.3.526.3.1028 (CMS157), CMS ACCESS MSK bundle",
)

# Public domain (Krebs 2009).
PEG = Instrument(
    name="PEG",
    title="Pain, enjoyment of life, general activity",
    panel="91148-7",
    items=("75893-8", "91145-3", "91146-1"),
    total="91147-9",
    range=Range(0, 10),
    item_range=Range(0, 10),
    whole=False,
    method="mean",
    source="codes: LOINC panel 91148-7, AHRQ CDS Connect pain summary (91147-9), two public libraries of forms;"
    " mean of three: Krebs 2009 (JGIM 24:733), CRAN cliot",
)

# (c) Jeremy Fairbank 1980, distributed by Mapi Research Trust (loinc.org 97909-6): codes and arithmetic only.
# LOINC has a score and no codes for questions or answers: an answer weighs what its ordinalValue says.
# loinc.org 97909-6 prints 0-4, 5-14, 15-24, 25-34, 35-50: those are points and the NDI's, not the ODI's percent.
ODI = Instrument(
    name="ODI",
    title="Oswestry Disability Index",
    panel="97908-8",
    items=tuple(f"odi-{number}" for number in range(1, 11)),
    total="97909-6",
    unit="%",
    range=Range(0, 100),
    item_range=Range(0, 5),
    method="percent",
    missing="of the answered",  # section 8 is "if applicable"
    bands=(
        Band("minimal", 0, 20),
        Band("moderate", 21, 40),
        Band("severe", 41, 60),
        Band("crippled", 61, 80),
        Band("bed-bound or exaggerating", 81, 100),
    ),
    links="odi",
    source="codes: loinc.org 97908-8 and 97909-6, PACIO odi; linkIds: PACIO odi, CMS ACCESS;"
    " arithmetic: loinc.org 97909-6; bands: PACIO odi, Annals of Surgical Innovation and Research 7:12",
)

# Howard Vernon; no licence page was found: codes and arithmetic only.  The answer codes do not run in sequence
# (LA26367-5 among the headaches) and were not all found twice: an answer weighs what its ordinalValue says, or what a
# site's own list says.
NDI_ITEMS = (
    "82227-0", "82228-8", "82229-6", "82230-4", "82231-2", "82232-0", "82233-8", "82234-6", "82235-3", "82236-1",
)  # fmt: skip
NDI = Instrument(
    name="NDI",
    title="Neck Disability Index",
    panel="82226-2",
    items=NDI_ITEMS,
    total="82237-9",
    range=Range(0, 50),
    item_range=Range(0, 5),
    method="sum",
    missing="mean of the others, if asked",  # Vernon (chiro.org/forms/NDI_Explain); the paper of 1991 has no rule
    bands=(
        Band("none", 0, 4, also=("no",)),
        Band("mild", 5, 14),
        Band("moderate", 15, 24),
        Band("severe", 25, 34),
        Band("complete", 35, 50),
    ),
    percent_per_point=2,  # PACIO keeps percent under the code for which the literature has points
    doubtful=Range(32, 34),  # 65 to 69 percent: severe by Vernon's points, complete by PACIO's percent
    links="ndi",
    source="codes: VSAC 1267.13, PACIO ndi; bands: Vernon (chiro.org/forms/NDI_Explain), metriks.ca, Physiotutors",
)

# (c) 2018 Dr. Lynn Webster, used with permission (loinc.org 91392-1).  LOINC codes for its questions were not found
# twice, so they have names of our own; an answer is 1 for yes and 0 for no, or a boolean.
ORT_WEIGHTS = {  # for a woman, for a man
    "ort-family-alcohol": (1, 3),
    "ort-family-illegal-drugs": (2, 3),
    "ort-family-prescription-drugs": (4, 4),
    "ort-personal-alcohol": (3, 3),
    "ort-personal-illegal-drugs": (4, 4),
    "ort-personal-prescription-drugs": (5, 5),
    "ort-age-16-to-45": (1, 1),
    "ort-preadolescent-sexual-abuse": (3, 0),
    "ort-other-psychological-disease": (2, 2),
    "ort-depression": (1, 1),
}
ORT = Instrument(
    name="ORT",
    title="Opioid Risk Tool",
    panel="91393-9",
    items=tuple(ORT_WEIGHTS),
    total="91392-1",
    range=Range(0, 26),
    item_range=Range(0, 1),
    method="by sex",
    by_sex={
        "female": {item: weight for item, (weight, _) in ORT_WEIGHTS.items()},
        "male": {item: weight for item, (_, weight) in ORT_WEIGHTS.items()},
    },
    bands=(Band("low", 0, 3), Band("moderate", 4, 7), Band("high", 8, 26)),
    source="codes: loinc.org 91392-1, VSAC 1032.55; weights: Webster 2005 in Canadian Family Physician, CRAN cliot;"
    " bands: loinc.org 91392-1, MDCalc",
)

# (c) Charles S. Cleeland 1991.  The codes of its seven questions have one source (VSAC 1267.13): not shipped.
BPI = Instrument(
    name="BPI",
    title="Brief Pain Inventory, short form: interference",
    total="77565-0",
    range=Range(0, 10),
    method="delivered",  # the mean of seven questions of 0 to 10 (loinc.org 77565-0)
    source="VSAC 2.16.840.1.113883.3.526.3.1028 (CMS157), VSAC 1267.13",
)

# PROMIS: terms of HealthMeasures.  The table from raw to T has one source, so a T-score is what is delivered.
PROMIS_6A = Instrument(
    name="PROMIS-PI-6a",
    title="PROMIS pain interference 6a, raw",
    panel="90973-9",
    items=("61758-9", "61769-6", "61773-8", "61775-3", "61761-3", "61777-9"),
    total="90974-7",
    range=Range(6, 30),
    item_range=Range(1, 5),
    method="delivered",
    source="VSAC 1267.13, PACIO promis-pi",
)
# of the forms 6b and 8a only the panels: the codes of their raw scores have one source
PROMIS_OTHERS = tuple(
    Instrument(name=name, title=title, panel=panel, total=total, method="delivered", source=source)
    for name, title, panel, total, source in (
        ("PROMIS-PI-6b", "PROMIS pain interference 6b", "62193-8", None, "VSAC 1267.13, VSAC 1222.1590"),
        ("PROMIS-PI-8a", "PROMIS pain interference 8a", "75870-6", None, "VSAC 1267.13, VSAC 1222.1590"),
        ("PROMIS-PI-T", "PROMIS pain interference, T-score", None, "77865-4", "VSAC 1267.13, PACIO promis-pi"),
        ("PROMIS-29-PI", "PROMIS-29 pain interference, raw", None, "71962-5", "VSAC 1267.13 and another VSAC set"),
        ("PROMIS-29-PI-T", "PROMIS-29 pain interference, T", None, "71961-7", "VSAC 1267.13 and another VSAC set"),
    )
)

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType({
    instrument.name: instrument
    for instrument in (
        NRS, PEG, PHQ_9, phq_2(), GAD_7, ODI, NDI, ORT, BPI, PROMIS_6A, *PROMIS_OTHERS,
    )
})  # fmt: skip
