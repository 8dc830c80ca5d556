"""Answers that real servers give and that break senders: each one, and what the push makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import requests
import responses
from responses import matchers

from adapter.client import (
    AnswerLost,
    FhirClient,
    Identifier,
    Limits,
    PartnerTrouble,
    WillAnswerTheSame,
    WorthAnotherTry,
)
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways.transactions import conditional
from adapter.delivery.transaction import Delivered
from mappings.r4.exact_json import dumps, loads

BASE = "http://partner.example/fhir"
PLAN = Identifier("https://clinic.example/care-plan", "p-1")
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)

RESOURCE = {
    "resourceType": "CarePlan",
    "identifier": [PLAN.json()],
    "status": "active",
    "intent": "plan",
    "subject": {"identifier": {"system": "urn:mrn", "value": "1"}},
}
PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}]}
SENDING = Sending({"record": "care_plan", "of": RESOURCE}, {"of": PATIENT}, PLAN, lambda record: dict(record["of"]))


def text(value: Any) -> str | bytes:
    return dumps(value)


def held(version: str = "1", **elements: Any) -> dict[str, Any]:
    subject = {"reference": "Patient/7", **RESOURCE["subject"]}  # type: ignore[dict-item]
    return {**RESOURCE, "id": "9", "meta": {"versionId": version}, "subject": subject, **elements}


def found(*resources: dict[str, Any], link: str | None = "identifier", **more: Any) -> dict[str, Any]:
    """A searchset; `link` names the parameter that the server says it used."""
    query = f"?{link}=https%3A%2F%2Fclinic.example%2Fcare-plan%7Cp-1" if link else ""
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    links = [{"relation": "self", "url": f"{BASE}/CarePlan{query}"}]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "link": links,
        "entry": entries,
    } | more


def answered(plan: dict[str, Any]) -> dict[str, Any]:
    """A transaction-response whose second entry is the plan's."""
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}, plan]}


def outcome(*codes: str, severity: str = "error") -> dict[str, Any]:
    issues = [{"severity": severity, "code": code, "diagnostics": "Mrs Example is unknown"} for code in codes]
    return {"resourceType": "OperationOutcome", "issue": issues}


class Partner:
    """A partner told what to answer, in the order of the questions."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def answers(self, body: Any = "", status: int = 200, **more: Any) -> None:
        content = body if isinstance(body, (str, bytes, Exception)) else text(body)
        self.mock.add(responses.POST, BASE, body=content, status=status, **more)

    def finds(self, body: Any, status: int = 200, **more: Any) -> None:
        match = [matchers.header_matcher({"Prefer": "handling=strict"})]
        content = body if isinstance(body, (str, bytes, Exception)) else text(body)
        self.mock.add(responses.GET, f"{BASE}/CarePlan", body=content, status=status, match=match, **more)

    def was_sent(self) -> list[tuple[str, str]]:
        """The plan's entry in each transaction that was received: method and URL."""
        bundles = [loads(cast(bytes, call.request.body)) for call in self.mock.calls if call.request.method == "POST"]
        return [(one["entry"][1]["request"]["method"], one["entry"][1]["request"]["url"]) for one in bundles]


@pytest.fixture
def partner() -> Iterator[Partner]:
    with responses.RequestsMock() as mock:
        yield Partner(mock)


def pushed(*, first: bool = True) -> Delivered:
    with FhirClient(BASE, limits=Limits(answer_bytes=10_000), now=lambda: NOW) as client:
        return conditional(client, SENDING, first=first)


@pytest.mark.parametrize(
    "location",
    [
        f"{BASE}/CarePlan/9/_history/1",
        "CarePlan/9/_history/1",
        "/fhir/CarePlan/9/_history/1",
        "http://localhost:8090/fhir/CarePlan/9/_history/1",
    ],
)
def test_a_location_may_be_absolute_relative_or_of_another_host(partner: Partner, location: str) -> None:
    partner.answers(answered({"response": {"status": "201 Created", "location": location}}))
    assert pushed() == Delivered("9", "1", sent=True)


def test_a_location_without_a_version_is_completed_by_the_etag(partner: Partner) -> None:
    partner.answers(answered({"response": {"status": "201", "location": "CarePlan/9", "etag": 'W/"1"'}}))
    assert pushed() == Delivered("9", "1", sent=True)


def test_without_a_location_the_resource_in_the_answer_tells(partner: Partner) -> None:
    partner.answers(answered({"response": {"status": "201"}, "resource": held()}))
    assert pushed() == Delivered("9", "1", sent=True)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_accepting_answer_without_a_body_is_followed_by_a_search(partner: Partner, status: int) -> None:
    partner.answers("", status=status, content_type="text/html")
    partner.finds(found(held()))
    assert pushed().remote_id == "9"


def test_an_entry_that_only_says_created_is_followed_by_a_search_and_counts_though_elements_were_dropped(
    partner: Partner,
) -> None:
    partner.answers(answered({"response": {"status": "201"}}))
    partner.finds(found(held(status="draft")))
    assert pushed() == Delivered("9", "1", sent=True)
    assert partner.was_sent() == [("POST", "CarePlan")]


def test_an_informational_outcome_instead_of_a_bundle_is_followed_by_a_search(partner: Partner) -> None:
    partner.answers(outcome("informational", severity="information"))
    partner.finds(found(held()))
    assert pushed().remote_id == "9"


def test_an_accepted_plan_that_cannot_be_found_is_tried_again(partner: Partner) -> None:
    partner.answers("", status=201)
    partner.finds(found())
    with pytest.raises(WorthAnotherTry, match="does not find it"):
        pushed()


def test_an_outcome_with_errors_on_a_200_is_a_refusal(partner: Partner) -> None:
    partner.answers(outcome("required"))
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed()
    assert refused.value.codes == ("required",)


def test_a_failed_entry_inside_an_accepting_answer_is_a_refusal(partner: Partner) -> None:
    partner.answers(answered({"response": {"status": "422 Unprocessable Entity", "outcome": outcome("business-rule")}}))
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed()
    assert (refused.value.status, refused.value.codes) == (422, ("business-rule",))


@pytest.mark.parametrize("content_type", ["text/html", "application/fhir+json"])
def test_html_on_a_200_is_no_answer(partner: Partner, content_type: str) -> None:
    partner.answers("<html><h1>It works!</h1></html>", content_type=content_type)
    with pytest.raises(AnswerLost, match="not FHIR JSON"):
        pushed()


def test_truncated_json_is_no_answer(partner: Partner) -> None:
    partner.answers('{"resourceType":"Bundle","entry":[{')
    with pytest.raises(AnswerLost):
        pushed()


def test_an_endless_answer_is_cut_off(partner: Partner) -> None:
    partner.answers('{"resourceType":"Bundle","x":"' + "y" * 20_000 + '"}')
    with pytest.raises(AnswerLost, match="longer than the limit"):
        pushed()


@pytest.mark.parametrize("status", [404, 400, 403, 410])
def test_an_html_page_with_a_permanent_status_is_a_refusal(partner: Partner, status: int) -> None:
    partner.answers("<html>Not here</html>", status=status, content_type="text/html")
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed()
    assert (refused.value.status, refused.value.codes) == (status, ())


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_html_page_with_a_passing_status_is_worth_another_try(partner: Partner, status: int) -> None:
    partner.answers("<html>Maintenance</html>", status=status, content_type="text/html")
    with pytest.raises(WorthAnotherTry):
        pushed()


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0)])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_comes_with_the_error(partner: Partner, status: int, header: str, seconds: float) -> None:
    partner.answers(outcome("throttled"), status=status, headers={"Retry-After": header})
    with pytest.raises(WorthAnotherTry) as wait:
        pushed()
    assert wait.value.retry_after == seconds


def test_412_of_several_patients_is_a_refusal_with_its_reason(partner: Partner) -> None:
    partner.answers(outcome("multiple-matches"), status=412)
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed()
    assert refused.value.codes == ("multiple-matches",)


def test_409_duplicate_is_a_success_told_late(partner: Partner) -> None:
    partner.answers(outcome("duplicate"), status=409)
    partner.finds(found(held()))
    assert pushed() == Delivered("9", "1", sent=False)


def test_a_redirect_is_not_followed_and_waited_out(partner: Partner) -> None:
    partner.answers("", status=307, headers={"Location": "http://elsewhere.example/fhir"})
    with pytest.raises(WorthAnotherTry, match="redirects"):
        pushed()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (requests.exceptions.ConnectTimeout("x"), WorthAnotherTry),
        (requests.exceptions.SSLError("x"), WorthAnotherTry),
        (requests.exceptions.ReadTimeout("x"), AnswerLost),
        (requests.exceptions.ConnectionError("x"), AnswerLost),
        (requests.exceptions.ChunkedEncodingError("x"), AnswerLost),
    ],
)
def test_a_broken_connection_is_worth_another_try_and_unknown_once_bytes_may_have_gone_out(
    partner: Partner, error: Exception, expected: type[PartnerTrouble]
) -> None:
    partner.answers(error)
    with pytest.raises(WorthAnotherTry) as broken:
        pushed()
    assert type(broken.value) is expected


def test_no_text_of_the_partner_comes_into_an_error(partner: Partner) -> None:
    partner.answers(outcome("required"), status=422)
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed()
    assert str(refused.value) == "422: refused (required)"


def test_what_the_partner_already_holds_is_not_sent_again(partner: Partner) -> None:
    partner.finds(found(held()))
    assert pushed(first=False) == Delivered("9", "1", sent=False)
    assert partner.was_sent() == []


def test_another_version_there_is_replaced_where_it_was_seen(partner: Partner) -> None:
    partner.finds(found(held("3", status="draft")))
    partner.answers(answered({"response": {"status": "200", "location": "CarePlan/9/_history/4"}}))
    assert pushed(first=False) == Delivered("9", "4", sent=True)
    assert partner.was_sent() == [("PUT", "CarePlan/9")]


@pytest.mark.parametrize("status", [409, 412])
def test_a_plan_that_changed_between_look_and_put_is_looked_at_again_later(partner: Partner, status: int) -> None:
    partner.finds(found(held("3", status="draft")))
    partner.answers(outcome("conflict"), status=status)
    with pytest.raises(WorthAnotherTry, match="changes at the partner"):
        pushed(first=False)


def test_a_first_send_that_meets_an_older_version_replaces_it(partner: Partner) -> None:
    partner.answers(answered({"response": {"status": "200"}, "resource": held("1", status="draft")}))
    partner.finds(found(held("1", status="draft")))
    partner.answers(answered({"response": {"status": "200", "location": "CarePlan/9/_history/2"}}))
    assert pushed() == Delivered("9", "2", sent=True)
    assert partner.was_sent() == [("POST", "CarePlan"), ("PUT", "CarePlan/9")]


def test_two_of_the_plan_at_the_partner_are_told_and_not_made_three(partner: Partner) -> None:
    partner.finds(found(held(), held()))
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed(first=False)
    assert refused.value.codes == ("multiple-matches",)
    assert partner.was_sent() == []


def test_a_second_plan_made_by_a_request_thought_dead_is_told(partner: Partner) -> None:
    partner.finds(found())
    partner.answers(answered({"response": {"status": "201", "location": "CarePlan/9/_history/1"}}))
    partner.finds(found(held(), held()))
    with pytest.raises(WillAnswerTheSame, match="more than once"):
        pushed(first=False)


def test_a_search_that_was_answered_with_everybodys_plans_is_not_believed(partner: Partner) -> None:
    others = {**held(), "identifier": [{"system": "urn:x", "value": "other"}]}
    partner.finds(found(others, link=None, total=40))
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed(first=False)
    assert refused.value.codes == ("search-not-trusted",)


def test_everybodys_plans_are_enough_where_all_of_them_came_and_ours_is_not_there(partner: Partner) -> None:
    others = {**held(), "identifier": [{"system": "urn:x", "value": "other"}]}
    partner.finds(found(others, link=None))
    partner.answers(answered({"response": {"status": "201", "location": "CarePlan/9/_history/1"}}))
    partner.finds(found(held()))
    assert pushed(first=False) == Delivered("9", "1", sent=True)


def test_ours_among_everybodys_plans_is_found(partner: Partner) -> None:
    others = {**held(), "identifier": [{"system": "urn:x", "value": "other"}]}
    partner.finds(found(others, held(), link=None, total=40))
    assert pushed(first=False) == Delivered("9", "1", sent=False)


def test_a_strict_search_that_is_refused_is_a_refusal(partner: Partner) -> None:
    partner.finds(outcome("not-supported"), status=400)
    with pytest.raises(WillAnswerTheSame) as refused:
        pushed(first=False)
    assert refused.value.codes == ("not-supported",)


def test_a_search_answered_with_a_page_is_worth_another_try(partner: Partner) -> None:
    partner.finds("<html>Maintenance</html>", status=200)
    with pytest.raises(WorthAnotherTry):
        pushed(first=False)


def test_a_base_url_that_is_none_is_a_matter_of_configuration() -> None:
    with FhirClient("ftp://partner.example") as client, pytest.raises(WillAnswerTheSame) as refused:
        client.find("CarePlan", PLAN)
    assert refused.value.codes == ("configuration",)
