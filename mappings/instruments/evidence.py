"""The answered forms and the observations of a record, wherever they stand in it, and which comes from which."""

from __future__ import annotations

from typing import NamedTuple

from mappings.instruments.answers import Record, listed
from mappings.values import Json

WITHDRAWN = "entered-in-error"

INHERITED = ("status", "derived_from", "taken_on", "taken_at", "modifier_extensions")
"""What a component has from its observation, and a single result from its panel where it does not say so itself."""


class Placed(NamedTuple):
    """A form or observation and its place in the record."""

    path: str
    record: Record

    @property
    def counts(self) -> bool:
        """Whether it was not withdrawn: amended, stopped and half finished ones count."""
        return self.record.get("status") != WITHDRAWN


class Evidence(NamedTuple):
    """All forms and all observations."""

    forms: list[Placed]
    observations: list[Placed]


def gather(forms: Json, scores: Json, forms_at: str = "forms", scores_at: str = "scores") -> Evidence:
    """Those of the two lists, the parts and members of an observation, and what it says it was worked out from.

    forms_at, scores_at: what the two lists are called in the record.
    """
    return _with_all_below(_placed(forms, forms_at), _placed(scores, scores_at))


def found_in(record: Record) -> Evidence:
    """Those of a whole record, wherever in it they are told."""
    forms: list[Placed] = []
    observations: list[Placed] = []
    pending: list[tuple[str, Json, Record | None]] = [("", record, None)]
    while pending:
        path, value, form = pending.pop()
        if isinstance(value, list):
            pending += [(f"{path}[{n}]", one, form) for n, one in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            if is_form(value) and "status" in value:
                forms.append(Placed(path, value))
                form = value
            elif "what" in value and "status" in value:
                # what is told within a form goes without saying that it comes from it
                observations.append(Placed(path, value if form is None else {"derived_from": [form], **value}))
                continue
            below = [(f"{path}.{name}".lstrip("."), one, form) for name, one in value.items()]
            pending += reversed([one for one in below if not one[0].endswith("extensions")])
    return _with_all_below(forms, observations)


def _with_all_below(forms: list[Placed], observations: list[Placed]) -> Evidence:
    found = Evidence(forms, [])
    pending = [(one.path, one.record, one.record) for one in reversed(observations)]
    while pending:
        path, record, told = pending.pop()
        found.observations.append(Placed(path, told))
        below = []
        for name in ("components", "members", "derived_from"):
            for place, other in listed(record, name, path):
                if is_form(other):
                    if not _named(found.forms, other):
                        found.forms.append(Placed(place, other))
                elif "what" in other:
                    above = {} if name == "derived_from" else {key: told[key] for key in INHERITED if key in told}
                    below.append((place, other, {**above, **other}))
        pending += reversed(below)
    return found


def _placed(records: Json, at: str) -> list[Placed]:
    if not isinstance(records, list):
        return []
    return [Placed(f"{at}[{place}]", one) for place, one in enumerate(records) if isinstance(one, dict)]


def is_form(record: Record) -> bool:
    """Whether a record is an answered form and not an observation or a pointer."""
    return record.get("kind") == "answered_form" or ("items" in record and "what" not in record)


def sources(observation: Record, forms: list[Placed]) -> list[Placed] | None:
    """The forms that an observation says it was worked out from; none of them may be here.  None: it names no form."""
    named, found = False, []
    for _, pointer in listed(observation, "derived_from", ""):
        meant = _named(forms, pointer) if is_form(pointer) else [one for one in forms if _means(pointer, one.record)]
        named = named or bool(meant) or is_form(pointer) or "QuestionnaireResponse" in _kind(pointer)
        found += [one for one in meant if one not in found]
    return found if named else None


def _named(forms: list[Placed], form: Record) -> list[Placed]:
    """The places at which this very form is already known."""
    return [one for one in forms if one.record is form or (form.get("id") and one.record.get("id") == form["id"])]


def _means(pointer: Record, form: Record) -> bool:
    """Whether a pointer leads to a form: by its id, or by its number."""
    ref, name = pointer.get("ref"), form.get("id")
    if isinstance(ref, str) and isinstance(name, str) and name:
        address = ref.partition("/_history/")[0]
        if address in (f"#{name}", f"urn:uuid:{name}") or f"/{address}".endswith(f"/QuestionnaireResponse/{name}"):
            return True
    number, own = pointer.get("ref_identifier"), form.get("identifier")
    if not isinstance(number, dict) or not isinstance(own, dict) or not number.get("value"):
        return False
    return (number.get("system"), number["value"]) == (own.get("system"), own.get("value"))


def _kind(pointer: Record) -> str:
    """What a pointer says about the type of resource that it leads to."""
    return f"{pointer.get('ref_type')} {pointer.get('ref')}"
