"""A plan as a letter, with what the clinic keeps of its patient: what is read by people and sent as a document."""

from __future__ import annotations

from sqlalchemy import Connection

from adapter.documents.beside import Beside, Letterhead
from adapter.documents.pdf import plan_pdf
from adapter.exchange.sending.own_records import KINDS
from adapter.settings import Settings
from adapter.store import patients, records
from adapter.store.plans import Plan


def letterhead(settings: Settings) -> Letterhead:
    return Letterhead(settings.clinic_name, settings.clinic_address, settings.clinic_telephone, settings.clinic_urgent)


def plan_letter(connection: Connection, settings: Settings, plan: Plan) -> bytes:
    """The PDF of a version of a plan; Unprintable where it cannot be set."""
    return plan_pdf(plan.record, letterhead(settings), records_beside(connection, plan.patient_number))


def records_beside(connection: Connection, patient_number: str) -> Beside:
    """What the clinic keeps of a patient."""
    patient = patients.get(connection, patient_number)
    kept = [one.record for kind in KINDS for one in records.of_patient(connection, kind, patient_number)]
    return Beside(patient.record if patient else None, tuple(kept))
