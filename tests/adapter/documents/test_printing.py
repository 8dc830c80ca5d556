"""Where a letter is had: the clinic API and the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from adapter.cli import main
from tests.adapter.speaking import received, referral, said
from tests.adapter.test_own_records import RECORDS

FIXTURES = Path(__file__).parents[3] / "fixtures"


def test_the_clinic_reads_a_plan_as_a_letter_with_what_it_keeps_of_the_patient(client: FlaskClient) -> None:
    one = received(client, referral())
    whose = {"patient": {"ref_identifier": {"value": one["patient_number"]}}}
    plan = {"record": "care_plan", "status": "active", "title": "First plan", **whose}
    assert client.put("/clinic/v1/care-plans/p1", json=plan).status_code == 201
    assert client.put("/clinic/v1/assessments/a1", json=RECORDS["assessments"] | whose).status_code == 201
    answer = client.get("/clinic/v1/care-plans/p1/pdf")
    assert (answer.status_code, answer.mimetype, answer.headers["ETag"]) == (200, "application/pdf", 'W/"1"')
    text = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert "First plan" in text
    assert one["patient_number"] in text
    assert client.get("/clinic/v1/care-plans/none/pdf").status_code == 404


def test_one_that_cannot_be_set_is_refused_in_words(client: FlaskClient) -> None:
    one = received(client, referral())
    whose = {"patient": {"ref_identifier": {"value": one["patient_number"]}}}
    plan = {"record": "care_plan", "status": "active", "title": "\u4e2d\u6587", **whose}
    assert client.put("/clinic/v1/care-plans/p1", json=plan).status_code == 201
    answer = client.get("/clinic/v1/care-plans/p1/pdf")
    assert answer.status_code == 422
    assert "Latin, Greek and Cyrillic" in said(answer)["detail"]


def test_the_command_writes_a_letter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journey = FIXTURES / "journey"
    out = tmp_path / "plan.pdf"
    words = ["plan-pdf", str(journey / "06-care-plan-1.record.json"), str(out), "--beside"]
    words += [str(journey / f"{name}.record.json") for name in ("02-registration", "10-tramadol-watched")]
    assert main(words) == 0
    text = "".join(page.extract_text() for page in PdfReader(out).pages)
    assert "Nora Ellison" in text
    assert "2 tablets four times a day" in text
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is no JSON"),
        (b"[]", "an object is wanted"),
        (b'{"record": "patient"}', "is no care plan"),
        (None, "No such file"),
    ],
)
def test_what_is_no_plan_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str
) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    assert main(["plan-pdf", str(path), str(tmp_path / "plan.pdf")]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "plan.pdf").exists()


def test_a_letter_is_not_for_who_keeps_the_service_running() -> None:
    from adapter.authorisation.clinic_tokens import may

    assert not may("operator", "GET", "/care-plans/p1/pdf")
    assert may("operator", "GET", "/care-plans/p1/deliveries")
    assert may("reader", "GET", "/care-plans/p1/pdf")
