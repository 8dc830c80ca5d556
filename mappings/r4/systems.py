"""Code systems and identifier systems by OID: the URL that R4 wants instead (systems.json, made by generate.py)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).with_name("systems.json")


@functools.cache
def urls() -> Mapping[str, str]:
    """The canonical URL of a system by its OID: "2.16.840.1.113883.6.1" is "http://loinc.org"."""
    found: dict[str, str] = json.loads(_TABLE.read_bytes())["systems"]
    return found
