"""Writes products.json, the table of opioid products by RxNorm code, from the value sets of CDC's opioid guide.

    python -m mappings.opioids.generate_products VALUE_SETS_CSV

The CSV has the columns value_set, system, code and display: the value sets of cqframework/opioid-cds-r4, with the names
of RxNorm (as in VSAC).  A product's drug, strength and form are read out of its name and from nowhere else:

    "197696":{"name":"72 HR fentanyl 0.075 MG/HR Transdermal System","drug":"fentanyl","strength":0.075, ...}

The strength is the labelled one, of the salt where the name states the salt; nothing is recalculated to the base,
because CDC's factors are applied to the labelled strength.  Which drug a salt belongs to is told by the first word of
its name ("hydrocodone bitartrate").  A name that cannot be read with certainty is printed with the reason and stands
under "unread": known as an opioid, without a strength.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mappings.r4.exact_json import dumps
from mappings.values import Json, Number

TABLE = Path(__file__).with_name("products.json")
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SOURCE = {
    "name": "Value sets of CDC's opioid guide, github.com/cqframework/opioid-cds-r4; names of RxNorm as in VSAC",
    "credit": "RxNorm: US National Library of Medicine, which does not endorse this table.",
    "note": "Made by mappings.opioids.generate_products.py; not to be edited.",
}

WITH_FACTOR = (
    "codeine",
    "fentanyl",
    "hydrocodone",
    "hydromorphone",
    "methadone",
    "morphine",
    "oxycodone",
    "oxymorphone",
    "tapentadol",
    "tramadol",
)
"""The opioids that CDC's guideline of 2022 has a factor for."""

OPIOID_SETS = (
    "buprenorphine-and-methadone-medications",
    "buprenorphine-medications",
    "extended-release-opioid-with-ambulatory-misuse-potential",
    "fentanyl-type-medications",
    "methadone-medications",
    "non-synthetic-opioid-medications",
    "oxycodone-medications",
    "synthetic-opioid-medications",
)
OTHER_SETS = ("naloxone-medications", "benzodiazepine-medications", "cns-depressant-medications")
STIMULANTS = ("benzphetamine", "diethylpropion", "methamphetamine", "phendimetrazine", "phentermine")
"""In the value set of CNS depressants, yet the opposite: sympathomimetic amines (so their FDA labels).  They stand
under "stimulants"; phentermine with topiramate, which is sedating, stays with the depressants."""

_COMPONENT = re.compile(
    r"(?:(?:Abuse-Deterrent|Matrix Delivery|[0-9.]+ (?:HR|ML|ACTUAT)) )*"
    r"(?P<ingredient>[a-z][a-z ]*[a-z]) (?P<strength>[0-9]+(?:\.[0-9]+)?) "
    r"(?P<unit>MG/ML|MG/HR|MG/ACTUAT|MG)(?: (?P<form>[A-Z][A-Za-z -]*))?"
)
_UNITS = {"MG": "mg", "MG/ML": "mg/mL", "MG/HR": "mg/h", "MG/ACTUAT": "mg/actuation"}


class Unread(ValueError):
    """A name that cannot be read with certainty; says why."""


class Component(NamedTuple):
    ingredient: str
    strength: str
    unit: str
    form: str


def components(name: str) -> list[Component]:
    """What is in a product, by its RxNorm name without the brand; Unread if any part of the name is not understood."""
    parts = re.sub(r" \[[^\[\]]*\]$", "", name).split(" / ")
    found = []
    for number, part in enumerate(parts, 1):
        match = _COMPONENT.fullmatch(part)
        if not match or bool(match["form"]) is not (number == len(parts)):
            raise Unread("a pack, or a name of another form than 'ingredient strength unit ... dose form'")
        found.append(Component(match["ingredient"], match["strength"], _UNITS[match["unit"]], match["form"] or ""))
    return found


def product(name: str, opioids: frozenset[str] = frozenset()) -> dict[str, Json] | None:
    """The row of a product, None if no opioid with a factor is in it; OPIOIDS are the first words of all the others."""
    parts = components(name)
    counted = [part for part in parts if part.ingredient.split()[0] in WITH_FACTOR]
    if not counted:
        return None
    if len(counted) > 1 or any(part.ingredient.split()[0] in opioids for part in parts):
        raise Unread("two opioids, or two salts of one: not one strength")
    (opioid,) = counted
    row: dict[str, Json] = {"name": name, "drug": opioid.ingredient.split()[0], "strength": _number(opioid.strength)}
    row |= {"unit": opioid.unit, "form": parts[-1].form}
    others = [part.ingredient for part in parts if part is not opioid]
    return row | {"with": others} if others else row


def tables(rows: list[dict[str, str]]) -> tuple[dict[str, dict[str, Json]], dict[str, str]]:
    """The members of the table by their name, each by code; and, by product name, why one was left out."""
    sets = {name: _members(rows, name) for name in (*OPIOID_SETS, *OTHER_SETS)}
    named: dict[str, str] = {}
    for value_set in OPIOID_SETS:
        named |= sets[value_set]
    others = frozenset(_sole_ingredients(named.values()))
    found: dict[str, dict[str, Json]] = {"products": {}, "unread": {}, "buprenorphine": {}, "without_factor": {}}
    left_out: dict[str, str] = {}
    for code, name in named.items():
        try:
            row = product(name, others)
        except Unread as why:
            found["unread"][code] = name
            left_out[name] = f"{why}"
            continue
        if row:
            found["products"][code] = row
        else:
            found["buprenorphine" if code in sets["buprenorphine-medications"] else "without_factor"][code] = name
    found["naloxone"] = {code: name for code, name in sets["naloxone-medications"].items() if code not in named}
    found["benzodiazepines"] = dict(sets["benzodiazepine-medications"])
    found |= {"cns_depressants": {}, "stimulants": {}}
    for code, name in sets["cns-depressant-medications"].items():
        stimulant = _is_stimulant(name)
        found["stimulants" if stimulant else "cns_depressants"][code] = name
        if stimulant:
            left_out[name] = "a stimulant, not a depressant"
    return found, left_out


def table(rows: list[dict[str, str]]) -> str:
    """The text of products.json."""
    sections = [f'"source":{_compact(SOURCE)}']
    for title, members in tables(rows)[0].items():
        lines = [f"{_compact(code)}:{_compact(members[code])}" for code in sorted(members, key=int)]
        sections.append(f'"{title}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(sections) + "}\n"


def read(path: Path) -> list[dict[str, str]]:
    """The rows of the CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _members(rows: list[dict[str, str]], value_set: str) -> dict[str, str]:
    return {row["code"]: row["display"] for row in rows if row["value_set"] == value_set and row["system"] == RXNORM}


def _sole_ingredients(names: Any) -> Iterator[str]:
    """The first words of what makes an opioid product alone and has no factor: meperidine, levorphanol ..."""
    for name in names:
        try:
            first, *more = components(name)
        except Unread:
            continue
        word = first.ingredient.split()[0]
        if not more and word not in WITH_FACTOR:
            yield word


def _is_stimulant(name: str) -> bool:
    try:
        return all(part.ingredient.split()[0] in STIMULANTS for part in components(name))
    except Unread:
        return False


def _number(text: str) -> Json:
    return Number(text) if "." in text else int(text)


def _compact(value: Json) -> str:
    return dumps(value).decode()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    rows = read(Path(arguments[0]))
    found, left_out = tables(rows)
    TABLE.write_text(table(rows), "utf-8")
    for name, why in sorted(left_out.items()):
        sys.stdout.write(f"left out: {name}: {why}\n")
    counts = ", ".join(f"{len(members)} {title}" for title, members in found.items())
    sys.stdout.write(f"{counts}; {len(left_out)} left out\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
