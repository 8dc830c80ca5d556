"""Generated FHIR made sound in what its structure does not say: codes from the value sets that R4 requires, references
that may lead where they do, and what the invariants of the data types ask for.

The strategies draw any word for any code: that is what the laws of the language are tried on, which ask nothing of
codes.  Where a record is to be valid R4 it comes from FHIR made sound here.  What is already sound stays as it is; what
takes the place of a word is chosen by that word, so that the same record always gives the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from mappings.lens.rules import ABSENT
from mappings.r4.bindings import binding
from mappings.r4.definitions import Element, alike, children, is_primitive

Node = dict[str, Any]
Coding = tuple[str, str]
Expand = Callable[[str], tuple[Coding, ...]]
"""The codings of a value set, by its URL."""

ELSEWHERE: dict[str, tuple[Coding, ...]] = {
    "http://hl7.org/fhir/ValueSet/mimetypes": (
        ("urn:ietf:bcp:13", "application/pdf"),
        ("urn:ietf:bcp:13", "text/plain"),
    ),
    "http://hl7.org/fhir/ValueSet/currencies": (("urn:iso:std:iso:4217", "EUR"), ("urn:iso:std:iso:4217", "USD")),
    "http://hl7.org/fhir/ValueSet/ucum-units": (
        ("http://unitsofmeasure.org", "mg"),
        ("http://unitsofmeasure.org", "h"),
    ),
    "http://hl7.org/fhir/ValueSet/all-languages": (("urn:ietf:bcp:47", "en"), ("urn:ietf:bcp:47", "de-CH")),
    "http://loinc.org/vs/LL379-9": (("http://loinc.org", "LA9633-4"),),
}
"""Value sets whose codes are not in R4's own package: some that are known to be in them."""

LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"
REASONS = ("unknown", "not-asked", "masked", "not-performed")


@cache
def known_codes(url: str) -> tuple[Coding, ...]:
    """The codings of a required value set, as the table of R4 has them."""
    if url in ELSEWHERE:
        return ELSEWHERE[url]
    bound = binding(url)
    assert bound is not None, url
    return tuple((system, code) for system, codes in bound.systems.items() for code in sorted(codes))  # type: ignore[arg-type]


def _extensions(twin: Any) -> list[Node]:
    return twin.get("extension", []) if isinstance(twin, dict) else []


class Sound:
    """Makes resources sound, one after the other."""

    def __init__(self, expand: Expand = known_codes) -> None:
        self.expand = expand
        self.there: dict[str, str] = {}

    def document(self, resource: Node) -> Node:
        """A resource with what it contains, made sound."""
        self.there = {f"#{inner['id']}": inner["resourceType"] for inner in resource.get("contained", [])}
        self.there["#"] = resource["resourceType"]
        return self.object(resource, resource["resourceType"])

    def object(self, node: Node, type_: str) -> Node:
        known = children(alike(type_))
        made = {name: self.member(value, known[name]) if name in known else value for name, value in node.items()}
        for name in [name for name in node if name.startswith("_")]:
            made |= self.reason_for_absence(name, node, known[name[1:]])
        mend = MEND.get(type_)
        return mend(made) if mend else made

    def reason_for_absence(self, name: str, node: Node, element: Element) -> Node:
        """Where a code is required an extension cannot stand for it; elsewhere a reason is one of those that there
        are."""
        if element.binding and name[1:] not in node:
            codes = [code for _, code in self.expand(element.binding)]
            return {name[1:]: pick(codes, node[name])}
        known = [
            {**one, "valueCode": pick(REASONS, one["valueCode"])} if one.get("url") == ABSENT else one
            for one in _extensions(node[name])
        ]
        return {name: {**node[name], "extension": known}} if known else {}

    def member(self, value: Any, element: Element) -> Any:
        if isinstance(value, list):
            return [self.one(item, element) for item in value]
        return self.one(value, element)

    def one(self, value: Any, element: Element) -> Any:
        if value is None:
            return value
        if is_primitive(element.type):
            return self.primitive(value, element)
        if element.type == "Resource":
            return self.object(value, value["resourceType"])
        made = self.object(value, element.type)
        if element.type == "Reference":
            return reference(made, element, self.there)
        if element.type in ("CodeableConcept", "Coding"):
            return self.coded(made, element)
        return made

    def primitive(self, value: Any, element: Element) -> Any:
        if element.binding:
            codes = [code for _, code in self.expand(element.binding)]
            return value if value in codes else pick(codes, value)
        if element.name == "language" and element.type == "code":
            return pick([code for _, code in self.expand(LANGUAGES)], value)
        if element.type in ("uri", "url", "canonical") and ":" not in value:
            return f"http://example.org/{value}"
        return value

    def coded(self, made: Node, element: Element) -> Node:
        """A concept of a value set that is required: with one of its codings."""
        binding = LANGUAGES if element.name == "language" else element.binding
        if not binding:
            return made
        codings = self.expand(binding)
        first, *others = made.get("coding", [{}]) if element.type == "CodeableConcept" else [made]
        first = _apart_from(first, "version", "display")
        if (first.get("system"), first.get("code")) not in codings:
            system, code = pick(codings, json.dumps(made, default=str, sort_keys=True))
            first = {**first, "system": system, "code": code}
        # beside a coding of no system, and for languages of any other, HAPI takes no code for valid
        others = [one for one in others if "system" in one and binding != LANGUAGES]
        return first if element.type == "Coding" else {**made, "coding": [first, *others]}


def _apart_from(node: Node, *names: str) -> Node:
    return {name: value for name, value in node.items() if name not in names}


def pick(among: Any, word: Any) -> Any:
    return among[zlib.crc32(str(word).encode()) % len(among)]


def reference(node: Node, element: Element, there: dict[str, str]) -> Node:
    """A literal reference leads to a resource of a type that it may lead to; `there` says what lies in the document."""
    ref, allowed = node.get("reference", ""), set(element.targets) - {"Resource"}
    if ref in there:
        target = there[ref]
        if not allowed or target in allowed:
            return {**node, "type": target} if "type" in node else node
    target = pick(sorted(allowed) or ["Basic"], ref or node.get("type"))
    made = {**node, "type": target} if "type" in node else node
    return {**made, "reference": f"{target}/{ref.rpartition('/')[2].strip('#') or 'a'}"} if ref else made


# ---------------------------------------------------------------- what the invariants ask for, type by type

UCUM = "http://unitsofmeasure.org"
WORDS: Node = {"text": "x"}


def _with(**usual: Any) -> Callable[[Node], Node]:
    """Each of these where it is not there."""
    return lambda node: {**usual, **node}


def _needs(name: str, other: str, usual: Any) -> Callable[[Node], Node]:
    """Where the one is, the other is too."""
    return lambda node: node if name not in node or other in node else {**node, other: usual}


def _without(*names: str, where: Callable[[Node], bool]) -> Callable[[Node], Node]:
    return lambda node: _apart_from(node, *names) if where(node) else node


def _any_of(*names: str, usual: Node) -> Callable[[Node], Node]:
    """At least one of these."""
    return lambda node: node if node.keys() & set(names) else {**node, **usual}


def _value(quantity: Any) -> Decimal:
    return Decimal(str(quantity["value"]))


def _period(node: Node) -> Node:
    """Start before end, in one precision: between 2026 and 2026-11-23 nobody can say which is first."""
    start, end = str(node.get("start", "")), str(node.get("end", ""))
    in_order = len(start) == len(end) and start <= end
    return node if not (start and end) or in_order else _apart_from(node, "end")


def _range(node: Node) -> Node:
    low, high = node.get("low"), node.get("high")
    if not (low and high):
        return node
    if "value" not in low or "value" not in high:
        return _apart_from(node, "high")
    first, last = sorted((low, high), key=_value)
    unit = {name: low[name] for name in ("unit", "system", "code") if name in low}
    high = {**_apart_from(high, "unit", "system", "code"), **unit, "value": last["value"]}
    return {**node, "low": {**low, "value": first["value"]}, "high": high}


def _ratio(node: Node) -> Node:
    if not node.keys() & {"numerator", "denominator"} and "extension" in node:
        return node
    return {"numerator": {"value": 1}, "denominator": {"value": 1}, **node}


def _age(node: Node) -> Node:
    positive = "value" in node and _value(node) > 0
    return {**node, "value": node["value"] if positive else 1, "system": UCUM, "code": "a"}


def _duration(node: Node) -> Node:
    return {"value": 1, **node, "system": UCUM, "code": "h"} if "code" in node else node


def _repeat(node: Node) -> Node:
    made = {"duration": 1, "durationUnit": "h", **node} if node.keys() & {"duration", "durationMax"} else dict(node)
    if made.keys() & {"period", "periodMax"}:
        made = {"period": 1, "periodUnit": "d", **made}
    if "countMax" in made:
        made = {"count": 1, **made}
    for name in ("duration", "durationMax", "period", "periodMax"):
        if name in made and Decimal(str(made[name])) < 0:
            made[name] = 1
    if "timeOfDay" in made or set(made.get("when", ())) & {"C", "CM", "CD", "CV"}:
        made.pop("offset", None)
        made.pop("when" if "timeOfDay" in made else "", None)
    elif "offset" in made:
        made = {"when": ["AC"], **made}
    return made


def _attachment(node: Node) -> Node:
    if "data" not in node:
        return node
    data = base64.b64decode(node["data"])
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    true = {"size": len(data), "hash": base64.b64encode(digest).decode()}
    return {"contentType": "text/plain", **node, **{name: value for name, value in true.items() if name in node}}


def _appointment(node: Node) -> Node:
    made = _apart_from(node, "start", "end")
    if "start" in node or "end" in node or node["status"] not in ("proposed", "cancelled", "waitlist"):
        made |= {"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T10:00:00Z"}
    if made["status"] not in ("no-show", "cancelled"):
        made.pop("cancelationReason", None)
    return made


def _status(node: Node, name: str) -> str:
    return next((coding.get("code", "") for coding in node.get(name, {}).get("coding", [])), "")


def _condition(node: Node) -> Node:
    if any(name.startswith("abatement") for name in node):
        system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        node = {**node, "clinicalStatus": {"coding": [{"system": system, "code": "resolved"}]}}
    wrong = _status(node, "verificationStatus") == "entered-in-error"
    return {n: v for n, v in node.items() if not (wrong and (n == "clinicalStatus" or n.startswith("abatement")))}


def _allergy(node: Node) -> Node:
    if _status(node, "verificationStatus") == "entered-in-error":
        return _apart_from(node, "clinicalStatus")
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}, **node}


def _meta(node: Node) -> Node:
    """HAPI takes two labels of one system and code for one label said twice, even where both have neither."""
    if "security" not in node:
        return node
    labels = {(one.get("system"), one.get("code")): one for one in node["security"]}
    return {**node, "security": list(labels.values())}


def _observation(node: Node) -> Node:
    if any(name.startswith("value") for name in node):
        node = _apart_from(node, "dataAbsentReason")
        own = {(c.get("system"), c.get("code")) for c in node["code"].get("coding", [])}
        for part in node.get("component", []):
            if own & {(c.get("system"), c.get("code")) for c in part["code"].get("coding", [])}:
                part["code"] = WORDS
    return node


def _organization(node: Node) -> Node:
    made = node if node.keys() & {"name", "identifier"} else {**node, "name": "x"}
    for name in made.keys() & {"telecom", "address"}:
        made[name] = [{**part, "use": "work"} if part.get("use") == "home" else part for part in made[name]]
    return made


def _by_a_practitioner(node: Node) -> bool:
    return str(node.get("member", {}).get("reference")).startswith("Practitioner/")


MEND: dict[str, Callable[[Node], Node]] = {
    "Age": _age,
    "AllergyIntolerance": _allergy,
    "Appointment": _appointment,
    "Appointment.participant": _any_of("type", "actor", usual={"type": [WORDS]}),
    "Attachment": _attachment,
    "CarePlan.activity": _without("reference", where=lambda node: "detail" in node),
    "CareTeam.participant": _without("onBehalfOf", where=lambda node: not _by_a_practitioner(node)),
    "Condition": _condition,
    "Condition.evidence": _any_of("code", "detail", usual={"code": [WORDS]}),
    "Condition.stage": _any_of("summary", "assessment", usual={"summary": WORDS}),
    "Consent": _any_of("policy", "policyRule", usual={"policyRule": WORDS}),
    "ContactPoint": _needs("value", "system", "phone"),
    "Duration": _duration,
    "Goal.target": lambda node: {"measure": WORDS, **node} if any(n.startswith("detail") for n in node) else node,
    "MedicationAdministration.dosage": _any_of("dose", "rateRatio", "rateQuantity", usual={"dose": {"value": 1}}),
    "Meta": _meta,
    "Observation": _observation,
    "Observation.referenceRange": _any_of("low", "high", "text", usual=WORDS),
    "Organization": _organization,
    "Patient.contact": _any_of("name", "telecom", "address", "organization", usual={"name": WORDS}),
    "Period": _period,
    "Quantity": _needs("code", "system", "http://example.org/units"),
    "SimpleQuantity": _needs("code", "system", "http://example.org/units"),
    "QuestionnaireResponse.item": _without("item", where=lambda node: "answer" in node),
    "Range": _range,
    "Ratio": _ratio,
    "ServiceRequest": _without("orderDetail", where=lambda node: "code" not in node),
    "Timing.repeat": _repeat,
}
