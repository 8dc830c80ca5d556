"""The retry decision is a pure function, and this is its table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.client import Verdict, issue_codes, retry_after, verdict
from adapter.delivery.backoff import Pace, wait_before_next

DECISIONS = [
    (200, (), Verdict.ACCEPTED),
    (201, (), Verdict.ACCEPTED),
    (204, (), Verdict.ACCEPTED),
    (202, (), Verdict.TRY_AGAIN),
    (301, (), Verdict.TRY_AGAIN),
    (302, (), Verdict.TRY_AGAIN),
    (307, (), Verdict.TRY_AGAIN),
    (400, (), Verdict.SAME_AGAIN),
    (400, ("structure",), Verdict.SAME_AGAIN),
    (401, (), Verdict.TRY_AGAIN),
    (403, (), Verdict.SAME_AGAIN),
    (404, (), Verdict.SAME_AGAIN),
    (405, (), Verdict.SAME_AGAIN),
    (408, (), Verdict.TRY_AGAIN),
    (409, (), Verdict.SAME_AGAIN),
    (409, ("duplicate",), Verdict.ALREADY_THERE),
    (409, ("lock-error",), Verdict.TRY_AGAIN),
    (409, ("business-rule",), Verdict.SAME_AGAIN),
    (410, (), Verdict.SAME_AGAIN),
    (412, ("multiple-matches",), Verdict.SAME_AGAIN),
    (413, (), Verdict.SAME_AGAIN),
    (415, (), Verdict.SAME_AGAIN),
    (422, ("required", "CarePlan.subject"), Verdict.SAME_AGAIN),
    (423, (), Verdict.TRY_AGAIN),
    (425, (), Verdict.TRY_AGAIN),
    (429, (), Verdict.TRY_AGAIN),
    (429, ("throttled",), Verdict.TRY_AGAIN),
    (500, (), Verdict.TRY_AGAIN),
    (501, (), Verdict.SAME_AGAIN),
    (502, (), Verdict.TRY_AGAIN),
    (503, (), Verdict.TRY_AGAIN),
    (504, (), Verdict.TRY_AGAIN),
    (599, (), Verdict.TRY_AGAIN),
]


@pytest.mark.parametrize(("status", "codes", "expected"), DECISIONS)
def test_an_answer_says_what_the_sender_does_next(status: int, codes: tuple[str, ...], expected: Verdict) -> None:
    assert verdict(status, codes) is expected


NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 13:00:00 +0100", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_codes_and_places_are_taken_from_an_outcome_and_its_words_are_not() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "warning", "code": "informational"},
            {
                "severity": "error",
                "code": "required",
                "diagnostics": "Mrs Example, born 1970-01-01, is unknown here",
                "details": {"text": "Mrs Example", "coding": [{"code": "4107"}, {"code": "born 1970-01-01"}]},
                "expression": ["CarePlan.subject", "Patient.name.where(family='Example')"],
            },
            {"severity": "fatal", "code": "required"},
            "no issue at all",
        ],
    }
    assert issue_codes(outcome) == ("required", "4107", "CarePlan.subject")


@pytest.mark.parametrize(
    "body", [None, [], "text", {}, {"resourceType": "Patient"}, {"resourceType": "OperationOutcome"}]
)
def test_what_is_no_outcome_has_no_codes(body: object) -> None:
    assert issue_codes(body) == ()


PACE = Pace(first=2.0, factor=2.0, longest=60.0)


@pytest.mark.parametrize(("attempts", "most"), [(1, 2.0), (2, 4.0), (3, 8.0), (6, 60.0), (7, 60.0), (10_000, 60.0)])
def test_the_wait_doubles_up_to_its_cap_and_is_spread_over_its_upper_half(attempts: int, most: float) -> None:
    waits = {wait_before_next(PACE, attempts, f"delivery-{n}") for n in range(50)}
    assert len(waits) == 50
    assert min(waits) >= most / 2
    assert max(waits) <= most


def test_the_same_attempt_waits_the_same_time_when_it_is_told_again() -> None:
    assert wait_before_next(PACE, 3, "d") == wait_before_next(PACE, 3, "d")


def test_a_partner_that_asks_for_more_time_gets_it_up_to_a_day() -> None:
    assert wait_before_next(PACE, 1, "d", asked_for=500.0) == 500.0
    assert wait_before_next(PACE, 6, "d", asked_for=1.0) >= 30.0
    assert wait_before_next(PACE, 1, "d", asked_for=1e9) == 24 * 3600.0
