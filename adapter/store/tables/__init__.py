"""The tables.  All carry our prefix, so that a clinic may keep others in the same database.

JSON is kept as bytes, exactly as the exact writer made it: no database's own JSON type keeps `1.50`.  Instants are
text in UTC with microseconds, so that they sort as they are.  Business identifiers are looked up by a hash: whatever a
sender puts into one fits an index, and an error that quotes a key quotes no patient.
"""

from __future__ import annotations

from adapter.store.tables.deliveries import (
    delivery,
    partner,
    partner_knowledge,
    partner_patient,
    partner_state,
    work,
    worker,
)
from adapter.store.tables.naming import PREFIX, metadata
from adapter.store.tables.records import care_plan, change, kept_record
from adapter.store.tables.referrals import (
    answer,
    patient,
    patient_identifier,
    patient_link,
    patient_serial,
    pull,
    referral,
    referral_conflict,
    referral_message,
    referral_serial,
    reply,
    transition,
)
from adapter.store.tables.resources import (
    claim,
    identifier,
    message,
    resource,
    search_date,
    search_entry,
    search_key,
    search_state,
    search_text,
)

__all__ = [
    "PREFIX",
    "answer",
    "care_plan",
    "change",
    "claim",
    "delivery",
    "identifier",
    "kept_record",
    "message",
    "metadata",
    "partner",
    "partner_knowledge",
    "partner_patient",
    "partner_state",
    "patient",
    "patient_identifier",
    "patient_link",
    "patient_serial",
    "pull",
    "referral",
    "referral_conflict",
    "referral_message",
    "referral_serial",
    "reply",
    "resource",
    "search_date",
    "search_entry",
    "search_key",
    "search_state",
    "search_text",
    "transition",
    "work",
    "worker",
]
