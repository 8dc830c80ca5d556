"""The follow-up: visits that were made and visits that are due.

A record of this kind says in `kind` which of the two it is:
  visit         one that takes or took place: an Encounter
  appointment   one that is arranged: an Appointment
The other words are explained at the head of referral.py.
"""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import link
from mappings.lens.words import each, field
from mappings.patient import PATIENT
from mappings.resources.location import LOCATION
from mappings.resources.people import PRACTITIONER, PRACTITIONER_ROLE
from mappings.resources.visit import APPOINTMENT, PARTICIPANT, VISIT

RECORD = {
    "visit": VISIT.replacing(field("patient", fhir="subject", about="The patient.", shape=link(patient=PATIENT))),
    "appointment": APPOINTMENT.replacing(
        each("participants", fhir="participant", about="Who is to come, the patient too.", shape=PARTICIPANT.replacing(
            field("who", fhir="actor", about="Who.", shape=link(patient=PATIENT, practitioner=PRACTITIONER, practitioner_role=PRACTITIONER_ROLE, location=LOCATION)),
        )),
    ),
}
