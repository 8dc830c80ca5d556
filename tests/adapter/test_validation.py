"""$validate: 200 with what there is to say of a resource, 4xx where nothing can be said."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from mappings.r4 import validity
from tests.adapter.speaking import alone, changed, issues, post, referral, rows, said

INVALID = changed(alone(), "status", to="actve")


def parameters(*told: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(told)}


def test_what_is_valid_is_said_to_be(client: FlaskClient, engine: Engine) -> None:
    before = rows(engine)
    for type_, document in (("ServiceRequest", alone()), ("Bundle", referral())):
        answer = post(client, f"/fhir/{type_}/$validate", document)
        assert answer.status_code == 200
        assert issues(answer) == [("information", "informational", "")]
        assert validity.check(said(answer)) == []
    assert rows(engine) == before


def test_each_fault_is_told_with_its_place_and_how_to_mend_it(client: FlaskClient) -> None:
    answer = post(client, "/fhir/ServiceRequest/$validate", changed(INVALID, "subject", "reference", to="#nobody"))
    assert answer.status_code == 200
    assert ("error", "code-invalid", "ServiceRequest.status") in issues(answer)
    assert ("error", "not-found", "ServiceRequest.subject.reference") in issues(answer)
    assert all(issue["diagnostics"] for issue in said(answer)["issue"])
    assert "actve" not in answer.text


def test_nothing_is_repaired_before_it_is_looked_at(client: FlaskClient) -> None:
    answer = post(client, "/fhir/Patient/$validate", {"resourceType": "patient", "birthDate": "19700301"})
    assert issues(answer) == [("error", "structure", "Resource.resourceType")]


def test_the_resource_may_come_in_parameters(client: FlaskClient) -> None:
    within = parameters({"name": "resource", "resource": INVALID}, {"name": "profile", "valueUri": "http://x.example"})
    assert issues(post(client, "/fhir/ServiceRequest/$validate", within)) == [
        ("error", "code-invalid", "ServiceRequest.status"),
        ("warning", "not-supported", "Parameters.parameter[1]"),
    ]


@pytest.mark.parametrize(
    ("type_", "document", "status"),
    [
        ("Patient", alone(), 400),
        ("ServiceRequest", [], 400),
        ("ServiceRequest", {"resourceType": ["ServiceRequest"]}, 400),
        ("ServiceRequest", parameters(), 400),
        ("ServiceRequest", {"resourceType": "Parameters", "parameter": "resource"}, 400),
        ("ServiceRequest", parameters("resource", {"name": ["resource"]}, 7), 400),
        ("ServiceRequest", parameters({"name": "resource", "resource": None}), 400),
        ("Nothing", alone(), 404),
        ("Parameters", parameters(), 404),
    ],
)
def test_what_cannot_be_looked_at_is_refused(client: FlaskClient, type_: str, document: Any, status: int) -> None:
    answer = post(client, f"/fhir/{type_}/$validate", document)
    assert answer.status_code == status
    assert said(answer)["resourceType"] == "OperationOutcome"
