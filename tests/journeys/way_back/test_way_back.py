"""What the clinic decides arrives at the hospital that referred, over real HTTP, whatever happens on the way."""

from __future__ import annotations

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
