"""Each way in which a plan goes to a partner: the requests, what is there afterwards, and what may break on the way."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import responses
from pypdf import PdfReader

from adapter.client import AnswerLost, FhirClient, Identifier, WillAnswerTheSame
from adapter.delivery.pushing.push import Choosing, push
from adapter.delivery.pushing.sending import Clinic, Sending
from adapter.delivery.transaction import Delivered, Resource
from adapter.documents.beside import Letterhead
from mappings import to_fhir
from mappings.r4 import exact_json
from tests.adapter.delivery.ehr import BASE, Ehr
from tests.adapter.delivery.test_fits import CONDITIONAL, server
from tests.adapter.delivery.vendors import VENDORS

FIXTURES = Path(__file__).parents[3] / "fixtures"
IDS = "https://lakeside.example/ids"
PLAN = Identifier(f"{IDS}/care-plan", "plan-1")
NUMBER = {"system": f"{IDS}/care-plan-document", "value": "plan-1/1"}
MRN = "urn:oid:1.2.36.1"
RECORD: dict[str, Any] = {
    "record": "care_plan",
    "status": "active",
    "title": "Back to the garden",
    "patient": {"ref_identifier": {"system": f"{IDS}/patient", "value": "P-000001"}},
    "goals": [{"kind": "goal", "id": "walk", "stage": "active", "description": {"text": "walk 30 minutes"}}],
}
PATIENT: dict[str, Any] = {
    "record": "patient",
    "identifiers": [{"system": MRN, "value": "4711"}, {"system": "urn:other", "value": "X"}],
    "name": {"family": "Okafor", "given": ["Nneka"]},
}
AT = "2026-11-26T10:00:00Z"
WAYS = {
    "conditional-transaction": server("transaction", flags=CONDITIONAL),
    "transaction": server("transaction"),
    "conditional-singles": server(flags=CONDITIONAL),
    "singles": server(),
}
PAPERS = {
    "document": server(without=("CarePlan.update",)),
    "communication": server(without=("CarePlan.create", "DocumentReference.create")),
}


def sending(ehr: Ehr, **changes: Any) -> Sending:
    base = Sending(
        RECORD, PATIENT, PLAN, lambda record: to_fhir(record).resource, patient_number="P-000001", stored_at=AT,
        clinic=Clinic(Letterhead("Lakeside Pain Clinic"), None, NUMBER["system"]), accepted=ehr.accepted,
    )  # fmt: skip
    return replace(base, **changes)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def pushed(ehr: Ehr, choosing: Choosing | None = None, *, first: bool = True, **changes: Any) -> Delivered:
    with FhirClient(BASE) as client:
        return push(client, sending(ehr, **changes), choosing, first=first)


def ehr_with(mock: responses.RequestsMock, statement: Resource, *, patient: bool = True) -> Ehr:
    ehr = Ehr(statement)
    ehr.install(mock)
    if patient:
        ehr.put({"resourceType": "Patient", "id": "7", "identifier": [{"system": MRN, "value": "4711"}]})
    return ehr


def titles(ehr: Ehr) -> list[str]:
    (plan,) = [versions for name, versions in ehr.held.items() if name.startswith("CarePlan/")]
    return [one["title"] for one in plan]


# ---- a plan as a CarePlan


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("known", [True, False], ids=["a_patient_that_is_there", "a_patient_that_is_not"])
def test_a_plan_arrives_about_the_one_patient(mock: responses.RequestsMock, way: str, *, known: bool) -> None:
    ehr = ehr_with(mock, WAYS[way], patient=known)
    delivered = pushed(ehr)
    assert delivered.fit == way
    (patient,), (plan,) = ehr.of_type("Patient"), ehr.of_type("CarePlan")
    assert (delivered.remote_id, delivered.remote_version) == (plan["id"], "1")
    assert plan["subject"]["reference"] == f"Patient/{patient['id']}"
    assert plan["contained"][0]["subject"]["reference"] == f"Patient/{patient['id']}"
    assert PLAN.json() in plan["identifier"]
    assert len(patient["identifier"]) == (1 if known else 2)  # theirs is not overwritten


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("known", [True, False], ids=["a_patient_that_is_there", "a_patient_that_is_not"])
def test_these_are_the_requests(mock: responses.RequestsMock, way: str, *, known: bool) -> None:
    """The patient is looked for by all its identifiers, and goes out only where there is none."""
    ehr = ehr_with(mock, WAYS[way], patient=known)
    pushed(ehr)
    of_patient = [f"GET Patient?identifier={MRN}|4711", "GET Patient?identifier=urn:other|X"]
    asked = [one.line for one in ehr.asked if not one.line.startswith("GET CarePlan")]
    assert asked[:2] == of_patient
    wanted = ["POST CarePlan"] if known else ["POST Patient", "POST CarePlan"]
    writes = ehr.writes()
    assert [one.line for one in writes] == (wanted if "singles" in way else ["POST "])
    if "singles" in way:
        conditions = [one.headers.get("If-None-Exist") for one in writes]
    else:
        entries = writes[0].body["entry"]
        assert [f"{one['request']['method']} {one['request']['url']}" for one in entries] == wanted
        conditions = [one["request"].get("ifNoneExist") for one in entries]
    assert [one is not None for one in conditions] == [way.startswith("conditional")] * len(wanted)


@pytest.mark.parametrize("way", WAYS)
def test_the_next_version_is_put_onto_the_one_that_is_there(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, WAYS[way])
    pushed(ehr)
    later = RECORD | {"title": "Back to work"}
    delivered = pushed(ehr, first=False, record=later, before=RECORD, version=2)
    assert (titles(ehr), delivered.remote_version) == (["Back to the garden", "Back to work"], "2")
    last = ehr.writes()[-1]
    if_match = last.headers.get("If-Match") or last.body["entry"][-1]["request"]["ifMatch"]
    assert if_match == 'W/"1"'
    again = pushed(ehr, first=False, record=later, before=RECORD, version=2)
    assert (again.sent, len(titles(ehr))) == (False, 2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("version", [1, 2])
def test_a_lost_answer_is_looked_for(mock: responses.RequestsMock, way: str, version: int) -> None:
    ehr = ehr_with(mock, WAYS[way])
    if version == 2:
        pushed(ehr)
    now = RECORD | {"title": f"version {version}"}
    before = RECORD if version == 2 else None
    ehr.loses = 1
    with pytest.raises(AnswerLost):
        pushed(ehr, first=version == 1, record=now, before=before)
    for _ in range(2):
        pushed(ehr, first=False, record=now, before=before)
    assert titles(ehr)[version - 1 :] == [f"version {version}"]
    assert len(ehr.of_type("Patient")) == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_the_partner_added_survives_the_next_version(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, WAYS[way])
    pushed(ehr)
    (theirs,) = ehr.of_type("CarePlan")
    added = {"url": "https://ehr.example/board", "valueString": "seen on ward 3"}
    own = {"system": "urn:ehr:plan", "value": "77"}
    ehr.put(
        theirs
        | {"extension": [added], "identifier": [*theirs["identifier"], own], "note": [{"text": "called the daughter"}]}
    )
    pushed(ehr, first=False, record=RECORD | {"title": "Back to work"}, before=RECORD, version=2)
    (now,) = ehr.of_type("CarePlan")
    assert now["title"] == "Back to work"
    assert now["extension"] == [added]
    assert own in now["identifier"]
    assert PLAN.json() in now["identifier"]
    assert now["note"] == [{"text": "called the daughter"}]
    assert now["contained"][0]["description"] == {"text": "walk 30 minutes"}


def test_what_the_partner_said_that_we_do_not_understand_stays(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, WAYS["singles"])
    pushed(ehr)
    (theirs,) = ehr.of_type("CarePlan")
    strange = [{"url": "https://ehr.example/means-the-opposite", "valueBoolean": True}]
    ehr.put(theirs | {"modifierExtension": strange, "note": [{"text": "theirs"}]})
    pushed(ehr, first=False, record=RECORD | {"title": "Back to work"}, before=RECORD, version=2)
    (now,) = ehr.of_type("CarePlan")
    assert (now["title"], now["modifierExtension"], now["note"]) == ("Back to work", strange, [{"text": "theirs"}])


@pytest.mark.parametrize("way", WAYS)
def test_one_who_comes_between_is_laid_under_and_not_overwritten(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, WAYS[way])
    pushed(ehr)

    def somebody() -> None:
        (plan,) = ehr.of_type("CarePlan")
        ehr.put(plan | {"note": [{"text": "theirs"}]})

    ehr.between = somebody
    pushed(ehr, first=False, record=RECORD | {"title": "Back to work"}, before=RECORD, version=2)
    (now,) = ehr.of_type("CarePlan")
    assert (now["title"], now["note"], now["meta"]["versionId"]) == ("Back to work", [{"text": "theirs"}], "3")


@pytest.mark.parametrize("way", WAYS)
def test_a_double_is_told_and_nothing_is_sent(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, WAYS[way])
    pushed(ehr)
    (plan,) = ehr.of_type("CarePlan")
    ehr.put({name: value for name, value in plan.items() if name != "id"})
    before = [one for one in ehr.writes() if "Patient" not in one.path]
    with pytest.raises(WillAnswerTheSame, match="multiple-matches"):
        pushed(ehr, first=False, record=RECORD | {"title": "x"}, before=RECORD)
    assert [one for one in ehr.writes() if "Patient" not in one.path] == before


@pytest.mark.parametrize("way", ["transaction", "singles", *PAPERS])
def test_two_patients_with_the_identifiers_are_for_a_person_to_decide(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, (WAYS | PAPERS)[way])
    ehr.put({"resourceType": "Patient", "identifier": [{"system": "urn:other", "value": "X"}]})
    with pytest.raises(WillAnswerTheSame, match="several patients"):
        pushed(ehr)
    assert ehr.writes() == []


@pytest.mark.parametrize("way", ["transaction", "singles", *PAPERS])
def test_a_patient_that_was_merged_away_does_not_count(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, (WAYS | PAPERS)[way])
    old = {"resourceType": "Patient", "identifier": [{"system": "urn:other", "value": "X"}]}
    ehr.put(old | {"link": [{"other": {"reference": "Patient/7"}, "type": "replaced-by"}]})
    assert pushed(ehr).patient_there == "7"


# ---- a plan as something to read


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_each_vendor_is_sent(mock: responses.RequestsMock, vendor: str) -> None:
    ehr = ehr_with(mock, VENDORS[vendor].statement())
    kept: list[Resource] = []

    def offered(resource: Resource) -> tuple[str, str]:
        kept.append(resource)
        return "here", "1"

    delivered = pushed(ehr, Choosing(agreed=("questionnaire-response",)), offer=offered)
    type_ = {
        "document": "DocumentReference", "communication": "Communication", "offered": "",
        "questionnaire-response": "QuestionnaireResponse",
    }[str(delivered.fit)]  # fmt: skip
    looks = [f"GET Patient?identifier={MRN}|4711", "GET Patient?identifier=urn:other|X"]
    assert [one.line for one in ehr.asked] == ([*looks, f"POST {type_}"] if type_ else [])
    if type_:
        (sent,) = [one.body for one in ehr.writes()]
        assert sent["subject"] == {"reference": "Patient/7"}
        assert sent["identifier"] in ([NUMBER, PLAN.json()], NUMBER)
    else:
        assert [one["resourceType"] for one in kept] == ["DocumentReference", "CarePlan"]
        assert all(one["subject"]["identifier"] == {"system": MRN, "value": "4711"} for one in kept)
    assert len(delivered.because) >= 4


def test_a_document_holds_what_millennium_demands(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["Oracle Health Millennium"].statement() | {"publisher": "Oracle Health"})
    pushed(ehr)
    (document,) = [one.body for one in ehr.writes()]
    (content,) = document.pop("content")  # exactly one
    attachment = content["attachment"]
    assert PdfReader(io.BytesIO(b64decode(attachment.pop("data")))).pages[0].extract_text().count("garden")
    assert attachment.pop("size") > 1000
    assert len(b64decode(attachment.pop("hash"))) == 20
    assert attachment == {"contentType": "application/pdf", "title": "Back to the garden", "creation": AT}
    assert document == {
        "resourceType": "DocumentReference",
        "masterIdentifier": NUMBER,
        "identifier": [NUMBER, PLAN.json()],
        "status": "current",
        "docStatus": "final",
        "type": {
            "coding": [{"system": "http://loinc.org", "code": "80764-4", "display": "Pain medicine Plan of care note"}]
        },
        "subject": {"reference": "Patient/7"},
        "date": AT,
        "author": [{"display": "Lakeside Pain Clinic"}],
        "description": "Back to the garden",
        "context": {"period": {"end": AT}},
    }


def test_elsewhere_the_document_holds_the_plan_as_fhir_too(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["Epic"].statement())
    pushed(ehr, document_there="9")
    (document,) = [one.body for one in ehr.writes()]
    pdf, fhir = (one["attachment"] for one in document["content"])
    assert (pdf["contentType"], fhir["contentType"]) == ("application/pdf", "application/fhir+json")
    plan = exact_json.loads(b64decode(fhir["data"]))
    assert (plan["resourceType"], plan["title"]) == ("CarePlan", "Back to the garden")
    assert plan["subject"] == plan["contained"][0]["subject"] == {"reference": "Patient/7"}
    assert document["relatesTo"] == [{"code": "replaces", "target": {"reference": "DocumentReference/9"}}]


def test_a_message_to_a_person_carries_the_letter(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["MEDITECH"].statement())
    pushed(ehr)
    (message,) = [one.body for one in ehr.writes()]
    said, attached = message["payload"]
    assert said == {"contentString": "Back to the garden"}
    assert b64decode(attached["contentAttachment"]["data"]).startswith(b"%PDF")
    assert (message["status"], message["sent"]) == ("completed", AT)


def test_a_form_says_the_plan_line_by_line(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["athenahealth"].statement())
    pushed(ehr, Choosing(agreed=("questionnaire-response",)))
    (form,) = [one.body for one in ehr.writes()]
    said = {one["text"]: [answer["valueString"] for answer in one["answer"]] for one in form["item"]}
    assert said["Plan"][0] == "Back to the garden"
    assert any("walk 30 minutes" in line for line in said["Goals"])


@pytest.mark.parametrize("way", PAPERS)
def test_a_paper_whose_answer_was_lost_is_found_by_its_number(mock: responses.RequestsMock, way: str) -> None:
    ehr = ehr_with(mock, PAPERS[way])
    ehr.loses = 1
    with pytest.raises(AnswerLost):
        pushed(ehr)
    assert not pushed(ehr, first=False, fresh=False).sent
    assert len(ehr.writes()) == 1
    assert pushed(ehr, first=False, version=2).sent  # the next is one of its own


def test_where_only_the_patients_documents_can_be_listed_the_number_is_looked_for_in_them(
    mock: responses.RequestsMock,
) -> None:
    ehr = ehr_with(mock, VENDORS["Veradigm"].statement())
    ehr.loses = 1
    with pytest.raises(AnswerLost):
        pushed(ehr)
    assert not pushed(ehr, first=False, fresh=False).sent
    assert ehr.asked[-1].line == "GET DocumentReference?patient=7"


def test_where_the_number_is_not_kept_it_is_said_that_nobody_knows(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["Veradigm"].statement())
    ehr.drops = {"identifier", "masterIdentifier"}
    ehr.loses = 1
    with pytest.raises(AnswerLost):
        pushed(ehr)
    with pytest.raises(WillAnswerTheSame, match="whether it arrived is not known"):
        pushed(ehr, first=False, fresh=False)
    assert len(ehr.writes()) == 1


def test_a_patient_whom_the_partner_does_not_know_gets_no_document(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, VENDORS["Epic"].statement(), patient=False)
    with pytest.raises(WillAnswerTheSame, match="knows no patient"):
        pushed(ehr)
    assert ehr.writes() == []


def test_an_answer_that_says_nothing_is_completed_by_a_look(mock: responses.RequestsMock) -> None:
    for statement in (*WAYS.values(), PAPERS["document"]):
        mock.reset()
        ehr = ehr_with(mock, statement)
        ehr.says_nothing = True
        assert pushed(ehr).remote_id is not None


# ---- what is claimed and not done


def test_what_is_claimed_and_not_done_leads_to_the_next_way_once(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, WAYS["conditional-transaction"])
    ehr.claims_only = {"transaction", "CarePlan"}
    remembered: dict[str, str] = {}
    choosing = Choosing(remember=remembered.__setitem__, failed=remembered)
    assert pushed(ehr, choosing).fit == "document"
    assert list(remembered) == ["conditional-transaction", "transaction", "conditional-singles", "singles"]
    assert all("it claims to do it, and answered" in why for why in remembered.values())
    asked = len(ehr.asked)
    assert pushed(ehr, choosing, version=2).fit == "document"
    assert [one.method for one in ehr.asked[asked:]] == ["GET", "GET", "POST"]


def test_a_search_that_ignores_the_identifier_is_no_way_to_send_by(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, WAYS["singles"])
    ehr.put({"resourceType": "CarePlan", "status": "active", "subject": {"reference": "Patient/7"}})
    ehr.put({"resourceType": "CarePlan", "status": "draft", "subject": {"reference": "Patient/7"}})
    ehr.deaf_to = {"identifier"}
    assert pushed(ehr, offer=lambda _: ("here", "1")).fit == "offered"
    assert ehr.writes() == []


def test_a_way_that_the_settings_say_is_the_only_one(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, WAYS["singles"])
    ehr.claims_only = {"DocumentReference"}
    with pytest.raises(WillAnswerTheSame):
        pushed(ehr, Choosing(fixed="document"))
    assert ehr.of_type("CarePlan") == []


def test_who_says_nothing_of_itself_is_tried_way_by_way(mock: responses.RequestsMock) -> None:
    ehr = ehr_with(mock, server(without=("CarePlan.create",)))
    assert pushed(ehr, accepted=None).fit == "document"
