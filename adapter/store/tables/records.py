"""What the clinic puts, and what has happened that concerns it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from adapter.store.tables.naming import PREFIX, metadata

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
