"""The clinic API's description: of every route there is, true of what is answered, and asked by a tool that we did not
write with all that it allows and forbids."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from adapter.clinic_api.openapi.document import described, operations
from mappings.r4 import exact_json
from mappings.sites import AS_SHIPPED
from tests.adapter.speaking import get, received, referral
from tests.adapter.test_own_records import RECORDS as OWN
from tests.adapter.workflow.moves import BODIES, standing_at, tell

ADDRESS = "/clinic/v1/openapi.json"
PLAN = {
    "record": "care_plan",
    "status": "active",
    "title": "Back to the garden",
    "goals": [{"kind": "goal", "id": "walk", "stage": "active", "description": {"text": "walk 30 minutes"}}],
}

WHOLE_RECORDS = {
    "PUT /clinic/v1/referrals/{id_}/record",
    "PUT /clinic/v1/patients/{number}",
    *(f"PUT /clinic/v1/{kind}/{{id_}}" for kind in ("care-plans", *OWN)),
}
"""So large that making wrong ones of them takes minutes; what is wrong with records is told in tests of their own."""
RECORDS = WHOLE_RECORDS | {
    *(f"POST /clinic/v1/referrals/{{id_}}/{action}" for action in ("schedule", "attended", "complete")),
    "PUT /clinic/v1/partners/{name}",
}
"""What has to be true of them beyond what a schema says: a partner's settings may contradict each other."""


@pytest.fixture
def description(client: FlaskClient) -> dict[str, Any]:
    return dict(get(client, ADDRESS))


def test_it_is_openapi_3_1_and_every_schema_in_it_is_one(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    schemas = description["components"]["schemas"]
    assert len(schemas) > 50
    for name in schemas:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": description["components"]})


def test_no_route_is_missing_or_described_that_is_not_there(client: FlaskClient) -> None:
    there = {rule.endpoint.removeprefix("clinic.") for rule, _ in described(client.application.url_map)}
    assert there == operations(AS_SHIPPED).keys()


def test_what_is_answered_is_what_is_described(client: FlaskClient, description: dict[str, Any]) -> None:
    """A referral on its whole way, with a plan, as the clinic's system asks for it; and what is refused."""
    one = standing_at(client, "scheduled")
    base = f"/clinic/v1/referrals/{one['id']}"
    whose = {"patient": {"ref_identifier": {"value": one["patient_number"]}}}
    asked: list[tuple[str, str, Any, int]] = [
        ("get", "/clinic/v1/referrals", None, 200),
        ("get", "/clinic/v1/referrals?status=lost", None, 400),
        ("get", base, None, 200),
        ("get", f"{base}/history", None, 200),
        ("get", f"{base}/deliveries", None, 200),
        ("get", f"{base}/conflicts", None, 200),
        ("get", "/clinic/v1/referrals/none", None, 404),
        ("post", f"{base}/no-show", {}, 200),
        ("post", f"{base}/accept", {}, 409),
        ("post", f"{base}/schedule", BODIES["schedule"], 200),
        ("post", f"{base}/complete", {"kind": "document"}, 422),
        ("post", f"{base}/complete", BODIES["complete"], 200),
        ("put", "/clinic/v1/care-plans/plan-1", PLAN | whose, 201),
        ("put", "/clinic/v1/care-plans/plan-1", PLAN | whose | {"title": "Further"}, 200),
        ("put", "/clinic/v1/care-plans/plan-1", {"record": "care_plan"}, 422),
        ("get", "/clinic/v1/care-plans/plan-1", None, 200),
        ("get", "/clinic/v1/care-plans/plan-1/deliveries", None, 200),
        ("get", f"/clinic/v1/patients/{one['patient_number']}/links", None, 200),
        ("get", f"/clinic/v1/patients/{one['patient_number']}", None, 200),
        *((("put", f"/clinic/v1/{kind}/1", OWN[kind], 201)) for kind in OWN),
        *((("get", f"/clinic/v1/{kind}/1", None, 200)) for kind in OWN),
        *((("get", f"/clinic/v1/{kind}/1/history", None, 200)) for kind in OWN),
        *((("get", f"/clinic/v1/patients/{one['patient_number']}/{kind}", None, 200)) for kind in OWN),
        ("get", "/clinic/v1/changes", None, 200),
        ("get", "/clinic/v1/deliveries", None, 200),
        ("get", "/clinic/v1/deliveries?state=lost", None, 400),
        ("get", "/clinic/v1/partners", None, 200),
        ("post", "/clinic/v1/partners/hospital/replay", None, 200),
        ("post", "/clinic/v1/partners/hospital/ask-again", None, 200),
        ("post", "/clinic/v1/deliveries/none/cancel", None, 404),
    ]
    for method, address, body, status in asked:
        answer = client.open(address, method=method.upper(), json=body)
        assert answer.status_code == status, (address, answer.text)
        told = response_of(description, client.application, method, address, status)
        (type_,) = told["content"]
        assert answer.mimetype == type_
        schema = {**told["content"][type_]["schema"], "components": description["components"]}
        assert list(Draft202012Validator(schema).iter_errors(exact_json.loads(answer.data))) == [], address


def response_of(description: dict[str, Any], app: Flask, method: str, address: str, status: int) -> dict[str, Any]:
    rule, _ = app.url_map.bind("localhost").match(address.partition("?")[0], method=method.upper(), return_rule=True)
    path = rule.rule.replace("<", "{").replace(">", "}")
    responses = description["paths"][path][method]["responses"]
    return dict(responses.get(str(status), responses["default"]))


def test_nothing_that_may_be_asked_and_nothing_that_may_not_is_answered_otherwise(client: FlaskClient) -> None:
    """As the description allows it, and as it forbids it: no fault of ours, and no other answer than described."""
    received(client, referral("R-1"))
    schema = schemathesis.openapi.from_wsgi(ADDRESS, client.application)
    tried = set()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        can_be_wrong = (operation.query or operation.body or operation.headers) and operation.label not in WHOLE_RECORDS
        for mode in GenerationMode if can_be_wrong else [GenerationMode.POSITIVE]:

            @settings(
                max_examples=3 if operation.label in RECORDS else 15,
                phases=[Phase.generate],
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                # what a record must be beyond its schema (valid R4, of a patient who is here) no schema can say
                beyond = [positive_data_acceptance] if case.operation.label in RECORDS else []
                case.call_and_validate(excluded_checks=beyond)
                tried.add(case.operation.label)

            ask()
    routes = described(client.application.url_map)
    assert tried | {f"GET {ADDRESS}"} == {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}" for rule, method in routes
    }


def test_a_told_move_is_what_the_description_lets_be_told(client: FlaskClient, description: dict[str, Any]) -> None:
    """Every body that the tests of the workflow send is one that the description allows."""
    one = standing_at(client, "received")
    for action, body in BODIES.items():
        content = description["paths"][f"/clinic/v1/referrals/{{id_}}/{action}"]["post"]["requestBody"]["content"]
        schema = {**content["application/json"]["schema"], "components": description["components"]}
        assert list(Draft202012Validator(schema).iter_errors(body)) == [], action
    assert tell(client, one, "decline").status_code == 200
