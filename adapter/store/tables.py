"""The tables.  All carry our prefix, so that a clinic may keep others in the same database.

JSON is kept as bytes, exactly as the exact writer made it: no database's own JSON type keeps `1.50`.  Instants are
text in UTC with microseconds, so that they sort as they are.  Business identifiers are looked up by a hash: whatever a
sender puts into one fits an index, and an error that quotes a key quotes no patient.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

PREFIX = "paingate_"

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
        "pk": "%(table_name)s_pk",
    }
)

message = Table(
    f"{PREFIX}message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("received_at", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("conditional", Text),
    Column("body", LargeBinary, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("made", LargeBinary, nullable=False),
)
"""What came in, byte for byte, and what was made of it (`made`: one item for each entry, in their order)."""

resource = Table(
    f"{PREFIX}resource",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("last_updated", Text, nullable=False),
    Column("json", LargeBinary, nullable=False),
    Column("message_id", Text, ForeignKey(f"{PREFIX}message.id")),
    Column("partner", Text, nullable=False, server_default=""),
    Index(None, "type", "partner"),
    Index(None, "type", "last_updated", "id", "version"),
)
"""Every version of every resource that a GET returns; the highest is the current one.

partner: who sent it, or to whom it was answered; "" while no authorisation is configured."""

search_entry = Table(
    f"{PREFIX}search_entry",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_updated", Text, nullable=False),
    Column("partner", Text, nullable=False),
    UniqueConstraint("type", "id"),
    Index(None, "type", "position"),
    Index(None, "type", "last_updated", "position"),
    Index(None, "type", "partner", "position"),
    Index(None, "type", "partner", "last_updated", "position"),
)
"""The current version of every resource that can be searched.  Its position is in the order in which they first came
and never changes: pages go by it."""

search_key = Table(
    f"{PREFIX}search_key",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("partner", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What is searched for by being equal to it: a hash of type, parameter and value, in each form it may be asked in."""

search_date = Table(
    f"{PREFIX}search_date",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("parameter", Text, primary_key=True),
    Column("low", Text, primary_key=True),
    Column("high", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Index(None, "parameter", "low"),
    Index(None, "parameter", "high"),
    sqlite_with_rowid=False,
)
"""From when, and until before when, each date is."""

_BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")

search_text = Table(
    f"{PREFIX}search_text",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("parameter", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("start", _BY_BYTES, nullable=False),
    Column("plain", Text, nullable=False),
    Column("exact", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Index(None, "parameter", "start"),
)
"""Texts as they stand, and plain: without case and accents; `start` is as much of that as an index takes."""

search_state = Table(
    f"{PREFIX}search_state",
    metadata,
    Column("what", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)
"""One row: what the index was made by, and what the links of pages are sealed with."""

claim = Table(
    f"{PREFIX}claim",
    metadata,
    Column("key", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
)
"""One row for each thing that there may be one of: of two that arrive at once, the database lets one in."""

identifier = Table(
    f"{PREFIX}identifier",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value_key", Text, nullable=False),
    Index(None, "key"),
    Index(None, "value_key"),
)
"""The business identifiers of stored resources, hashed: `key` with their system, `value_key` without."""

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

care_plan = Table(
    f"{PREFIX}care_plan",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("record", LargeBinary, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("patient_number", Text, ForeignKey(f"{PREFIX}patient.number"), nullable=False),
    Column("referral_id", Text, ForeignKey(f"{PREFIX}referral.id")),
    Column("stored_at", Text, nullable=False),
)
"""Every version of every plan that the clinic put."""

kept_record = Table(
    f"{PREFIX}kept_record",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("record", LargeBinary, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("patient_number", Text, ForeignKey(f"{PREFIX}patient.number"), nullable=False),
    Column("stored_at", Text, nullable=False),
    Column("stored_by", Text, nullable=False),
    Index(None, "patient_number", "kind"),
)
"""Every version of every other record that the clinic put; of a patient's own, the versions that were put."""

delivery = Table(
    f"{PREFIX}delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("item_version", Integer, nullable=False),
    Column("partner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("remote_id", Text),
    Column("remote_version", Text),
    Column("updated_at", Text, nullable=False),
    Column("fit", Text),
    Column("because", LargeBinary),
    Column("unkept", LargeBinary),
    Column("read_back_at", Text),
    UniqueConstraint("kind", "item_id", "item_version", "partner"),
    Index(None, "partner", "state"),
)
"""One version of a plan, or of the Task of a referral, for one partner, and what became of it; `fit` is the way that it
went, `because` why no better one, `unkept` what the partner did not keep of it."""

partner = Table(
    f"{PREFIX}partner",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", LargeBinary),
    Column("stored_at", Text, nullable=False),
    Column("stored_by", Text, nullable=False),
)
"""Partners that were put through the clinic API: their settings, without secrets; NULL where they were removed."""

partner_knowledge = Table(
    f"{PREFIX}partner_knowledge",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("accepts", LargeBinary),
    Column("failed", LargeBinary, nullable=False),
    Column("read_at", Text, nullable=False),
)
"""What a partner said that it takes, and which ways it claimed and was found not to do."""

partner_patient = Table(
    f"{PREFIX}partner_patient",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("number", Text, ForeignKey(f"{PREFIX}patient.number"), primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("learned_at", Text, nullable=False),
)
"""Which Patient of a partner's is our patient."""

work = Table(
    f"{PREFIX}work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner", Text),
    Column("failed_at", BigInteger),
    Column("failing_since", BigInteger),
    Column("failed_alone", Integer, nullable=False, default=0),
    Index(None, "partner", "due_at"),
    Index(None, "lane", "position"),
    Index(None, "owner"),
)
"""What is still to be done for a partner, by the id of the delivery or the pull that it is about: gone once that is
settled.  Of one lane only the first is done; `owner` is the worker that does it now.  Times are milliseconds."""

worker = Table(
    f"{PREFIX}worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Index(None, "name"),
)
"""The workers that are alive; each counts on in its own row, and one that no longer does is dead."""

partner_state = Table(
    f"{PREFIX}partner_state",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Text),
    Column("left_alone_until", BigInteger, nullable=False),
    Column("last_error", Text),
    Column("succeeded_at", BigInteger, nullable=False),
)
"""How a partner is doing, for all workers: failures without a success between them, and until when it is left alone."""

change = Table(
    f"{PREFIX}change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("position", Integer),
    Column("at", Text, nullable=False),
    Column("of", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("what", Text, nullable=False),
    UniqueConstraint("position"),
    sqlite_autoincrement=True,
)
"""What has happened that concerns the clinic; it has no position until it is first read."""
