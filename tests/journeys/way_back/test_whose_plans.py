"""Whose plans a partner gets: everybody's, or theirs whom it referred."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.adapter.speaking import Node, received, referral, said
from tests.journeys.way_back.desk import desk_on


@pytest.mark.parametrize(("patients", "goes"), [("all", ["hospital", "hospital"]), ("referred", ["hospital", None])])
def test_a_partner_gets_the_plans_that_it_is_to_have(
    tmp_path: Path, database_url: str, patients: str, goes: list[str | None]
) -> None:
    with desk_on(tmp_path, database_url, None, sends=("care_plan",), patients=patients) as desk:
        theirs = received(desk.client, referral("R-1"))
        others = received(desk.calling("registry"), referral("R-2", mrn="0815"))
        assert theirs["patient_number"] != others["patient_number"]
        found = [put(desk.client, one) for one in (theirs, others)]
    assert found == goes


def put(clinic: FlaskClient, one: Node) -> str | None:
    """A plan of a referral's patient; the partner that it goes to."""
    whose = {"patient": {"ref_identifier": {"value": one["patient_number"]}}}
    plan = {"record": "care_plan", "status": "active", "title": "A plan", **whose}
    answer = clinic.put(f"/clinic/v1/care-plans/{one['number']}", json=plan)
    assert answer.status_code == 201, answer.text
    return next((told["partner"] for told in said(answer)["deliveries"]), None)
