"""The consult note: the answer to who referred the patient.

A record of this kind says in `kind` which of the two it is:
  document   a letter or note with its text: a DocumentReference
  report     a report with its results, where the receiver wants one: a DiagnosticReport
What it rests on (the referral, the plan, procedures) is pointed to under `related` or `based_on`.
The other words are explained at the head of referral.py.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import link
from mappings.lens.words import field
from mappings.patient import PATIENT
from mappings.resources.document import DOCUMENT, REPORT

PATIENT_NAMED = field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT))

RECORD = {"document": DOCUMENT.replacing(PATIENT_NAMED), "report": REPORT.replacing(PATIENT_NAMED)}
