"""What the clinic decides arrives at the hospital that referred, over real HTTP, whatever happens on the way."""

from __future__ import annotations

from pathlib import Path

from adapter.exchange.keeping import kept, version_of
from adapter.store import resources
from adapter.store.clock import now
from adapter.store.engine import writing
from tests.adapter.speaking import Node, get, received, referral
from tests.adapter.test_own_records import RECORDS
from tests.adapter.workflow.moves import NOTE, tell
from tests.journeys.push.hospital import Hospital
from tests.journeys.push.line import Line
from tests.journeys.way_back.desk import Desk, desk_on
from tests.journeys.way_back.referring import Referring

TYPES = ["Appointment", "DocumentReference"]


def test_the_hospitals_own_task_says_where_it_stands_and_what_the_hospital_added_survives(referring: Referring) -> None:
    one = referring.refer()
    assert [told["state"] for told in referring.settled(one)] == ["delivered"]
    assert referring.theirs(one)["status"] == "received"
    referring.put({**referring.theirs(one), "note": [{"text": "from the hospital"}, {"text": "patient has moved"}]})
    referring.tell(one, "accept", "schedule", "complete")
    last = referring.settled(one)[-1]
    task = referring.theirs(one)
    assert (last["state"], last["remote_id"]) == ("delivered", task["id"])
    assert last["remote_version"] == task["meta"]["versionId"]
    assert [note["text"] for note in task["note"]] == ["from the hospital", "patient has moved"]
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("completed", "7.0")
    assert task["focus"] == {"reference": one.request}
    outputs = referring.outputs(one)
    assert [output["resourceType"] for output in outputs] == TYPES
    appointment, note = outputs
    assert appointment["status"] == "fulfilled"
    assert one.patient in [participant["actor"].get("reference") for participant in appointment["participant"]]
    assert (note["subject"]["reference"], note["context"]["related"]) == (one.patient, [{"reference": one.request}])
    assert referring.hospital.found("Task", f"{referring.service.identifiers}/referral", one.number) == []


def test_a_referral_without_a_task_of_the_hospitals_gets_one_of_ours_and_each_output_once(referring: Referring) -> None:
    one = referring.refer(with_task=False)
    referring.tell(one, "accept", "schedule", "cancel-appointment", "schedule", "attended", "complete")
    referring.settled(one)
    task = referring.theirs(one)
    assert (task["status"], task["focus"]["reference"]) == ("completed", one.request)
    assert [output["resourceType"] for output in referring.outputs(one)] == [TYPES[0], *TYPES]


def test_the_note_comes_with_the_plan_and_the_procedure_that_it_refers_to(
    tmp_path: Path, database_url: str, line: Line, hospital: Hospital
) -> None:
    with desk_on(tmp_path, database_url, line) as desk:
        one = received(desk.client, referral())
        base = desk.settings.identifier_base
        other = received(desk.client, referral("R-2", "4712"))
        for id_, patient in (("plan-1", one), ("another", other)):
            plan_record: Node = {
                "record": "care_plan",
                "status": "active",
                "patient": {"ref_identifier": {"system": f"{base}/patient", "value": patient["patient_number"]}},
            }
            assert desk.client.put(f"/clinic/v1/care-plans/{id_}", json=plan_record).status_code == 201
        _kept(desk, "hospital", "injection")
        plans = [{"ref_identifier": {"system": f"{base}/care-plan", "value": id_}} for id_ in ("plan-1", "another")]
        related = {"context": {"related": [{"ref": "Procedure/injection"}, *plans]}}
        for action, body in (("accept", {}), ("complete", NOTE | related)):
            answer = tell(desk.client, one, action, body)
            assert answer.status_code == 200, answer.text
        desk.take_all()
        (task,) = hospital.found("Task", f"{base}/referral", one["number"])
        (note,) = hospital.found("DocumentReference", f"{base}/answer", _id(get(desk.client, f"/fhir/{one['task']}")))
        (procedure,) = hospital.found("Procedure", f"{base}/answer", "injection")
        (plan,) = hospital.found("CarePlan", f"{base}/care-plan", "plan-1")
        assert hospital.found("CarePlan", f"{base}/care-plan", "another") == []
        assert task["output"][0]["valueReference"]["reference"] == f"DocumentReference/{note['id']}"
        assert note["context"]["related"][0] == {"reference": f"Procedure/{procedure['id']}"}
        assert plan["subject"]["reference"] == note["subject"]["reference"] == task["for"]["reference"]
        assert desk.deliveries(one)[-1]["state"] == "delivered"


def test_the_note_comes_with_the_clinics_own_records_that_it_names(
    tmp_path: Path, database_url: str, line: Line, hospital: Hospital
) -> None:
    """The assessment and the procedure as they stand in the clinic's API, about the patient as the sender names it."""
    with desk_on(tmp_path, database_url, line) as desk:
        one = received(desk.client, referral())
        other = received(desk.client, referral("R-2", "4712"))
        base = desk.settings.identifier_base
        for name, whose in (("assessments/nrs-1", one), ("procedures/facet-1", one), ("procedures/other-1", other)):
            kind, _, _ = name.partition("/")
            record = RECORDS[kind] | {"patient": {"ref_identifier": {"value": whose["patient_number"]}}}
            assert desk.client.put(f"/clinic/v1/{name}", json=record).status_code == 201
        pointers = [("assessment", "nrs-1"), ("procedure", "facet-1"), ("procedure", "other-1")]
        named = [{"ref_identifier": {"system": f"{base}/{kind}", "value": id_}} for kind, id_ in pointers]
        for action, body in (("accept", {}), ("complete", NOTE | {"context": {"related": named}})):
            answer = tell(desk.client, one, action, body)
            assert answer.status_code == 200, answer.text
        desk.take_all()
        assert desk.deliveries(one)[-1]["state"] == "delivered"
        (task,) = hospital.found("Task", f"{base}/referral", one["number"])
        (score,) = hospital.found("Observation", f"{base}/assessment", "nrs-1")
        (procedure,) = hospital.found("Procedure", f"{base}/procedure", "facet-1")
        assert score["subject"]["reference"] == procedure["subject"]["reference"] == task["for"]["reference"]
        assert procedure["code"] == {"text": "Facet injection"}
        assert hospital.found("Procedure", f"{base}/procedure", "other-1") == []  # another patient's


def _id(task: Node) -> str:
    """Of the only output."""
    (output,) = task["output"]
    return str(output["valueReference"]["reference"]).partition("/")[2]


def _kept(desk: Desk, partner: str, id_: str) -> None:
    """Something that the clinic keeps for a partner to read."""
    procedure = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"text": "Facet joint injection"},
        "subject": {"display": "as in the note"},
    }
    with writing(desk.engine) as connection:
        resources.add(connection, kept(version_of(procedure, id_, 1, now()), partner))
