"""Patients and their referrals, and all that was said of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from adapter.store.tables.naming import PREFIX, metadata

patient_serial, referral_serial = (
    Table(
        f"{PREFIX}{kind}_serial",
        metadata,
        Column("serial", Integer, primary_key=True, autoincrement=True),
        Column("given_at", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    for kind in ("patient", "referral")
)
"""The numbers we have given, never twice; gaps mean nothing."""

patient = Table(
    f"{PREFIX}patient",
    metadata,
    Column("number", Text, primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("resource_id", Text),
    Column("created_at", Text, nullable=False),
    Index(None, "resource_id"),
)

patient_identifier = Table(
    f"{PREFIX}patient_identifier",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Text, ForeignKey(f"{PREFIX}patient.number"), nullable=False),
)
"""Whose an identifier is: one patient's, once it was seen."""

referral = Table(
    f"{PREFIX}referral",
    metadata,
    Column("id", Text, primary_key=True),
    Column("serial", Integer, ForeignKey(f"{PREFIX}referral_serial.serial"), nullable=False, unique=True),
    Column("number", Text, nullable=False, unique=True),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id"), nullable=False),
    Column("service_request_id", Text, nullable=False, unique=True),
    Column("task_id", Text, nullable=False, unique=True),
    Column("patient_number", Text, ForeignKey(f"{PREFIX}patient.number"), nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("actionable", Boolean, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("met_as", Text, nullable=False, server_default=""),
    Index(None, "status", "serial"),
    Index(None, "patient_number"),
    Index(None, "met_as"),
)

referral_message = Table(
    f"{PREFIX}referral_message",
    metadata,
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id"), primary_key=True),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id"), primary_key=True),
    Column("record", LargeBinary, nullable=False),
)
"""Every message that a referral came in or was changed by, with the record as it was received in it."""

referral_conflict = Table(
    f"{PREFIX}referral_conflict",
    metadata,
    Column("id", Text, primary_key=True),
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id"), nullable=False),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("sides", LargeBinary, nullable=False),
    Column("found_at", Text, nullable=False),
    Column("taken", Text),
    Column("decided_at", Text),
    Column("decided_by", Text),
    Index(None, "referral_id"),
)
"""What the sender and the clinic both changed in a record: open until the clinic has said which is taken."""

patient_link = Table(
    f"{PREFIX}patient_link",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, ForeignKey(f"{PREFIX}patient.number"), nullable=False),
    Column("linked_number", Text, ForeignKey(f"{PREFIX}patient.number")),
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id")),
    Column("decided_at", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("undone_at", Text),
    Column("undone_by", Text),
    Index(None, "number"),
    Index(None, "linked_number"),
    Index(None, "referral_id"),
)
"""That a partner's patient is ours (`number`): of one referral, by an identifier; or of all that were known under
another number, by a person.  One that is undone stays as a row."""

reply = Table(
    f"{PREFIX}reply",
    metadata,
    Column("key", Text, primary_key=True),
    Column("asked", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answered_at", Text, nullable=False),
)
"""What a message was answered with, by the sender's name for it: asked again, it is answered the same."""

pull = Table(
    f"{PREFIX}pull",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("partner", Text, nullable=False),
    Column("focus", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("updated_at", Text, nullable=False),
    Index(None, "task_id"),
)
"""A ServiceRequest that a partner's Task tells of and that is fetched from it: pending, done or refused."""

transition = Table(
    f"{PREFIX}transition",
    metadata,
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("action", Text, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("reason", Text),
    Column("task_version", Integer, nullable=False),
    Column("answer_id", Text),
    Column("answer_version", Integer),
    ForeignKeyConstraint(["answer_id", "answer_version"], [f"{PREFIX}answer.id", f"{PREFIX}answer.version"]),
)
"""Every move of every referral, in their order; the last one says where it stands."""

answer = Table(
    f"{PREFIX}answer",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource_type", Text),
    Column("record", LargeBinary, nullable=False),
    Column("mapping_version", Text),
    Column("stored_at", Text, nullable=False),
    Index(None, "referral_id"),
)
"""What was told with a move, in all its versions: an appointment, a consult note, what a sender added."""
