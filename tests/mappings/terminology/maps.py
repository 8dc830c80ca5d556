"""ConceptMaps to try, written as briefly as they can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mappings.lens.tables import Table
from mappings.r4.exact_json import dumps
from mappings.terminology import read_table
from mappings.terminology.reader import WAY_BACK

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"

Target = dict[str, Any]


def target(code: str, equivalence: str = "equal", back: str = "", **more: Any) -> Target:
    said = {"extension": [{"url": WAY_BACK, "valueCode": back}]} if back else {}
    return {**said, **({"code": code} if code else {}), "equivalence": equivalence, **more}


def concept_map(words: dict[str, list[Target]], system: str = SNOMED) -> dict[str, Any]:
    elements = [{"code": word, "target": targets} for word, targets in words.items()]
    return {
        "resourceType": "ConceptMap",
        "status": "active",
        "group": [{"source": "urn:words", "target": system, "element": elements}],
    }


def written(folder: Path, name: str, value: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_bytes(dumps(value))
    return file


def table_of(folder: Path, words: dict[str, list[Target]], name: str = "t") -> Table:
    return read_table(written(folder, name, concept_map(words)))
