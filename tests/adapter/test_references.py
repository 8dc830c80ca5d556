"""What a reference within a Bundle leads to, and what it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.exchange.references import Links
from tests.adapter.speaking import PATIENT, Node

HERE = "https://hospital.example/fhir"
URLS = [f"{HERE}/ServiceRequest/s", f"{HERE}/Patient/p", PATIENT, None, "urn:oid:1.2.3"]
RESOURCES: list[Node] = [
    {"resourceType": "ServiceRequest"},
    {"resourceType": "Patient", "id": "p"},
    {"resourceType": "Patient", "id": "q"},
    {"resourceType": "Practitioner", "id": "d"},
    {"resourceType": "Binary"},
]
LINKS = Links(URLS, RESOURCES)


def rewritten(resource: Node) -> Node:
    return LINKS.rewritten(resource, 0, _place)


def _place(index: int, versioned: bool) -> str:
    return f"{RESOURCES[index]['resourceType']}/{index}" + ("/_history/1" if versioned else "")


@pytest.mark.parametrize(
    ("reference", "holder", "target"),
    [
        (PATIENT, 0, 2),
        (f"{HERE}/Patient/p", 0, 1),
        (f"{HERE}/Patient/p/_history/3", 0, 1),
        ("Patient/p", 0, 1),
        ("Patient/p/_history/3", 0, 1),
        ("Patient/p", 2, 1),  # relative to a server that is not named: the only one of this type and id
        ("Practitioner/d", 0, 3),
        ("Practitioner/d", 2, 3),
        ("Patient/q", 0, 2),
        ("Patient/r", 0, None),
        ("https://elsewhere.example/fhir/Patient/p", 0, None),
        ("Patient?identifier=1", 0, None),
        ("#p", 0, None),
        ("urn:uuid:6d1c3c0e-7a0f-4f3e-9d3e-00000000000f", 0, None),
    ],
)
def test_a_reference_leads_to_its_entry(reference: str, holder: int, target: int | None) -> None:
    assert LINKS.target(reference, holder) == target


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"subject": {"reference": PATIENT}}, {"subject": {"reference": "Patient/2"}}),
        ({"subject": {"reference": "Patient/p/_history/7"}}, {"subject": {"reference": "Patient/1/_history/1"}}),
        ({"subject": {"reference": "#p"}}, {"subject": {"reference": "#p"}}),
        ({"subject": {"display": PATIENT}}, {"subject": {"display": PATIENT}}),
        ({"instantiatesUri": [PATIENT, "urn:x"]}, {"instantiatesUri": ["Patient/2", "urn:x"]}),
        ({"instantiatesCanonical": [PATIENT]}, {"instantiatesCanonical": [PATIENT]}),
        (
            {"identifier": [{"system": "urn:ietf:rfc:3986", "value": PATIENT}]},
            {"identifier": [{"system": "urn:ietf:rfc:3986", "value": PATIENT}]},
        ),
        ({"note": [{"text": PATIENT}]}, {"note": [{"text": PATIENT}]}),
        (
            {"text": {"status": "generated", "div": f'<div><a href="{PATIENT}"/></div>'}},
            {"text": {"status": "generated", "div": f'<div><a href="{PATIENT}"/></div>'}},
        ),
        (
            {"extension": [{"url": "urn:x", "valueReference": {"reference": PATIENT}}]},
            {"extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/2"}}]},
        ),
        (
            {"extension": [{"url": "urn:x", "valueOid": "urn:oid:1.2.3"}, {"url": "urn:y", "valueString": PATIENT}]},
            {"extension": [{"url": "urn:x", "valueOid": "Binary/4"}, {"url": "urn:y", "valueString": PATIENT}]},
        ),
        (
            {"contained": [{"resourceType": "Condition", "subject": {"reference": PATIENT}}]},
            {"contained": [{"resourceType": "Condition", "subject": {"reference": "Patient/2"}}]},
        ),
        (
            {
                "contained": [
                    {"resourceType": "DocumentReference", "content": [{"attachment": {"url": "urn:oid:1.2.3"}}]}
                ]
            },
            {"contained": [{"resourceType": "DocumentReference", "content": [{"attachment": {"url": "Binary/4"}}]}]},
        ),
        (
            {"_status": {"extension": [{"url": "urn:x", "valueReference": {"reference": PATIENT}}]}},
            {"_status": {"extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/2"}}]}},
        ),
    ],
)
def test_links_are_rewritten_where_the_specification_says_so_and_nowhere_else(sent: Any, kept: Any) -> None:
    request = {"resourceType": "ServiceRequest"}
    assert rewritten(request | sent) == request | kept


def test_what_was_sent_stays_as_it_was() -> None:
    sent = {"resourceType": "ServiceRequest", "subject": {"reference": PATIENT}}
    rewritten(sent)
    assert sent["subject"] == {"reference": PATIENT}
