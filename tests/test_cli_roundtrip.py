"""`paingate roundtrip`: its --json lines are a contract, and the official examples come back as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings import roundtrip as there_and_back
from mappings.conversion import Writing
from mappings.r4.exact_json import dumps
from mappings.values import Number
from tests.test_cli import PATIENT, PLAN, documents, ndjson, paingate

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROW = ["file", "resourceType", "id", "record", "outcome", "changed", "fresh", "rebuilt", "ledger", "unmapped", "issues"]
TOTALS = ["total", "same", "changed", "refused", "notCarried", "freshDiffers", "rebuilt", "ledger"]
LEDGER = ["carried", "stated", "derived", "dropped", "unmapped"]
BASIC = {"resourceType": "Basic", "id": "o1", "code": {"text": "x"}, "created": "2026"}


def test_a_line_for_each_resource_and_totals_last(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(ndjson([PATIENT, BASIC]) + b"{oh}\n")
    *rows, totals = documents(paingate("roundtrip", "--json", "a.ndjson", cwd=tmp_path, ends=1).stdout)
    assert [list(row) for row in rows] == [ROW] * 3
    assert [row["outcome"] for row in rows] == ["same", "not-carried", "refused"]
    same, not_carried, refused = rows
    assert (same["resourceType"], same["id"], same["record"], same["fresh"], same["rebuilt"]) == (
        "Patient", "p1", "patient", True, True,
    )  # fmt: skip
    assert list(same["ledger"]) == LEDGER
    assert sum(same["ledger"].values()) == 8
    assert (not_carried["resourceType"], not_carried["record"]) == ("Basic", None)
    assert not_carried["ledger"]["unmapped"] == len(not_carried["unmapped"]) == 4
    assert refused["file"] == "a.ndjson:3"
    assert [refused[name] for name in ("resourceType", "id", "record", "fresh", "rebuilt", "ledger")] == [None] * 6
    assert list(refused["issues"][0]) == ["severity", "code", "expression", "diagnostics"]
    assert list(totals) == TOTALS
    assert [totals[name] for name in TOTALS[:-1]] == [3, 1, 0, 1, 1, 0, 1]
    assert totals["ledger"] == {name: same["ledger"][name] + not_carried["ledger"][name] for name in LEDGER}


def test_a_type_that_no_mapping_covers_is_no_refusal() -> None:
    assert b"not-carried" in paingate("roundtrip", given=dumps(BASIC)).stdout


def test_a_bundle_has_a_line_for_each_root_and_its_leaves_are_counted_once() -> None:
    plan = {**PLAN, "subject": {"display": "somebody"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": plan}]}
    *rows, totals = documents(paingate("roundtrip", "--json", given=dumps(bundle)).stdout)
    assert sorted(row["record"] for row in rows) == ["care_plan", "patient"]
    assert sum(totals["ledger"].values()) == 2 + 8 + 10


def test_a_bundle_is_rebuilt_as_one_resource_that_says_the_same() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PLAN}, {"resource": PATIENT}]}
    row, totals = documents(paingate("roundtrip", "--json", given=dumps(bundle)).stdout)
    assert (row["record"], row["outcome"], row["rebuilt"], totals["rebuilt"]) == ("care_plan", "same", True, 1)


def test_a_change_is_told_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**PATIENT, "birthDate": "1970-04", "name": [{"family": "Lindqvist", "given": ["Maja", "Ebba"]}]}
    monkeypatch.setattr(there_and_back, "to_fhir", lambda *_, **__: Writing(other))
    monkeypatch.setattr(there_and_back, "rendered_again", lambda *_, **__: other)
    [trip] = there_and_back.roundtrip(PATIENT)
    assert trip.outcome == "changed"
    assert trip.changed == ("Patient.name[0].given[1]", "Patient.birthDate")
    assert (trip.fresh, trip.rebuilt) == (False, False)


def test_what_was_repaired_comes_through_as_what_it_was_read_as() -> None:
    sloppy = {**PATIENT, "resourceType": "patient", "birthDate": "19700401", "name": {"family": "Lindqvist"}}
    [trip] = there_and_back.roundtrip(sloppy)
    assert (trip.outcome, trip.fresh, trip.rebuilt) == ("same", True, True)
    assert [issue.expression for issue in trip.issues] == ["Patient.resourceType", "Patient.name", "Patient.birthDate"]


def test_another_spelling_of_a_decimal_is_a_change() -> None:
    assert list(there_and_back.differences({"value": Number("1.50")}, {"value": Number("1.5")})) == [("value",)]


def contained(first: str, second: str, **root: Any) -> dict[str, Any]:
    """A plan by one practitioner of an organisation, whatever the two are called in it."""
    who = {"resourceType": "PractitionerRole", "id": first, "organization": {"reference": f"#{second}"}}
    where = {"resourceType": "Organization", "id": second, "name": "Lakeside"}
    return {**PLAN, "contained": [who, where], "author": {"reference": f"#{first}"}, **root}


def says(resource: dict[str, Any]) -> Any:
    return there_and_back.what_it_says(resource, resource)


def test_names_that_we_derive_do_not_count_and_their_order_neither() -> None:
    turned = contained("pg-9", "pg-1")
    turned["contained"].reverse()
    assert says(contained("pg-1", "pg-2")) == says(turned)


def test_names_that_others_gave_do_count() -> None:
    assert says(contained("role", "pg-2")) != says(contained("other", "pg-2"))


def test_a_reference_to_another_thing_counts() -> None:
    assert says(contained("pg-1", "pg-2")) != says(contained("pg-1", "pg-2", author={"reference": "#pg-2"}))


def test_narrative_does_not_count() -> None:
    told = {"status": "generated", "div": "<div>anything</div>"}
    assert says(contained("pg-1", "pg-2", text=told)) == says(contained("pg-1", "pg-2"))


def test_the_official_examples_come_back_and_are_rebuilt(official_examples: Path) -> None:
    """All of Patient, ServiceRequest and CarePlan: equal as exact JSON, rebuilt from the record, every leaf counted."""
    files = [
        str(path)
        for kind in ("Patient", "ServiceRequest", "CarePlan")
        for path in official_examples.glob(f"{kind}-*.json")
    ]
    *rows, totals = documents(paingate("roundtrip", "--json", *files).stdout)
    assert totals["total"] == totals["same"] == totals["rebuilt"] == len(files) == 53
    assert totals["freshDiffers"] == 0
    assert totals["ledger"] == {name: sum(row["ledger"][name] for row in rows) for name in LEDGER}
