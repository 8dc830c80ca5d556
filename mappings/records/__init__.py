"""Clinic records as such: their schemas, built from the rules that map them, and what no single rule can say.

The rules are the one truth; a schema is one more reading of them.
"""

from __future__ import annotations

from typing import Any

from mappings.issues import Issue
from mappings.lens.making import record_path
from mappings.lens.reading import Trail
from mappings.sites import AS_SHIPPED, Site


def check(record: Any, site: Site = AS_SHIPPED) -> list[Issue]:
    """What is wrong with a clinic record: fields, types, required ones, and what spans fields; empty if nothing is."""
    from mappings.records.schema import schema_of
    from mappings.records.spanning import SPANNING
    from mappings.roots import roots

    known = roots(site)
    kind = record.get("record") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in known:
        return [Issue("error", "invalid", "record", f"Say which record this is: one of {', '.join(known)}.")]
    sort = str(record.get("kind", ""))
    if "" not in known[kind] and sort not in known[kind]:
        return [Issue("error", "invalid", "kind", f"Say which {kind} this is: one of {', '.join(known[kind])}.")]
    found = list(_issues(schema_of(kind, sort if sort in known[kind] else "", site).validate(record), ()))
    if not found:
        found = [issue for rule in (*SPANNING[""], *SPANNING.get(kind, ())) for issue in rule(record)]
    return found


def _issues(errors: Any, trail: Trail) -> list[Issue]:
    if isinstance(errors, dict):
        return [
            issue
            for name, inner in errors.items()
            for issue in _issues(inner, trail if name == "_schema" else (*trail, name))
        ]
    nested = [issue for inner in errors if isinstance(inner, dict) for issue in _issues(inner, trail)]
    return [
        *(Issue("error", _code(text), record_path(trail), text) for text in errors if isinstance(text, str)),
        *nested,
    ]


def _code(text: str) -> str:
    if text.startswith("Say") and "must" in text:
        return "required"
    if text.startswith(("Take", "Say one of: ")):
        return "code-invalid"
    return "value" if text.startswith(("This may lead", "Write a reference")) else "structure"
