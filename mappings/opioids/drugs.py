"""Which drug a prescription names, by RxNorm code: an opioid with what its product contains, or surely none.

A code is looked up in two tables: products.json, made of CDC's value sets, and
known_drugs.json, held by hand.  Names are never matched to find a drug; they only serve to find that a code
and a name speak of different drugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from mappings.opioids.refusals import NoFigure, part, records
from mappings.r4.exact_json import loads

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
FACTORS = {
    "codeine": Decimal("0.15"),
    "fentanyl": Decimal("2.4"),
    "hydrocodone": Decimal("1.0"),
    "hydromorphone": Decimal("5.0"),
    "methadone": Decimal("4.7"),
    "morphine": Decimal("1.0"),
    "oxycodone": Decimal("1.5"),
    "oxymorphone": Decimal("3.0"),
    "tapentadol": Decimal("0.4"),
    "tramadol": Decimal("0.2"),
}
"""MME for each mg a day, of fentanyl patches for each ug/h: CDC Clinical Practice Guideline for Prescribing Opioids for
Pain, 2022 (MMWR Recomm Rep 2022;71(3)), its table.  Not the factors of 2016, which some software still carries."""

BUPRENORPHINE = "buprenorphine"
WITHOUT_FACTOR = "an opioid without a factor"
UNREAD = "an opioid whose name states no strength"

_TABLES = Path(__file__).parent


@dataclass(frozen=True)
class Product:
    """What one unit of a product contains: 5 mg, 2 mg/mL, 0.025 mg/h."""

    strength: Fraction
    unit: str
    form: str
    combined: bool

    @property
    def route(self) -> str:
        """oral, transdermal, another way, or "" where the name of the form does not say it."""
        words = self.form.split()
        if "Oral" in words:
            return "oral"
        if "Transdermal" in words:
            return "transdermal"
        return "" if self.form == "Extended Release Suspension" else "another way"


@dataclass(frozen=True)
class Drug:
    """An opioid: its name, and its product where the code names one."""

    name: str
    product: Product | None = None


@dataclass(frozen=True)
class Depressant:
    """A drug that depresses the central nervous system beside the opioid: its class and its name in the tables."""

    kind: str
    name: str


@cache
def opioids() -> dict[str, Drug]:
    """Every code that is known to be an opioid's."""
    table, known = _table("products"), _table("known_drugs")
    found = {code: Drug(row["name"]) for code, row in known["ingredients"].items() if row["is"] == "opioid"}
    for title, name in (("buprenorphine", BUPRENORPHINE), ("without_factor", WITHOUT_FACTOR), ("unread", UNREAD)):
        found |= {code: Drug(name) for code in table[title]}
    for code, row in table["products"].items():
        found[code] = Drug(
            row["drug"], Product(Fraction(row["strength"]), row["unit"], row["form"], combined="with" in row)
        )
    return found


@cache
def depressants() -> dict[str, Depressant]:
    """Every code that is known to be a benzodiazepine's or another CNS depressant's."""
    table, known = _table("products"), _table("known_drugs")
    found = {
        code: Depressant(row["depressant"], row["name"])
        for rows in (known["ingredients"], known["products"])
        for code, row in rows.items()
        if "depressant" in row
    }
    found |= {code: Depressant("CNS depressant", name) for code, name in table["cns_depressants"].items()}
    return found | {code: Depressant("benzodiazepine", name) for code, name in table["benzodiazepines"].items()}


@cache
def others() -> frozenset[str]:
    """Every code that is known to be no opioid's."""
    table, known = _table("products"), _table("known_drugs")
    rows = known["ingredients"] | known["products"]
    known_others = {code for code, row in rows.items() if row["is"] != "opioid"}
    return frozenset(known_others.union(table["naloxone"], table["stimulants"], depressants()))


def opioid_of(prescription: dict[str, Any]) -> Drug | None:
    """The opioid that is prescribed, None if the drug is surely no opioid.

    NoFigure if the drug is not known, has no factor, or if codes and names speak of different drugs or strengths."""
    concepts = _concepts(prescription)
    codes = set(_codes(concepts))
    found = [opioids()[code] for code in codes & opioids().keys()]
    spoken_of = _names(concepts) | {opioids()[code].name for code in _ingredients(prescription) & opioids().keys()}
    if found:
        drug = _the_one(found)
        if codes & others() or spoken_of - {drug.name}:
            raise NoFigure("drug-contradictory")
        return drug
    if not codes or codes - others():  # an unknown code beside a known one: a combination, or another drug
        raise NoFigure("drug-unknown")
    if spoken_of:
        raise NoFigure("drug-contradictory")
    return None


def _the_one(found: list[Drug]) -> Drug:
    names = {drug.name for drug in found}
    products = {drug.product for drug in found if drug.product}
    counted = names & FACTORS.keys()
    if UNREAD in names:
        raise NoFigure("strength-not-known")
    if len(products) > 1 or (counted and len(names) > 1):
        raise NoFigure("drug-contradictory")
    if not counted:
        raise NoFigure("buprenorphine" if BUPRENORPHINE in names else "no-factor")
    return Drug(names.pop(), products.pop() if products else None)


def may_be_opioid(prescription: dict[str, Any]) -> bool:
    """Whether any code or word of the drug is an opioid's: for a warning, which is better given once too often."""
    return bool(_all_codes(prescription) & opioids().keys() or _names(_said_of_drug(prescription)))


def depressants_of(prescription: dict[str, Any]) -> tuple[Depressant, ...]:
    """The depressants that the codes of the drug and of what is in it name, each once; also one that is combined with
    an opioid, such as carisoprodol with codeine."""
    codes = _all_codes(prescription)
    rows = [_table("products")["products"][code] for code in codes & opioids().keys() if opioids()[code].product]
    beside = {name for row in rows for name in row.get("with", ())}
    found = {depressants()[code] for code in codes & depressants().keys()}
    found |= {each for each in depressants().values() if each.name in beside}
    return tuple(sorted(found, key=lambda depressant: (depressant.kind, depressant.name)))


def _all_codes(prescription: dict[str, Any]) -> set[str]:
    return set(_codes(_said_of_drug(prescription)))


def _said_of_drug(prescription: dict[str, Any]) -> list[dict[str, Any]]:
    """Every record in what is said of the drug, whatever its form."""
    return [*_inside(prescription.get("drug")), *_inside(prescription.get("medication"))]


def _concepts(prescription: dict[str, Any]) -> list[dict[str, Any]]:
    named = [part(prescription, "drug"), part(part(prescription, "medication"), "drug")]
    return [coding for concept in named for coding in (concept, *records(concept, "also"))]


def _codes(codings: list[dict[str, Any]]) -> Iterator[str]:
    for coding in codings:
        code = coding.get("code")
        if coding.get("system") == RXNORM and isinstance(code, str):
            yield code


def _ingredients(prescription: dict[str, Any]) -> set[str]:
    """The codes of what the prescribed product is said to be made of."""
    return set(_codes(list(_inside(records(part(prescription, "medication"), "ingredients")))))


def _inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _inside(member)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)


def _names(codings: list[dict[str, Any]]) -> set[str]:
    """The opioids that the words beside the codes name."""
    words = " ".join(f"{coding.get(name, '')}" for coding in codings for name in ("text", "display"))
    return set(_opioid_names().findall(words.lower()))


@cache
def _opioid_names() -> re.Pattern[str]:
    rows = _table("known_drugs")["ingredients"].values()
    return re.compile(rf"\b(?:{'|'.join(sorted(row['name'] for row in rows if row['is'] == 'opioid'))})\b")


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = loads((_TABLES / f"{name}.json").read_bytes())
    return table
