"""What the demo does and shows, step by step."""

from __future__ import annotations

import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.demo.outline import outline
from adapter.demo.processes import LOOPBACK, DidNotWork, clinic, free_port, hospital
from adapter.demo.tap import tapped
from adapter.demo.verdict import verdict
from adapter.demo.wire import Caller, Teller
from mappings.r4.exact_json import loads
from mappings.r4.fhirpath import leaves

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from adapter.demo.tap import Tap

IDENTIFIER_BASE = "https://lakeside-pain.example/ids"
DELIVERED_WITHIN = 30.0  # seconds
PLAIN_JSON = "application/json"
REFERRAL = "referral.bundle.json"
PLAN = "care-plan.record.json"

Resource = dict[str, Any]


def tell(out: TextIO, altered: Callable[[Resource], Resource] = lambda held: held) -> int:
    """The whole loop; 1 where the hospital does not hold what was sent.

    `altered` stands between the hospital's answer and the comparison: a test plants a difference there.
    """
    began = time.monotonic()
    teller = Teller(out)
    ours, theirs, between = free_port(), free_port(), free_port()
    seen_at = f"http://{LOOPBACK}:{between}/fhir"
    teller.line(
        "A hospital refers a patient, the clinic makes a plan, the plan goes back. Nothing leaves this machine."
    )
    teller.line()
    with (
        tempfile.TemporaryDirectory(prefix="paingate-demo-") as folder,
        hospital(Path(folder), theirs, seen_at) as other,
        tapped(between, other.base) as tap,
        clinic(Path(folder), ours, tap.base, IDENTIFIER_BASE) as own,
    ):
        teller.line(f"  clinic    {own.base}   paingate, this one")
        teller.line(f"  hospital  {other.base}   sekmet-fhir, a FHIR server that we did not write")
        to_clinic = Caller(teller, "hospital > clinic", own.base.removesuffix("/fhir"))
        inside = Caller(teller, "clinic's system  ", own.base.removesuffix("/fhir"))
        referral = _referred(teller, to_clinic, inside)
        _accepted(teller, to_clinic, inside, referral)
        delivery = _planned(teller, inside, referral, tap)
        good = _compared(
            teller, Caller(teller, "hospital         ", other.base.removesuffix("/fhir")), delivery, tap, altered
        )
    teller.line()
    teller.line(
        f"{'All of it holds' if good else 'The hospital holds something else'}. {time.monotonic() - began:.1f} s"
    )
    return 0 if good else 1


def fixture(name: str) -> Resource:
    """A fixture as it travels with the package; in a clone it lies in the folder fixtures."""
    packed = files("adapter") / "fixtures" / name
    place = packed if packed.is_file() else Path(__file__).parents[2] / "fixtures" / name
    found: Resource = loads(place.read_bytes())
    return found


def _referred(teller: Teller, hospital_calls: Caller, clinic_calls: Caller) -> Resource:
    bundle = fixture(REFERRAL)
    teller.line("\n1  A referral arrives")
    answer = hospital_calls.call("POST", "/fhir", bundle)
    teller.line(f"     a transaction Bundle: {len(bundle['entry'])} entries, {sum(1 for _ in leaves(bundle))} leaves")
    for entry in answer["entry"]:
        teller.line(f"       {entry['response']['status']:<12} {entry['response'].get('location', '')}")
    where = next(one for one in answer["entry"] if "ServiceRequest/" in one["response"].get("location", ""))
    number = where["response"]["location"].split("ServiceRequest/")[1].split("/")[0]
    task = hospital_calls.call("GET", f"/fhir/Task?focus=ServiceRequest/{number}")
    teller.line(f"     the Task is {_task(task)['status']}")

    teller.line("\n2  What the clinic reads")
    inbox = clinic_calls.call("GET", "/clinic/v1/referrals?status=received", kind=PLAIN_JSON)
    if len(inbox["referrals"]) != 1:
        raise DidNotWork(f"The inbox should hold the one referral, and holds {len(inbox['referrals'])}.")
    referral: Resource = inbox["referrals"][0]
    for line in outline(referral["record"], indent=5):
        teller.line(line)
    return {**referral, "service_request": number}


def _accepted(teller: Teller, hospital_calls: Caller, clinic_calls: Caller, referral: Resource) -> None:
    teller.line("\n3  The clinic accepts, and the hospital sees it")
    clinic_calls.call("POST", f"/clinic/v1/referrals/{referral['id']}/accept", {}, kind=PLAIN_JSON)
    task = _task(hospital_calls.call("GET", f"/fhir/Task?focus=ServiceRequest/{referral['service_request']}"))
    state = task.get("businessStatus", {}).get("coding", [{}])[0]
    teller.line(f"     the Task is {task['status']} ({state.get('code')} {state.get('display', '')}".rstrip() + ")")
    if task["status"] != "accepted":
        raise DidNotWork("The Task should be accepted.")


def _planned(teller: Teller, clinic_calls: Caller, referral: Resource, tap: Tap) -> Resource:
    teller.line("\n4  The clinic makes a plan, and paingate brings it to the hospital")
    plan = fixture(PLAN)
    number = referral["patient_number"]
    plan["patient"] = {"ref_identifier": {"system": f"{IDENTIFIER_BASE}/patient", "value": number}}
    for line in outline({name: value for name, value in plan.items() if name != "patient"}, indent=5):
        teller.line(line)
    path = "/clinic/v1/care-plans/demo-plan"
    clinic_calls.call("PUT", path, plan, expect=201, kind=PLAIN_JSON)
    before, until = 0, time.monotonic() + DELIVERED_WITHIN
    while time.monotonic() < until:
        delivery = _delivery(clinic_calls.look(f"{path}/deliveries"))
        for one in tap.exchanges[before:]:
            teller.exchange("clinic > hospital", one.method, one.path, one.status)
        before = len(tap.exchanges)
        if delivery.get("state") not in (None, "pending"):
            break
        time.sleep(0.1)
    answer = _delivery(clinic_calls.call("GET", f"{path}/deliveries", kind=PLAIN_JSON))
    teller.line(f"     version {answer['plan_version']} is {answer['state']}: CarePlan/{answer['remote_id']} there")
    if answer["state"] != "delivered":
        raise DidNotWork(f"The plan was not delivered within {DELIVERED_WITHIN:.0f} s: {answer.get('last_error')}")
    return answer


def _compared(
    teller: Teller, hospital_says: Caller, delivery: Resource, tap: Tap, altered: Callable[[Resource], Resource]
) -> bool:
    teller.line("\n5  The plan read back from the hospital, compared as whole JSON with what was sent")
    sent = {entry["resource"]["resourceType"]: entry["resource"] for entry in _sent_bundle(tap)["entry"]}
    plan = altered(hospital_says.call("GET", f"/fhir/CarePlan/{delivery['remote_id']}"))
    patient = hospital_says.call(
        "GET", f"/fhir/{plan['subject']['reference']}"
    )  # a rewritten reference leads to whom it should
    good = True
    for held in (plan, patient):
        lines, as_sent = verdict(sent[held["resourceType"]], held)
        for line in lines:
            teller.line(f"     {line}")
        good = good and as_sent
    return good


def _sent_bundle(tap: Tap) -> Resource:
    """The transaction as its bytes left the clinic."""
    for exchange in reversed(tap.exchanges):
        if exchange.method == "POST":
            bundle: Resource = loads(exchange.sent)
            return bundle
    raise DidNotWork("Nothing was sent to the hospital.")


def _task(searchset: Resource) -> Resource:
    tasks = [entry["resource"] for entry in searchset.get("entry", []) if entry["resource"]["resourceType"] == "Task"]
    if len(tasks) != 1:
        raise DidNotWork(f"There should be one Task for the referral, and there are {len(tasks)}.")
    found: Resource = tasks[0]
    return found


def _delivery(answer: Resource) -> Resource:
    found: Resource = next(iter(answer.get("deliveries", [])), {})
    return found
