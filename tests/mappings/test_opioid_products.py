"""The table of opioid products is what its generator makes, and nothing is read out of a name that is not in it.

OPIOID_VALUE_SETS may name the CSV of CDC's value sets; without it the generator is fed with the table's own names.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mappings.opioids.drugs import FACTORS
from mappings.opioids.generate_products import (
    RXNORM,
    STIMULANTS,
    TABLE,
    WITH_FACTOR,
    Unread,
    product,
    read,
    table,
    tables,
)
from mappings.r4.exact_json import loads

WRITTEN: dict[str, Any] = loads(TABLE.read_bytes())
KNOWN: dict[str, Any] = loads(TABLE.with_name("known_drugs.json").read_bytes())
SETS = {
    "products": "synthetic-opioid-medications",
    "unread": "fentanyl-type-medications",
    "buprenorphine": "buprenorphine-medications",
    "without_factor": "non-synthetic-opioid-medications",
    "naloxone": "naloxone-medications",
    "benzodiazepines": "benzodiazepine-medications",
    "cns_depressants": "cns-depressant-medications",
    "stimulants": "cns-depressant-medications",
}


def value_sets() -> list[dict[str, str]]:
    """The rows of the CSV, or as much of them as the table itself tells."""
    if named := os.environ.get("OPIOID_VALUE_SETS"):
        return read(Path(named))
    return [
        {
            "value_set": value_set,
            "system": RXNORM,
            "code": code,
            "display": row["name"] if isinstance(row, dict) else row,
        }
        for title, value_set in SETS.items()
        for code, row in WRITTEN[title].items()
    ]


def test_the_table_is_what_the_generator_makes() -> None:
    assert table(value_sets()) == TABLE.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "drug", "strength", "unit", "form", "others"),
    [
        ("tramadol hydrochloride 50 MG Oral Tablet", "tramadol", "50", "mg", "Oral Tablet", []),
        (
            "12 HR oxycodone hydrochloride 30 MG Extended Release Oral Tablet [X]",
            *("oxycodone", "30", "mg", "Extended Release Oral Tablet", []),
        ),
        (
            "Abuse-Deterrent 12 HR oxycodone 13.5 MG Extended Release Oral Capsule [Xtampza]",
            *("oxycodone", "13.5", "mg", "Extended Release Oral Capsule", []),
        ),
        (
            "Matrix Delivery 24 HR tramadol hydrochloride 300 MG Extended Release Oral Tablet",
            *("tramadol", "300", "mg", "Extended Release Oral Tablet", []),
        ),
        (
            "72 HR fentanyl 0.025 MG/HR Transdermal System",
            *("fentanyl", "0.025", "mg/h", "Transdermal System", []),
        ),
        ("morphine sulfate 2 MG/ML Oral Solution", "morphine", "2", "mg/mL", "Oral Solution", []),
        (
            "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet",
            *("hydrocodone", "5", "mg", "Oral Tablet", ["acetaminophen"]),
        ),
        (
            "acetaminophen 325 MG / butalbital 50 MG / caffeine 40 MG / codeine phosphate 30 MG Oral Capsule",
            *("codeine", "30", "mg", "Oral Capsule", ["acetaminophen", "butalbital", "caffeine"]),
        ),
        ("10 ML morphine sulfate 0.5 MG/ML Injection [Duramorph]", "morphine", "0.5", "mg/mL", "Injection", []),
        (
            "methadone hydrochloride 40 MG Tablet for Oral Suspension [Diskets]",
            *("methadone", "40", "mg", "Tablet for Oral Suspension", []),
        ),
        (
            "fentanyl 0.1 MG/ACTUAT Metered Dose Nasal Spray [Lazanda]",
            *("fentanyl", "0.1", "mg/actuation", "Metered Dose Nasal Spray", []),
        ),
    ],
)
def test_a_name_is_read(name: str, drug: str, strength: str, unit: str, form: str, others: list[str]) -> None:
    row = product(name)
    assert row is not None
    assert (row["drug"], Decimal(row["strength"]), row["unit"]) == (drug, Decimal(strength), unit)
    assert (row["form"], row.get("with", [])) == (form, others)


@pytest.mark.parametrize(
    "name",
    [
        "{2 (fentanyl 0.6 MG/ACTUAT Mucosal Spray) } Pack",
        "aspirin 325 MG / oxycodone hydrochloride 4.5 MG / oxycodone terephthalate 0.38 MG Oral Tablet",
        "oxycodone hydrochloride 5 MG",
        "oxycodone Oral Tablet",
        "oxycodone hydrochloride 5 UNT/ML Oral Solution",
        "oxycodone hydrochloride 5 MG Oral Tablet / acetaminophen 325 MG Oral Tablet",
        "oxycodone hydrochloride 5 MG / meperidine hydrochloride 50 MG Oral Tablet",
        "oxycodone hydrochloride 5 MG / tramadol hydrochloride 50 MG Oral Tablet",
        "Oxycodone Hydrochloride 5 MG Oral Tablet",
    ],
)
def test_a_name_that_is_not_certain_is_left_out(name: str) -> None:
    with pytest.raises(Unread):
        product(name, frozenset({"meperidine"}))


@pytest.mark.parametrize("name", ["meperidine hydrochloride 50 MG Oral Tablet", "benzhydrocodone 4.08 MG Oral Tablet"])
def test_an_opioid_without_a_factor_is_no_product_of_one_that_has_a_like_name(name: str) -> None:
    assert product(name) is None


def test_what_is_left_out_is_told_with_its_reason() -> None:
    row = {"value_set": "cns-depressant-medications", "system": RXNORM, "code": "977860"}
    rows = [row | {"display": "methamphetamine hydrochloride 5 MG Oral Tablet"}]
    rows += [row | {"value_set": "fentanyl-type-medications", "display": "{2 (fentanyl) } Pack"}]
    found, left_out = tables(rows)
    assert found["cns_depressants"] == {}
    assert found["stimulants"].keys() == {"977860"}
    assert found["unread"] == {"977860": "{2 (fentanyl) } Pack"}
    assert left_out["methamphetamine hydrochloride 5 MG Oral Tablet"] == "a stimulant, not a depressant"


def test_the_tables_agree() -> None:
    assert set(WITH_FACTOR) == FACTORS.keys()
    opioids = {row["name"] for row in KNOWN["ingredients"].values() if row["is"] == "opioid"}
    assert opioids > FACTORS.keys()
    titles = [set(WRITTEN[title]) for title in SETS] + [set(KNOWN["ingredients"]), set(KNOWN["products"])]
    assert sum(map(len, titles)) == len(set().union(*titles)), "a code stands in one place only"
    assert not any(name.startswith(STIMULANTS) for name in WRITTEN["cns_depressants"].values())


def test_a_drug_held_by_hand_has_two_sources() -> None:
    for title in ("ingredients", "products"):
        for row in KNOWN[title].values():
            assert len(set(row["sources"].split("; "))) >= 2
